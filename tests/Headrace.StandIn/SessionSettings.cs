namespace Headrace.StandIn;

/// <summary>
/// SET, SHOW and RESET: settings that Redshift has; those that PostgreSQL lacks are kept under a prefix.
/// </summary>
public static class SessionSettings
{
    private static readonly HashSet<string> Shared =
    [
        "search_path",
        "statement_timeout",
        "timezone",
        "datestyle",
        "client_encoding",
        "extra_float_digits",
        "application_name",
        "intervalstyle",
    ];

    private static readonly Dictionary<string, string> Own = new()
    {
        ["query_group"] = "unset",
        ["error_on_nondeterministic_update"] = "off",
        ["wlm_query_slot_count"] = "1",
        ["analyze_threshold_percent"] = "10",
        ["describe_field_name_in_uppercase"] = "off",
        ["enable_result_cache_for_session"] = "on",
        ["enable_case_sensitive_super_attribute"] = "off",
        ["json_parse_truncate_strings"] = "off",
        ["navigate_super_null_on_error"] = "on",
        ["parse_super_null_on_error"] = "off",
        ["autocommit"] = "on",
        ["enable_vacuum_boost"] = "off",
        ["mv_enable_aqmv_for_session"] = "on",
        ["enable_numeric_rounding"] = "on",
    };

    /// <summary>What the server is asked in place of the statement.</summary>
    public static string Read(TokenReader tokens)
    {
        var verb = tokens[0].Value;
        tokens.At = 1;
        if (verb == "set" && (tokens.Is("transaction") || tokens.Is("session", "characteristics")))
            return "SET standin.isolation TO 'ignored'";
        if (verb == "set" && tokens.Take("session", "authorization"))
            return tokens.Render();
        if (verb == "set" && !tokens.Take("local"))
            tokens.Take("session");
        if (tokens.Is("time", "zone"))
            return tokens.Render();
        if (verb == "reset" && tokens.Is("all"))
            return "RESET ALL";
        var name = tokens.Name();
        if (verb == "show")
            return Shown(tokens, name.Value);
        if (Shared.Contains(name.Value))
            return tokens.Render();
        if (name.Value == "enable_case_sensitive_identifier" || name.Value == "downcase_delimited_identifier")
            throw Refusal.NotPlayed($"SET {name.Value}");
        if (!Own.ContainsKey(name.Value))
            throw Unknown(name.Value);
        name.Out = $"standin.{name.Value}";
        return tokens.Render();
    }

    /// <summary>Refuses a name that is no setting of both PostgreSQL and Redshift.</summary>
    public static void CheckShared(string name)
    {
        if (!Shared.Contains(Tokenizer.Fold(name)))
            throw Unknown(name);
    }

    private static string Shown(TokenReader tokens, string name) =>
        name switch
        {
            "server_version" => "SELECT '8.0.2'::character varying AS server_version",
            "transaction_isolation" or "transaction" =>
                "SELECT 'serializable'::character varying AS transaction_isolation",
            "is_superuser" or "session_authorization" or "server_encoding" => tokens.Render(),
            "enable_case_sensitive_identifier" => "SELECT 'off'::character varying AS enable_case_sensitive_identifier",
            _ when Shared.Contains(name) => tokens.Render(),
            _ when Own.TryGetValue(name, out var value) =>
                $"SELECT coalesce(nullif(pg_catalog.current_setting('standin.{name}', true), ''), '{value}') AS {name}",
            _ => throw Unknown(name),
        };

    private static Refusal Unknown(string name) => new("42704", $"unrecognized configuration parameter \"{name}\"");
}
