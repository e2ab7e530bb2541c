namespace Headrace.Models;

/// <summary>
/// Text of a user's in some dialect of SQL, read as far as it takes to tell what kind of statement it is: words,
/// strings, names in quotes and comments.
/// </summary>
public sealed class SqlStatement
{
    private readonly string text;
    private readonly bool hasBackslashes;
    private readonly List<string> words = [];
    private int depth;
    private int? end;

    private SqlStatement(string text, bool hasBackslashes)
    {
        (this.text, this.hasBackslashes) = (text, hasBackslashes);
        for (var at = 0; at < text.Length; )
            at = Next(at);
        if (depth != 0)
            Fault ??= "its parentheses do not match";
    }

    /// <summary>Reads a text.</summary>
    /// <param name="hasBackslashes">A backslash in a string is an escape, as in Redshift.</param>
    public static SqlStatement Read(string text, bool hasBackslashes) => new(text, hasBackslashes);

    /// <summary>Its words in small letters, in their order; without strings, names in quotes and comments.</summary>
    public IReadOnlyList<string> Words => words;

    /// <summary>The first word; empty when there is none.</summary>
    public string Verb => words.Count == 0 ? "" : words[0];

    /// <summary>Why it is not one statement; null when it is.</summary>
    public string? Fault { get; private set; }

    /// <summary>The statement without the <c>;</c> at its end.</summary>
    public string Text => end is { } at ? text[..at] : text;

    /// <summary>Why it is not one SELECT; null when it is.</summary>
    public string? NoSelect =>
        Fault
        ?? (
            Verb is "select" or "with" or "values" or "from" or "table" ? null
            : Verb.Length == 0 ? "it is empty"
            : $"it begins with {Verb.ToUpperInvariant()}"
        );

    /// <summary>The words that end a transaction; null when there are none.</summary>
    /// <param name="isRedshift">Some statements of Redshift commit what came before them, or run in no
    /// transaction.</param>
    public string? Commits(bool isRedshift) =>
        Verb switch
        {
            "begin" or "start" or "commit" or "end" or "rollback" or "abort" or "savepoint" or "release" or "prepare" =>
                Verb.ToUpperInvariant(),
            "truncate" or "vacuum" or "call" when isRedshift => Verb.ToUpperInvariant(),
            "create" or "drop" or "alter" when isRedshift && words.Count > 1 && IsAlone(words[1]) =>
                $"{Verb} {words[1]}".ToUpperInvariant(),
            "alter" when isRedshift && words.Contains("append") => "ALTER TABLE APPEND",
            "alter" when isRedshift && words.LastIndexOf("alter") > 0 => "ALTER TABLE ALTER COLUMN",
            _ => null,
        };

    private static bool IsAlone(string word) => word is "database" or "external" or "library";

    private int Next(int at)
    {
        var letter = text[at];
        var next = at + 1 < text.Length ? text[at + 1] : '\0';
        switch (letter)
        {
            case '-' when next == '-':
                return text.IndexOf('\n', at) is >= 0 and var line ? line + 1 : text.Length;
            case '/' when next == '*':
                return Comment(at);
        }

        if (char.IsWhiteSpace(letter))
            return at + 1;
        if (letter == ';')
        {
            if (depth != 0)
                Fault ??= "its parentheses do not match";
            end ??= at;
            return at + 1;
        }

        if (end is not null)
            Fault ??= "it is more than one statement";
        switch (letter)
        {
            case '\'':
                return Quoted(at, hasBackslashes || (at > 0 && text[at - 1] is 'e' or 'E' && words is [.., "e"]));
            case '"':
                return Quoted(at, isEscaped: false);
            case '$' when Tag(at) is { } tag:
                return Closed(text.IndexOf(tag, at + tag.Length, StringComparison.Ordinal), tag.Length);
            case '(':
                depth++;
                return at + 1;
            case ')':
                if (--depth < 0)
                    Fault ??= "its parentheses do not match";
                return at + 1;
        }

        return char.IsLetter(letter) || letter == '_' ? Word(at) : at + 1;
    }

    private int Word(int at)
    {
        var stop = at + 1;
        while (stop < text.Length && (char.IsLetterOrDigit(text[stop]) || text[stop] is '_' or '$'))
            stop++;
        words.Add(text[at..stop].ToLowerInvariant());
        return stop;
    }

    private int Quoted(int at, bool isEscaped)
    {
        var quote = text[at];
        for (var i = at + 1; i < text.Length; i++)
            if (isEscaped && text[i] == '\\')
                i++;
            else if (text[i] == quote && (i + 1 == text.Length || text[i + 1] != quote))
                return i + 1;
            else if (text[i] == quote)
                i++;
        return Closed(-1, 0);
    }

    // PostgreSQL's comments stand in one another.
    private int Comment(int at)
    {
        var open = 0;
        for (var i = at; i + 1 < text.Length; i++)
            if (text[i] == '/' && text[i + 1] == '*')
                (open, i) = (open + 1, i + 1);
            else if (text[i] == '*' && text[i + 1] == '/' && --open == 0)
                return i + 2;
            else if (text[i] == '*' && text[i + 1] == '/')
                i++;
        return Closed(-1, 0);
    }

    // $$ or $tag$, and no $1.
    private string? Tag(int at)
    {
        var stop = at + 1;
        while (stop < text.Length && (char.IsLetterOrDigit(text[stop]) || text[stop] == '_'))
            stop++;
        return stop < text.Length && text[stop] == '$' && !(stop > at + 1 && char.IsDigit(text[at + 1]))
            ? text[at..(stop + 1)]
            : null;
    }

    private int Closed(int at, int length)
    {
        if (at >= 0)
            return at + length;
        Fault ??= "a string, a name in quotes or a comment has no end";
        return text.Length;
    }
}
