namespace Headrace.StandIn;

/// <summary>CREATE TABLE as Redshift takes it, and the text that makes PostgreSQL do the same.</summary>
public sealed class TableDefinition(TokenReader tokens)
{
    private const int MostColumns = 1600;
    private const int MostSortKeys = 400;

    // AWS's list of reserved words, those that a column might be called; all must be quoted.
    private static readonly HashSet<string> Reserved =
    [
        "tag",
        "timestamp",
        "open",
        "percent",
        "snapshot",
        "system",
        "connect",
        "language",
        "partition",
        "raw",
        "restore",
        "offset",
        "old",
        "new",
        "minus",
        "top",
        "backup",
        "delta",
        "encode",
        "ignore",
        "respect",
        "permissions",
        "wallet",
        "explicit",
        "enable",
        "disable",
        "resort",
        "offline",
        "online",
        "parallel",
        "sort",
        "truncatecolumns",
        "defrag",
        "encrypt",
        "encryption",
        "identity",
        "lzo",
        "lzop",
        "gzip",
        "bzip2",
        "mostly8",
        "mostly16",
        "mostly32",
        "text255",
        "text32k",
        "bytedict",
        "deflate",
        "credentials",
        "aes128",
        "aes256",
        "allowoverwrite",
        "blanksasnull",
        "cross",
        "emptyasnull",
        "freeze",
        "globaldict64k",
        "oid",
        "readratio",
        "recover",
        "rejectlog",
        "tdes",
        "walletless",
    ];

    private readonly HashSet<string> columns = [];
    private readonly HashSet<string> supers = [];
    private readonly List<string> parts = [];
    private readonly List<string> keys = [];
    private readonly List<string> primary = [];
    private int sortKeys;

    /// <summary>What PostgreSQL is asked. <paramref name="tokens"/> stand after CREATE.</summary>
    public static string Read(TokenReader tokens) => new TableDefinition(tokens).Read();

    /// <summary>A column as it stands in ADD COLUMN.</summary>
    public static string ReadAdded(TokenReader tokens)
    {
        var definition = new TableDefinition(tokens);
        definition.Column(added: true);
        return definition.parts[0];
    }

    private string Read()
    {
        tokens.Take("local");
        var temporary = tokens.Take("temp") || tokens.Take("temporary");
        tokens.Expect("table");
        var head =
            $"CREATE {(temporary ? "TEMP " : "")}TABLE {(tokens.Take("if", "not", "exists") ? "IF NOT EXISTS " : "")}";
        var name = tokens.Relation();
        if (IsQuery(out var names))
            return Query($"{head}{name.Sql}{names}");
        tokens.Expect("(");
        do Item();
        while (tokens.Take(","));
        tokens.Expect(")");
        Attributes(temporary);
        if (!tokens.End)
            throw Refusal.Syntax(tokens.Near);
        if (columns.Count > MostColumns)
            throw new Refusal("54011", $"tables can have at most {MostColumns} columns");
        foreach (var key in keys.Where(key => columns.Count > 0 && !columns.Contains(key)))
            throw new Refusal("42703", $"column \"{key}\" named in key does not exist");
        foreach (var key in keys.Where(supers.Contains))
            throw new Refusal("0A000", $"SUPER column \"{key}\" cannot be a distribution or sort key");
        if (primary.Count > 0)
            parts.Add(Primary());
        return $"{head}{name.Sql} ({string.Join(", ", parts)})";
    }

    // CREATE TABLE t [(names)] [attributes] AS query
    private bool IsQuery(out string names)
    {
        names = "";
        var start = tokens.At;
        if (tokens.Is("("))
            tokens.SkipParentheses();
        var depth = 0;
        for (var i = tokens.At; i < tokens.Count; i++)
        {
            depth +=
                tokens[i].Is("(") ? 1
                : tokens[i].Is(")") ? -1
                : 0;
            if (depth != 0 || !tokens[i].Is("as"))
                continue;
            names = tokens.Render(start, tokens.At);
            return true;
        }

        tokens.At = start;
        return false;
    }

    private string Query(string head)
    {
        Attributes(temporary: false);
        tokens.Expect("as");
        return $"{head} AS {tokens.Render(tokens.At, tokens.Count)}";
    }

    private void Item()
    {
        if (tokens.Take("constraint"))
            tokens.Name();
        if (tokens.Take("like"))
        {
            var parent = tokens.Relation();
            var defaults = "";
            while (tokens.Is("including") || tokens.Is("excluding"))
            {
                var including = tokens.Next().Is("including");
                if (!tokens.Take("defaults"))
                    throw Refusal.Unsupported($"LIKE … INCLUDING {tokens.Near.ToUpperInvariant()}");
                defaults = including ? " INCLUDING DEFAULTS" : "";
            }

            parts.Add($"LIKE {parent.Sql} INCLUDING CONSTRAINTS{defaults}");
            return;
        }

        if (tokens.Take("primary", "key"))
        {
            primary.AddRange(tokens.Names());
            return;
        }

        if (tokens.Take("foreign", "key") || tokens.Is("unique", "(") && tokens.Take("unique"))
        {
            tokens.Names();
            if (tokens.Take("references"))
                References();
            return;
        }

        if (tokens.Is("check") || tokens.Is("exclude"))
            throw Refusal.Unsupported($"a {tokens.Near.ToUpperInvariant()} constraint");
        Column(added: false);
    }

    private void Column(bool added)
    {
        var token = tokens.Name();
        var name = Tokenizer.Fold(token.Value);
        if (token.Kind == TokenKind.Word && Reserved.Contains(name))
            throw Refusal.Syntax(token.Source);
        Refusals.Column(name);
        if (!columns.Add(name))
            throw new Refusal("42701", $"column \"{name}\" specified more than once");
        var type = TypeName.Read(tokens);
        if (type.Sql.EndsWith("super", StringComparison.Ordinal))
            supers.Add(name);
        var attributes = "";
        var notNull = false;
        while (!tokens.End && !tokens.Is(",") && !tokens.Is(")"))
        {
            if (tokens.Take("default"))
                attributes += $" DEFAULT {Expression()}";
            else if (tokens.Take("not", "null"))
                (attributes, notNull) = ($"{attributes} NOT NULL", true);
            else if (tokens.Take("null"))
                continue;
            else if (tokens.Take("encode"))
                tokens.Name();
            else if (!added && tokens.Take("distkey"))
                keys.Add(name);
            else if (!added && tokens.Take("sortkey"))
                AddSortKeys([name]);
            else if (!added && tokens.Take("primary", "key"))
            {
                attributes += notNull ? "" : " NOT NULL";
                primary.Add(name);
            }
            else if (!added && tokens.Take("unique"))
                continue;
            else if (tokens.Take("references"))
                References();
            else if (!added && tokens.Take("identity"))
                attributes += Identity("ALWAYS");
            else if (!added && tokens.Take("generated", "by", "default", "as", "identity"))
                attributes += Identity("BY DEFAULT");
            else if (tokens.Take("collate"))
                tokens.Name();
            else if (tokens.Is("check") || tokens.Is("generated") || tokens.Is("constraint"))
                throw Refusal.Unsupported($"{tokens.Near.ToUpperInvariant()} in a column");
            else
                throw Refusal.Syntax(tokens.Near);
        }

        if (added && notNull && !attributes.Contains("DEFAULT", StringComparison.Ordinal))
            throw new Refusal(
                "0A000",
                "ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression"
            );
        parts.Add($"{Relation.Quote(name)} {type.Sql}{attributes} {type.Check(name)}".TrimEnd());
    }

    private string Identity(string when)
    {
        tokens.Expect("(");
        var seed = tokens.Integer();
        tokens.Expect(",");
        var step = tokens.Integer();
        tokens.Expect(")");
        return $" GENERATED {when} AS IDENTITY (START WITH {seed} INCREMENT BY {step})";
    }

    // To the next attribute: an expression in parentheses, a literal with its cast, a name with its arguments.
    private string Expression()
    {
        var from = tokens.At;
        if (tokens.Is("-") || tokens.Is("+"))
            tokens.Next();
        if (tokens.Is("("))
            tokens.SkipParentheses();
        else
            tokens.Next();
        while (!tokens.End)
        {
            if (tokens.Is("("))
                tokens.SkipParentheses();
            else if (tokens.Take("::"))
                tokens.Name();
            else if (tokens.Take("."))
                tokens.Name();
            else if (tokens.Peek() is { Kind: TokenKind.Symbol } mark && !mark.Is(",") && !mark.Is(")"))
                tokens.At += 2;
            else
                break;
        }

        return tokens.Render(from, tokens.At);
    }

    private void References()
    {
        tokens.Relation();
        if (tokens.Is("("))
            tokens.Names();
    }

    private void Attributes(bool temporary)
    {
        while (!tokens.End && !tokens.Is("as"))
        {
            if (tokens.Take("backup"))
                _ = !temporary && (tokens.Take("yes") || tokens.Take("no")) ? true : throw Refusal.Syntax(tokens.Near);
            else if (tokens.Take("diststyle"))
                _ =
                    tokens.Take("auto") || tokens.Take("even") || tokens.Take("key") || tokens.Take("all")
                        ? true
                        : throw Refusal.Syntax(tokens.Near);
            else if (tokens.Take("distkey"))
                keys.AddRange(
                    tokens.Names() is [var one] ? [one] : throw new Refusal("42P16", "a table has one DISTKEY column")
                );
            else if (tokens.Take("sortkey", "auto") || tokens.Take("encode", "auto"))
                continue;
            else if (tokens.Take("compound", "sortkey") || tokens.Take("sortkey"))
                AddSortKeys(tokens.Names());
            else if (tokens.Take("interleaved", "sortkey"))
                AddSortKeys(
                    tokens.Names() is { Count: <= 8 } some
                        ? some
                        : throw new Refusal("54011", "an interleaved sort key has at most 8 columns")
                );
            else if (tokens.Is("partition"))
                throw Refusal.Unsupported("PARTITION BY");
            else if (tokens.Is("inherits"))
                throw Refusal.Unsupported("INHERITS");
            else if (tokens.Is("with") || tokens.Is("using") || tokens.Is("tablespace"))
                throw Refusal.Unsupported($"{tokens.Near.ToUpperInvariant()} of CREATE TABLE");
            else
                throw Refusal.Syntax(tokens.Near);
        }
    }

    // A primary key is on record, and nothing keeps rows apart by it.
    private string Primary() =>
        "CONSTRAINT standin_primary_key CHECK ("
        + string.Join(
            " AND ",
            primary.Select(name => $"{Relation.Quote(name)} IS NOT DISTINCT FROM {Relation.Quote(name)}")
        )
        + ")";

    private void AddSortKeys(List<string> names)
    {
        sortKeys += names.Count;
        if (sortKeys > MostSortKeys)
            throw new Refusal("54011", $"a table has at most {MostSortKeys} sort key columns");
        keys.AddRange(names);
    }
}
