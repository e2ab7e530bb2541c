namespace Headrace.StandIn;

/// <summary>MERGE as Redshift takes it: both clauses, one action each, no conditions.</summary>
public static class MergeCheck
{
    /// <summary>Returns the target.</summary>
    public static Relation Check(TokenReader tokens)
    {
        tokens.At = 1;
        tokens.Expect("into");
        var target = tokens.Relation();
        if (!tokens.Take("using"))
            throw new Refusal(
                "42601",
                $"syntax error at or near \"{tokens.Near}\" (the target of MERGE takes no alias)"
            );
        if (tokens.Peek()?.IsName == true)
        {
            var source = tokens.Relation();
            if (source == target)
                throw new Refusal("0A000", "the source of MERGE cannot be its target");
        }

        var (matched, missing) = (0, 0);
        var depth = 0;
        for (; !tokens.End; tokens.At++)
        {
            depth +=
                tokens.Is("(") ? 1
                : tokens.Is(")") ? -1
                : 0;
            if (depth == 0 && tokens.Is("remove", "duplicates"))
                throw Refusal.NotPlayed("MERGE … REMOVE DUPLICATES");
            if (depth > 0 || !tokens.Is("when") || !(tokens.Peek(1)!.Is("matched") || tokens.Peek(1)!.Is("not")))
                continue;
            if (tokens.Take("when", "matched"))
                matched++;
            else if (tokens.Take("when", "not", "matched"))
                missing++;
            if (!tokens.Take("then"))
                throw new Refusal(
                    "42601",
                    $"syntax error at or near \"{tokens.Near}\" (MERGE takes no further condition)"
                );
            if (tokens.Is("do"))
                throw Refusal.Unsupported("DO NOTHING in MERGE");
        }

        tokens.At = 0;
        return (matched, missing) == (1, 1)
            ? target
            : throw new Refusal("42601", "MERGE needs WHEN MATCHED and WHEN NOT MATCHED, each once");
    }
}
