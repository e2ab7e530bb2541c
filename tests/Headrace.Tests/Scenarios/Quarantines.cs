using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary><c>quarantine list|show|release|discard</c>: no bad row is lost, none is loaded twice.</summary>
public sealed class Quarantines : ProjectTests
{
    private async Task<World> WithBadRows()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n2,2.5O\nx,3.50\n4,y\n5\n");
        await World.Load();
        return World;
    }

    [Fact]
    public async Task List_and_show_say_file_line_column_value_and_reason()
    {
        await WithBadRows();
        var list = await World.Run("quarantine", "list", "--json");
        Assert.Equal("""{"dataset":"prices","rows":4""", list.Json.GetProperty("datasets")[0].GetRawText()[..28]);
        Assert.Contains("prices", (await World.Run("quarantine", "list")).Output, StringComparison.Ordinal);

        var rows = (await World.Run("quarantine", "show", "prices", "--json"))
            .Json.GetProperty("rows")
            .EnumerateArray()
            .ToList();
        Assert.Equal(
            ["3 price 2.5O", "4 id x", "5 price y", "6  5"],
            rows.Select(row => $"{row.GetProperty("line")} {row.GetProperty("column")} {row.GetProperty("value")}")
                .Order()
        );
        Assert.All(rows, row => Assert.Equal("prices/1.csv", row.GetProperty("file").GetString()));
        var shown = (await World.Run("quarantine", "show", "prices")).Output;
        Assert.Contains("'2.5O' is no decimal(12,2)", shown, StringComparison.Ordinal);
        Assert.Contains("headrace quarantine release prices", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mended_row_is_released_exactly_once()
    {
        await WithBadRows();
        var id = World.Value("SELECT id FROM headrace.quarantine WHERE value = '2.5O'");
        var released = await World.Run("quarantine", "release", "prices", id, "--set", "price=2.50", "--json");
        Assert.Equal("""{"released":1,"kept":0,"discarded":0}""", released.Output.Trim());
        Assert.Equal(["1|1.50", "2|2.50"], World.Query("SELECT * FROM raw.prices ORDER BY id"));
        Assert.Equal(
            """{"released":0,"kept":0,"discarded":0}""",
            (await World.Run("quarantine", "release", "prices", id, "--set", "price=2.50", "--json")).Output.Trim()
        );
        Assert.Equal("2", World.Value("SELECT count(*) FROM raw.prices"));
        Assert.Equal("released", World.Value($"SELECT status FROM headrace.quarantine WHERE id = {id}"));
    }

    [Theory]
    [InlineData("rows_applied", "kill")]
    [InlineData("before_commit", "kill")]
    [InlineData("after_commit", "kill")]
    [InlineData("rows_applied", "throw")]
    public async Task A_release_that_dies_is_made_good_by_the_next_one(string boundary, string action)
    {
        await WithBadRows();
        Assert.NotEqual(
            0,
            (
                await World.RunProcess(
                    World.At(boundary, action),
                    "quarantine",
                    "release",
                    "prices",
                    "1,2,3,4,5,6,7,8,9",
                    "--set",
                    "price=9.99"
                )
            ).Exit
        );
        await World.Run("quarantine", "release", "prices", "1,2,3,4,5,6,7,8,9", "--set", "price=9.99");
        Assert.Equal(["1|1.50", "2|9.99", "4|9.99"], World.Query("SELECT * FROM raw.prices ORDER BY id"));
        Assert.Equal(
            ["released|2", "waiting|2"],
            World.Query("SELECT status, count(*) FROM headrace.quarantine GROUP BY status ORDER BY status")
        );
    }

    [Theory]
    [InlineData("before_commit")]
    [InlineData("after_commit")]
    public async Task Every_row_has_a_number_of_its_own_whatever_was_killed(string boundary)
    {
        await WithBadRows();
        World.Put("prices/2.csv", "id,price\n6,x\n7,y\n");
        Assert.Equal(137, (await World.RunProcess(World.At(boundary, "kill"), "run")).Exit);
        World.Alter("CREATE OR REPLACE SEQUENCE headrace.quarantine_id"); // what a crash may leave of a sequence
        World.Put("prices/3.csv", "id,price\n8,x\n9,y\n");
        await World.Load();
        Assert.Equal("8|8|8", World.Value("SELECT count(*), count(DISTINCT id), max(id) FROM headrace.quarantine"));
    }

    [Fact]
    public async Task Rows_that_still_do_not_fit_stay_and_the_exit_code_says_so()
    {
        await WithBadRows();
        var answer = await World.Run("quarantine", "release", "prices");
        Assert.Equal(3, answer.Exit);
        Assert.Contains("4 rows still do not fit", answer.Output, StringComparison.Ordinal);
        Assert.Equal("4", World.Value("SELECT count(*) FROM headrace.quarantine WHERE status = 'waiting'"));
    }

    [Fact]
    public async Task A_discarded_row_stays_on_record_with_the_reason_and_cannot_be_released()
    {
        await WithBadRows();
        Assert.Contains(
            "\"discarded\":4",
            (await World.Run("quarantine", "discard", "prices", "--all", "--reason", "test data", "--json")).Output,
            StringComparison.Ordinal
        );
        Assert.Equal(
            "0",
            $"{(await World.Run("quarantine", "show", "prices", "--json")).Json.GetProperty("rows").GetArrayLength()}"
        );
        Assert.Contains(
            "discarded: test data",
            (await World.Run("quarantine", "show", "prices", "--all")).Output,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "\"released\":0",
            (
                await World.Run("quarantine", "release", "prices", "1,2,3,4,5,6,7,8,9", "--set", "price=1", "--json")
            ).Output,
            StringComparison.Ordinal
        );
        Assert.Equal("1", World.Value("SELECT count(*) FROM raw.prices"));
    }

    [Fact]
    public async Task A_released_row_of_a_merge_takes_the_place_of_its_key()
    {
        World
            .Flows(Customers.Replace("name: text", "name: text, age: integer", StringComparison.Ordinal))
            .Put("customers/1.csv", "id,name,age\n1,a,1\n2,b,2\n");
        await World.Load();
        World.Put("customers/2.csv", "id,name,age\n1,A,old\n");
        await World.Load();
        Assert.Equal(
            0,
            (await World.Run("quarantine", "release", "customers", "1,2,3,4,5,6,7,8,9", "--set", "age=99")).Exit
        );
        Assert.Equal(["1|A|99", "2|b|2"], World.Query("SELECT * FROM raw.customers ORDER BY id"));
    }

    [Fact]
    public async Task A_column_set_to_nothing_is_null_and_an_unknown_column_is_an_error()
    {
        await WithBadRows();
        Assert.Equal(
            2,
            (await World.Run("quarantine", "release", "prices", "1,2,3,4,5,6,7,8,9", "--set", "prize=1")).Exit
        );
        Assert.Equal("1", World.Value("SELECT count(*) FROM raw.prices"));
        Assert.Equal(
            0,
            (await World.Run("quarantine", "release", "prices", "1,2,3,4,5,6,7,8,9", "--set", "price=")).Exit
        );
        Assert.Equal(["1|1.50", "2|NULL", "4|NULL"], World.Query("SELECT * FROM raw.prices ORDER BY id"));
    }

    [Fact]
    public async Task A_row_of_a_dialect_and_of_parquet_is_released_as_it_was_written()
    {
        World.Flows(
            """
            any: { source: { connection: lake, path: "any/*", csv: { delimiter: ";", decimal: ",", date: dd.MM.yyyy } }, columns: { n: "decimal(10,2)", day: date, id: integer }, read: incremental, write: append }
            packed: { source: { connection: lake, path: "packed/*" }, columns: { id: integer, at: timestamptz, b: bytes, d: "decimal(38,10)", n: json }, read: incremental, write: append }
            """
        );
        World.Put("any/1.csv", "n;day;id\n1,50;28.02.2026;x\n");
        World.PutParquet(
            "packed/1.parquet",
            "SELECT 'x' AS id, TIMESTAMPTZ '2026-10-01 10:00:00.5+02' AS at, '\\x00a\\xFF'::BLOB AS b, "
                + "1234567890123456789012345678.0123456789::DECIMAL(38,10) AS d, {'a': [1]} AS n"
        );
        await World.Load();
        Assert.Equal(0, (await World.Run("quarantine", "release", "any", "1,2,3,4,5,6,7,8,9", "--set", "id=1")).Exit);
        Assert.Equal(["1.50|2026-02-28|1"], World.Query("SELECT * FROM raw.any"));
        Assert.Equal(
            0,
            (await World.Run("quarantine", "release", "packed", "1,2,3,4,5,6,7,8,9", "--set", "id=1")).Exit
        );
        Assert.Equal(
            ["1|2026-10-01 08:00:00.5+00|\\x00a\\xFF|1234567890123456789012345678.0123456789|{\"a\":[1]}"],
            World.Query("SELECT * FROM raw.packed")
        );
    }

    [Fact]
    public async Task An_empty_quarantine_is_said_before_and_after_the_first_run()
    {
        World.Flows(Prices);
        Assert.Equal(
            (0, "No rows wait in quarantine.\n"),
            ((await World.Run("quarantine", "list")).Exit, (await World.Run("quarantine", "list")).Output)
        );
        Assert.Equal(0, (await World.Run("quarantine", "show", "prices")).Exit);
        Assert.False(File.Exists(World.Warehouse));
    }

    [Fact]
    public async Task The_command_that_is_shown_names_each_column_of_a_key()
    {
        World.Flows(
            """
            items:
              source: { connection: lake, path: "items/{version}/*" }
              columns: { ts: bigint, "the x": text }
              read: snapshot
              settle: 0s
              primary_key: [ts, "the x"]
              write: merge
            """
        );
        World.Put("items/1/1.csv", "ts,the x\n1,a\n1,a\n2,b\n");
        await World.Load();
        Assert.Contains(
            "--set ts=value --set 'the x=value'",
            (await World.Run("quarantine", "show", "items")).Output,
            StringComparison.Ordinal
        );
    }
}
