namespace Headrace.StandIn;

/// <summary>Which relations a statement names.</summary>
public static class Relations
{
    private static readonly HashSet<string> NoTable = ["select", "lateral", "only", "values"];

    /// <summary>The table that INSERT, UPDATE or DELETE writes; null for other statements.</summary>
    public static Relation? Written(TokenReader tokens)
    {
        var at = 0;
        if (tokens[0].Is("with"))
            while (
                at < tokens.Count
                && !(
                    Outer(tokens, at) && (tokens[at].Is("update") || tokens[at].Is("delete") || tokens[at].Is("select"))
                )
            )
                at++;
        if (at >= tokens.Count)
            return null;
        tokens.At = at + 1;
        switch (tokens[at].Value)
        {
            case "insert":
                tokens.Expect("into");
                return tokens.Relation();
            case "update":
                CheckUpdate(tokens, at);
                return tokens.Relation();
            case "delete":
                tokens.Take("from");
                return tokens.Relation();
            default:
                return null;
        }
    }

    /// <summary>
    /// The names after FROM, JOIN and USING, and after commas there; names of WITH queries among them.
    /// </summary>
    public static List<Relation> Read(TokenReader tokens)
    {
        var relations = new List<Relation>();
        for (var i = 0; i < tokens.Count - 1; i++)
        {
            if (!(tokens[i].Is("from") || tokens[i].Is("join") || tokens[i].Is("using")))
                continue;
            tokens.At = i + 1;
            while (tokens.Peek() is { IsName: true } name && !NoTable.Contains(name.Value))
            {
                relations.Add(tokens.Relation());
                tokens.Take("as");
                if (tokens.Peek() is { IsName: true } && tokens.Peek(1)?.Is(",") == true)
                    tokens.Name();
                if (!tokens.Take(","))
                    break;
            }
        }

        tokens.At = 0;
        return relations;
    }

    private static bool Outer(TokenReader tokens, int at)
    {
        var depth = 0;
        for (var i = 0; i < at; i++)
            depth +=
                tokens[i].Is("(") ? 1
                : tokens[i].Is(")") ? -1
                : 0;
        return depth == 0;
    }

    private static void CheckUpdate(TokenReader tokens, int at)
    {
        for (var i = at; i < tokens.Count; i++)
            if (
                tokens[i].Value is "left" or "right" or "full"
                && tokens[i].Kind == TokenKind.Word
                && Outer(tokens, i)
                && i + 1 < tokens.Count
                && (tokens[i + 1].Is("join") || tokens[i + 1].Is("outer"))
            )
                throw new Refusal("0A000", "Target table must be part of an equijoin predicate");
    }
}
