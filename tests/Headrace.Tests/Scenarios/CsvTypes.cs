using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>Every type of the contract from CSV, and the dialects of CSV.</summary>
public sealed class CsvTypes : ProjectTests
{
    [Theory]
    [InlineData(
        "boolean",
        "true,T,yes,Y,1,false,f,no,N,0",
        "true,true,true,true,true,false,false,false,false,false",
        "2,on,truth,wahr"
    )]
    [InlineData("text", "x, leading,007,NULL,nan,\\N", "x, leading,007,NULL,nan,\\N", "")]
    [InlineData("bytes", "\\x00ff,00FF,", "\\x00\\xFF,\\x00\\xFF,", "0,0g,\\x0")]
    [InlineData(
        "date",
        "2026-02-28,0001-01-01,9999-12-31,2024-02-29",
        "2026-02-28,0001-01-01,9999-12-31,2024-02-29",
        "2026-02-30,28.02.2026,2026-2-8,infinity,20260228,2026-02-28 00:00:00"
    )]
    [InlineData(
        "time",
        "00:00:00,23:59:59.999999,12:30",
        "00:00:00,23:59:59.999999,12:30:00",
        "24:00:00,12:60:00,1:30,12:30:00Z,12:30:00.1234567"
    )]
    [InlineData(
        "timestamp",
        "2026-01-01 00:00:00,2026-01-01T12:00,2026-01-01,2026-01-01 23:59:59.999999",
        "2026-01-01 00:00:00,2026-01-01 12:00:00,2026-01-01 00:00:00,2026-01-01 23:59:59.999999",
        "2026-01-01 00:00:00+02:00,infinity,2026-13-01 00:00:00"
    )]
    [InlineData(
        "timestamptz",
        "2026-01-01 00:00:00Z,2026-01-01T02:00:00+02:00,2025-12-31 18:30:00-0530",
        "2026-01-01 00:00:00+00,2026-01-01 00:00:00+00,2026-01-01 00:00:00+00",
        "2026-01-01 00:00:00,2026-01-01,2026-01-01 00:00:00 Europe/Berlin,2026-01-01 00:00:00+2"
    )]
    [InlineData(
        "uuid",
        "00000000-0000-0000-0000-000000000000,F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6",
        "00000000-0000-0000-0000-000000000000,f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        "f81d4fae,{f81d4fae-7dec-11d0-a765-00a0c91e6bf6},f81d4fae7dec11d0a76500a0c91e6bf6"
    )]
    public async Task Values_are_stored_exactly_and_misfits_are_quarantined_with_their_place(
        string type,
        string good,
        string stored,
        string bad
    )
    {
        var fits = good.Split(',');
        var misfits = bad.Length == 0 ? [] : bad.Split(',');
        World.Flows(
            $$"""any: { source: { connection: lake, path: "any/*" }, columns: { id: integer, v: "{{type}}" }, """
                + "read: incremental, write: append }"
        );
        World.Put("any/1.csv", "id,v\n" + string.Concat(fits.Concat(misfits).Select((text, i) => $"{i},\"{text}\"\n")));
        Assert.Equal($"{fits.Length}i 0u 0d 0s {misfits.Length}q", (await World.Load()).Only.Counts);
        Assert.Equal(stored.Split(','), World.Query("SELECT v FROM raw.any ORDER BY id"));
        Assert.Equal(
            misfits.Select((text, i) => $"any/1.csv|{fits.Length + i + 2}|v|{text}|'{text}' is no {type}"),
            World.Query("SELECT file, line, \"column\", value, reason FROM headrace.quarantine ORDER BY line")
        );
    }

    [Fact]
    public async Task Json_is_kept_as_json_and_what_is_none_is_quarantined()
    {
        World.Flows(
            """any: { source: { connection: lake, path: "any/*" }, columns: { id: integer, v: json }, """
                + "read: incremental, write: append }"
        );
        World.Put(
            "any/1.csv",
            "id,v\n1,\"{\"\"a\"\": 12345678901234567890123.45}\"\n2,\"[1, null]\"\n3,{broken\n4,true\n"
        );
        Assert.Equal("3i 0u 0d 0s 1q", (await World.Load()).Only.Counts);
        Assert.Equal(
            ["{\"a\": 12345678901234567890123.45}", "[1, null]", "true"],
            World.Query("SELECT v FROM raw.any ORDER BY id")
        );
    }

    [Fact]
    public async Task An_empty_field_is_null_and_a_quoted_one_is_empty_text()
    {
        World.Flows(
            """any: { source: { connection: lake, path: "any/*" }, columns: { id: integer, a: text, """
                + "n: integer }, read: incremental, write: append }"
        );
        World.Put("any/1.csv", "id,a,n\n1,,\n2,\"\",\n3,,\"\"\n");
        Assert.Equal("3i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        // An integer has no empty value.
        Assert.Equal(["1|NULL|NULL", "2||NULL", "3|NULL|NULL"], World.Query("SELECT * FROM raw.any ORDER BY id"));
    }

    [Fact]
    public async Task Own_texts_for_null_are_null_only_without_quotes()
    {
        World.Flows(
            """any: { source: { connection: lake, path: "any/*", csv: { null: ["NULL", "n/a"] } }, """
                + "columns: { id: integer, a: text }, read: incremental, write: append }"
        );
        World.Put("any/1.csv", "id,a\n1,NULL\n2,n/a\n3,\"NULL\"\n4,\n5,null\n");
        await World.Load();
        Assert.Equal(
            ["1|true|NULL", "2|true|NULL", "3|false|NULL", "4|false|", "5|false|null"],
            World.Query("SELECT id, a IS NULL, a FROM raw.any ORDER BY id")
        );
    }

    [Fact]
    public async Task A_dialect_of_its_own_is_read_as_it_says()
    {
        World.Flows(
            """
            any:
              source: { connection: lake, path: "any/*", csv: { delimiter: ";", quote: "'", decimal: ",", date: dd.MM.yyyy, timestamp: "dd.MM.yyyy HH:mm:ss", skip: 2 } }
              columns: { id: integer, n: "decimal(10,2)", f: double, day: date, at: timestamp, t: text }
              read: incremental
              write: append
            """
        );
        World.Put(
            "any/1.csv",
            "Report\n\"of; today\nid;n;f;day;at;t\n1;1,50;0,25;28.02.2026;28.02.2026 13:14:15;'a;b'\n"
                + "2;1.50;1;28.02.2026;;x\n3;1,5;1;2026-02-28;;x\n4;1.234,50;;;;\n5;1;;30.02.2026;;\n"
        );
        Assert.Equal("1i 0u 0d 0s 4q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|1.50|0.25|2026-02-28|2026-02-28 13:14:15|a;b"], World.Query("SELECT * FROM raw.any"));
        Assert.Equal(
            ["5|n", "6|day", "7|n", "8|day"],
            World.Query("SELECT line, \"column\" FROM headrace.quarantine ORDER BY line")
        );
    }

    [Fact]
    public async Task A_file_without_a_header_takes_the_declared_names_in_order()
    {
        World.Flows(
            """any: { source: { connection: lake, path: "any/*", csv: { header: false, delimiter: tab } }, """
                + "columns: { id: integer, a: text }, read: incremental, write: append }"
        );
        World.Put("any/1.csv", "1\tx\n2\ty\n");
        await World.Load();
        Assert.Equal(["1|x", "2|y"], World.Query("SELECT * FROM raw.any ORDER BY id"));
    }

    [Fact]
    public async Task A_column_may_come_under_another_name_and_may_forbid_null()
    {
        World.Flows(
            """any: { source: { connection: lake, path: "any/*" }, columns: { id: { from: Nummer, """
                + "type: integer, nullable: false }, a: text }, read: incremental, write: append }"
        );
        World.Put("any/1.csv", "Nummer,a\n1,x\n,y\n");
        Assert.Equal("1i 0u 0d 0s 1q", (await World.Load()).Only.Counts);
        Assert.Equal("'id' is NULL and may not be", World.Value("SELECT reason FROM headrace.quarantine"));
    }
}
