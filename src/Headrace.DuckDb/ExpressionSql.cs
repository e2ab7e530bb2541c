using System.Text.Json.Nodes;

namespace Headrace.DuckDb;

/// <summary>
/// Reads an expression that a user wrote: the engine's own parser takes it apart, only what looks at one row and always
/// gives the same is let through, and each column gets a name of our own, so that no name of a user is in a statement.
/// </summary>
/// <param name="what">What it is, for example <c>the expression of 'name'</c>.</param>
/// <param name="known">The names of the columns that it may look at.</param>
/// <param name="find">The name of our own, and the type in the engine's words, of a column; null for none.</param>
internal sealed class ExpressionSql(
    DuckDbConnection db,
    string what,
    IEnumerable<string> known,
    Func<string, (string Name, string Type)?> find,
    CancellationToken cancel
)
{
    private static readonly string[] Allowed =
    [
        "CONSTANT",
        "COLUMN_REF",
        "FUNCTION",
        "COMPARISON",
        "CONJUNCTION",
        "OPERATOR",
        "CASE",
        "CAST",
        "BETWEEN",
    ];

    // They tell of the session or the machine, or read by a name that is a value.
    private static readonly string[] Refused =
    [
        "getenv",
        "current_setting",
        "getvariable",
        "current_query",
        "current_database",
        "current_schema",
        "current_schemas",
        "in_search_path",
        "version",
        "error",
        "json_serialize_sql",
        "json_deserialize_sql",
        "json_execute_serialized_sql",
        "headrace_hmac",
        "headrace_json_meaning",
        "age",
    ];

    private readonly Dictionary<string, (string Name, string Type)> used = new(StringComparer.OrdinalIgnoreCase);
    private string expression = "";

    /// <summary>The expression as the engine understands it.</summary>
    /// <exception cref="HeadraceException">HDR-222.</exception>
    public EngineExpression Read(string text)
    {
        expression = text;
        var tree = Parse(text);
        Walk(tree["statements"]![0]!["node"]!["select_list"]![0]!);
        var sql = db.Scalar<string>("SELECT json_deserialize_sql($1::JSON)", cancel, tree.ToJsonString())!;
        sql = sql["SELECT ".Length..];
        return new EngineExpression(sql, Type(sql), [.. used.Keys]);
    }

    private JsonNode Parse(string text)
    {
        var tree = JsonNode.Parse(
            db.Scalar<string>($"SELECT CAST(json_serialize_sql({Sql.Literal($"SELECT {text}\n")}) AS VARCHAR)", cancel)!
        )!;
        if (tree["error"]!.GetValue<bool>())
            throw Refusal(
                $"it is no SQL ({Line(tree["error_message"]!.GetValue<string>())})",
                "correct it; it is one expression of DuckDB's SQL"
            );
        var statements = tree["statements"]!.AsArray();
        var node = statements.Count == 1 ? statements[0]!["node"]!.AsObject() : null;
        if (
            node is null
            || node["type"]!.GetValue<string>() != "SELECT_NODE"
            || node["select_list"]!.AsArray() is not [{ } only]
            || only["alias"]!.GetValue<string>().Length > 0
            || node["from_table"]!["type"]!.GetValue<string>() != "EMPTY"
            || node["modifiers"]!.AsArray().Count > 0
            || node["group_expressions"]!.AsArray().Count > 0
            || node["cte_map"]!["map"]!.AsArray().Count > 0
            || ((string[])["where_clause", "having", "qualify", "sample"]).Any(key => node[key] is not null)
        )
            throw Refusal("it is more than one expression", "write one value, without FROM, WHERE, AS and ;");
        return tree;
    }

    private void Walk(JsonNode? node)
    {
        if (node is JsonArray many)
        {
            foreach (var one in many)
                Walk(one);
            return;
        }

        if (node is not JsonObject part)
            return;
        var kind = part["class"]?.GetValue<string>();
        if (kind is not null && !Allowed.Contains(kind))
            throw Refusal(
                kind switch
                {
                    "SUBQUERY" => "it has a subquery",
                    "WINDOW" => "it has a window",
                    _ => $"it has a part of the kind {kind.ToLowerInvariant()}",
                },
                "an expression looks at the columns of one row, and at nothing else"
            );
        if (kind == "CONSTANT")
            return;
        if (kind == "COLUMN_REF")
        {
            Name(part["column_names"]!.AsArray());
            return;
        }

        if (kind == "FUNCTION")
            Function(part);
        foreach (var (key, child) in part)
            if (key is not ("cast_type" or "value"))
                Walk(child);
    }

    private void Name(JsonArray names)
    {
        var name = names[0]!.GetValue<string>();
        if (find(name) is not { } column)
            throw Error.ExpressionColumnUnknown(what, expression, name, known);
        used[name] = column;
        names[0] = column.Name;
    }

    private void Function(JsonObject call)
    {
        var name = call["function_name"]!.GetValue<string>().ToLowerInvariant();
        var isPlain =
            call["schema"]!.GetValue<string>() is "" or "main"
            && call["catalog"]!.GetValue<string>() is "" or "system"
            && call["filter"] is null
            && !call["distinct"]!.GetValue<bool>()
            && call["order_bys"]!["orders"]!.AsArray().Count == 0;
        if (
            !isPlain
            || Refused.Contains(name)
            || db.Scalar<bool>(
                """
                SELECT coalesce(NOT bool_or(function_type IN ('scalar', 'macro') AND internal)
                    OR bool_or(function_type = 'scalar' AND stability <> 'CONSISTENT'), false)
                FROM duckdb_functions() WHERE lower(function_name) = $1
                """,
                cancel,
                name
            )
        )
            throw Refusal(
                $"{name}() is no function that looks at one row alone and always gives the same",
                "leave it out: no files, no clock, no chance, no sums over rows"
            );
    }

    // Without a row, so that no value can be told.
    private string Type(string sql)
    {
        var columns = used.Values.Distinct().Select(column => $"CAST(NULL AS {column.Type}) AS {column.Name}").ToList();
        var from = columns.Count == 0 ? "" : $" FROM (SELECT {string.Join(", ", columns)} LIMIT 0)";
        try
        {
            return db.Scalar<string>($"SELECT column_type FROM (DESCRIBE SELECT {sql} AS e{from})", cancel)!;
        }
        catch (DuckDbException error) when (error.Kind is not DuckDbErrorKind.OutOfMemory)
        {
            var said = Line(error.Message);
            foreach (var (name, (own, _)) in used)
                said = System.Text.RegularExpressions.Regex.Replace(said, $@"\b{own}\b", name.Replace("$", "$$"));
            throw Refusal($"DuckDB does not take it ({said})", "correct it; types are changed by CAST(… AS …)");
        }
    }

    private HeadraceException Refusal(string why, string next) => Error.ExpressionRefused(what, expression, why, next);

    private static string Line(string message) => message.Split('\n')[0].TrimEnd('.', ' ');
}
