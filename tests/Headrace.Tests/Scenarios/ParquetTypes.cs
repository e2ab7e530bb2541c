using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>Every type of the contract from Parquet.</summary>
public sealed class ParquetTypes : ProjectTests
{
    [Theory]
    [InlineData("BOOLEAN", "boolean", "true", "true")]
    [InlineData("TINYINT", "smallint", "-128", "-128")]
    [InlineData("SMALLINT", "smallint", "-32768", "-32768")]
    [InlineData("USMALLINT", "integer", "65535", "65535")]
    [InlineData("INTEGER", "integer", "2147483647", "2147483647")]
    [InlineData("UINTEGER", "bigint", "4294967295", "4294967295")]
    [InlineData("BIGINT", "bigint", "-9223372036854775808", "-9223372036854775808")]
    [InlineData("UBIGINT", "decimal(20,0)", "18446744073709551615", "18446744073709551615")]
    [InlineData(
        "DECIMAL(38,10)",
        "decimal(38,10)",
        "1234567890123456789012345678.0123456789",
        "1234567890123456789012345678.0123456789"
    )]
    [InlineData("FLOAT", "float", "3.4028235e38", "3.4028235e+38")]
    [InlineData("DOUBLE", "double", "0.1", "0.1")]
    [InlineData("VARCHAR", "varchar", "007 Zoë", "007 Zoë")]
    [InlineData("BLOB", "blob", "\\x00\\xFF", "\\x00\\xFF")]
    [InlineData("DATE", "date", "0001-01-01", "0001-01-01")]
    [InlineData("TIME", "time", "23:59:59.999999", "23:59:59.999999")]
    [InlineData("TIMESTAMP", "timestamp", "2026-10-01 23:59:59.999999", "2026-10-01 23:59:59.999999")]
    [InlineData("TIMESTAMPTZ", "timestamp with time zone", "2026-10-01 10:00:00+02", "2026-10-01 08:00:00+00")]
    [InlineData("UUID", "uuid", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6")]
    [InlineData("INTERVAL", "varchar", "1 month", "1 month")]
    public async Task A_column_keeps_its_type_and_its_values(string parquet, string type, string value, string stored)
    {
        World.Flows("""any: { source: { connection: lake, path: "any/*" }, read: incremental, write: append }""");
        World.PutParquet("any/1.parquet", $"SELECT unnest([1, 2]) AS id, unnest(['{value}', NULL])::{parquet} AS v");
        Assert.Equal("2i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["id INTEGER", $"v {type.ToUpperInvariant()}"], World.Columns("raw.any"));
        Assert.Equal([stored, "NULL"], World.Query("SELECT v FROM raw.any ORDER BY id"));
        Assert.Equal("1", World.Value("SELECT count(*) FROM raw.any WHERE v IS NULL"));
    }

    [Theory]
    [InlineData("VARCHAR", "integer", "1|+5|1.0", "1|5|1", "1.5|x")]
    [InlineData("VARCHAR", "decimal(12,2)", "1.5|1.50|2", "1.50|1.50|2.00", "1.239|inf")]
    [InlineData("VARCHAR", "double", "1e3|0.10", "1000.0|0.1", "1e999")]
    [InlineData("VARCHAR", "boolean", "yes|0", "true|false", "2")]
    [InlineData("VARCHAR", "date", "2026-10-01", "2026-10-01", "2026-02-30|infinity")]
    [InlineData("VARCHAR", "timestamp", "2026-10-01T10:00:00", "2026-10-01 10:00:00", "2026-10-01T10:00:00+02:00")]
    [InlineData("VARCHAR", "timestamptz", "2026-10-01T10:00:00+02:00", "2026-10-01 08:00:00+00", "2026-10-01T10:00:00")]
    [InlineData("VARCHAR", "json", "{\"a\": 1}", "{\"a\": 1}", "{")]
    [InlineData("VARCHAR", "uuid", "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "x")]
    [InlineData("BIGINT", "smallint", "32767", "32767", "32768")]
    [InlineData("BIGINT", "double", "9007199254740992", "9007199254740992.0", "9007199254740993")]
    [InlineData("BIGINT", "text", "5", "5", "")]
    [InlineData("DOUBLE", "decimal(12,2)", "1.5|0.1", "1.50|0.10", "1.239|inf|nan")]
    [InlineData("DOUBLE", "integer", "2", "2", "2.5|3e9|nan")]
    [InlineData("DECIMAL(12,4)", "decimal(12,2)", "1.5", "1.50", "1.2345")]
    [InlineData("TIMESTAMP", "date", "2026-10-01 00:00:00", "2026-10-01", "2026-10-01 00:00:01|infinity")]
    [InlineData("DATE", "timestamp", "2026-10-01", "2026-10-01 00:00:00", "infinity")]
    public async Task A_declared_type_takes_what_it_can_hold_and_quarantines_the_rest(
        string parquet,
        string type,
        string good,
        string stored,
        string bad
    )
    {
        var fits = good.Split('|');
        var misfits = bad.Length == 0 ? [] : bad.Split('|');
        World.Flows(
            $$"""any: { source: { connection: lake, path: "any/*" }, columns: { id: integer, v: "{{type}}" }, """
                + "read: incremental, write: append }"
        );
        World.PutParquet(
            "any/1.parquet",
            $"""
            SELECT (row_number() OVER ())::INTEGER AS id, v::{parquet} AS v FROM
            (SELECT unnest([{string.Join(", ", fits.Concat(misfits).Select(text => $"'{text}'"))}]) AS v)
            """
        );
        Assert.Equal($"{fits.Length}i 0u 0d 0s {misfits.Length}q", (await World.Load()).Only.Counts);
        Assert.Equal(stored.Split('|'), World.Query("SELECT v FROM raw.any ORDER BY id"));
        Assert.Equal(
            misfits.Select((_, i) => $"any/1.parquet|{fits.Length + i + 1}|v"),
            World.Query("SELECT file, line, \"column\" FROM headrace.quarantine ORDER BY line")
        );
    }

    [Theory]
    [InlineData("DATE", "infinity")]
    [InlineData("TIMESTAMP", "-infinity")]
    [InlineData("TIMESTAMPTZ", "infinity")]
    public async Task F38_an_infinite_time_of_a_parquet_file_goes_to_quarantine(string type, string word)
    {
        World.Flows("""any: { source: { connection: lake, path: "any/*" }, read: incremental, write: append }""");
        World.PutParquet("any/1.parquet", $"SELECT unnest(['2026-10-01', '{word}'])::{type} AS v");
        Assert.Equal("1i 0u 0d 0s 1q", (await World.Load()).Only.Counts);
    }
}
