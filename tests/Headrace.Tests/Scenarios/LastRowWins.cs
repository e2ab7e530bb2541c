using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>Of the rows of one key the last row of the last file is kept, whatever types stand beside it.</summary>
public sealed class LastRowWins : ProjectTests
{
    private static readonly (string Type, string Value)[] Others =
    [
        ("boolean", "t"),
        ("smallint", "1"),
        ("integer", "1"),
        ("bigint", "1"),
        ("decimal(12,2)", "1.5"),
        ("real", "1.5"),
        ("double", "1.5"),
        ("bytes", "00ff"),
        ("date", "2026-01-01"),
        ("time", "10:00"),
        ("timestamp", "2026-01-01 10:00:00"),
        ("timestamptz", "2026-01-01T10:00:00Z"),
        ("uuid", "00000000-0000-0000-0000-000000000000"),
        ("json", "{}"),
    ];

    [Theory]
    [InlineData("csv", false)]
    [InlineData("csv", true)]
    [InlineData("parquet", false)]
    [InlineData("parquet", true)]
    public async Task A_key_that_comes_again_has_its_later_row(string format, bool isThere)
    {
        var types = string.Concat(Others.Select((other, i) => $", v{i}: \"{other.Type}\""));
        World.Flows(
            $$"""m: { source: { connection: lake, path: "m/*" }, columns: { id: integer, name: text{{types}} }, """
                + "read: incremental, primary_key: id, write: merge }"
        );
        if (isThere)
        {
            Put($"m/0.{format}", [(9000, "there")]);
            await World.Load();
        }

        // A small file before a large one: who reads them in parallel is tempted to let the large one's rows by.
        Put($"m/1.{format}", [.. Enumerable.Range(0, 5).Select(id => (id, "old"))]);
        Put(
            $"m/2.{format}",
            [.. Enumerable.Range(0, 2995).Select(i => (i % 2990, i < 2990 ? "older" : "new")), (1, "newest")]
        );
        Assert.Equal(2990, (await World.Load()).Only["inserted"]);
        Assert.Equal(
            ["0|new", "1|newest", "2|new", "3|new", "4|new", "5|older"],
            World.Query("SELECT id, name FROM raw.m WHERE id < 6 ORDER BY id")
        );
    }

    private void Put(string key, IEnumerable<(int Id, string Name)> rows)
    {
        if (key.EndsWith(".csv", StringComparison.Ordinal))
            World.Put(
                key,
                string.Concat(
                    rows.Select(row => $"{row.Id},{row.Name},{string.Join(',', Others.Select(other => other.Value))}\n")
                        .Prepend($"id,name,{string.Join(',', Others.Select((_, i) => $"v{i}"))}\n")
                )
            );
        else
            World.PutParquet(
                key,
                $"""
                SELECT *{string.Concat(Others.Select((other, i) => $", '{other.Value}' AS v{i}"))} FROM
                (VALUES {string.Join(", ", rows.Select(row => $"({row.Id}, '{row.Name}')"))}) AS r(id, name)
                """
            );
    }
}
