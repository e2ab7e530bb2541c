using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>Values on their way into PostgreSQL: the same ones as in DuckDB, or in quarantine.</summary>
public sealed class PostgresTargetTypes(PostgresServer server) : IDisposable
{
    private readonly World world = new();

    public void Dispose() => world.Dispose();

    [Theory]
    [InlineData("boolean", "true", "f")]
    [InlineData("smallint", "-32768", "32767", "+7")]
    [InlineData("integer", "-2147483648", "2147483647")]
    [InlineData("bigint", "-9223372036854775808", "9223372036854775807")]
    [InlineData("decimal(38,0)", "99999999999999999999999999999999999999", "-1")]
    [InlineData("decimal(2,2)", ".99", "-0.01", "0")]
    [InlineData("decimal(38,12)", "12345678901234567890123456.123456789012", "1.5")]
    [InlineData("text", "a,b", "\"\"\"\"", "\\.", "\\N", "NULL", "\"line\nline\"", "\"\"", "  x ", "ü€𝄞", "'", "\\x41", "$1", "\"a\r\nb\"")]
    [InlineData("bytes", "00ff", "\\x", "\\xdeadbeef")]
    [InlineData("date", "0001-01-01", "9999-12-31", "2024-02-29")]
    [InlineData("time", "00:00:00", "23:59:59.999999")]
    [InlineData("timestamp", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "1900-01-01T00:00:00Z")]
    [InlineData("uuid", "00000000-0000-0000-0000-000000000000", "FFFFFFFF-ffff-ffff-ffff-ffffffffffff")]
    public async Task EveryTypeComesAsItIsInDuckDb(string type, params string[] values)
    {
        const string Flow = """source: { connection: lake, path: "v/*" }, columns: { n: integer, v: "{type}" }, read: incremental, write: append""";
        var flow = Flow.Replace("{type}", type, StringComparison.Ordinal);
        var target = await PostgresTargets.Into(server, world, $"p: {{ {flow} }}\nd: {{ {flow}, target: {{ connection: warehouse }} }}");
        world.Put("v/1.csv", "n,v\n" + string.Concat(values.Select((value, i) => $"{i},{(value.Contains(',', StringComparison.Ordinal) && value[0] != '"' ? $"\"{value}\"" : value)}\n")) + "99,\n");
        foreach (var run in (await world.Load()).Runs)
            Assert.Equal((values.Length + 1, 0L), (run["inserted"], run["quarantined"]));
        var shown = type switch { "bytes" => "upper(hex(v))", _ => "v::VARCHAR" };
        var asked = type switch { "bytes" => "upper(encode(v, 'hex'))", _ => "v::text" };
        var expected = world.Query($"SELECT n, {shown} AS v FROM raw.d ORDER BY n").Select(row => type == "decimal(2,2)" ? row.Replace("|.", "|0.", StringComparison.Ordinal).Replace("|-.", "|-0.", StringComparison.Ordinal) : row);
        Assert.Equal(expected, await target.Query($"SELECT n::text, {asked} AS v FROM raw.p ORDER BY p.n"));
    }

    [Theory]
    [InlineData("real", "float4", "3.4028235e38", "1e-45", "-0.0", "0.1", "16777217")]
    [InlineData("double", "float8", "1.7976931348623157e308", "5e-324", "-0.0", "0.1", "9007199254740993")]
    public async Task NumbersWithAPointKeepEveryBit(string type, string postgres, params string[] values)
    {
        var target = await PostgresTargets.Into(server, world, $$"""p: { source: { connection: lake, path: "v/*" }, columns: { n: integer, v: {{type}} }, read: incremental, write: append }""");
        world.Put("v/1.csv", "n,v\n" + string.Concat(values.Select((value, i) => $"{i},{value}\n")));
        Assert.Equal(0, (await world.Load()).Only["quarantined"]);
        Assert.Equal(values.Select(_ => "true"), await target.Query($"SELECT {postgres}send(v) = {postgres}send(x::{postgres}) AS same FROM raw.p JOIN unnest(ARRAY['{string.Join("','", values)}']) WITH ORDINALITY AS u(x, i) ON i = n + 1 ORDER BY n"));
    }

    [Fact]
    public async Task ATimeWithAZoneIsTheSameMoment()
    {
        var target = await PostgresTargets.Into(server, world, """p: { source: { connection: lake, path: "v/*" }, columns: { v: timestamptz }, read: incremental, write: append }""");
        world.Put("v/1.csv", "v\n2026-10-04T12:00:00.123456+02:00\n0001-01-01 00:00:00Z\n9999-12-31 23:59:59Z\n");
        Assert.Equal(3, (await world.Load()).Only["inserted"]);
        Assert.Equal(["0001-01-01 00:00:00", "2026-10-04 10:00:00.123456", "9999-12-31 23:59:59"], await target.Query("SELECT (v AT TIME ZONE 'UTC')::text AS v FROM raw.p ORDER BY 1"));
    }

    [Fact]
    public async Task JsonThatJsonbRefusesOrChangesWaitsAndTheOthersCome()
    {
        var target = await PostgresTargets.Into(server, world, """p: { source: { connection: lake, path: "v/*" }, columns: { n: integer, v: json }, read: incremental, write: append }""");
        string[] good = ["""{"a": 1.10, "b": [null, true, "x,\"y"]}""", "\"nan, inf, 1e99999 ,]\"", """{"a": "\\u0000"}""", "12345678901234567890.123", "[]", "1e10", "null"];
        string[] bad = ["\"\\u0000\"", "[NaN]", "-Infinity", """{"a": 1,}""", "1e99999", """{"a": 1, "a": 2}""", """{"a": "\\\u0000"}"""];
        world.Put("v/1.csv", "n,v\n" + string.Concat(good.Concat(bad).Select((value, i) => $"{i},\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"\n")));
        var run = (await world.Load()).Only;
        Assert.Equal((good.Length, (long)bad.Length), (run["inserted"], run["quarantined"]));
        Assert.Equal(good.Select(_ => "true"), await target.Query($"SELECT v = x::jsonb AS same FROM raw.p JOIN unnest(ARRAY[{string.Join(", ", good.Select(text => $"E'{text.Replace("\\", "\\\\", StringComparison.Ordinal)}'"))}]) WITH ORDINALITY AS u(x, i) ON i = n + 1 ORDER BY n"));
        Assert.All(await target.Query("SELECT reason FROM headrace.quarantine"), reason => Assert.Contains("jsonb", reason, StringComparison.Ordinal));
    }

    [Fact]
    public async Task WhatOnlyParquetCanHoldComesOrWaits()
    {
        var target = await PostgresTargets.Into(server, world, """p: { source: { connection: lake, path: "v/*", format: parquet }, read: incremental, write: append }""");
        world.PutParquet("v/1.parquet",
            """
            SELECT * FROM (VALUES
                (1, 'a', 'nan'::DOUBLE, DATE '0044-03-15 (BC)', TIMESTAMP '0044-03-15 (BC) 10:00:00', {'x': 'y'}, '\xAA'::BLOB),
                (2, 'b' || chr(0), 1.0, DATE '2026-01-01', TIMESTAMP '2026-01-01 00:00:00', {'x': 'y'}, ''::BLOB),
                (3, 'c', '-inf'::DOUBLE, DATE '99999-12-31', TIMESTAMP '12026-01-01 00:00:00', {'x': chr(0)}, NULL),
                (4, 'd', NULL, DATE '5000-01-01 (BC)', NULL, NULL, NULL),
                (5, '', 5e-324, NULL, NULL, {'x': NULL}, NULL)) AS t(n, v, f, d, t, j, b)
            """);
        var run = (await world.Load()).Only;
        Assert.Equal((2L, 3L), (run["inserted"], run["quarantined"]));
        Assert.Equal(["1|a|NaN|0044-03-15 BC|0044-03-15 10:00:00 BC|{\"x\": \"y\"}|\\xaa", "5||5e-324|NULL|NULL|{\"x\": null}|NULL"], await target.Query("SELECT n, v, f::text, d::text, t::text, j::text, b::text FROM raw.p ORDER BY n"));
        Assert.Equal(["2|v|b␀", "3|j|{\"x\":\"\\u0000\"}", "4|d|5000-01-01 (BC)"], await target.Query("SELECT line, \"column\", value FROM headrace.quarantine ORDER BY line"));
    }
}
