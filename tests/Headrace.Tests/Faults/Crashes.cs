using Headrace.Configuration;
using Headrace.DuckDb;
using Headrace.Lake;
using Headrace.Sources;
using Xunit;

namespace Headrace.Tests.Faults;

/// <summary>F1 to F8: the process dies, fails or stops at a boundary; two runs meet.</summary>
public sealed class Crashes : ProjectTests
{
    // Those that only full exports pass are in Snapshots/Publishing.
    public static TheoryData<string> Boundaries =>
        [
            .. Failpoint.Names.Except([
                "state_written",
                "export_compared",
                "rows_deleted",
                "operations_sent",
                "operations_written",
                "operations_published",
            ]),
        ];

    [Theory]
    [MemberData(nameof(Boundaries))]
    public async Task F1_a_kill_at_any_boundary_is_made_good_by_the_next_run(string boundary)
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n2,x\n3,3.50\n");
        Assert.Equal(137, (await World.RunProcess(World.At(boundary, "kill"), "run")).Exit);
        await World.Load();
        Holds();
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
        Assert.False(
            Directory.Exists(Path.Combine(World.Folder, ".headrace/spool/run"))
                && Directory.GetFileSystemEntries(Path.Combine(World.Folder, ".headrace/spool/run")).Length > 0
        );
    }

    [Fact]
    public async Task F2_a_kill_after_the_commit_and_before_the_history_applies_nothing_twice()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n2,x\n3,3.50\n");
        Assert.Equal(137, (await World.RunProcess(World.At("after_commit", "kill"), "run")).Exit);
        Holds();
        var run = (await World.Load()).Only;
        Assert.Equal("up_to_date", run.Outcome);
        Assert.Equal("batch 1, 1 file", run.Json.GetProperty("from").GetString());
        Holds();
    }

    [Fact]
    public async Task F3_a_kill_before_the_commit_leaves_no_position_behind_that_leads_the_rows()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n2,x\n3,3.50\n");
        Assert.Equal(137, (await World.RunProcess(World.At("before_commit", "kill"), "run")).Exit);
        Assert.Equal(
            "0|0|0|0",
            World.Value(
                """
                SELECT (SELECT count(*) FROM headrace.positions), (SELECT count(*)
                FROM headrace.files), (SELECT count(*) FROM headrace.quarantine), (SELECT count(*)
                FROM duckdb_tables() WHERE schema_name = 'raw')
                """
            )
        );
        await World.Load();
        Holds();
    }

    [Theory]
    [InlineData("before_commit")]
    [InlineData("after_commit")]
    public async Task F4_an_error_around_the_commit_is_settled_by_reading_the_position_again(string boundary)
    {
        World.Flows(Prices + "\n  retries: 0").Put("prices/1.csv", "id,price\n1,1.50\n2,x\n3,3.50\n");
        var answer = await World.RunProcess(World.At(boundary, "throw"), "run", "--json");
        Assert.Equal(1, answer.Exit);
        Assert.Equal(("failed", "HDR-309"), (answer.Only.Outcome, answer.Only.Error));
        await World.Load();
        Holds();
    }

    [Theory]
    [InlineData("before_commit")]
    [InlineData("after_commit")]
    public async Task F4_a_retry_after_an_error_around_the_commit_doubles_nothing(string boundary)
    {
        World
            .Flows(Prices + "\n  retries: 2\n  retry_delay: 10ms")
            .Put("prices/1.csv", "id,price\n1,1.50\n2,x\n3,3.50\n");
        Assert.Equal(0, (await World.RunProcess(World.At(boundary, "throw"), "run", "--json")).Exit);
        Holds();
    }

    [Fact]
    public async Task F5_a_warehouse_that_died_in_a_load_opens_again_with_whole_loads_only()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n");
        await World.Load();
        World.Put(
            "prices/2.csv",
            "id,price\n" + string.Concat(Enumerable.Range(2, 50_000).Select(i => $"{i},{i}.25\n"))
        );
        Assert.Equal(137, (await World.RunProcess(World.At("files_written", "kill"), "run")).Exit);
        Assert.Equal("1", World.Value("SELECT count(*) FROM raw.prices"));
        await World.Load();
        Assert.Equal("50001|50001", World.Value("SELECT count(*), count(DISTINCT id) FROM raw.prices"));
    }

    [Fact]
    public async Task F6_of_two_runs_at_once_one_loads_and_the_other_says_that_it_is_held()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n2,x\n3,3.50\n");
        using var first = World.Start(World.At("dataset_held", "stop"), "run");
        await first.Stopped();
        var second = await World.Run("run", "--json");
        Assert.Equal((0, "skipped"), (second.Exit, second.Only.Outcome));
        Assert.Contains("another run holds the dataset", second.Only.Warnings, StringComparison.Ordinal);
        first.Signal("CONT");
        Assert.Equal(0, (await first.Ended()).Exit);
        Holds();
    }

    [Fact]
    public async Task F7_a_batch_that_was_built_before_another_was_loaded_is_fenced_off()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n2,x\n3,3.50\n");
        var (cancel, spool) = (TestContext.Current.CancellationToken, Path.Combine(World.Folder, "spool"));
        var flow = ProjectFile.Load(World.Folder, null, _ => null).Project!.Flows["prices"];
        var source = new IncrementalFiles(flow, new FolderStore(World.Lake), spool, TimeProvider.System);
        await using (
            var warehouse = new DuckDbWarehouse(
                World.Warehouse,
                false,
                new DuckDbSettings { AllowedDirectories = [spool] },
                TimeProvider.System
            )
        )
        {
            var dataset = (await source.DatasetsAsync(cancel))[0];
            var position = await warehouse.PositionAsync(dataset, source.Target(dataset), cancel);
            var changes = (
                await source.NextAsync(
                    dataset,
                    position,
                    new StageAttempt(new HashSet<string>(), IsPlan: false),
                    cancel
                )
            ).Changes!;
            await warehouse.LoadAsync(changes, new LoadAttempt("r_other", IsPlan: false), cancel);
            var error = await Assert.ThrowsAsync<HeadraceException>(() =>
                warehouse.LoadAsync(changes, new LoadAttempt("r_zombie", IsPlan: false), cancel)
            );
            Assert.Equal("HDR-301", error.Code);
        }

        Holds();
        Assert.Equal(["r_other"], World.Query("SELECT run_id FROM headrace.loads"));
    }

    [Fact]
    public async Task F7_while_a_run_sleeps_with_the_warehouse_open_a_run_of_another_project_loads_nothing()
    {
        // Two projects with one warehouse and one dataset: their locks do not know of each other, the warehouse's does.
        using var other = new World();
        Directory.Delete(other.Lake);
        Directory.CreateSymbolicLink(other.Lake, World.Lake);
        World.Flows(Prices + "\n  retries: 0").Put("prices/1.csv", "id,price\n1,1.50\n2,x\n3,3.50\n");
        other.Configuration(
            File.ReadAllText(Path.Combine(World.Folder, "headrace.yaml"))
                .Replace("./warehouse.duckdb", World.Warehouse, StringComparison.Ordinal)
        );

        Assert.Equal(0, (await other.Run("run")).Exit);
        Holds();
        World.Put("prices/2.csv", "id,price\n4,4.50\n");
        using var sleeper = World.Start(World.At("position_read", "stop"), "run", "--json");
        await sleeper.Stopped();
        var holder = await other.Run("run", "--json");
        Assert.Equal("HDR-302", holder.Only.Error);
        sleeper.Signal("CONT");
        Assert.Equal(0, (await sleeper.Ended()).Exit);
        Assert.Equal("up_to_date", (await other.Load()).Only.Outcome);
        Assert.Equal("3|3", World.Value("SELECT count(*), count(DISTINCT id) FROM raw.prices"));
    }

    [Fact]
    public async Task F8_the_lock_of_a_dead_run_is_free_at_once()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n2,x\n3,3.50\n");
        using (var holder = World.Start(World.At("fenced", "stop"), "run"))
        {
            await holder.Stopped();
            Assert.Equal("skipped", (await World.Run("run", "--json")).Only.Outcome);
            holder.Signal("KILL");
            Assert.Equal(137, (await holder.Ended()).Exit);
        }

        await World.Load();
        Holds();
    }

    private void Holds()
    {
        Assert.Equal(["1|1.50", "3|3.50"], World.Query("SELECT * FROM raw.prices ORDER BY id"));
        Assert.Equal(["2|price|x"], World.Query("SELECT line - 1, \"column\", value FROM headrace.quarantine"));
        Assert.Equal(["prices/1.csv|2|loaded"], World.Query("SELECT key, rows, outcome FROM headrace.files"));
    }
}
