using System.Diagnostics;
using Headrace.DuckDb;
using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>Nothing is "up to date" while something waits, and a plan says what a run does.</summary>
public abstract class WhatIsOpen(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private const string Append =
        """stock: { source: { connection: lake, path: "stock/*.csv" }, read: incremental, write: append }""";

    // Both ways to say it: to people and to programs.
    private async Task<string> Said(string command = "run")
    {
        var answer = await World.Run(command);
        Assert.Equal(0, answer.Exit);
        Assert.DoesNotContain("verything is up to date", answer.Text, StringComparison.Ordinal);
        var json = (await World.Run(command, "--json")).Output;
        return $"{answer.Text}\n{System.Text.RegularExpressions.Regex.Unescape(json)}";
    }

    [Fact]
    public async Task WhatWaitsIsSaid()
    {
        await Flows(Append);
        Assert.Contains("nothing matches stock/*.csv", await Said(), StringComparison.Ordinal);
        World.Put("stock/1.csv", "id\n1\n2\nx,y\n");
        await World.Load();
        Assert.Contains("1 row waits in quarantine", await Said(), StringComparison.Ordinal);
        Assert.Contains("1 row waits in quarantine", await Said("plan"), StringComparison.Ordinal);
        await World.Run("quarantine", "discard", "stock", "--all");
        Assert.Contains("everything is up to date", (await World.Run("run")).Text, StringComparison.Ordinal);

        await Flows(Append.Replace("read:", "enabled: false, read:", StringComparison.Ordinal));
        Assert.Contains("'stock' is off", await Said(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExportsThatAreNotSettledOrCompleteAreSaidAndCanBeWaitedFor()
    {
        const string Exports =
            """stock: { source: { connection: lake, path: "{version}/stock.csv" }, read: snapshot, """
            + "primary_key: id, write: merge, {0} }";
        await Flows(Exports.Replace("{0}", "settle: 30s", StringComparison.Ordinal));
        World
            .Put("v1/stock.csv", "id\n1\n", landedSecondsAgo: 1)
            .Put("v2/stock.csv", "id\n1\n2\n", landedSecondsAgo: 1)
            .Put("v3/stock.csv", "id\n1\n2\n3\n", landedSecondsAgo: 1);
        var said = await Said();
        Assert.Contains("still being written or have just landed; they wait until", said, StringComparison.Ordinal);
        Assert.Contains("headrace run stock --wait", said, StringComparison.Ordinal);
        Assert.Equal(
            "waiting",
            Assert
                .Single((await World.Run("status", "--json")).Json.GetProperty("datasets").EnumerateArray())
                .GetProperty("state")
                .GetString()
        );
        var status = (await World.Run("status")).Text;
        Assert.DoesNotContain("is well", status, StringComparison.Ordinal);
        Assert.Contains("--wait", status, StringComparison.Ordinal);

        await Flows(Exports.Replace("{0}", "settle: 12s", StringComparison.Ordinal));
        World.Put("v3/stock.csv", "id\n1\n2\n3\n", landedSecondsAgo: 1);
        var answer = await World.Run("run", "--wait", "stock", "--json");
        Assert.Equal((0, "loaded", 3L), (answer.Exit, answer.Only.Outcome, answer.Only["inserted"]));
        Assert.Equal(["1", "2", "3"], await Rows("SELECT id FROM raw.stock ORDER BY id"));

        await Flows(Exports.Replace("{0}", "settle: 0s, complete_when: { marker: _DONE }", StringComparison.Ordinal));
        World.Put("v4/stock.csv", "id\n1\n");
        Assert.Contains("export v4 is not complete", await Said(), StringComparison.Ordinal);
        Assert.Contains("\"waiting\"", (await World.Run("status", "--json")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATableThatIsGoneIsMissedByPlanAndRun()
    {
        await Flows(Append);
        World.Put("stock/1.csv", "id\n1\n", landedSecondsAgo: 900);
        await World.Load();
        await Alter("DROP TABLE raw.stock");
        foreach (var command in (string[])["plan", "run"])
        {
            var idle = await World.Run(command, "--json");
            Assert.Equal((1, "HDR-304"), (idle.Exit, idle.Only.Error));
        }

        World.Put("stock/2.csv", "id\n2\n");
        foreach (var command in (string[])["plan", "run"])
            Assert.Equal("HDR-304", (await World.Run(command, "--json")).Only.Error);
    }

    [Fact]
    public async Task APlanMeetsWhatARunWouldMeet()
    {
        await Flows(
            """changed: { source: { connection: lake, path: "changed/*.csv" }, read: incremental, write: append }""",
            """bad: { source: { connection: lake, path: "bad/*.csv" }, read: incremental, write: append, """
                + "on_fail: stop, columns: { id: integer } }",
            """few: { source: { connection: lake, path: "few/*.csv" }, read: incremental, write: replace }""",
            """held: { source: { connection: lake, path: "held/*.csv" }, read: incremental, write: append, """
                + "columns: { id: integer } }",
            """late: { source: { connection: lake, path: "late/*.csv" }, read: incremental, write: replace }""",
            """gone: { source: { connection: lake, path: "{version}/gone.csv" }, read: snapshot, settle: 0s, """
                + "primary_key: id, write: merge, limits: { max_deleted: 10% } }"
        );
        World
            .Put("changed/1.csv", "id\n1\n", landedSecondsAgo: 900)
            .Put("few/1.csv", "id\n1\n", landedSecondsAgo: 900)
            .Put("late/1.csv", "id\n1\n", landedSecondsAgo: 900)
            .Put("v1/gone.csv", "id\n1\n2\n", landedSecondsAgo: 900)
            .Put("bad/1.csv", "id\n1\n", landedSecondsAgo: 900)
            .Put("held/1.csv", "id\n1\n", landedSecondsAgo: 900);
        await World.Load();
        World
            .Put("changed/1.csv", "id\n2\n", landedSecondsAgo: 100)
            .Put("few/2.csv", "id\n", landedSecondsAgo: 100)
            .Put("late/2.csv", "id\n3\n", landedSecondsAgo: 1000)
            .Put("v2/gone.csv", "id\n1\n")
            .Put("bad/2.csv", "id\nx\n1\n")
            .Put("held/2.csv", "id\nx\n");
        var plan = await World.Run("plan", "--json");
        var run = await World.Run("run", "--json");
        Assert.Equal(
            run.Runs.Select(one => $"{one.Dataset} {one.Error}"),
            plan.Runs.Select(one => $"{one.Dataset} {one.Error}")
        );
        Assert.Equal(
            ["bad HDR-201", "changed HDR-211", "few HDR-202", "gone HDR-203", "held HDR-117", "late HDR-145"],
            run.Runs.Select(one => $"{one.Dataset} {one.Error}")
        );
        Assert.Equal(run.Exit, plan.Exit);
    }

    [Fact]
    public async Task AListedColumnThatNoFileHasIsNoColumnOfNothing()
    {
        static string Stock(string columns, string more = "write: append", string path = "*.csv") =>
            $$"""stock: { source: { connection: lake, path: "stock/{{path}}" }, read: incremental, {{more}}, """
            + $$"""columns: { {{columns}} } }""";
        await Flows(Stock("id: integer, nam: text"));
        World
            .Put("stock/1.csv", "id,name\n1,a\n", landedSecondsAgo: 900)
            .Put("stock/2.csv", "id\n2\n", landedSecondsAgo: 800);
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, "HDR-103"), (answer.Exit, answer.Only.Error));
        Assert.Contains(
            "did you mean 'name'?",
            System.Text.RegularExpressions.Regex.Unescape(answer.Output),
            StringComparison.Ordinal
        );
        Assert.Equal("HDR-103", (await World.Run("plan", "--json")).Only.Error);

        // One file of the batch has it; the other is said to lack it.
        await Flows(Stock("id: integer, name: text"));
        Assert.Contains(
            "column 'name' is missing in stock/2.csv",
            (await World.Load()).Only.Warnings,
            StringComparison.Ordinal
        );
        World.Put("stock/3.csv", "id\n3\n", landedSecondsAgo: 700);
        await World.Load();

        // The same for a column that is listed later, in any way to write.
        await Flows(Stock("id: integer, name: text, amont: integer", "write: merge, primary_key: id"));
        World.Put("stock/4.csv", "id,amount\n4,4\n", landedSecondsAgo: 600);
        Assert.Equal("HDR-103", (await World.Run("run", "--json")).Only.Error);
        await Flows(Stock("id: integer, name: text, other: { type: text, nullable: true }"));
        Assert.Equal(0, (await World.Run("run")).Exit);
        Assert.Equal("0", await Value("SELECT count(other) FROM raw.stock"));

        // Objects bring what they have.
        await Flows(
            Stock("id: integer, note: text", path: "*.jsonl").Replace("stock:", "json:", StringComparison.Ordinal)
        );
        World.Put("stock/1.jsonl", """{"id": 1}""");
        Assert.Contains("column 'note' is missing", (await World.Load()).Only.Warnings, StringComparison.Ordinal);
    }
}

public sealed class WhatIsOpenIntoDuckDb(PostgresServer server) : WhatIsOpen(server, WarehouseKind.DuckDb)
{
    [Fact]
    public async Task WaitingEndsInTimeAndWhenItIsInterrupted()
    {
        await Flows(
            """stock: { source: { connection: lake, path: "stock/*.csv" }, read: incremental, write: append, """
                + "settle: 1h }"
        );
        World.Put("stock/1.csv", "id\n1\n", landedSecondsAgo: 1);
        var took = Stopwatch.StartNew();
        Assert.Equal("up_to_date", (await World.Run("run", "--wait=1s", "--json")).Only.Outcome);
        Assert.True(took.Elapsed < TimeSpan.FromSeconds(60));
        Assert.Equal(2, (await World.Run("run", "--wait=1x")).Exit);

        using var child = World.Start(new Dictionary<string, string>(), "run", "--wait");
        await Task.Delay(TimeSpan.FromSeconds(4), Cancel);
        child.Signal("INT");
        Assert.Equal(130, (await child.Ended()).Exit);
    }

    [Fact]
    public async Task ADatasetThatAnotherRunHoldsIsNotUpToDate()
    {
        await Flows(
            """stock: { source: { connection: lake, path: "stock/*.csv" }, read: incremental, write: append }"""
        );
        World.Put("stock/1.csv", "id\n1\n");
        await World.Load();
        await using var hold = await new DuckDbLedger(
            Path.Combine(World.Folder, ".headrace"),
            TimeProvider.System
        ).HoldAsync(new Dataset("stock", "stock", new Dictionary<string, string>()), null, Cancel);
        var text = (await World.Run("run")).Text;
        Assert.Contains("1 dataset was skipped", text, StringComparison.Ordinal);
        Assert.DoesNotContain("up to date", text, StringComparison.Ordinal);
    }
}

public sealed class WhatIsOpenIntoPostgres(PostgresServer server) : WhatIsOpen(server, WarehouseKind.Postgres)
{
    [Fact]
    public async Task AnEmptyProcessTableIsSaidAndItsServerIsAsked()
    {
        await Flows(Append());
        var yaml = File.ReadAllText(Path.Combine(World.Folder, "headrace.yaml"));
        World.Configuration(
            yaml.Replace(
                "staging:",
                "shop: { type: postgres, host: 127.0.0.1, port: 1, database: shop, user: nobody, "
                    + "password: wrong }\n  staging:",
                StringComparison.Ordinal
            )
        );
        var answer = await World.Run("run", "--json");
        Assert.NotEqual(0, answer.Exit);

        World.Configuration(yaml.Replace("connection: shop", "connection: warehouse", StringComparison.Ordinal));
        var text = (await World.Run("run")).Text;
        Assert.Contains("the process table has no enabled table", text, StringComparison.Ordinal);
        Assert.DoesNotContain("up to date", text, StringComparison.Ordinal);

        static string Append() =>
            "tables: { source: { connection: shop, tables: process_table }, read: incremental, write: merge, "
            + "retries: 0 }";
    }
}

public sealed class WhatIsOpenIntoRedshift(PostgresServer server) : WhatIsOpen(server, WarehouseKind.Redshift);
