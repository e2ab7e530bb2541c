using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>Values of files on their way into a warehouse: the same ones as in DuckDB, or in quarantine.</summary>
public abstract class Values(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private const string Flow =
        """source: { connection: lake, path: "v/*" }, columns: { n: integer, v: "{type}" }, read: incremental, """
        + "write: append";

    private bool IsDuckDb => Kind == WarehouseKind.DuckDb;

    [Theory]
    [InlineData("boolean", "true", "f")]
    [InlineData("smallint", "-32768", "32767", "+7")]
    [InlineData("integer", "-2147483648", "2147483647")]
    [InlineData("bigint", "-9223372036854775808", "9223372036854775807")]
    [InlineData("decimal(38,0)", "99999999999999999999999999999999999999", "-1")]
    [InlineData("decimal(2,2)", ".99", "-0.01", "0")]
    [InlineData("decimal(38,12)", "12345678901234567890123456.123456789012", "1.5")]
    [InlineData(
        "text",
        "a,b",
        "\"\"\"\"",
        "\\.",
        "\\N",
        "NULL",
        "\"line\nline\"",
        "\"\"",
        "  x ",
        "ü€𝄞",
        "'",
        "\\x41",
        "$1",
        "\"a\r\nb\""
    )]
    [InlineData("bytes", "00ff", "\\xdeadbeef")]
    [InlineData("date", "0001-01-01", "9999-12-31", "2024-02-29")]
    [InlineData("time", "00:00:00", "23:59:59.999999")]
    [InlineData("timestamp", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "1900-01-01T00:00:00Z")]
    [InlineData("uuid", "00000000-0000-0000-0000-000000000000", "FFFFFFFF-ffff-ffff-ffff-ffffffffffff")]
    public async Task EveryTypeComesAsItIsInDuckDb(string type, params string[] values)
    {
        var flow = Flow.Replace("{type}", type, StringComparison.Ordinal);
        await Flows($"p: {{ {flow} }}", $"d: {{ {flow}, target: {{ connection: local }} }}");
        World.Put("v/1.csv", "n,v\n" + string.Concat(values.Select((value, i) => $"{i},{Quoted(value)}\n")) + "99,\n");
        foreach (var run in (await World.Load()).Runs)
            Assert.Equal((values.Length + 1, 0L), (run["inserted"], run["quarantined"]));
        var shown = type == "bytes" ? "upper(hex(v))" : "v::VARCHAR";
        var asked =
            IsDuckDb ? shown
            : type == "bytes" ? "upper(encode(v, 'hex'))"
            : "v::text";
        var expected = World.Query($"SELECT n, {shown} AS v FROM raw.d ORDER BY n", "local.duckdb");
        Assert.Equal(
            expected.Select(Plainly),
            (await Rows($"SELECT n, {asked} AS v FROM raw.p ORDER BY n")).Select(Plainly)
        );

        // DuckDB writes a decimal without a digit before the point as .99.
        string Plainly(string row) =>
            type == "decimal(2,2)"
                ? row.Replace("|.", "|0.", StringComparison.Ordinal).Replace("|-.", "|-0.", StringComparison.Ordinal)
                : row;
    }

    [Theory]
    [InlineData("real", "3.4028235e38", "1e-45", "-0.0", "0.1", "16777217")]
    [InlineData("double", "1.7976931348623157e308", "5e-324", "-0.0", "0.1", "9007199254740993")]
    public async Task NumbersWithAPointKeepEveryBit(string type, params string[] values)
    {
        await Flows($"p: {{ {Flow.Replace("{type}", type, StringComparison.Ordinal)} }}");
        World.Put("v/1.csv", "n,v\n" + string.Concat(values.Select((value, i) => $"{i},{value}\n")));
        Assert.Equal(0, (await World.Load()).Only["quarantined"]);
        var kept = (await Rows($"SELECT v::{(IsDuckDb ? "VARCHAR" : "text")} AS v FROM raw.p ORDER BY n")).Select(
            text => double.Parse(text, System.Globalization.CultureInfo.InvariantCulture)
        );
        var culture = System.Globalization.CultureInfo.InvariantCulture;
        Assert.Equal(
            values.Select(text =>
                type == "real"
                    ? BitConverter.SingleToInt32Bits(float.Parse(text, culture))
                    : BitConverter.DoubleToInt64Bits(double.Parse(text, culture))
            ),
            kept.Select(value =>
                type == "real" ? BitConverter.SingleToInt32Bits((float)value) : BitConverter.DoubleToInt64Bits(value)
            )
        );
    }

    // F36 to F45: overflow, lost digits, odd values, infinity, NaN, zones, more than microseconds, NULL keys, keys that
    // look alike, double properties.
    [Theory]
    [InlineData("smallint", "32768", "1.5", "1e2x")]
    [InlineData("bigint", "9223372036854775808", "1,5")]
    [InlineData("decimal(12,2)", "10000000000.00", "1.005", "NaN", "Infinity", "1 000")]
    [InlineData("real", "1e39", "NaN", "-Infinity")]
    [InlineData("double", "1e309", "nan", "inf")]
    [InlineData("date", "infinity", "2023-02-29", "10000-01-01", "0044-03-15 BC")]
    [InlineData("time", "24:00:00", "12:00:00.1234567", "25:00")]
    [InlineData(
        "timestamp",
        "infinity",
        "2024-01-01 00:00:00.1234567",
        "2024-01-01 24:00:01",
        "2024-01-01 12:00:00+02"
    )]
    [InlineData("timestamptz", "2024-10-27 02:30:00", "infinity", "2024-01-01 00:00:00.0000001Z")]
    [InlineData("uuid", "00000000-0000-0000-0000-00000000000", "x")]
    [InlineData("json", "{", "abc")]
    [InlineData("boolean", "2", "maybe")]
    [InlineData("bytes", "0", "zz")]
    public async Task WhatIsNoValueOfItsTypeWaitsAndIsNeverAnother(string type, params string[] values)
    {
        await Flows($"p: {{ {Flow.Replace("{type}", type, StringComparison.Ordinal)} }}");
        World.Put("v/1.csv", "n,v\n0,\n" + string.Concat(values.Select((value, i) => $"{i + 1},{Quoted(value)}\n")));
        var run = (await World.Load()).Only;
        Assert.Equal(
            ["0|NULL"],
            await Rows($"SELECT n, v::{(IsDuckDb ? "VARCHAR" : "text")} AS v FROM raw.p ORDER BY n")
        );
        Assert.Equal((1L, values.Length), (run["inserted"], run["quarantined"]));
    }

    [Fact]
    public async Task KeysAreComparedByteByByteAndWithoutNull()
    {
        await Flows(
            """p: { source: { connection: lake, path: "v/*" }, columns: { k: text, d: "decimal(4,1)", """
                + "v: integer }, read: incremental, primary_key: [k, d], write: merge }"
        );
        World.Put(
            "v/1.csv",
            "k,d,v\na,1,1\nA,1,2\n\"a \",1,3\né,1,4\ne\u0301,1,5\n\"\",1,6\na,1.0,7\na,,8\n,1,9\n",
            landedSecondsAgo: 900
        );
        Assert.Equal("6i 0u 0d 0s 2q", (await World.Load()).Only.Counts);
        World.Put("v/2.csv", "k,d,v\na,1.0,70\n\"a \",1,30\ne\u0301,1,5\nb,1,1\nb,1,2\n");
        Assert.Equal("1i 2u 0d 1s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(
            ["|6", "A|2", "a|70", "a |30", "b|2", "e\u0301|5", "é|4"],
            await Rows($"SELECT k, v FROM raw.p ORDER BY k{(IsDuckDb ? "" : " COLLATE \"C\"")}")
        );
    }

    [Fact]
    public async Task ATimeWithAZoneIsTheSameMoment()
    {
        await Flows(
            """p: { source: { connection: lake, path: "v/*" }, columns: { v: timestamptz }, read: incremental, """
                + "write: append }"
        );
        World.Put("v/1.csv", "v\n2026-10-04T12:00:00.123456+02:00\n0001-01-01 00:00:00Z\n9999-12-31 23:59:59Z\n");
        Assert.Equal(3, (await World.Load()).Only["inserted"]);
        Assert.Equal(
            ["0001-01-01 00:00:00", "2026-10-04 10:00:00.123456", "9999-12-31 23:59:59"],
            await Rows($"SELECT (v AT TIME ZONE 'UTC')::{(IsDuckDb ? "VARCHAR" : "text")} AS v FROM raw.p ORDER BY 1")
        );
    }

    private static string Quoted(string value) =>
        value.Contains(',', StringComparison.Ordinal) && value[0] != '"' ? $"\"{value}\"" : value;
}

public sealed class ValuesIntoDuckDb(PostgresServer server) : Values(server, WarehouseKind.DuckDb);

public sealed class ValuesIntoPostgres(PostgresServer server) : Values(server, WarehouseKind.Postgres);

public sealed class ValuesIntoRedshift(PostgresServer server) : Values(server, WarehouseKind.Redshift);
