namespace Headrace.StandIn;

/// <summary>What PostgreSQL has and Redshift has not, wherever in a statement it stands.</summary>
public static class Refusals
{
    private static readonly HashSet<string> Functions =
    [
        "string_agg",
        "array_agg",
        "array_to_string",
        "array_length",
        "array_append",
        "array_cat",
        "string_to_array",
        "unnest",
        "generate_series",
        "generate_subscripts",
        "gen_random_uuid",
        "to_regclass",
        "to_regtype",
        "clock_timestamp",
        "statement_timestamp",
        "transaction_timestamp",
        "now",
        "timeofday",
        "pg_current_xact_id",
        "pg_current_snapshot",
        "pg_xact_status",
        "txid_current",
        "txid_status",
        "to_json",
        "to_jsonb",
        "row_to_json",
        "concat_ws",
        "format",
        "quote_nullable",
        "pg_notify",
        "pg_sleep",
        "nextval",
        "setval",
        "currval",
        "lastval",
        "sha224",
        "sha256",
        "sha384",
        "sha512",
        "digest",
        "hashtext",
        "hashtextextended",
        "regexp_match",
        "regexp_matches",
        "regexp_split_to_table",
        "regexp_split_to_array",
        "starts_with",
        "string_to_table",
        "encode",
        "convert_from",
        "convert_to",
        "num_nulls",
        "num_nonnulls",
        "make_date",
        "make_timestamp",
        "make_timestamptz",
        "make_interval",
        "date_bin",
        "pg_export_snapshot",
        "pg_total_relation_size",
        "pg_relation_size",
        "xmlagg",
        "mode",
        "every",
        "unistr",
        "pg_snapshot_xmin",
        "txid_snapshot_xmin",
        "parse_ident",
        "width_bucket",
        "scale",
        "trim_scale",
        "min_scale",
        "bit_count",
        "gcd",
        "lcm",
        "erf",
        "random_normal",
        "pg_visible_in_snapshot",
    ];

    private static readonly string[] FunctionPrefixes =
    [
        "jsonb_",
        "pg_advisory_",
        "pg_try_advisory_",
        "array_",
        "xml",
        "pg_logical_",
        "pg_replication_",
        "lo_",
        "dblink",
    ];

    private static readonly HashSet<string> JsonFunctions =
    [
        "json_parse",
        "json_serialize",
        "json_serialize_to_varbyte",
        "json_extract_path_text",
        "json_extract_array_element_text",
        "json_array_length",
        "json_typeof",
        "json_size",
    ];

    private static readonly HashSet<string> LeaderOnly =
    [
        "current_timestamp",
        "current_time",
        "localtime",
        "localtimestamp",
    ];

    private static readonly HashSet<string> SystemColumns = ["oid", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

    private static readonly HashSet<string> Types =
    [
        "json",
        "jsonb",
        "uuid",
        "bytea",
        "inet",
        "cidr",
        "macaddr",
        "xml",
        "money",
        "citext",
        "hstore",
        "bit",
        "tsvector",
        "tsquery",
        "serial",
        "bigserial",
        "smallserial",
        "point",
        "box",
        "int4range",
    ];

    /// <summary>Throws <see cref="Refusal"/> at the first thing that Redshift would not take.</summary>
    public static void Check(TokenReader tokens)
    {
        var verb = tokens[0].Value;
        for (var i = 0; i < tokens.Count; i++)
        {
            tokens.At = i;
            var token = tokens[i];
            if (token.IsName)
                Name(token);
            if (token.Kind == TokenKind.Word)
                Word(tokens, i, verb);
            else if (token.Kind == TokenKind.Symbol)
                Symbol(tokens, i);
        }

        tokens.At = 0;
    }

    /// <summary>Is this no name for a column?</summary>
    public static void Column(string name)
    {
        if (SystemColumns.Contains(name))
            throw new Refusal("42701", $"column name \"{name}\" conflicts with a system column name");
    }

    private static void Name(Token token)
    {
        var bytes = System.Text.Encoding.UTF8.GetByteCount(token.Value);
        if (bytes > 63)
            throw new Refusal(
                "42622",
                $"stand-in limit: identifier \"{token.Value}\" has {bytes} bytes, "
                    + "PostgreSQL takes 63 (Amazon Redshift takes 127 and silently cuts what is longer)"
            );
        if (token.Value.Length == 0)
            throw new Refusal("42601", "zero-length delimited identifier at or near \"\"\"\"");
    }

    private static void Word(TokenReader tokens, int at, string verb)
    {
        var word = tokens[at].Value;
        var before = tokens.Peek(-1);
        var after = tokens.Peek(1);
        switch (word)
        {
            case "on" when after?.Is("conflict") == true:
                throw Refusal.Unsupported("ON CONFLICT");
            case "on" when after?.Is("commit") == true && verb == "create":
                throw Refusal.Unsupported("ON COMMIT for temporary tables");
            case "returning" when before?.Is(".") != true:
                throw Refusal.Unsupported("RETURNING");
            case "distinct" when after?.Is("on") == true && tokens.Peek(2)?.Is("(") == true:
                throw Refusal.Unsupported("DISTINCT ON");
            case "distinct" when after?.Is("from") == true && (before?.Is("is") == true || before?.Is("not") == true):
                throw Refusal.Unsupported("IS DISTINCT FROM");
            case "array" when after?.Is("[") == true:
                throw Refusal.Unsupported("ARRAY[]");
            case "any"
            or "some"
            or "all"
                when after?.Is("(") == true
                    && tokens.Peek(2) is { } first
                    && !first.Is("select")
                    && !first.Is("with")
                    && !first.Is("("):
                throw Refusal.Unsupported($"{word.ToUpperInvariant()} (array)");
            case "for"
                when after?.Value is "update" or "share" or "no" or "key"
                    && after.Kind == TokenKind.Word
                    && verb is "select" or "with" or "declare" or "explain":
                throw Refusal.Unsupported("SELECT FOR UPDATE/SHARE");
            case "except" or "intersect" when after?.Is("all") == true:
                throw Refusal.Unsupported($"{word.ToUpperInvariant()} ALL");
            case "tablesample":
                throw Refusal.Unsupported("TABLESAMPLE");
            case "values" when before?.Is("(") == true:
                throw Refusal.Unsupported("VALUES as a table");
            case "window" when tokens.Peek(2)?.Is("as") == true && tokens.Peek(3)?.Is("(") == true:
                throw Refusal.Unsupported("the WINDOW clause");
            case "over" when after is { IsName: true }:
                throw Refusal.Unsupported("a named window");
            case "filter" when before?.Is(")") == true && after?.Is("(") == true:
                throw Refusal.Unsupported("FILTER for aggregates");
            case "lateral":
                throw Refusal.Unsupported("LATERAL");
            case "qualify":
                throw Refusal.NotPlayed("QUALIFY");
            case "top" when after?.Kind == TokenKind.Number && before?.Is("select") == true:
                throw Refusal.NotPlayed("SELECT TOP");
            case "fetch" when at > 0 && after?.Value is "first" or "next":
                throw Refusal.Unsupported("FETCH FIRST");
            case "materialized" when before?.Is("as") == true || before?.Is("not") == true:
                throw Refusal.Unsupported("AS MATERIALIZED");
            case "ordinality":
                throw Refusal.Unsupported("WITH ORDINALITY");
            case "overriding":
                throw Refusal.Unsupported("OVERRIDING");
            case "with" when after?.Is("no") == true && tokens.Peek(2)?.Is("data") == true:
                throw Refusal.Unsupported("WITH NO DATA");
            case "transaction" when before?.Is("prepare") == true:
                throw Refusal.Unsupported("PREPARE TRANSACTION");
            case "set_config" when after?.Is("(") == true && tokens.Peek(2) is { Kind: TokenKind.Text } setting:
                SessionSettings.CheckShared(setting.Value);
                break;
            case "unlogged":
                throw Refusal.Unsupported("UNLOGGED");
            case "concurrently":
                throw Refusal.Unsupported("CONCURRENTLY");
            case "insert" or "update" or "delete" when before?.Is("(") == true && at > 1 && verb == "with":
                throw Refusal.Unsupported("a WITH query that writes");
            case "insert" when verb == "with":
                throw Refusal.Unsupported("WITH before INSERT");
        }

        var called =
            after?.Is("(") == true
            && (before?.Is(".") != true || tokens.Peek(-2)?.Is("pg_catalog") == true)
            && before?.Is("into") != true
            && before?.Is("table") != true
            && before?.Is("exists") != true;
        if (
            called
            && (
                Functions.Contains(word)
                || FunctionPrefixes.Any(prefix => word.StartsWith(prefix, StringComparison.Ordinal))
                || (word.StartsWith("json_", StringComparison.Ordinal) && !JsonFunctions.Contains(word))
            )
        )
            throw new Refusal("42883", $"function {word}() does not exist (Amazon Redshift has no such function)");
        if (LeaderOnly.Contains(word) && before?.Is(".") != true && before?.Is("as") != true)
            throw new Refusal(
                "0A000",
                $"Specified types or functions ({word}) not supported on Redshift tables; use getdate() or sysdate"
            );
        if ((before?.Is("::") == true || (before?.Is("as") == true && InCast(tokens, at))) && Types.Contains(word))
            throw new Refusal("42704", $"type \"{word}\" does not exist (Amazon Redshift has no such type)");
    }

    private static void Symbol(TokenReader tokens, int at)
    {
        var symbol = tokens[at].Value;
        if (symbol is "[")
            throw Refusal.Unsupported("an array, or navigation into SUPER (which the stand-in does not play):");
        if (symbol is "->" or "->>" or "#>" or "#>>" or "@>" or "<@" or "?" or "?|" or "?&" or "&&" or "@@" or "^@")
            throw new Refusal("42883", $"operator does not exist: {symbol} (Amazon Redshift has no such operator)");
        if (symbol == "#")
            throw Refusal.NotPlayed("a temporary table named with #");
        if (symbol == ":")
            throw Refusal.Syntax(":");
    }

    /// <summary>Is the AS before <paramref name="at"/> that of CAST(… AS type)?</summary>
    public static bool InCast(TokenReader tokens, int at)
    {
        var depth = 0;
        for (var i = at - 1; i > 0; i--)
        {
            if (tokens[i].Is(")"))
                depth++;
            else if (tokens[i].Is("(") && depth-- == 0)
                return tokens[i - 1].Is("cast");
        }

        return false;
    }
}
