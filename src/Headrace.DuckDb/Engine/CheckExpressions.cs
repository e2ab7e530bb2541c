using System.Text.Json;
using System.Text.Json.Nodes;
using Headrace.Checks;

namespace Headrace.DuckDb;

/// <summary>
/// SQL of checks as DuckDB understands it. It may ask for the columns of a row and for functions of values, and for
/// nothing else: no file, no table, no setting, no variable.
/// </summary>
/// <param name="columns">All that it may ask for.</param>
/// <param name="nameOf">The name of a column where the SQL is asked.</param>
/// <remarks>https://duckdb.org/docs/stable/data/json/sql_to_and_from_json</remarks>
internal sealed class CheckExpressions(
    DuckDbConnection db,
    IReadOnlyList<CheckedColumn> columns,
    Func<CheckedColumn, string> nameOf,
    CancellationToken cancel
)
{
    // What is built of values alone. A subquery, a window and a parameter are none of these.
    private static readonly HashSet<string> Classes =
    [
        "BETWEEN",
        "CASE",
        "CAST",
        "COLLATE",
        "COLUMN_REF",
        "COMPARISON",
        "CONJUNCTION",
        "CONSTANT",
        "FUNCTION",
        "LAMBDA",
        "OPERATOR",
    ];

    // Of the JSON that DuckDB makes of an expression; what is written again may be as deep.
    private const int Deepest = 900;

    // Words that DuckDB reads as columns.
    private static readonly HashSet<string> Clocks = new(StringComparer.OrdinalIgnoreCase)
    {
        "current_date",
        "current_time",
        "current_timestamp",
        "localtime",
        "localtimestamp",
    };

    private HashSet<string>? functions;

    // Functions of values, and those that say what time it is.
    private HashSet<string> Functions => functions ??= Known();

    /// <summary>The columns that the last expression asked for.</summary>
    public HashSet<string> Used { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// The conditions for a row that checks of a batch set aside by what it is alone; all but those of keys.
    /// </summary>
    /// <param name="columns">Their SQL is a name.</param>
    public static IReadOnlyList<string> Failing(
        DuckDbConnection db,
        IEnumerable<Check> checks,
        IReadOnlyList<CheckedColumn> columns,
        DateTimeOffset now,
        CancellationToken cancel
    )
    {
        var expressions = new CheckExpressions(db, columns, column => column.Sql, cancel);
        var sql = new CheckSql(DuckDbDialect.Instance, columns, now, expressions.Read);
        return
        [
            .. checks
                .OfType<RowCheck>()
                .Where(check => check.OnFail == CheckAction.Quarantine)
                .Select(check => CheckSql.Among(sql.Where(check), check.Fails(sql))),
        ];
    }

    /// <summary>The SQL of an expression, for a statement whose rows have the columns.</summary>
    /// <exception cref="HeadraceException">HDR-216 for a column that is not there, HDR-217 for what is not
    /// allowed.</exception>
    public string Read(Check check, string text)
    {
        Used.Clear();
        if (WrittenSql.Fault(text) is { } fault)
            throw Error.CheckSqlRefused(check, text, fault);
        var tree = Parse(check, text);
        if ((bool)tree["error"]!)
            throw Error.CheckSqlRefused(check, text, (string)tree["error_message"]!);
        if (
            tree["statements"] is not JsonArray { Count: 1 } statements
            || statements[0]!["node"] is not JsonObject node
            || node["select_list"] is not JsonArray { Count: 1 } list
            || (string?)node["from_table"]?["type"] != "EMPTY"
        )
            throw Error.CheckSqlRefused(check, text, "it is more than one expression");
        Walk(check, text, list[0]!, []);
        var sql = Scalar($"SELECT json_deserialize_sql({Sql.Literal(tree.ToJsonString())}::JSON)");
        Bind(check, text, sql["SELECT ".Length..]);
        return sql["SELECT ".Length..];
    }

    private JsonNode Parse(Check check, string text)
    {
        try
        {
            return JsonNode.Parse(
                Scalar($"SELECT json_serialize_sql({Sql.Literal($"SELECT ({text})")})"),
                documentOptions: new JsonDocumentOptions { MaxDepth = Deepest }
            )!;
        }
        catch (JsonException error)
        {
            throw Error.CheckSqlRefused(check, text, "it is nested too deeply", error);
        }
    }

    // Finds what has no meaning before any row is asked.
    private void Bind(Check check, string text, string sql)
    {
        var row = string.Join(
            ", ",
            columns
                .Where(column => Used.Contains(column.Name))
                .Select(column =>
                    $"NULL::{(column.Type is { } type ? DuckDbTypes.Name(type) : "VARCHAR")} "
                    + $"AS {Sql.Identifier(nameOf(column))}"
                )
                .Append("1 AS \"\u2205\"")
        );
        string? type;
        try
        {
            type = db.Scalar<string>($"SELECT column_type FROM (DESCRIBE SELECT ({sql}) FROM (SELECT {row}))", cancel);
        }
        catch (DuckDbException error)
        {
            throw Error.CheckSqlRefused(check, text, FirstLine(error), error);
        }

        if (type != "BOOLEAN")
            throw Error.CheckSqlRefused(check, text, $"it is no condition: its type is {type}");
    }

    /// <summary>What DuckDB says in its first line, without its kind.</summary>
    public static string FirstLine(DuckDbException error)
    {
        var line = error.Message.Split('\n')[0];
        return line.IndexOf(" Error: ", StringComparison.Ordinal) is > 0 and var end ? line[(end + 8)..] : line;
    }

    private void Walk(Check check, string text, JsonNode? node, IReadOnlyList<string> parameters)
    {
        if (node is JsonArray many)
        {
            foreach (var one in many)
                Walk(check, text, one, parameters);
            return;
        }

        if (node is not JsonObject part)
            return;
        var kind = (string?)part["class"];
        if (kind is not null && !Classes.Contains(kind))
            throw Error.CheckSqlRefused(
                check,
                text,
                $"a {kind.ToLowerInvariant().Replace('_', ' ')} is not allowed in a check"
            );
        switch (kind)
        {
            case "COLUMN_REF":
                Rename(check, part["column_names"]!.AsArray(), parameters);
                return;
            case "FUNCTION":
                Allow(check, text, part);
                break;
            case "LAMBDA":
                // j -> 'key' is written the same way; there a column stands before the arrow.
                var names = Names(part["lhs"]!).Where(name => Find(name) is null).ToList();
                Walk(check, text, part["lhs"], [.. parameters, .. names]);
                Walk(check, text, part["expr"], [.. parameters, .. names]);
                return;
            case "OPERATOR" when (string?)part["type"] is "COMPARE_IN" or "COMPARE_NOT_IN":
                Walk(check, text, part["children"], parameters);
                Unjoin(part);
                return;
        }

        if (kind == "CONSTANT")
            return;
        foreach (var (_, below) in part)
            Walk(check, text, below, parameters);
    }

    private static IEnumerable<string> Names(JsonNode parameters) =>
        parameters["column_names"] is JsonArray { Count: 1 } one ? [(string)one[0]!]
        : parameters["children"] is JsonArray many ? many.SelectMany(each => Names(each!))
        : [];

    private CheckedColumn? Find(string name) =>
        columns.FirstOrDefault(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private void Rename(Check check, JsonArray names, IReadOnlyList<string> parameters)
    {
        var name = (string)names[0]!;
        if (Find(name) is { } column && !parameters.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            Used.Add(column.Name);
            names[0] = nameOf(column);
        }
        else if (!parameters.Contains(name, StringComparer.OrdinalIgnoreCase) && !Clocks.Contains(name))
            throw Error.CheckColumnMissing(check, name, [.. columns.Select(one => one.Name)]);
    }

    private void Allow(Check check, string text, JsonObject function)
    {
        var name = (string)function["function_name"]!;
        if (
            (string?)function["schema"] is not (null or "" or "main")
            || (string?)function["catalog"] is not (null or "")
            || !Functions.Contains(name)
        )
            throw Error.CheckSqlRefused(check, text, $"the function {name} is not allowed in a check");
    }

    // Of a long IN list DuckDB makes a join, and a join loses the order of rows.
    private static void Unjoin(JsonObject part)
    {
        var children = part["children"]!.AsArray();
        if (children.Count < 2 || children.Skip(1).Any(child => (string?)child!["class"] != "CONSTANT"))
            return;
        var value = children[0]!.DeepClone();
        var list = Call("list_value", [.. children.Skip(1).Select(child => child!.DeepClone())]);
        var contains = Call("list_contains", [list, value]);
        var isNot = (string?)part["type"] == "COMPARE_NOT_IN";
        part["type"] = isNot ? "OPERATOR_NOT" : "OPERATOR_COALESCE";
        part["children"] = new JsonArray(contains);
    }

    private static JsonObject Call(string function, JsonNode[] arguments) =>
        new()
        {
            ["class"] = "FUNCTION",
            ["type"] = "FUNCTION",
            ["alias"] = "",
            ["query_location"] = 0,
            ["function_name"] = function,
            ["schema"] = "",
            ["children"] = new JsonArray(arguments),
            ["filter"] = null,
            ["order_bys"] = new JsonObject { ["type"] = "ORDER_MODIFIER", ["orders"] = new JsonArray() },
            ["distinct"] = false,
            ["is_operator"] = false,
            ["export_state"] = false,
            ["catalog"] = "",
        };

    private HashSet<string> Known()
    {
        var known = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        using var reader = db.Query(
            """
            SELECT function_name FROM duckdb_functions() WHERE internal GROUP BY 1 HAVING bool_and(
                (function_type = 'scalar' AND stability = 'CONSISTENT' AND function_name NOT IN
                    ('current_setting', 'getvariable'))
                OR function_name IN ('now', 'today', 'current_date', 'get_current_timestamp', 'get_current_time')
                OR (function_type = 'macro' AND (starts_with(function_name, 'list_')
                    OR starts_with(function_name, 'array_') OR starts_with(function_name, 'map_contains')
                    OR function_name IN ('nullif', 'split_part', 'fdiv', 'fmod', 'round_even', 'date_add'))))
            """,
            cancel
        );
        while (reader.Read())
            known.Add(reader.GetString(0));
        return known;
    }

    private string Scalar(string sql) =>
        db.Scalar<string>(sql, cancel) ?? throw Error.Bug("an expression was read as nothing.");
}
