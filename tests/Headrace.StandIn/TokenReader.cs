using System.Text;

namespace Headrace.StandIn;

/// <summary>Reads the tokens of one statement in order.</summary>
public sealed class TokenReader(IReadOnlyList<Token> tokens)
{
    public int At { get; set; }

    public bool End => At >= tokens.Count;

    public int Count => tokens.Count;

    public Token this[int index] => tokens[index];

    /// <summary>The token <paramref name="ahead"/> of the current one; null past the end.</summary>
    public Token? Peek(int ahead = 0) => At + ahead >= 0 && At + ahead < tokens.Count ? tokens[At + ahead] : null;

    /// <summary>Do these keywords come next?</summary>
    public bool Is(params ReadOnlySpan<string> words)
    {
        for (var i = 0; i < words.Length; i++)
            if (Peek(i)?.Is(words[i]) != true)
                return false;
        return true;
    }

    /// <summary>Steps over these keywords, if they come next.</summary>
    public bool Take(params ReadOnlySpan<string> words)
    {
        if (!Is(words))
            return false;
        At += words.Length;
        return true;
    }

    public void Expect(params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
            if (!Take(word))
                throw Refusal.Syntax(Near);
    }

    public Token Next() => Peek() is { } token ? tokens[At++] : throw Refusal.Syntax("end of input");

    public string Near => Peek()?.Source ?? "end of input";

    public Token Name() => Next() is { IsName: true } name ? name : throw Refusal.Syntax(tokens[At - 1].Source);

    /// <summary>The decoded text of a literal.</summary>
    public string Text() =>
        Next() is { Kind: TokenKind.Text } text ? text.Value : throw Refusal.Syntax(tokens[At - 1].Source);

    public long Integer() =>
        Next() is { Kind: TokenKind.Number } number && long.TryParse(number.Value, out var value)
            ? value
            : throw Refusal.Syntax(tokens[At - 1].Source);

    /// <summary>The name of a relation, with its schema when it has one.</summary>
    public Relation Relation()
    {
        var first = Name();
        if (!Take("."))
            return new Relation(null, first.Value);
        var second = Name();
        return Take(".") ? new Relation(second.Value, Name().Value) : new Relation(first.Value, second.Value);
    }

    /// <summary>The names between parentheses.</summary>
    public List<string> Names()
    {
        var names = new List<string>();
        Expect("(");
        do names.Add(Name().Value);
        while (Take(","));
        Expect(")");
        return names;
    }

    /// <summary>The index after the parenthesis that closes the one at <paramref name="open"/>.</summary>
    public int Closing(int open)
    {
        var depth = 0;
        for (var i = open; i < tokens.Count; i++)
        {
            if (tokens[i].Is("("))
                depth++;
            else if (tokens[i].Is(")") && --depth == 0)
                return i + 1;
        }

        throw Refusal.Syntax("(");
    }

    public void SkipParentheses() => At = Closing(At);

    /// <summary>The tokens as they go to the server.</summary>
    public string Render(int from, int to)
    {
        var text = new StringBuilder();
        for (var i = from; i < to; i++)
        {
            if (tokens[i].Out.Length == 0)
                continue;
            if (text.Length > 0 && tokens[i].Spaced)
                text.Append(' ');
            text.Append(tokens[i].Out);
        }

        return text.ToString();
    }

    public string Render() => Render(0, tokens.Count);
}

/// <summary>A relation as a statement names it, folded.</summary>
public readonly record struct Relation(string? Schema, string Name)
{
    public string Sql => Schema is null ? Quote(Name) : $"{Quote(Schema)}.{Quote(Name)}";

    public static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>A literal that means the same with and without backslash escapes.</summary>
    public static string Literal(string text) =>
        $"E'{text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";

    public override string ToString() => Schema is null ? Name : $"{Schema}.{Name}";
}
