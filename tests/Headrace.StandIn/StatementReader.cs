namespace Headrace.StandIn;

/// <summary>Looks at a statement of the client: refuses it, or says what is done in its place.</summary>
public static class StatementReader
{
    private static readonly HashSet<string> Plain =
    [
        "select",
        "with",
        "insert",
        "update",
        "delete",
        "begin",
        "start",
        "commit",
        "end",
        "rollback",
        "abort",
        "analyze",
        "grant",
        "revoke",
        "explain",
        "comment",
        "declare",
        "fetch",
        "close",
        "prepare",
        "execute",
        "deallocate",
        "show",
        "set",
        "reset",
        "lock",
    ];

    /// <summary>The statements of a text.</summary>
    public static List<Statement> ReadAll(string sql) => [.. Tokenizer.Statements(sql).Select(Read)];

    /// <summary>A statement whose tokens are given.</summary>
    public static Statement Read(List<Token> list)
    {
        var source = string.Concat(list.Select((token, i) => (token.Spaced && i > 0 ? " " : "") + token.Source));
        var tokens = new TokenReader(list);
        var verb = list[0].Kind == TokenKind.Word ? list[0].Value : throw Refusal.Syntax(list[0].Source);
        switch (verb)
        {
            case "copy":
                return new Statement
                {
                    Source = source,
                    Verb = "COPY",
                    Sql = "",
                    Command = CopyCommand.Read(tokens, out var target),
                    Writes = target,
                };
            case "unload":
                return new Statement
                {
                    Source = source,
                    Verb = "UNLOAD",
                    Sql = "",
                    Command = UnloadCommand.Read(tokens),
                };
        }

        Refusals.Check(tokens);
        Rewrites.Apply(tokens);
        switch (verb)
        {
            case "create":
                return Created(tokens, source);
            case "alter":
                return AlterStatement.Read(tokens, source);
            case "drop":
                return Dropped(tokens, source);
            case "truncate":
                tokens.At = 1;
                tokens.Take("table");
                var table = tokens.Relation();
                return !tokens.End
                    ? throw Refusal.Syntax(tokens.Near)
                    : new Statement
                    {
                        Source = source,
                        Verb = "TRUNCATE",
                        Sql = "",
                        Command = new TruncateCommand(table),
                    };
            case "vacuum":
                return new Statement
                {
                    Source = source,
                    Verb = "VACUUM",
                    Sql = "",
                    Command = new NoCommand("VACUUM", null),
                    Alone = "VACUUM",
                };
            case "merge":
                var merged = MergeCheck.Check(tokens);
                return new Statement
                {
                    Source = source,
                    Verb = "MERGE",
                    Sql = tokens.Render(),
                    Writes = merged,
                    Reads = Relations.Read(tokens),
                };
            case "values":
                throw Refusal.Unsupported("VALUES as a statement or table");
            case "listen" or "unlisten" or "notify":
                throw Refusal.Unsupported("LISTEN/NOTIFY");
            case "savepoint" or "release":
                throw Refusal.Unsupported("SAVEPOINT");
        }

        if (!Plain.Contains(verb))
            throw new Refusal(
                "42601",
                $"syntax error at or near \"{list[0].Source}\" (the stand-in does not know this statement)"
            );
        var sql = verb switch
        {
            "begin" or "start" => Begun(tokens),
            "delete" => Deleted(tokens),
            "set" or "show" or "reset" => SessionSettings.Read(tokens),
            "lock" => Locked(tokens),
            "commit" or "end" or "rollback" or "abort" => Ended(tokens),
            "explain" when tokens[1].Is("analyze") => throw Refusal.Unsupported("EXPLAIN ANALYZE"),
            "analyze" when tokens.Count > 1 && tokens[1].Is("compression") => throw Refusal.NotPlayed(
                "ANALYZE COMPRESSION"
            ),
            "declare" => Declared(tokens),
            _ => tokens.Render(),
        };
        return new Statement
        {
            Source = source,
            Verb = verb.ToUpperInvariant(),
            Sql = sql,
            Writes = Relations.Written(tokens),
            Reads = Relations.Read(tokens),
        };
    }

    private static Statement Created(TokenReader tokens, string source)
    {
        tokens.At = 1;
        var verb = "CREATE";
        _ = tokens.Take("or", "replace");
        if (tokens.Is("table") || tokens.Is("temp") || tokens.Is("temporary") || tokens.Is("local"))
            return new Statement
            {
                Source = source,
                Verb = verb,
                Sql = TableDefinition.Read(tokens),
                Reads = Relations.Read(tokens),
            };
        if (tokens.Is("schema"))
            return new Statement
            {
                Source = source,
                Verb = verb,
                Sql = tokens.Render(),
            };
        if (tokens.Is("view"))
        {
            for (var i = tokens.At; i < tokens.Count - 3; i++)
                if (tokens[i].Is("with") && tokens[i + 1].Is("no") && tokens[i + 2].Is("schema"))
                    for (var k = i; k < i + 4; k++)
                        tokens[k].Out = "";
            return new Statement
            {
                Source = source,
                Verb = verb,
                Sql = tokens.Render(),
            };
        }

        if (tokens.Is("database"))
            return new Statement
            {
                Source = source,
                Verb = verb,
                Sql = tokens.Render(),
                Alone = "CREATE DATABASE",
            };
        if (tokens.Is("user") || tokens.Is("group") || tokens.Is("role"))
            return new Statement
            {
                Source = source,
                Verb = verb,
                Sql = tokens.Render(),
            };
        if (
            tokens.Peek()?.Value
            is "library"
                or "external"
                or "materialized"
                or "procedure"
                or "function"
                or "datashare"
                or "model"
                or "rls"
                or "masking"
        )
            throw Refusal.NotPlayed($"CREATE {tokens.Near.ToUpperInvariant()}");
        throw Refusal.Unsupported($"CREATE {tokens.Near.ToUpperInvariant()}");
    }

    private static Statement Dropped(TokenReader tokens, string source)
    {
        tokens.At = 1;
        if (tokens.Is("database"))
            return new Statement
            {
                Source = source,
                Verb = "DROP",
                Sql = tokens.Render(),
                Alone = "DROP DATABASE",
            };
        if (tokens.Peek()?.Value is "table" or "schema" or "view" or "user" or "group" or "role")
            return new Statement
            {
                Source = source,
                Verb = "DROP",
                Sql = tokens.Render(),
            };
        throw Refusal.Unsupported($"DROP {tokens.Near.ToUpperInvariant()}");
    }

    // The level is the database's; one that is given here is accepted and means nothing.
    private static string Begun(TokenReader tokens)
    {
        tokens.At = 1;
        _ = tokens.Take("transaction") || tokens.Take("work");
        var readOnly = false;
        while (!tokens.End)
        {
            if (tokens.Take("isolation", "level"))
                _ =
                    tokens.Take("serializable")
                    || tokens.Take("snapshot")
                    || tokens.Take("repeatable", "read")
                    || tokens.Take("read", "committed")
                    || tokens.Take("read", "uncommitted")
                        ? true
                        : throw Refusal.Syntax(tokens.Near);
            else if (tokens.Take("read", "only"))
                readOnly = true;
            else if (!tokens.Take("read", "write") && !tokens.Take(","))
                throw Refusal.Syntax(tokens.Near);
        }

        return $"BEGIN ISOLATION LEVEL REPEATABLE READ{(readOnly ? " READ ONLY" : "")}";
    }

    private static string Ended(TokenReader tokens)
    {
        tokens.At = 1;
        _ = tokens.Take("transaction") || tokens.Take("work");
        if (tokens.Is("to"))
            throw Refusal.Unsupported("SAVEPOINT");
        return tokens.End ? tokens.Render() : throw Refusal.Syntax(tokens.Near);
    }

    private static string Deleted(TokenReader tokens)
    {
        if (!tokens[1].Is("from"))
            tokens[0].Out = "DELETE FROM";
        return tokens.Render();
    }

    private static string Declared(TokenReader tokens)
    {
        for (var i = 0; i < tokens.Count && !tokens[i].Is("for"); i++)
            if (tokens[i].Value is "scroll" or "binary" or "hold" or "insensitive")
                throw Refusal.Unsupported($"a {tokens[i].Source.ToUpperInvariant()} cursor");
        return tokens.Render();
    }

    private static string Locked(TokenReader tokens)
    {
        tokens.At = 1;
        tokens.Take("table");
        do tokens.Relation();
        while (tokens.Take(","));
        return tokens.End ? tokens.Render() : throw Refusal.Syntax(tokens.Near);
    }
}
