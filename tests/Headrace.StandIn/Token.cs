namespace Headrace.StandIn;

public enum TokenKind
{
    /// <summary>A keyword or name without quotes.</summary>
    Word,

    /// <summary>A name in double quotes.</summary>
    Quoted,

    /// <summary>A literal in single quotes or between dollars.</summary>
    Text,

    Number,

    /// <summary><c>$1</c></summary>
    Parameter,

    /// <summary>An operator or a mark.</summary>
    Symbol,
}

/// <summary>A token of a statement: what it is, what it means, and what is sent on in its place.</summary>
public sealed class Token(TokenKind kind, string value, string source, bool spaced)
{
    public TokenKind Kind => kind;

    /// <summary>The name in lower case, the decoded literal, or the mark.</summary>
    public string Value => value;

    public string Source { get; } = source;

    /// <summary>White space or a comment stood before it.</summary>
    public bool Spaced => spaced;

    /// <summary>What goes to the server; empty when it is left out.</summary>
    public string Out { get; set; } = source;

    public bool IsName => kind is TokenKind.Word or TokenKind.Quoted;

    /// <summary>The keyword <paramref name="word"/> (lower case), not in quotes.</summary>
    public bool Is(string word) => kind is TokenKind.Word or TokenKind.Symbol && value == word;

    public override string ToString() => Source;
}
