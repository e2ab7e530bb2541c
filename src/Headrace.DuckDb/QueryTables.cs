using System.Text.Json;

namespace Headrace.DuckDb;

/// <summary>Finds the tables that a SELECT reads, by DuckDB's parser; the tables need not be there.</summary>
public sealed class QueryTables : IDisposable
{
    // Expressions of some length stand in one another.
    private const int Deepest = 2000;

    private readonly DuckDbDatabase database = DuckDbDatabase.Open(
        DuckDbDatabase.Memory,
        new Dictionary<string, string> { ["threads"] = "1" }
    );

    /// <summary>The tables with their schemas, each once; a schema is empty where the SELECT names none.</summary>
    /// <param name="fault">Why the SELECT cannot be read; null when it can.</param>
    public IReadOnlyList<TableName> Of(string select, out string? fault, CancellationToken cancel)
    {
        using var db = database.Connect();
        var text = db.Scalar<string>($"SELECT json_serialize_sql({Sql.Literal(select)})", cancel)!;
        using var tree = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = Deepest });
        if (tree.RootElement.GetProperty("error").GetBoolean())
        {
            fault = tree.RootElement.GetProperty("error_message").GetString() ?? "it is no SELECT";
            return [];
        }

        fault = null;
        var (tables, named) = (new List<TableName>(), new HashSet<string>(StringComparer.OrdinalIgnoreCase));
        Visit(tree.RootElement, tables, named);
        return [.. tables.Where(table => table.Schema.Length > 0 || !named.Contains(table.Table)).Distinct()];
    }

    public void Dispose() => database.Dispose();

    /// <param name="named">Takes the names that WITH gives to queries.</param>
    private static void Visit(JsonElement node, List<TableName> tables, HashSet<string> named)
    {
        if (node.ValueKind == JsonValueKind.Array)
            foreach (var item in node.EnumerateArray())
                Visit(item, tables, named);
        if (node.ValueKind != JsonValueKind.Object)
            return;
        if (Text(node, "type") == "BASE_TABLE")
            tables.Add(new TableName(Text(node, "schema_name"), Text(node, "table_name")));
        foreach (var property in node.EnumerateObject())
        {
            if (
                property.Name == "cte_map"
                && property.Value.ValueKind == JsonValueKind.Object
                && property.Value.TryGetProperty("map", out var queries)
            )
                foreach (var query in queries.EnumerateArray())
                    named.Add(Text(query, "key"));
            Visit(property.Value, tables, named);
        }
    }

    private static string Text(JsonElement node, string name) =>
        node.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
