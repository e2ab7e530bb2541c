namespace Headrace.Checks;

/// <summary>SQL that a user wrote for a part of a statement: one expression, which ends where it should.</summary>
public static class WrittenSql
{
    /// <summary>Why a text cannot be put between brackets into a statement; null when it can.</summary>
    public static string? Fault(string text)
    {
        if (text.Trim().Length == 0)
            return "it is empty";
        var open = 0;
        for (var i = 0; i < text.Length; i++)
            switch (text[i])
            {
                case '\'' or '"':
                    i = text.IndexOf(text[i], i + 1);
                    if (i < 0)
                        return "a quote is not closed";
                    break;
                case '(':
                    open++;
                    break;
                case ')' when --open < 0:
                    return "a bracket is closed that is not open";
                case ';':
                    return "it has a ;";
                case '\0':
                    return "it has a NUL";
                case '$':
                    return "it has a $: write texts in single quotes";
                case '-' or '/' when text.AsSpan(i) is ['-', '-', ..] or ['/', '*', ..]:
                    return "it has a comment";
            }

        return open == 0 ? null : "a bracket is not closed";
    }
}
