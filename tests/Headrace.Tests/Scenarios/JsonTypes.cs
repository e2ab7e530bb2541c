using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>Every type of the contract from JSON lines and JSON arrays.</summary>
public sealed class JsonTypes : ProjectTests
{
    private const string Any =
        """any: { source: { connection: lake, path: "any/*" }, read: incremental, write: append }""";

    [Theory]
    [InlineData("boolean", "true|false", "true|false", "2|[true]")]
    [InlineData("smallint", "32767|\"5\"", "32767|5", "32768|1.5|1e2")]
    [InlineData("integer", "2147483647|-0", "2147483647|0", "2147483648|true|{}")]
    [InlineData("bigint", "9223372036854775807", "9223372036854775807", "9223372036854775808|1.5")]
    [InlineData(
        "decimal(38,10)",
        "1234567890123456789012345678.0123456789",
        "1234567890123456789012345678.0123456789",
        "0.12345678901|1e5"
    )]
    [InlineData("double", "0.1|1e308|-2.5E-3", "0.1|1e+308|-0.0025", "1e999|1e-999|\"nan\"")]
    [InlineData("real", "0.5", "0.5", "1e39")]
    [InlineData(
        "text",
        "\"007\"|12345678901234567890123.45|true|\"Zo\\u00eb\"",
        "007|12345678901234567890123.45|true|Zoë",
        ""
    )]
    [InlineData("bytes", "\"00ff\"", "\\x00\\xFF", "\"0g\"")]
    [InlineData("date", "\"2026-10-01\"", "2026-10-01", "\"01.10.2026\"|20261001")]
    [InlineData("time", "\"10:00:00.5\"", "10:00:00.5", "\"25:00\"")]
    [InlineData("timestamp", "\"2026-10-01T10:00:00Z\"", "2026-10-01 10:00:00", "\"2026-10-01T10:00:00+01:00\"")]
    [InlineData("timestamptz", "\"2026-10-01T10:00:00+01:00\"", "2026-10-01 09:00:00+00", "\"2026-10-01T10:00:00\"")]
    [InlineData("uuid", "\"f81d4fae-7dec-11d0-a765-00a0c91e6bf6\"", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "\"x\"|1")]
    [InlineData(
        "json",
        "{\"a\":[1,{\"b\":null}]}|12345678901234567890123.45",
        "{\"a\":[1,{\"b\":null}]}|12345678901234567890123.45",
        ""
    )]
    public async Task Values_are_stored_exactly_and_misfits_are_quarantined_with_their_place(
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
        World.Put(
            "any/1.jsonl",
            string.Concat(fits.Concat(misfits).Select((json, i) => $$"""{"id": {{i}}, "v": {{json}}}""" + "\n"))
        );
        Assert.Equal($"{fits.Length}i 0u 0d 0s {misfits.Length}q", (await World.Load()).Only.Counts);
        Assert.Equal(stored.Split('|'), World.Query("SELECT v FROM raw.any ORDER BY id"));
        Assert.Equal(
            misfits.Select((json, i) => $"any/1.jsonl|{fits.Length + i + 1}|v|{json.Trim('"')}"),
            World.Query("SELECT file, line, \"column\", value FROM headrace.quarantine ORDER BY line")
        );
    }

    [Fact]
    public async Task Types_are_inferred_from_what_the_values_are_and_not_from_what_their_texts_look_like()
    {
        World
            .Flows(Any)
            .Put(
                "any/1.jsonl",
                """{"n": 1, "t": "1", "d": "2026-10-01", "b": true, "f": 1.5, "big": """
                    + """12345678901234567890, "exact": 1234567890.123456789, "o": {"a": 1}, "l": [], "z": """
                    + """null, "at": "2026-10-01T10:00:00Z"}"""
                    + "\n"
            );
        await World.Load();
        Assert.Equal(
            [
                "n BIGINT",
                "t VARCHAR",
                "d DATE",
                "b BOOLEAN",
                "f DECIMAL(18,4)",
                "big DECIMAL(38,0)",
                "exact DECIMAL(38,12)",
                "o JSON",
                "l JSON",
                "z VARCHAR",
                "at TIMESTAMP WITH TIME ZONE",
            ],
            World.Columns("raw.any")
        );
        Assert.Equal(
            """1|1|2026-10-01|true|1.5000|12345678901234567890|1234567890.123456789000|{"a": """
                + "1}|[]|NULL|2026-10-01 10:00:00+00",
            World.Value("SELECT * FROM raw.any")
        );
    }

    [Fact]
    public async Task A_column_of_numbers_and_texts_is_text_and_no_digit_is_lost()
    {
        World
            .Flows(Any)
            .Put(
                "any/1.jsonl",
                "{\"v\": 1234567890123456789012345}\n{\"v\": \"x\"}\n{\"v\": 1.10}\n{\"v\": {\"a\": 1}}\n"
                    + "{\"v\": null}\n"
            );
        Assert.Equal("5i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(
            ["1234567890123456789012345", "x", "1.10", "{\"a\": 1}", "NULL"],
            World.Query("SELECT v FROM raw.any")
        );
    }

    [Fact]
    public async Task A_number_of_25_digits_is_exact()
    {
        World.Flows(Any).Put("any/1.jsonl", "{\"v\": 1234567890123456789012345}\n{\"v\": -1}\n");
        await World.Load();
        Assert.Equal(["1234567890123456789012345", "-1"], World.Query("SELECT v FROM raw.any ORDER BY v DESC"));
    }

    [Fact]
    public async Task A_property_that_comes_later_is_a_column_and_null_before()
    {
        World.Flows(Any).Put("any/1.json", "[{\"a\": 1}, {\"b\": \"x\", \"a\": 2},\n {}]");
        Assert.Equal(3, (await World.Load()).Only["inserted"]);
        Assert.Equal(["1|NULL", "2|x", "NULL|NULL"], World.Query("SELECT a, b FROM raw.any ORDER BY a"));
    }

    [Fact]
    public async Task Lines_that_are_no_objects_are_quarantined_and_a_broken_array_is_refused_whole()
    {
        World
            .Flows(Any)
            .Put("any/1.jsonl", "{\"a\": 1}\n[1]\n{\"a\": 2\n\n7\n{\"a\": 3} x\n{\"a\": 4}\n")
            .Put("any/2.json", "[{\"a\": 5}, {\"a\": 6");
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, "HDR-121", "2i 0u 0d 0s 4q"), (answer.Exit, answer.Only.Error, answer.Only.Counts));
        Assert.Equal(["2", "3", "5", "6"], World.Query("SELECT line FROM headrace.quarantine ORDER BY line"));
    }
}
