using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>Tables that files may not reach, that somebody else made, or that several datasets share.</summary>
public class Targets : ProjectTests
{
    private const string Any = """
        any: { source: { connection: lake, path: "any/*" }, read: incremental, write: append }
        """;

    [Theory]
    [InlineData("headrace")]
    [InlineData("HeadRace")]
    [InlineData("information_schema")]
    public async Task A_dropped_file_cannot_reach_tables_that_are_not_users(string schema)
    {
        World
            .Flows(Inbox)
            .Put("inbox/shop/append/t/x.csv", "a\n1\n")
            .Put($"inbox/{schema}/truncate/files/x.csv", "dataset,key\nzz,zz\n");

        var answer = await World.Run("run", "--json");

        Assert.Equal(4, answer.Exit);
        Assert.Equal(
            ("failed", "HDR-148"),
            (answer.Run($"inbox/{schema}/files").Outcome, answer.Run($"inbox/{schema}/files").Error)
        );
        Assert.Equal(["inbox/shop/append/t/x.csv"], World.Query("SELECT key FROM headrace.files"));
    }

    [Fact]
    public async Task Two_datasets_may_fill_one_new_table()
    {
        World.Flows(
            """both: { source: { connection: lake, path: "app/{shop}/*.csv" }, read: incremental, write: append }"""
        );
        foreach (var shop in (string[])["a", "b", "c", "d"])
            World.Put($"app/{shop}/1.csv", $"id,name\n1,{shop}\n");

        Assert.Equal(4, (await World.Load()).Runs.Count(run => run.Outcome == "loaded"));
        Assert.Equal(["a", "b", "c", "d"], World.Query("SELECT name FROM raw.both ORDER BY name"));
    }

    [Theory]
    [InlineData("", 262_144)]
    [InlineData(", blocks: large", 262_144)]
    [InlineData(", blocks: small", 16_384)]
    public async Task A_warehouse_has_the_blocks_it_was_made_with(string blocks, int bytes)
    {
        await Made(blocks);
        await Made(blocks.Length > 0 ? "" : ", blocks: small");
        Assert.Equal(
            [$"{bytes}"],
            World.Query("SELECT block_size FROM pragma_database_size() WHERE database_name = 'warehouse'")
        );
        Assert.Equal("2", World.Value("SELECT count(*) FROM raw.any"));

        Task<Answer> Made(string blocks) =>
            World
                .Configuration(
                    $$"""
                    version: 1
                    connections:
                      lake: { type: folder, path: ./lake }
                      warehouse: { type: duckdb, path: ./warehouse.duckdb{{blocks}} }
                    defaults: { target: { connection: warehouse, schema: raw } }
                    flows:
                      {{Any.Trim()}}
                    """
                )
                .Put($"any/{blocks.Length}.csv", $"a\n{blocks.Length}\n")
                .Load();
    }

    [Fact]
    public async Task The_case_of_a_tables_name_makes_no_other_table()
    {
        World.Flows(Any).Alter("CREATE SCHEMA raw; CREATE TABLE raw.ANY (ID BIGINT)");
        World.Put("any/1.csv", "id\n1\n");
        await World.Load();
        World.Put("any/2.csv", "id\n2\n");
        await World.Load();

        Assert.Equal(["1", "2"], World.Query("SELECT id FROM raw.any ORDER BY id"));
    }

    [Fact]
    public async Task A_table_made_by_hand_fills_its_defaults_in()
    {
        World
            .Flows(Any)
            .Alter(
                """
                CREATE SCHEMA raw; CREATE TABLE raw.any (note VARCHAR DEFAULT 'n', id BIGINT,
                loaded INTEGER NOT NULL DEFAULT 7)
                """
            );
        World.Put("any/1.csv", "id\n1\n");
        await World.Load();

        Assert.Equal(["n|1|7"], World.Query("SELECT note, id, loaded FROM raw.any"));
    }

    [Fact]
    public async Task A_merge_fills_defaults_in_for_new_rows_and_keeps_what_old_rows_have()
    {
        World
            .Flows(
                """m: { source: { connection: lake, path: "m/*" }, read: incremental, write: merge, primary_key: id }"""
            )
            .Alter(
                """
                CREATE SCHEMA raw; CREATE TABLE raw.m (id BIGINT, v BIGINT, note VARCHAR DEFAULT 'n');
                INSERT INTO raw.m VALUES (1, 1, 'kept')
                """
            );
        World.Put("m/1.csv", "id,v\n1,10\n2,20\n");

        Assert.Equal("1i 1u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|10|kept", "2|20|n"], World.Query("SELECT id, v, note FROM raw.m ORDER BY id"));
    }

    [Theory]
    [InlineData("TIMESTAMP_S")]
    [InlineData("TIMESTAMP_MS")]
    [InlineData("TINYINT")]
    [InlineData("UBIGINT")]
    public async Task A_column_that_would_round_values_is_refused(string type)
    {
        World.Flows(Any).Alter($"CREATE SCHEMA raw; CREATE TABLE raw.any (v {type})");
        World.Put("any/1.csv", "v\n1\n");

        var answer = await World.Run("run", "--json");

        Assert.Equal((1, "HDR-307"), (answer.Exit, answer.Only.Error));
    }

    [Fact]
    public async Task A_file_column_under_the_name_of_a_renamed_one_is_refused()
    {
        World
            .Flows(
                """
                any:
                  source: { connection: lake, path: "any/*" }
                  columns: { total: { type: bigint, from: amount } }
                  read: incremental
                  write: append
                """
            )
            .Put("any/1.csv", "amount,total\n1,2\n")
            .Put("any/2.csv", "amount\n3\n");

        var answer = await World.Run("run", "--json");

        Assert.Equal((1, "HDR-107"), (answer.Exit, answer.Only.Error));
        Assert.Equal(["3"], World.Query("SELECT total FROM raw.any"));
    }

    [Fact]
    public async Task A_parquet_column_that_the_engine_keeps_for_itself_is_refused_alone()
    {
        World
            .Flows(Any)
            .PutParquet("any/1.parquet", "SELECT 1 AS file_row_number")
            .PutParquet("any/2.parquet", "SELECT 2 AS id");

        var answer = await World.Run("run", "--json");

        Assert.Equal((1, "HDR-108"), (answer.Exit, answer.Only.Error));
        Assert.Equal(["2"], World.Query("SELECT id FROM raw.any"));
    }

    [Fact]
    public async Task A_first_line_that_looks_like_a_row_and_a_wrong_delimiter_are_told_of()
    {
        World
            .Flows(
                """
                any: { source: { connection: lake, path: "any/*" }, read: incremental, write: append }
                other: { source: { connection: lake, path: "other/*" }, read: incremental, write: append }
                """
            )
            .Put("any/1.csv", "1,foo\n2,bar\n")
            .Put("other/1.csv", "id;name\n1;x\n");

        var answer = await World.Load();

        Assert.Contains("looks like a row", answer.Run("any").Warnings, StringComparison.Ordinal);
        Assert.Contains("another csv: { delimiter }", answer.Run("other").Warnings, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_in_the_wrong_folder_of_a_drop_folder_is_told_of()
    {
        World
            .Flows(Inbox)
            .Put("inbox/shop/append/t/1.csv", "a\n1\n")
            .Put("inbox/shop/x.csv", "a\n1\n")
            .Put("inbox/shop/append/t/deep/x.csv", "a\n1\n");

        var warnings = (await World.Load()).Only.Warnings;

        Assert.Contains("inbox/shop/x.csv is in no folder of the form", warnings, StringComparison.Ordinal);
        Assert.Contains("inbox/shop/append/t/deep/x.csv", warnings, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plan_leaves_no_folder_behind()
    {
        World.Flows(Any).Put("any/1.csv", "a\n1\n");

        Assert.Equal(0, (await World.Run("plan")).Exit);
        Assert.False(Directory.Exists(Path.Combine(World.Folder, ".headrace", "spool")));
    }
}
