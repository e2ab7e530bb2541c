using Xunit;

namespace Headrace.Tests.Faults;

/// <summary>F36 to F41: numbers too large or too fine, times that are none, times without a zone.</summary>
public sealed class Numbers : ProjectTests
{
    private const string Zoned = """
        zoned:
          source: { connection: lake, path: "zoned/*" }
          columns: { id: bigint, moment: timestamptz, local: timestamp, day: date }
          read: incremental
          write: append
        """;

    [Theory]
    [InlineData("smallint", "32767|-32768", "32768|-32769|1.5|1e2|0x10|1_000")]
    [InlineData("integer", "2147483647|-2147483648|007|1.0|+5", "2147483648|-2147483649|1.5|1,5|'5|NaN|")]
    [InlineData("bigint", "9223372036854775807|-9223372036854775808", "9223372036854775808|12345678901234567890|1.5")]
    [InlineData("decimal(12,2)", "1.23|-9999999999.99|1.2300|.5|7.", "1.239|10000000000|1e3|NaN|1,5|inf")]
    [InlineData(
        "decimal(38,0)",
        "99999999999999999999999999999999999999",
        "100000000000000000000000000000000000000|0.1"
    )]
    [InlineData(
        "decimal(38,38)",
        "0.12345678901234567890123456789012345678",
        "1|0.123456789012345678901234567890123456789"
    )]
    [InlineData(
        "double",
        "1.7976931348623157e308|5e-324|-0|0e-999|1e3",
        "1e999|-1e999|1e-999|NaN|inf|Infinity|-inf|nan"
    )]
    [InlineData("real", "3.4028235e38|1e-45", "3.5e38|1e-60|inf|nan")]
    public async Task F36_a_number_that_does_not_fit_goes_to_quarantine_and_never_becomes_another(
        string type,
        string good,
        string bad
    )
    {
        var (fits, misfits) = (good.Split('|'), bad.Split('|'));
        World.Flows(
            """numbers: { source: { connection: lake, path: "numbers/*" }, columns: { id: integer, """
                + $$"""n: { type: "{{type}}", nullable: false } }, read: incremental, write: append }"""
        );
        World.Put(
            "numbers/1.csv",
            "id;n\n".Replace(';', ',') + string.Concat(fits.Concat(misfits).Select((text, i) => $"{i},\"{text}\"\n"))
        );
        Assert.Equal($"{fits.Length}i 0u 0d 0s {misfits.Length}q", (await World.Load()).Only.Counts);
        Assert.Equal(
            misfits.Select(text => text.Length == 0 ? "NULL" : text),
            World.Query("SELECT value FROM headrace.quarantine ORDER BY line")
        );
        var kind = type.StartsWith("decimal", StringComparison.Ordinal) ? "DECIMAL(38,10)" : "DOUBLE";
        if (type is not ("decimal(38,0)" or "decimal(38,38)" or "real"))
            Assert.Equal(
                "0",
                World.Value(
                    $"""
                    SELECT count(*) FROM raw.numbers WHERE n::{kind} <>
                    [{string.Join(',', fits.Select(text => $"'{text}'"))}][id + 1]::{kind}
                    """
                )
            );
        else
            Assert.Equal(
                type == "real"
                    ? ["3.4028235e+38", "1e-45"]
                    : fits.Select(text => type.EndsWith(",38)", StringComparison.Ordinal) ? text[1..] : text),
                World.Query("SELECT n FROM raw.numbers ORDER BY id")
            );
    }

    [Fact]
    public async Task F37_times_out_of_range_do_not_hold_up_the_rows_around_them()
    {
        World
            .Flows(Zoned)
            .Put(
                "zoned/1.csv",
                "id,moment,local,day\n"
                    + string.Concat(
                        Enumerable
                            .Range(1, 1000)
                            .Select(i =>
                                i switch
                                {
                                    100 => $"{i},,2026-01-01 24:00:00,\n",
                                    200 => $"{i},,,0044-03-15 BC\n",
                                    300 => $"{i},,,10000-01-01\n",
                                    400 => $"{i},,2026-01-01 23:59:60,\n",
                                    500 => $"{i},,,2026-02-30\n",
                                    600 => $"{i},,,0000-00-00\n",
                                    _ => $"{i},2026-01-01 00:00:00Z,2026-01-01 00:00:00,9999-12-31\n",
                                }
                            )
                    )
            );
        Assert.Equal("994i 0u 0d 0s 6q", (await World.Load()).Only.Counts);
        Assert.Equal(
            ["101", "201", "301", "401", "501", "601"],
            World.Query("SELECT line FROM headrace.quarantine ORDER BY line")
        );
    }

    [Theory]
    [InlineData("infinity")]
    [InlineData("-infinity")]
    [InlineData("epoch")]
    [InlineData("now")]
    [InlineData("today")]
    public async Task F38_words_for_times_are_no_times(string word)
    {
        World.Flows(Zoned).Put("zoned/1.csv", $"id,moment,local,day\n1,{word},,\n2,,{word},\n3,,,{word}\n");
        Assert.Equal("0i 0u 0d 0s 3q", (await World.Load()).Only.Counts);
        Assert.Equal(
            ["moment", "local", "day"],
            World.Query("SELECT \"column\" FROM headrace.quarantine ORDER BY line")
        );
    }

    [Fact]
    public async Task F39_nan_and_infinity_of_a_parquet_file_are_kept_and_are_equal_to_themselves()
    {
        World.Flows(
            """any: { source: { connection: lake, path: "any/*" }, read: incremental, write: merge, primary_key: id }"""
        );
        const string rows = "SELECT unnest([1, 2, 3, 4]) AS id, unnest(['nan', 'inf', '-inf', '-0.0'])::DOUBLE AS n";
        World.PutParquet("any/1.parquet", rows);
        await World.Load();
        World.PutParquet("any/2.parquet", $"{rows} UNION ALL SELECT 5, 0");
        Assert.Equal("1i 0u 0d 4s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["nan", "inf", "-inf", "-0.0", "0.0"], World.Query("SELECT n FROM raw.any ORDER BY id"));
    }

    [Theory]
    [InlineData("UTC")]
    [InlineData("America/New_York")]
    [InlineData("Asia/Kathmandu")]
    public async Task F40_the_machine_s_time_zone_changes_nothing(string zone)
    {
        World.Flows(
            Zoned
                + """

                own:
                  source: { connection: lake, path: "own/*", csv: { timestamp: "dd.MM.yyyy HH:mm" } }
                  columns: { id: bigint, moment: timestamptz, local: timestamp }
                  read: incremental
                  write: append
                declared:
                  source: { connection: lake, path: "parquet/*" }
                  columns: { id: bigint, moment: timestamptz, local: timestamp, day: date, words: text }
                  read: incremental
                  write: append
                inferred: { source: { connection: lake, path: "inferred/*" }, read: incremental, write: append }
                """
        );
        World.Put(
            "zoned/1.csv",
            "id,moment,local,day\n1,2026-03-29 02:30:00+02:00,2026-03-29 02:30:00,2026-03-29\n"
                + "2,2026-11-01T01:30:00-05,2026-11-01 01:30:00,2026-11-01\n3,2026-11-01 01:30:00,,\n"
                + "4,,2026-11-01 01:30:00+02:00,\n5,2026-11-01 01:30:00Z,2026-11-01 01:30:00Z,2026-11-01\n"
        );
        World.Put(
            "own/1.csv",
            "id,moment,local\n1,29.03.2026 02:30,29.03.2026 02:30\n2,01.11.2026 01:30,01.11.2026 01:30\n"
        );
        World.Put("inferred/1.csv", "a,b,c\n2026-03-29 02:30:00+02:00,2026-03-29 02:30:00,2026-03-29\n");
        World.PutParquet(
            "parquet/1.parquet",
            """
            SELECT 1 AS id, TIMESTAMP '2026-03-29 02:30:00' AS moment,
            TIMESTAMP '2026-03-29 02:30:00' AS local, DATE '2026-03-29' AS day, 'a' AS words
            """
        );
        World.PutParquet(
            "parquet/2.parquet",
            """
            SELECT 2 AS id, '2026-03-29 02:30:00+00'::TIMESTAMPTZ AS moment,
            '2026-03-29 02:30:00+00'::TIMESTAMPTZ AS local, '2026-03-29 00:00:00+00'::TIMESTAMPTZ AS day,
            '2026-03-29 02:30:00+00'::TIMESTAMPTZ AS words
            """,
            landedSecondsAgo: 60
        );
        var answer = await World.RunProcess(new Dictionary<string, string> { ["TZ"] = zone }, "run", "--json");
        Assert.Equal(0, answer.Exit);
        Assert.Equal(
            [
                "1|1774744200000000|2026-03-29 02:30:00|2026-03-29",
                "2|1793514600000000|2026-11-01 01:30:00|2026-11-01",
                "5|1793496600000000|2026-11-01 01:30:00|2026-11-01",
            ],
            World.Query("SELECT id, epoch_us(moment), local, day FROM raw.zoned ORDER BY id")
        );
        Assert.Equal(
            ["zoned|4|moment|2026-11-01 01:30:00", "zoned|5|local|2026-11-01 01:30:00+02:00"],
            World.Query(
                "SELECT flow, line, \"column\", value FROM headrace.quarantine WHERE flow = 'zoned' ORDER BY line"
            )
        );
        Assert.Equal(
            ["1|1774751400000000|2026-03-29 02:30:00", "2|1793496600000000|2026-11-01 01:30:00"],
            World.Query("SELECT id, epoch_us(moment), local FROM raw.own ORDER BY id")
        );
        Assert.Equal(
            [
                "1|1774751400000000|2026-03-29 02:30:00|2026-03-29|a",
                "2|1774751400000000|2026-03-29 02:30:00|2026-03-29|2026-03-29 02:30:00+00",
            ],
            World.Query("SELECT id, epoch_us(moment), local, day, words FROM raw.declared ORDER BY id")
        );
        Assert.Equal(["a TIMESTAMP WITH TIME ZONE", "b TIMESTAMP", "c DATE"], World.Columns("raw.inferred"));
        Assert.Equal(
            ["1774744200000000|2026-03-29 02:30:00|2026-03-29"],
            World.Query("SELECT epoch_us(a), b, c FROM raw.inferred")
        );
    }

    [Fact]
    public async Task F41_a_time_finer_than_a_microsecond_goes_to_quarantine_and_is_not_cut()
    {
        World
            .Flows(Zoned)
            .Put(
                "zoned/1.csv",
                "id,moment,local,day\n1,2026-01-01 00:00:00.123456Z,2026-01-01 00:00:00.1234560,\n"
                    + "2,,2026-01-01 00:00:00.1234567,\n3,2026-01-01 00:00:00.1234567Z,,\n"
            );
        Assert.Equal("1i 0u 0d 0s 2q", (await World.Load()).Only.Counts);
        Assert.Equal(
            "2026-01-01 00:00:00.123456|2026-01-01 00:00:00.123456",
            World.Value("SELECT moment::TIMESTAMP, local FROM raw.zoned")
        );
    }

    [Fact]
    public async Task F41_nanoseconds_of_a_parquet_file_load_where_nothing_is_lost()
    {
        World.Flows("""any: { source: { connection: lake, path: "any/*" }, read: incremental, write: append }""");
        World.PutParquet(
            "any/1.parquet",
            "SELECT unnest(['2026-01-01 00:00:00.123456', '2026-01-01 00:00:00.123456789'])::TIMESTAMP_NS AS moment"
        );
        World.PutParquet("some/1.parquet", "SELECT '2026-01-01 00:00:00.123456'::TIMESTAMP_NS AS moment");
        World.Flows(
            """
            any: { source: { connection: lake, path: "any/*" }, read: incremental, write: append }
            some: { source: { connection: lake, path: "some/*" }, read: incremental, write: append }
            """
        );
        Assert.Equal(0, (await World.Load()).Exit);
        Assert.Equal(
            ["2026-01-01 00:00:00.123456", "2026-01-01 00:00:00.123456789"],
            World.Query("SELECT moment FROM raw.any ORDER BY moment")
        );
        Assert.Equal("TIMESTAMP", World.Value("SELECT data_type FROM duckdb_columns() WHERE table_name = 'some'"));
    }
}
