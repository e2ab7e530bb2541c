namespace Headrace.StandIn;

/// <summary>ALTER as Redshift takes it.</summary>
public static class AlterStatement
{
    public static Statement Read(TokenReader tokens, string source)
    {
        tokens.At = 1;
        if (tokens.Is("database"))
            return Statement(source, tokens.Render(), alone: "ALTER DATABASE");
        if (tokens.Is("schema") || tokens.Is("user") || tokens.Is("group") || tokens.Is("role"))
            return Statement(source, tokens.Render());
        if (!tokens.Take("table"))
            throw Refusal.Unsupported($"ALTER {tokens.Near.ToUpperInvariant()}");
        if (tokens.Is("if", "exists"))
            throw Refusal.Unsupported("ALTER TABLE IF EXISTS");
        var table = tokens.Relation();
        if (tokens.Take("append", "from"))
            return Statement(source, "", new AppendCommand(table, tokens.Relation()), "ALTER TABLE APPEND");
        if (tokens.Take("add"))
            return Added(tokens, source, table);
        if (tokens.Take("drop"))
            return Dropped(tokens, source, table);
        if (tokens.Take("alter"))
            return Altered(tokens, source, table);
        if (tokens.Is("rename") || tokens.Is("owner", "to"))
            return Statement(source, tokens.Render());
        throw Refusal.Unsupported($"ALTER TABLE … {tokens.Near.ToUpperInvariant()}");
    }

    private static Statement Statement(string source, string sql, Command? command = null, string? alone = null) =>
        new()
        {
            Source = source,
            Verb = "ALTER",
            Sql = sql,
            Command = command,
            Alone = alone,
        };

    private static Statement Added(TokenReader tokens, string source, Relation table)
    {
        if (tokens.Is("constraint") || tokens.Is("primary") || tokens.Is("unique") || tokens.Is("foreign"))
            return Statement(source, "", new NoCommand("ALTER TABLE", table));
        if (tokens.Is("check"))
            throw Refusal.Unsupported("a CHECK constraint");
        tokens.Take("column");
        if (tokens.Is("if", "not", "exists"))
            throw Refusal.Unsupported("ADD COLUMN IF NOT EXISTS");
        var column = TableDefinition.ReadAdded(tokens);
        if (tokens.Is(","))
            throw Refusal.Unsupported("more than one ADD COLUMN in one ALTER TABLE");
        return tokens.End
            ? Statement(source, $"ALTER TABLE {table.Sql} ADD COLUMN {column}")
            : throw Refusal.Syntax(tokens.Near);
    }

    private static Statement Dropped(TokenReader tokens, string source, Relation table)
    {
        if (tokens.Take("constraint"))
            return Statement(source, "", new NoCommand("ALTER TABLE", table));
        tokens.Take("column");
        if (tokens.Is("if", "exists"))
            throw Refusal.Unsupported("DROP COLUMN IF EXISTS");
        tokens.Name();
        _ = tokens.Take("cascade") || tokens.Take("restrict");
        if (tokens.Is(","))
            throw Refusal.Unsupported("more than one DROP COLUMN in one ALTER TABLE");
        return tokens.End ? Statement(source, tokens.Render()) : throw Refusal.Syntax(tokens.Near);
    }

    private static Statement Altered(TokenReader tokens, string source, Relation table)
    {
        if (
            tokens.Is("diststyle")
            || tokens.Is("distkey")
            || tokens.Is("sortkey")
            || tokens.Is("compound")
            || tokens.Is("encode")
        )
            return Statement(source, "", new NoCommand("ALTER TABLE", table), "ALTER TABLE ALTER DISTKEY/SORTKEY");
        tokens.Take("column");
        var column = Tokenizer.Fold(tokens.Name().Value);
        if (tokens.Take("encode"))
            return Statement(source, "", new NoCommand("ALTER TABLE", table), "ALTER TABLE ALTER COLUMN ENCODE");
        if (!tokens.Take("type"))
            throw Refusal.Unsupported($"ALTER COLUMN {tokens.Near.ToUpperInvariant()}");
        var type = TypeName.Read(tokens);
        if (!tokens.End)
            throw Refusal.Syntax(tokens.Near);
        return Statement(source, "", new WidenCommand(table, column, type), "ALTER TABLE ALTER COLUMN");
    }
}
