using System.Text.Json;
using Xunit;

namespace Headrace.Tests.Snapshots;

/// <summary>
/// What one tenant's table must hold after each export, found without the product; and what a consumer of its
/// operations holds.
/// </summary>
public sealed class Model(RandomFlow flow, string tenant)
{
    private Dictionary<string, string?[]> rows = [];
    private Dictionary<string, string?[]> consumed = [];
    private bool isFirst = true;

    public string Dataset => $"{flow.Name}/{tenant}";

    /// <summary>The rows as texts, in one order.</summary>
    public IEnumerable<string> Rows => Shown(rows);

    /// <summary>Takes an export, with the operations that were published for it.</summary>
    public void Take(IReadOnlyList<RandomRow> export, IReadOnlyList<Operation> operations)
    {
        var expected = new List<string>();
        var next = new Dictionary<string, string?[]>();
        foreach (
            var group in export.Where(row => flow.KeyOf(row.Values) is not null).GroupBy(row => flow.KeyOf(row.Values)!)
        )
        {
            var known = rows.GetValueOrDefault(group.Key);
            if (group.Count() > 1 || group.Single().IsBad)
            {
                if (known is not null)
                    next[group.Key] = known;
                continue;
            }

            var values = group.Single().Values.Select((value, i) => flow.Kinds[i].Plain(value)).ToArray();
            var isSame = known is not null && flow.Compare.All(i => known[i] == values[i]);
            next[group.Key] = isSame ? known! : values;
            if (!isSame)
                expected.Add($"{(known is null ? "INSERT" : "UPDATE")} {group.Key}");
        }

        foreach (var (key, row) in rows.Where(row => !next.ContainsKey(row.Key) && !Holds(export, row.Key)))
        {
            if (flow.Deletes == "ignore")
                next[key] = row;
            else
                expected.Add($"DELETE {key}");
        }

        Assert.Equal(
            isFirst
                ? [.. next.Keys.Select(key => $"INSERT {key}").Order(StringComparer.Ordinal)]
                : [.. expected.Order(StringComparer.Ordinal)],
            operations
                .Select(operation => $"{operation.Op} {flow.KeyOf(Values(operation.Key, flow.Keys))}")
                .Order(StringComparer.Ordinal)
        );
        foreach (var operation in operations)
            Consume(operation);
        rows = next;
        isFirst = false;
        Assert.Equal(Shown(rows), Shown(consumed));
    }

    private bool Holds(IReadOnlyList<RandomRow> export, string key) => export.Any(row => flow.KeyOf(row.Values) == key);

    private void Consume(Operation operation)
    {
        var key = flow.KeyOf(Values(operation.Key, flow.Keys))!;
        var known = consumed.GetValueOrDefault(key);
        Assert.Equal(operation.Op == "INSERT", known is null);
        Assert.Equal(operation.Op == "DELETE", operation.After.ValueKind == JsonValueKind.Null);
        Assert.Equal(flow.HasBefore && operation.Op != "INSERT", operation.Before.ValueKind != JsonValueKind.Null);
        if (operation.Before.ValueKind != JsonValueKind.Null)
        {
            var before = Values(operation.Before, [.. Enumerable.Range(0, flow.Kinds.Count)]);
            foreach (var i in flow.Compare)
                Assert.Equal(known![i], before[i]);
        }

        if (operation.Op == "DELETE")
            consumed.Remove(key);
        else
            consumed[key] = Values(operation.After, [.. Enumerable.Range(0, flow.Kinds.Count)]);
    }

    private string?[] Values(JsonElement row, IReadOnlyList<int> columns)
    {
        var values = new string?[flow.Kinds.Count];
        Assert.Equal(columns.Select(i => $"c{i}"), row.EnumerateObject().Select(member => member.Name));
        foreach (var i in columns)
            values[i] = flow.Kinds[i]
                .Plain(
                    row.GetProperty($"c{i}") switch
                    {
                        { ValueKind: JsonValueKind.Null } => null,
                        { ValueKind: JsonValueKind.String } text when flow.Kinds[i].Type != "json" => text.GetString(),
                        var value => value.GetRawText(),
                    }
                );
        return values;
    }

    private static IEnumerable<string> Shown(Dictionary<string, string?[]> rows) =>
        rows.Values.Select(row => JsonSerializer.Serialize(row)).Order(StringComparer.Ordinal);
}
