namespace Headrace.DuckDb;

/// <summary>The only two places that quote text for DuckDB's dialect.</summary>
public static class Sql
{
    /// <summary>A quoted identifier. DuckDB compares identifiers without regard to case even then.</summary>
    /// <exception cref="ArgumentException">It is empty or contains NUL.</exception>
    public static string Identifier(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Quote(name, '"');
    }

    /// <summary>A text literal; a backslash has no meaning in it.</summary>
    /// <exception cref="ArgumentException">It contains NUL.</exception>
    public static string Literal(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Quote(text, '\'');
    }

    private static string Quote(string text, char quote)
    {
        Native.Whole(text, nameof(text));
        // DuckDB would be given U+FFFD instead of half a character: another text than the caller's.
        if (!Text.IsWhole(text))
            throw new ArgumentException("The text has a surrogate without its other half.", nameof(text));
        var one = quote.ToString();
        return one + text.Replace(one, one + one, StringComparison.Ordinal) + one;
    }
}
