using Headrace.Postgres;
using Headrace.Warehouses;
using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>Runs, plans and commands against PostgreSQL: killed, at once, taken back, mended.</summary>
public sealed class PostgresTargetRuns(PostgresServer server) : IDisposable
{
    private readonly World world = new();

    public void Dispose() => world.Dispose();

    [Theory]
    [InlineData("fenced")]
    [InlineData("table_ready")]
    [InlineData("rows_applied")]
    [InlineData("before_commit")]
    [InlineData("after_commit")]
    public async Task AKillIsMadeGoodByTheNextRun(string boundary)
    {
        var target = await PostgresTargets.Into(server, world, PostgresTargets.Prices);
        world.Put("prices/1.csv", "id,price\n1,1.50\n2,x\n3,3.50\n");
        Assert.Equal(137, (await world.RunProcess(World.At(boundary, "kill"), "run")).Exit);
        if (boundary != "after_commit")
            Assert.Equal(
                ["0|0|0"],
                await target.Query(
                    """
                    SELECT (SELECT count(*) FROM headrace.positions) AS p, (SELECT count(*) FROM
                    headrace.files) AS f, (SELECT count(*) FROM pg_tables WHERE schemaname = 'raw') AS t
                    """
                )
            );
        await world.Load();
        Assert.Equal(["1", "3"], await target.Query("SELECT id FROM raw.prices ORDER BY id"));
        Assert.Equal(["1"], await target.Query("SELECT count(*) FROM headrace.quarantine"));
        Assert.Equal("up_to_date", (await world.Load()).Only.Outcome);
        Assert.False(Directory.Exists(Path.Combine(world.Folder, ".headrace/spool/temp")));
    }

    [Theory]
    [InlineData("before_commit")]
    [InlineData("after_commit")]
    public async Task ARetryAroundTheCommitDoublesNothing(string boundary)
    {
        var target = await PostgresTargets.Into(
            server,
            world,
            PostgresTargets.Prices.Replace("write:", "retries: 2, retry_delay: 10ms, write:", StringComparison.Ordinal)
        );
        world.Put("prices/1.csv", "id,price\n1,1.50\n2,x\n3,3.50\n");
        Assert.Equal(0, (await world.RunProcess(World.At(boundary, "throw"), "run", "--json")).Exit);
        Assert.Equal(
            ["2|2|1"],
            await target.Query(
                "SELECT count(*), count(DISTINCT id), (SELECT count(*) FROM headrace.loads) AS loads FROM raw.prices"
            )
        );
    }

    [Theory]
    [InlineData("changes_staged", 0)] // between two steps it is made again
    [InlineData("before_commit", 2)] // at the commit the position tells
    public async Task AConnectionThatIsLostLosesAndDoublesNothing(string boundary, int retries)
    {
        var target = await PostgresTargets.Into(
            server,
            world,
            PostgresTargets.Prices.Replace(
                "write:",
                $"retries: {retries}, retry_delay: 10ms, write:",
                StringComparison.Ordinal
            )
        );
        world.Put("prices/1.csv", "id,price\n1,1.50\n3,3.50\n");
        await PostgresTargets.RunsThoughItsSessionsEndAt(boundary, world, target);
        Assert.Equal(
            ["2|2|1"],
            await target.Query(
                "SELECT count(*), count(DISTINCT id), (SELECT count(*) FROM headrace.loads) AS loads FROM raw.prices"
            )
        );
    }

    [Fact]
    public async Task WhatIsSaidOfAConnectionThatIsGoneIsKnown()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var db = await server.OpenAsync("postgres");
        await db.CloseAsync();
        Assert.True(
            PostgresErrors.IsBroken(
                await Assert.ThrowsAsync<InvalidOperationException>(() => db.ExecuteAsync("SELECT 1", cancel))
            )
        );
        Assert.False(
            PostgresErrors.IsBroken(Assert.Throws<InvalidOperationException>(() => Enumerable.Empty<int>().First()))
        );
    }

    [Theory]
    [InlineData("COMMIT", true)]
    [InlineData("ROLLBACK", false)]
    public async Task ALoadInDoubtIsWaitedFor(string end, bool committed)
    {
        var target = await PostgresTargets.Into(server, world, PostgresTargets.Prices);
        var cancel = TestContext.Current.CancellationToken;
        await using var asking = new Headrace.Postgres.PostgresSession(await server.OpenAsync(target.Name));
        var concurrency = new PostgresConcurrency("the server");
        await concurrency.EnsureAsync(asking, null, null, cancel);
        await using var doubtful = await target.Session();
        await doubtful.Execute("BEGIN");
        // As each load's fence does.
        await doubtful.Execute("SELECT pg_advisory_xact_lock(hashtextextended('headrace dataset prices', 0))");
        await doubtful.Execute(
            """
            INSERT INTO headrace.loads
            VALUES ('l_1', 'r_1', 'prices', 'prices', 'raw', 'prices', 1, 'append', 1, 0, 0, 0, 0, 0, now())
            """
        );
        async Task<bool> Ask()
        {
            await asking.BeginAsync(cancel);
            await concurrency.LockAsync(
                asking,
                new Dataset("prices", "prices", new Dictionary<string, string>()),
                cancel
            );
            return (
                    await new WarehouseStore(
                        asking,
                        PostgresDialect.Instance,
                        concurrency,
                        TimeProvider.System,
                        cancel
                    ).CommittedAsync(["l_1"])
                ).Count == 1;
        }

        var asked = Ask();
        await Task.Delay(500, cancel);
        Assert.False(asked.IsCompleted);
        await doubtful.Execute(end);
        Assert.Equal(committed, await asked);
    }

    [Fact]
    public async Task ABatchThatAnotherProjectOvertookLoadsNothing()
    {
        var target = await PostgresTargets.Into(server, world, PostgresTargets.Prices);
        world.Put("prices/1.csv", "id,price\n1,1.50\n3,3.50\n");
        using var other = new World();
        Directory.Delete(other.Lake);
        Directory.CreateSymbolicLink(other.Lake, world.Lake);
        other.Configuration(
            await File.ReadAllTextAsync(
                Path.Combine(world.Folder, "headrace.yaml"),
                TestContext.Current.CancellationToken
            )
        );

        using var sleeper = world.Start(World.At("transaction_begun", "stop"), "run", "--json");
        await sleeper.Stopped();
        Assert.Equal("loaded", (await other.Load()).Only.Outcome);
        sleeper.Signal("CONT");
        Assert.Equal("HDR-301", (await sleeper.Ended()).Only.Error);

        // The other way round: the second one waits at the fence until the first one is through.
        world.Put("prices/2.csv", "id,price\n4,4.50\n");
        using var holder = world.Start(World.At("rows_applied", "stop"), "run", "--json");
        await holder.Stopped();
        var waiting = other.Run("run", "--json");
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        holder.Signal("CONT");
        Assert.Equal(0, (await holder.Ended()).Exit);
        Assert.Equal("HDR-301", (await waiting).Only.Error);
        Assert.Equal(
            ["3|3|2"],
            await target.Query(
                "SELECT count(*), count(DISTINCT id), (SELECT count(*) FROM headrace.loads) AS loads FROM raw.prices"
            )
        );
    }

    [Fact]
    public async Task ManyDatasetsAtOnceMakeOneTable()
    {
        var target = await PostgresTargets.Into(
            server,
            world,
            """many: { source: { connection: lake, path: "many/{tenant}/*" }, columns: { id: bigint, """
                + "name: text }, read: incremental, write: append, retries: 5, retry_delay: 20ms }"
        );
        for (var i = 0; i < 5; i++)
            world.Put(
                $"many/t{i}/1.csv",
                "id,name\n" + string.Concat(Enumerable.Range(i * 100, 200).Select(n => $"{n},x\n"))
            );
        await world.Load();
        Assert.Equal(["1000|600"], await target.Query("SELECT count(*), count(DISTINCT id) FROM raw.many"));
        Assert.Equal(
            ["1000|5"],
            await target.Query("SELECT sum(inserted + updated + unchanged), count(*) FROM headrace.loads")
        );
    }

    [Fact]
    public async Task APlanWritesNothingAndCountsAsTheRunDoes()
    {
        var target = await PostgresTargets.Into(
            server,
            world,
            $"{PostgresTargets.Prices}\n{PostgresTargets.Customers}\n{PostgresTargets.Suppliers}"
        );
        world
            .Put("prices/1.csv", "id,price\n1,1.50\n2,x\n")
            .Put("customers/1.csv", "id,name\n1,a\n2,b\n1,c\n")
            .Put("suppliers/1.csv", "id\n1\n", landedSecondsAgo: 7200);
        var plan = await world.Run("plan", "--json");
        Assert.True(plan.Exit == 0, plan.Text);
        Assert.Equal(["2i 0u 0d 0s 0q", "1i 0u 0d 0s 1q", "1i 0u 0d 0s 0q"], plan.Runs.Select(run => run.Counts));
        Assert.Contains("CREATE TABLE \\u0022raw\\u0022.\\u0022prices\\u0022", plan.Output, StringComparison.Ordinal);
        Assert.Empty(await target.Query("SELECT nspname FROM pg_namespace WHERE nspname IN ('headrace', 'raw')"));

        await world.Load();
        world
            .Put("customers/2.csv", "id,name,more\n1,c,\n2,new,x\n3,d,\n")
            .Put("suppliers/2.csv", "id\n2\n3\n")
            .Put("prices/2.csv", "id,price\n5,5\n");
        plan = await world.Run("plan", "--json");
        var loaded = await world.Load();
        Assert.Equal(["1i 1u 0d 1s 0q", "1i 0u 0d 0s 0q", "2i 0u 1d 0s 0q"], plan.Runs.Select(run => run.Counts));
        Assert.Equal(loaded.Runs.Select(run => run.Counts), plan.Runs.Select(run => run.Counts));
    }

    [Fact]
    public async Task RowsInQuarantineAreListedReleasedOnceAndDiscarded()
    {
        var target = await PostgresTargets.Into(
            server,
            world,
            """m: { source: { connection: lake, path: "m/*" }, columns: { id: bigint, amount: "decimal(12,2)", """
                + "note: text, more: json }, read: incremental, primary_key: id, write: merge }"
        );
        world.Put("m/a.csv", "id,amount,note,more\n1,5.00,keep,\"{\"\"k\"\": 1}\"\n", landedSecondsAgo: 900);
        await world.Load();
        world.Put("m/b.csv", "id,amount,more\n1,bad,\n2,worse,\n3,3.00,\"\"\"\\u0000\"\"\"\n");
        await world.Load();
        Assert.Equal(
            3,
            (await world.Run("quarantine", "list", "--json"))
                .Json.GetProperty("datasets")[0]
                .GetProperty("rows")
                .GetInt64()
        );
        Assert.Contains(
            "no decimal(12,2)",
            (await world.Run("quarantine", "show", "m")).Output,
            StringComparison.Ordinal
        );

        Assert.Equal(0, (await world.Run("quarantine", "release", "m", "1", "--set", "amount=9.99")).Exit);
        Assert.Equal(0, (await world.Run("quarantine", "release", "m", "1", "--set", "amount=7.77")).Exit);
        Assert.Equal(3, (await world.Run("quarantine", "release", "m", "3")).Exit);
        Assert.Equal(3, (await world.Run("quarantine", "release", "m", "2", "--set", "amount=none")).Exit);
        Assert.Equal(0, (await world.Run("quarantine", "release", "m", "2", "--set", "amount=2")).Exit);
        Assert.Equal(0, (await world.Run("quarantine", "discard", "m", "3", "--reason", "test")).Exit);
        Assert.Equal(
            ["1|9.99|keep|NULL", "2|2.00|NULL|NULL"],
            await target.Query("SELECT id::text, amount::text, note, more::text FROM raw.m ORDER BY id")
        );
        Assert.Equal(
            ["1|released|NULL", "2|released|NULL", "3|discarded|test"],
            await target.Query("SELECT id, status, resolution FROM headrace.quarantine ORDER BY id")
        );
        await world.Load();
        Assert.Contains("The dataset is well", (await world.Run("status")).Output, StringComparison.Ordinal);
        Assert.Contains("Everything is there", (await world.Run("doctor")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await world.Run("runs")).Exit);
    }

    [Fact]
    public async Task F60_ALockedTableIsWaitedForAndATimeoutEndsTheWaiting()
    {
        var target = await PostgresTargets.Into(
            server,
            world,
            PostgresTargets.Customers.Replace("write:", "timeout: 5s, write:", StringComparison.Ordinal)
        );
        world.Put("customers/1.csv", "id,name\n1,a\n", landedSecondsAgo: 900);
        await world.Load();
        world.Put("customers/2.csv", "id,name\n1,b\n");
        await using var other = await target.Session();
        await other.Execute("BEGIN; LOCK TABLE raw.customers IN ACCESS EXCLUSIVE MODE");
        Assert.Equal("HDR-306", (await world.Run("run", "--json")).Only.Error);
        var waiting = world.Run("run", "--json");
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        await other.Execute("ROLLBACK");
        Assert.Equal("0i 1u 0d 0s 0q", (await waiting).Only.Counts);
        Assert.Equal(["1|b"], await target.Query("SELECT * FROM raw.customers"));
    }

    [Theory]
    [InlineData("hard")]
    [InlineData("soft")]
    public async Task ExportsAreComparedAndTheirChangesApplied(string deletes)
    {
        var target = await PostgresTargets.Into(
            server,
            world,
            """ex: { source: { connection: lake, path: "ex/{version}/*.csv", csv: { header: true } }, """
                + "columns: { id: bigint, name: text, more: json }, read: snapshot, primary_key: id, "
                + $$"""deletes: {{deletes}}, write: merge }"""
        );
        world.Put("ex/1/a.csv", "id,name,more\n1,a,\n2,b,\"{\"\"x\"\":1}\"\n3,c,\n");
        Assert.Equal("3i 0u 0d 0s 0q", (await world.Load()).Only.Counts);
        await target.Execute("ALTER TABLE raw.ex ADD COLUMN note text; UPDATE raw.ex SET note = 'n' || id");
        world.Put("ex/2/a.csv", "id,name,more\n1,a,\n2,new,\"{\"\"x\"\":1}\"\n4,d,\"[NaN]\"\n5,,\n");
        var plan = await world.Run("plan", "--json");
        Assert.Equal("1i 1u 1d 1s 1q", plan.Only.Counts);
        Assert.Contains("\"before\":\"b\",\"after\":\"new\"", plan.Output, StringComparison.Ordinal);
        var run = (await world.Load()).Only;
        Assert.Equal("1i 1u 1d 1s 1q", run.Counts);
        Assert.DoesNotContain("changed by others", run.Warnings, StringComparison.Ordinal);
        Assert.Equal(
            deletes == "hard" ? ["1|a|n1", "2|new|n2", "5|NULL|NULL"] : ["1|a|n1", "2|new|n2", "3|c|n3", "5|NULL|NULL"],
            await target.Query("SELECT id, name, note FROM raw.ex ORDER BY id")
        );
        if (deletes == "soft")
            Assert.Equal(["3"], await target.Query("SELECT id FROM raw.ex WHERE deleted_at IS NOT NULL"));

        // Its memory is gone: the table tells what the last export held.
        await target.Execute("ALTER TABLE raw.ex DROP COLUMN note");
        Directory.Delete(Path.Combine(world.Folder, ".headrace/snapshots"), recursive: true);
        world.Put("ex/3/a.csv", "id,name,more\n1,a,\n2,new,\"{\"\"x\"\": 1}\"\n3,back,\n");
        Assert.Equal("1i 0u 1d 2s 0q", (await world.Load()).Only.Counts);
        Assert.Equal(
            ["1|a", "2|new", "3|back"],
            await target.Query(
                $"SELECT id, name FROM raw.ex {(deletes == "soft" ? "WHERE deleted_at IS NULL" : "")} ORDER BY id"
            )
        );
    }
}
