using Headrace.Tests.StandIn;
using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>
/// Values that Redshift alone refuses or takes, on a stand-in; what holds for every warehouse is in the suite of
/// values.
/// </summary>
public sealed class RedshiftTargetTypes(PostgresServer server) : IAsyncDisposable
{
    private readonly World world = new();
    private RedshiftTestDatabase target = null!;

    public async ValueTask DisposeAsync()
    {
        world.Dispose();
        await target.DisposeAsync();
    }

    [Theory]
    [InlineData("decimal(19,0)", "9223372036854775808", "-9223372036854775808", "9999999999999999999")]
    [InlineData("bytes", "\\x")]
    [InlineData("date", "0000-01-01")]
    public async Task WhatRedshiftWouldChangeWaits(string type, params string[] values)
    {
        target = await RedshiftTargets.Into(
            server,
            world,
            $$"""p: { source: { connection: lake, path: "v/*" }, columns: { n: integer, v: "{{type}}" }, """
                + "read: incremental, write: append }"
        );
        world.Put("v/1.csv", "n,v\n0,\n" + string.Concat(values.Select((value, i) => $"{i + 1},{value}\n")));
        var run = (await world.Load()).Only;
        Assert.Equal(["0|NULL"], await target.Behind.Query("SELECT n, v::text AS v FROM raw.p ORDER BY n"));
        Assert.Equal((1L, values.Length), (run["inserted"], run["quarantined"]));
    }

    [Fact]
    public async Task JsonComesAsItIsWritten()
    {
        string[] values = ["1e10", """{"a": 1, "a": 2}""", "[]", "null", """{"a": 1.10}"""];
        target = await RedshiftTargets.Into(
            server,
            world,
            """p: { source: { connection: lake, path: "v/*" }, columns: { n: integer, v: json }, """
                + "read: incremental, write: append }"
        );
        world.Put(
            "v/1.csv",
            "n,v\n"
                + string.Concat(
                    values.Select((value, i) => $"{i},\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"\n")
                )
        );
        Assert.Equal((5L, 0L), ((await world.Load()).Only["inserted"], 0L));
        Assert.Equal(values, await target.Behind.Query("SELECT v::text AS v FROM raw.p ORDER BY n"));
    }

    [Fact]
    public async Task WhatOnlyParquetCanHoldComesOrWaits()
    {
        target = await RedshiftTargets.Into(
            server,
            world,
            """p: { source: { connection: lake, path: "v/*", format: parquet }, read: incremental, write: append }"""
        );
        world.PutParquet(
            "v/1.parquet",
            """
            SELECT * FROM (VALUES
                (1, 'a', 'nan'::DOUBLE, DATE '2026-01-01', TIMESTAMP '2026-01-01 10:00:00', {'x': 'y'}, '\xAA'::BLOB),
                (2, 'b' || chr(0), 1.0, DATE '2026-01-01', TIMESTAMP '2026-01-01 00:00:00', {'x': 'y'}, ''::BLOB),
                (3, 'c', 1.0, DATE '99999-12-31', TIMESTAMP '2026-01-01 00:00:00', {'x': 'y'}, NULL),
                (4, 'd', NULL, DATE '0044-03-15 (BC)', NULL, NULL, NULL),
                (5, '', 5e-324, NULL, NULL, {'x': NULL}, NULL),
                (7, 'e', NULL, NULL, NULL, NULL, ''::BLOB),
                (6, NULL, '-inf'::DOUBLE, NULL, TIMESTAMP '12026-01-01 00:00:00', NULL, NULL)) AS t(n, v, f, d, t, j, b)
            """
        );
        var run = (await world.Load()).Only;
        Assert.Equal((1L, 6L), (run["inserted"], run["quarantined"]));
        Assert.Equal(
            ["5||5e-324|NULL|NULL|{\"x\":null}|NULL"],
            await target.Behind.Query("SELECT n, v, f::text, d::text, t::text, j::text, b::text FROM raw.p ORDER BY n")
        );
    }
}
