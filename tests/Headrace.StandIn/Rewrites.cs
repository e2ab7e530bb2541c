namespace Headrace.StandIn;

/// <summary>What means the same in other words, or another thing in the same words.</summary>
public static class Rewrites
{
    public static void Apply(TokenReader tokens)
    {
        for (var i = 0; i < tokens.Count; i++)
        {
            tokens.At = i;
            var token = tokens[i];
            if (token.Kind == TokenKind.Quoted)
                // Redshift folds the case of quoted names too.
                token.Out = Relation.Quote(token.Value);
            else if (token.Kind == TokenKind.Word)
                Word(tokens, i);
        }

        tokens.At = 0;
    }

    private static void Word(TokenReader tokens, int at)
    {
        var token = tokens[at];
        var before = tokens.Peek(-1);
        if (before?.Is(".") == true)
            return;
        var called = tokens.Peek(1)?.Is("(") == true;
        switch (token.Value)
        {
            case "version"
            or "concat"
            or "pg_last_copy_id"
            or "pg_last_copy_count"
            or "pg_last_unload_count"
            or "pg_get_constraintdef"
            or "json_parse"
            or "json_serialize"
            or "json_extract_path_text"
            or "json_typeof"
            or "convert_timezone"
            or "charindex"
            or "func_sha1" when called:
                token.Out = $"redshift_standin.{token.Value}";
                break;
            case "current_namespace" when !called && before?.Is("as") != true:
                token.Out = "redshift_standin.current_namespace()";
                break;
            case "pg_constraint" when !called:
                token.Out = "redshift_standin.pg_constraint";
                break;
            case "dateadd" or "datediff" or "date_add" or "date_diff" when called:
                token.Out = $"redshift_standin.{token.Value.Replace("_", "", StringComparison.Ordinal)}";
                if (tokens.Peek(2) is { Kind: TokenKind.Word } unit)
                    unit.Out = $"'{unit.Value}'";
                break;
            case "nvl" when called:
                token.Out = "coalesce";
                break;
            case "sysdate" when !called && before?.Is("as") != true:
                token.Out = "pg_catalog.getdate()";
                break;
            case "listagg" when called:
                ListAggregate(tokens, at);
                break;
            case "varchar" or "nvarchar" or "text" when Cast(tokens, at) && !called:
                token.Out = "character varying(256)";
                break;
            case "varchar" when Cast(tokens, at) && tokens.Peek(2)?.Is("max") == true:
                tokens[at + 2].Out = "65535";
                break;
            case "varying" when before?.Is("character") == true && !called && Cast(tokens, at - 1):
                token.Out = "varying(256)";
                break;
            case "decimal" or "numeric" when Cast(tokens, at) && !called:
                token.Out = "numeric(18,0)";
                break;
            case "varbyte" or "varbinary" when Cast(tokens, at):
                token.Out = "pg_catalog.varbyte";
                if (called)
                    for (var i = at + 1; i < tokens.Closing(at + 1); i++)
                        tokens[i].Out = "";
                break;
        }
    }

    private static bool Cast(TokenReader tokens, int at) =>
        at > 0 && (tokens[at - 1].Is("::") || (tokens[at - 1].Is("as") && Refusals.InCast(tokens, at)));

    // LISTAGG(x [, 'separator']) [WITHIN GROUP (ORDER BY …)]
    private static void ListAggregate(TokenReader tokens, int at)
    {
        var close = tokens.Closing(at + 1) - 1;
        var depth = 0;
        var separated = false;
        for (var i = at + 1; i < close; i++)
        {
            depth +=
                tokens[i].Is("(") ? 1
                : tokens[i].Is(")") ? -1
                : 0;
            separated |= depth == 1 && tokens[i].Is(",");
        }

        tokens[at].Out = "string_agg";
        var end = separated ? "" : ", ''";
        if (close + 3 < tokens.Count && tokens[close + 1].Is("within") && tokens[close + 2].Is("group"))
        {
            var last = tokens.Closing(close + 3) - 1;
            tokens[close].Out = end;
            tokens[close + 1].Out = tokens[close + 2].Out = tokens[close + 3].Out = "";
            tokens[last].Out = ")";
        }
        else
        {
            tokens[close].Out = end + ")";
        }
    }
}
