using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>Types that nobody declared: found out from the first change set, told, and then kept.</summary>
public sealed class InferredTypes : ProjectTests
{
    private const string Any =
        """any: { source: { connection: lake, path: "any/*" }, read: incremental, write: append }""";

    [Theory]
    [InlineData("1|-2|0", "BIGINT", "1|-2|0")]
    [InlineData("007|1", "VARCHAR", "007|1")]
    [InlineData("1.5|2", "DECIMAL(18,4)", "1.5000|2.0000")]
    [InlineData("19.99|-0.10", "DECIMAL(18,2)", "19.99|-0.10")]
    [InlineData("52.520008|-0.5", "DECIMAL(18,9)", "52.520008000|-0.500000000")]
    [InlineData("0.30000000000000004|1", "DECIMAL(38,18)", "0.300000000000000040|1.000000000000000000")]
    [InlineData("12E4|7", "VARCHAR", "12E4|7")]
    [InlineData("1e5|2e5", "VARCHAR", "1e5|2e5")]
    [InlineData("1.5e3|2E4", "DOUBLE", "1500.0|20000.0")]
    [InlineData("1e-7|3", "DOUBLE", "1e-07|3.0")]
    [InlineData("1.2345678901234568e-05|1", "DOUBLE", "1.2345678901234568e-05|1.0")]
    [InlineData("1.23456789012345678e-05|1", "VARCHAR", "1.23456789012345678e-05|1")]
    [InlineData("-0|1", "DOUBLE", "-0.0|1.0")]
    [InlineData("01.5|1", "VARCHAR", "01.5|1")]
    [InlineData("1.|1", "VARCHAR", "1.|1")]
    [InlineData("0x10|1", "VARCHAR", "0x10|1")]
    [InlineData("1_000|1", "VARCHAR", "1_000|1")]
    [InlineData("2024-1-2|2024-01-02", "VARCHAR", "2024-1-2|2024-01-02")]
    [InlineData("2026-10-01T10:00:00Z|2026-10-01 10:00:00", "VARCHAR", "2026-10-01T10:00:00Z|2026-10-01 10:00:00")]
    [InlineData("t|f", "VARCHAR", "t|f")]
    [InlineData("12345678901234567890|1", "DECIMAL(38,0)", "12345678901234567890|1")]
    [InlineData("123456.123456789012|1.5", "DECIMAL(38,12)", "123456.123456789012|1.500000000000")]
    [InlineData("0.1234567890123456789|1", "VARCHAR", "0.1234567890123456789|1")]
    [InlineData("1e400|1", "VARCHAR", "1e400|1")]
    [InlineData("1e-400|1", "VARCHAR", "1e-400|1")]
    [InlineData("true|FALSE", "BOOLEAN", "true|false")]
    [InlineData("yes|no", "VARCHAR", "yes|no")]
    [InlineData("2026-10-01|2024-02-29", "DATE", "2026-10-01|2024-02-29")]
    [InlineData("2026-10-01|2026-02-30", "VARCHAR", "2026-10-01|2026-02-30")]
    [InlineData("2026-10-01 10:00:00|2026-10-01", "TIMESTAMP", "2026-10-01 10:00:00|2026-10-01 00:00:00")]
    [InlineData(
        "2026-10-01T10:00:00Z|2026-10-01T10:00:00Z",
        "TIMESTAMP WITH TIME ZONE",
        "2026-10-01 10:00:00+00|2026-10-01 10:00:00+00"
    )]
    [InlineData(
        "2026-10-01T10:00:00+02:00|2026-10-01T10:00:00Z",
        "TIMESTAMP WITH TIME ZONE",
        "2026-10-01 08:00:00+00|2026-10-01 10:00:00+00"
    )]
    [InlineData("10:00:00|23:59:59", "TIME", "10:00:00|23:59:59")]
    [InlineData("infinity|nan", "VARCHAR", "infinity|nan")]
    [InlineData("+1|1", "VARCHAR", "+1|1")]
    [InlineData(" 1|1", "VARCHAR", " 1|1")]
    [InlineData("1,5|1", "VARCHAR", "1,5|1")]
    [InlineData("|", "VARCHAR", "NULL|NULL")]
    [InlineData("|5", "BIGINT", "NULL|5")]
    public async Task A_column_gets_the_narrowest_type_that_loses_nothing(string texts, string type, string stored)
    {
        World
            .Flows(Any)
            .Put(
                "any/1.csv",
                "id,v\n"
                    + string.Concat(
                        texts
                            .Split('|')
                            .Select(
                                (text, i) =>
                                    text.Contains(',', StringComparison.Ordinal) ? $"{i},\"{text}\"\n" : $"{i},{text}\n"
                            )
                    )
            );
        Assert.Equal(0, (await World.Load()).Only["quarantined"]);
        Assert.Equal(["id BIGINT", $"v {type}"], World.Columns("raw.any"));
        Assert.Equal(stored.Split('|'), World.Query("SELECT v FROM raw.any ORDER BY id"));
    }

    [Fact]
    public async Task A_value_far_behind_the_first_rows_still_counts()
    {
        World
            .Flows(Any)
            .Put(
                "any/1.csv",
                "a,b,c\n" + string.Concat(Enumerable.Range(1, 30_000).Select(i => $"{i},{i},{i}\n")) + "x,1.5,\n"
            );
        Assert.Equal(0, (await World.Load()).Only["quarantined"]);
        Assert.Equal(["a VARCHAR", "b DECIMAL(18,4)", "c BIGINT"], World.Columns("raw.any"));
    }

    [Fact]
    public async Task All_files_of_the_first_change_set_count()
    {
        World
            .Flows(Any)
            .Put("any/1.csv", "a,b\n1,2026-01-01\n")
            .Put("any/2.csv", "b,a\nlater,2\n", landedSecondsAgo: 60);
        Assert.Equal("2i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["a BIGINT", "b VARCHAR"], World.Columns("raw.any"));
    }

    [Fact]
    public async Task Types_are_kept_and_what_does_not_fit_them_later_is_quarantined()
    {
        World.Flows(Any).Put("any/1.csv", "a\n1\n");
        await World.Load();
        World.Put("any/2.csv", "a\n2\nthree\n3.5\n");
        Assert.Equal("1i 0u 0d 0s 2q", (await World.Load()).Only.Counts);
        Assert.Equal(["a BIGINT"], World.Columns("raw.any"));
    }

    [Fact]
    public async Task Numbers_with_a_point_stay_text_in_a_key_where_1_1_and_1_10_are_two()
    {
        World
            .Flows(Any.Replace("append", "merge, primary_key: a", StringComparison.Ordinal))
            .Put("any/1.csv", "a,b\n1.1,x\n1.10,y\n");
        Assert.Equal("2i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["1.1|x", "1.10|y"], World.Query("SELECT a, b FROM raw.any ORDER BY a"));
    }

    [Fact]
    public async Task Types_are_told_by_the_plan()
    {
        World.Flows(Any).Put("any/1.csv", "a,b\n1,2026-01-01\n");
        Assert.Contains("\"a\" BIGINT, \"b\" DATE", (await World.Run("plan")).Output, StringComparison.Ordinal);
    }
}
