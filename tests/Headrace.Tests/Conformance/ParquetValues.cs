using Xunit;
using static Headrace.Tests.ParquetMaker;

namespace Headrace.Tests.Conformance;

/// <summary>
/// F1, F2, F10: values of Parquet files arrive as they were written, or the row or the file is refused by name.
/// </summary>
public abstract class ParquetValues(PostgresServer server, Tables.WarehouseKind kind) : FileWorld(server, kind)
{
    private const string Any =
        """any: { source: { connection: lake, path: "{t}/*" }, read: incremental, write: append, """
        + """target: { table: "{t}" } }""";
    private static readonly DateTime Day = new(2024, 1, 2, 0, 0, 0, DateTimeKind.Utc);
    private const long Moment = 1704164645123456000;

    private void Put(string table, params MadeColumn[] columns) =>
        World.Put($"{table}/1.parquet", ParquetMaker.File([Ids(columns[0].Values.Length), .. columns]));

    /// <summary>Runs all and gives the error, or the counts, of a table.</summary>
    private async Task<Func<string, string>> Load()
    {
        var answer = await World.Run("run", "--json");
        return table =>
            answer.Run($"any/{table}") is var run && run.Error is { } code
                ? $"{code} {run.Json.GetProperty("error").GetProperty("what").GetString()} "
                    + $"{run.Json.GetProperty("error").GetProperty("facts")}"
                : run.Counts;
    }

    [Fact]
    public async Task ExactOrRefused()
    {
        await Flows(Any);
        Put("fixed39", new MadeColumn("v", 7, [Big(150, 17), Big(-225, 17)], Decimal(39, 2)));
        Put("bytes45", new MadeColumn("v", 6, [Big(150, 3), Big(-225, 20)], Decimal(45, 2)));
        Put("negative", new MadeColumn("v", 1, [Int32(150)], Decimal(5, -2)));
        Put("nested39", new MadeColumn("v", 7, [Big(150, 17)], Decimal(39, 2), Within: "s"));
        Put("nested96", new MadeColumn("v", 3, [Int96(Day, 1)], Within: "s"));
        Put("fixed38", new MadeColumn("v", 7, [Big(150, 17), null, Big(-225, 17)], Decimal(38, 2)));
        Put("narrow", new MadeColumn("v", 1, [Int32(150), Int32(2_000_000_000)], Decimal(4, 2)));
        Put("tiny", new MadeColumn("v", 1, [Int32(300), null], Converted(15)));
        Put("unsigned", new MadeColumn("v", 2, [Int64(-1), Int64(7)], Logical(10, Integer(64, isSigned: false))));
        Put(
            "nested38",
            new MadeColumn(
                "v",
                7,
                [Big(System.Numerics.BigInteger.Parse("1234567890123456789012345", null), 16)],
                Decimal(38, 2),
                Within: "s"
            )
        );
        Put("day", new MadeColumn("v", 1, [Int32(19724)], Logical(6)));
        Put("none", new MadeColumn("v", 1, [null, null], Logical(11)));
        var result = await Load();
        foreach (var refused in (string[])["fixed39", "bytes45", "negative"])
        {
            Assert.StartsWith("HDR-126", result(refused), StringComparison.Ordinal);
            Assert.Contains("'v'", result(refused), StringComparison.Ordinal);
        }

        Assert.Contains("'s.v'", result("nested39"), StringComparison.Ordinal);
        Assert.Contains("'s.v'", result("nested96"), StringComparison.Ordinal);
        Assert.Equal(
            ["1.50", "-2.25"],
            await Rows("SELECT CAST(v AS varchar) FROM raw.fixed38 WHERE v IS NOT NULL ORDER BY id")
        );
        Assert.Equal(
            ("1i 0u 0d 0s 1q", "1.50"),
            (result("narrow"), await Value("SELECT CAST(v AS varchar) FROM raw.narrow"))
        );
        Assert.Equal("300", await Value("SELECT v FROM raw.tiny WHERE v IS NOT NULL"));
        Assert.Equal("18446744073709551615", await Value("SELECT CAST(v AS varchar) FROM raw.unsigned WHERE id = 1"));
        Assert.Contains(
            "12345678901234567890123.45",
            await Value("SELECT CAST(s AS varchar) FROM raw.nested38"),
            StringComparison.Ordinal
        );
        Assert.Equal("2024-01-02", await Value("SELECT CAST(v AS varchar) FROM raw.day"));
        Assert.Equal("2i 0u 0d 0s 0q", result("none"));
    }

    [Fact]
    public async Task NanosecondsAreKeptOrSetAside()
    {
        await Flows(Any);
        Put(
            "micro96",
            new MadeColumn(
                "v",
                3,
                [Int96(Day, 123456000), null, Int96(new DateTime(1, 1, 1, 0, 0, 0, DateTimeKind.Utc), 0)]
            )
        );
        Put("nano96", new MadeColumn("v", 3, [Int96(Day, 123456789), Int96(Day, 0)]));
        Put("odd96", new MadeColumn("v", 3, [Int96(Day, 5000), Int96(Day, -1)]));
        Put("micro_utc", new MadeColumn("v", 2, [Int64(Moment), null], Timestamp(true, 3)));
        Put("nano_utc", new MadeColumn("v", 2, [Int64(Moment + 789)], Timestamp(true, 3)));
        Put("nano", new MadeColumn("v", 2, [Int64(Moment + 789)], Timestamp(false, 3)));
        Put("clock", new MadeColumn("v", 2, [Int64(3_600_000_000_001), Int64(0)], Time(false, 3)));
        var result = await Load();
        Assert.Equal(
            ["2024-01-02 00:00:00.123456", "0001-01-01 00:00:00"],
            await Rows("SELECT CAST(v AS varchar) FROM raw.micro96 WHERE v IS NOT NULL ORDER BY id")
        );
        Assert.Equal(
            ["2024-01-02 00:00:00.123456789", "2024-01-02 00:00:00"],
            await Rows("SELECT v FROM raw.nano96 ORDER BY id")
        );
        Assert.Equal(
            ("1i 0u 0d 0s 1q", "2024-01-02 00:00:00.000005"),
            (result("odd96"), await Value("SELECT CAST(v AS varchar) FROM raw.odd96"))
        );
        Assert.Equal(
            "1",
            await Value(
                "SELECT count(*) FROM raw.micro_utc WHERE v = CAST('2024-01-02 03:04:05.123456+00' AS timestamptz)"
            )
        );
        Assert.Equal("2024-01-02 03:04:05.123456789+00", await Value("SELECT v FROM raw.nano_utc"));
        Assert.Equal("2024-01-02 03:04:05.123456789", await Value("SELECT v FROM raw.nano"));
        Assert.Equal(["01:00:00.000000001", "00:00:00"], await Rows("SELECT v FROM raw.clock ORDER BY id"));

        // Into the columns that are there: what they do not hold is set aside.
        World.Put(
            "micro96/2.parquet",
            ParquetMaker.File(Ids(2), new MadeColumn("v", 3, [Int96(Day, 1), Int96(Day, 1000)]))
        );
        World.Put(
            "micro_utc/2.parquet",
            ParquetMaker.File(
                Ids(2),
                new MadeColumn("v", 2, [Int64(Moment + 1), Int64(Moment + 1000)], Timestamp(true, 3))
            )
        );
        result = await Load();
        Assert.Equal(("1i 0u 0d 0s 1q", "1i 0u 0d 0s 1q"), (result("micro96"), result("micro_utc")));
    }

    [Fact]
    public async Task OneRuleForAllFormats()
    {
        await Flows(Any);
        Put("text", new MadeColumn("v", 6, [Bytes("a\0b"), Bytes("ä")], Converted(0)));
        Put("bytes", new MadeColumn("v", 6, [Bytes("ä"), [0x61, 0xFF], null], Logical(1)));
        Put(
            "clock",
            new MadeColumn(
                "v",
                2,
                [Int64(86_400_000_000), Int64(86_399_999_999), Int64(-5), Int64(90_000_000_000)],
                Time(true, 2)
            )
        );
        Put("clock_ms", new MadeColumn("v", 1, [Int32(86_400_000), Int32(1)], Time(false, 1)));
        Put("json", new MadeColumn("v", 6, [Bytes("{\"a\": 1"), Bytes("{\"a\": 1}")], Converted(19)));
        Put("nested", new MadeColumn("v", 6, [Bytes("a\0"), Bytes(@"a\u0000")], Converted(0), Within: "s"));
        Put(
            "nan",
            new MadeColumn("v", 5, [BitConverter.GetBytes(double.NaN), BitConverter.GetBytes(0.5)], Within: "s")
        );
        World.Put(
            "broken/1.parquet",
            [.. ParquetMaker.File(Ids(1))[..8], 255, 255, 255, 255, .. ParquetMaker.File(Ids(1))[12..]]
        );
        var result = await Load();
        Assert.Equal(("1i 0u 0d 0s 1q", "ä"), (result("text"), await Value("SELECT v FROM raw.text")));
        Assert.Equal(
            ("2i 0u 0d 0s 1q", "ä"),
            (result("bytes"), await Value("SELECT v FROM raw.bytes WHERE v IS NOT NULL"))
        );
        Assert.Equal(
            ("1i 0u 0d 0s 3q", "23:59:59.999999"),
            (result("clock"), await Value("SELECT CAST(v AS varchar) FROM raw.clock"))
        );
        Assert.Equal("1i 0u 0d 0s 1q", result("clock_ms"));
        Assert.Equal("1i 0u 0d 0s 1q", result("json"));
        Assert.Equal("1i 0u 0d 0s 1q", result("nested"));
        Assert.Equal("1i 0u 0d 0s 1q", result("nan"));
        Assert.StartsWith("HDR-121", result("broken"), StringComparison.Ordinal);
        Assert.DoesNotContain(".headrace", result("broken"), StringComparison.Ordinal);
        Assert.Contains("broken/1.parquet", result("broken"), StringComparison.Ordinal);
        Assert.Equal(
            ["24:00:00|'24:00:00' is no time", "a NUL character in 'v'", "not valid UTF-8"],
            await Rows(
                """
                SELECT CASE WHEN table_name = 'clock' THEN value || '|' || reason ELSE reason END
                FROM headrace.quarantine
                WHERE (table_name = 'clock' AND line = 1) OR table_name IN ('text', 'bytes') ORDER BY 1
                """
            )
        );
    }

    [Fact]
    public async Task NamesThatDifferOnlyInCaseAreRefused()
    {
        await Flows(Any);
        Put("cased", new MadeColumn("ID", 1, [Int32(100)]));
        Put("twice", new MadeColumn("v", 1, [Int32(1)]), new MadeColumn("v", 1, [Int32(2)]));
        Put("nested", new MadeColumn("v", 1, [Int32(1)], Within: "s"), new MadeColumn("V", 1, [Int32(2)], Within: "s"));
        Put("nameless", new MadeColumn("", 1, [Int32(1)]));
        var result = await Load();
        foreach (var table in (string[])["cased", "twice", "nested"])
            Assert.StartsWith("HDR-131", result(table), StringComparison.Ordinal);
        Assert.StartsWith("HDR-132", result("nameless"), StringComparison.Ordinal);
    }

    private static Headrace.Staging.Thrift Integer(byte bits, bool isSigned)
    {
        var integer = new Headrace.Staging.Thrift();
        integer.Put(1, Headrace.Staging.Thrift.Byte, (long)bits);
        integer.Put(2, isSigned ? Headrace.Staging.Thrift.True : Headrace.Staging.Thrift.False, null);
        return integer;
    }
}

public sealed class ParquetValuesIntoDuckDb(PostgresServer server) : ParquetValues(server, Tables.WarehouseKind.DuckDb);

public sealed class ParquetValuesIntoPostgres(PostgresServer server)
    : ParquetValues(server, Tables.WarehouseKind.Postgres);

public sealed class ParquetValuesIntoRedshift(PostgresServer server)
    : ParquetValues(server, Tables.WarehouseKind.Redshift);
