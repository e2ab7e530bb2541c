using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>
/// Values that PostgreSQL alone refuses or takes; what holds for every warehouse is in the suite of values.
/// </summary>
public sealed class PostgresTargetTypes(PostgresServer server) : IDisposable
{
    private readonly World world = new();

    public void Dispose() => world.Dispose();

    [Fact]
    public async Task JsonThatJsonbRefusesOrChangesWaitsAndTheOthersCome()
    {
        var target = await PostgresTargets.Into(
            server,
            world,
            """p: { source: { connection: lake, path: "v/*" }, columns: { n: integer, v: json }, """
                + "read: incremental, write: append }"
        );
        string[] good =
        [
            """{"a": 1.10, "b": [null, true, "x,\"y"]}""",
            "\"nan, inf, 1e99999 ,]\"",
            """{"a": "\\u0000"}""",
            "12345678901234567890.123",
            "[]",
            "1e10",
            "null",
        ];
        string[] bad =
        [
            "\"\\u0000\"",
            "[NaN]",
            "-Infinity",
            """{"a": 1,}""",
            "1e99999",
            """{"a": 1, "a": 2}""",
            """{"a": "\\\u0000"}""",
        ];
        world.Put(
            "v/1.csv",
            "n,v\n"
                + string.Concat(
                    good.Concat(bad)
                        .Select((value, i) => $"{i},\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"\n")
                )
        );
        var run = (await world.Load()).Only;
        Assert.Equal((good.Length, (long)bad.Length), (run["inserted"], run["quarantined"]));
        Assert.Equal(
            good.Select(_ => "true"),
            await target.Query(
                "SELECT v = x::jsonb AS same FROM raw.p JOIN unnest(ARRAY["
                    + string.Join(
                        ", ",
                        good.Select(text => $"E'{text.Replace("\\", "\\\\", StringComparison.Ordinal)}'")
                    )
                    + "]) WITH ORDINALITY AS u(x, i) ON i = n + 1 ORDER BY n"
            )
        );
        Assert.All(
            await target.Query("SELECT reason FROM headrace.quarantine"),
            reason => Assert.Contains("jsonb", reason, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task WhatOnlyParquetCanHoldComesOrWaits()
    {
        var target = await PostgresTargets.Into(
            server,
            world,
            """p: { source: { connection: lake, path: "v/*", format: parquet }, read: incremental, write: append }"""
        );
        world.PutParquet(
            "v/1.parquet",
            """
            SELECT * FROM (VALUES
                (1, 'a', 'nan'::DOUBLE, DATE '0044-03-15 (BC)', TIMESTAMP '0044-03-15 (BC) 10:00:00', {'x': 'y'},
                    '\xAA'::BLOB),
                (2, 'b' || chr(0), 1.0, DATE '2026-01-01', TIMESTAMP '2026-01-01 00:00:00', {'x': 'y'}, ''::BLOB),
                (3, 'c', '-inf'::DOUBLE, DATE '99999-12-31', TIMESTAMP '12026-01-01 00:00:00', {'x': chr(0)}, NULL),
                (4, 'd', NULL, DATE '5000-01-01 (BC)', NULL, NULL, NULL),
                (5, '', 5e-324, NULL, NULL, {'x': NULL}, NULL)) AS t(n, v, f, d, t, j, b)
            """
        );
        var run = (await world.Load()).Only;
        Assert.Equal((2L, 3L), (run["inserted"], run["quarantined"]));
        Assert.Equal(
            [
                "1|a|NaN|0044-03-15 BC|0044-03-15 10:00:00 BC|{\"x\": \"y\"}|\\xaa",
                "5||5e-324|NULL|NULL|{\"x\": null}|NULL",
            ],
            await target.Query("SELECT n, v, f::text, d::text, t::text, j::text, b::text FROM raw.p ORDER BY n")
        );
        Assert.Equal(
            ["2|v|b␀", "3|j|{\"x\":\"\\u0000\"}", "4|d|5000-01-01 (BC)"],
            await target.Query("SELECT line, \"column\", value FROM headrace.quarantine ORDER BY line")
        );
    }
}
