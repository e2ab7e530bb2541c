using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>As many columns as the target can hold.</summary>
public abstract class WideTables(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    // PostgreSQL takes no row of more than 8 kB, so most columns are empty.
    private static string Csv(int columns, int rows, int changed)
    {
        string Row(int id) =>
            string.Join(
                ',',
                Enumerable
                    .Range(1, columns - 1)
                    .Select(i =>
                        i < 300 ? "1"
                        : i < columns - 1 ? ""
                        : id == changed ? "9"
                        : "1"
                    )
            );
        return $"{string.Join(',', Enumerable.Range(0, columns).Select(i => $"a{i}"))}\n"
            + $"{string.Join('\n', Enumerable.Range(1, rows).Select(id => $"{id},{Row(id)}"))}\n";
    }

    [Theory]
    [InlineData("incremental", 1600)]
    [InlineData("snapshot", 1500)]
    public async Task AreMerged(string read, int columns)
    {
        await Flows(
            "wide: { source: { connection: lake, "
                + $$"""path: "{{(read == "snapshot" ? "{version}" : "*")}}/w.csv" }, target: { schema: raw, """
                + $$"""table: wide }, settle: 0s, primary_key: a0, read: {{read}}, write: merge }"""
        );
        World.Put("1/w.csv", Csv(columns, 3, 0), landedSecondsAgo: 900);
        await World.Load();
        World.Put("2/w.csv", Csv(columns, 4, 2), landedSecondsAgo: 800);
        Assert.Equal("1i 1u 0d 2s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|1", "2|9", "3|1", "4|1"], await Rows($"SELECT a0, a{columns - 1} FROM raw.wide ORDER BY a0"));
        World.Put(
            "3/w.csv",
            Csv(columns, 5, 2).Replace("\n5,1,", "\n5,x,", StringComparison.Ordinal),
            landedSecondsAgo: 700
        );
        Assert.Equal("0i 0u 0d 4s 1q", (await World.Load()).Only.Counts);
        var id = Assert.Single(await Rows("SELECT id FROM headrace.quarantine WHERE status = 'waiting'"));
        var released = await World.Run("quarantine", "release", "wide", id, "--set", "a1=1");
        Assert.True(released.Exit == 0 || columns > 1598, released.Text);
    }
}

public sealed class WideTablesIntoDuckDb(PostgresServer server) : WideTables(server, WarehouseKind.DuckDb);

public sealed class WideTablesIntoPostgres(PostgresServer server) : WideTables(server, WarehouseKind.Postgres);

public sealed class WideTablesIntoRedshift(PostgresServer server) : WideTables(server, WarehouseKind.Redshift);
