using Headrace.Tests.StandIn;
using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>Files into tables: append, merge, replace, new columns, quarantine and its release.</summary>
public abstract class Loads(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private bool IsDuckDb => Kind == WarehouseKind.DuckDb;

    [Fact]
    public async Task AppendedRowsComeOnceAndBadOnesWait()
    {
        await Flows(PostgresTargets.Prices);
        World.Put("prices/1.csv", "id,price\n1,1.50\n2,x\n3,3.50\n4,1,2\n");
        Assert.Equal("2i 0u 0d 0s 2q", (await World.Load()).Only.Counts);
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);

        Assert.Equal(["1|1.50", "3|3.50"], await Rows("SELECT id, price FROM raw.prices ORDER BY id"));
        Assert.Equal(
            ["3|price|x|{\"id\":\"2\",\"price\":\"x\"}", "5|NULL|4,1,2|NULL"],
            await Rows("SELECT line, \"column\", value, \"row\" FROM headrace.quarantine ORDER BY line")
        );
        Assert.Equal(
            ["prices/1.csv|2|2|loaded"],
            await Rows("SELECT key, rows, quarantined, outcome FROM headrace.files")
        );
        Assert.Equal(
            ["1|append|1|2|2"],
            await Rows("SELECT generation, operation, files, inserted, quarantined FROM headrace.loads")
        );
        Assert.Contains(
            "4,1,2",
            (await World.Run("quarantine", "show", "prices", "--json")).Output,
            StringComparison.Ordinal
        );
        NothingIsStaged();
    }

    [Fact]
    public async Task MergeCountsAndKeepsWhatTheFilesDoNotBring()
    {
        await Flows(PostgresTargets.Customers);
        World.Put("customers/1.csv", "id,name\n1,a\n2,b\n3,c\n1,last\n,nobody\n", landedSecondsAgo: 900);
        var first = (await World.Load()).Only;
        Assert.Equal("3i 0u 0d 0s 1q", first.Counts);
        Assert.Contains("1 row had the key of a later row", first.Warnings, StringComparison.Ordinal);

        await Alter("ALTER TABLE raw.customers ADD COLUMN note varchar(20)");
        await Alter("UPDATE raw.customers SET note = 'keep'");
        World.Put("customers/2.csv", "id,name\n1,last\n2,new\n3,\n4,d\n");
        var planned = (await World.Run("plan", "--json")).Only;
        Assert.Equal("would_load 1i 2u 0d 1s 0q", $"{planned.Outcome} {planned.Counts}");
        NothingIsStaged();
        Assert.Equal("1i 2u 0d 1s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(
            ["1|last|keep", "2|new|keep", "3|NULL|keep", "4|d|NULL"],
            await Rows("SELECT id, name, note FROM raw.customers ORDER BY id")
        );
        World.Put("customers/3.csv", "id,name\n1,last\n2,\"new \"\n", landedSecondsAgo: 60);
        Assert.Equal("0i 1u 0d 1s 0q", (await World.Load()).Only.Counts); // a blank at the end is a change
    }

    [Fact]
    public async Task AKeyThatTheTableHasTwiceIsPutRight()
    {
        await Flows(PostgresTargets.Customers);
        await Alter("CREATE SCHEMA raw");
        await Alter("CREATE TABLE raw.customers (id bigint, name varchar(100))");
        await Alter("INSERT INTO raw.customers VALUES (1, 'a'), (1, 'a'), (2, 'b')");
        World.Put("customers/1.csv", "id,name\n1,a\n2,b\n");
        Assert.Equal("0i 1u 0d 1s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|a", "2|b"], await Rows("SELECT id, name FROM raw.customers ORDER BY id"));
    }

    [Fact]
    public async Task AReplacementIsNeverSeenEmptyAndHardlyARowIsNone()
    {
        await Flows(PostgresTargets.Suppliers);
        World.Put("suppliers/1.csv", "id,name\n1,a\n2,b\n", landedSecondsAgo: 7200);
        await World.Load();
        World.Put("suppliers/2.csv", "id,name\n7,x\n8,\"\"\n9,\n", landedSecondsAgo: 900);
        using (var child = World.Start(World.At("before_commit", "stop"), "run"))
        {
            await child.Stopped();
            if (!IsDuckDb) // whose file one process has at a time
                Assert.Equal(["1", "2"], await Rows("SELECT id FROM raw.suppliers ORDER BY id"));
            child.Signal("CONT");
            Assert.Equal(0, (await child.Ended()).Exit);
        }

        // '' is not NULL.
        Assert.Equal(["7|x", "8|", "9|NULL"], await Rows("SELECT id, name FROM raw.suppliers ORDER BY id"));
        World.Put("suppliers/3.csv", "id,name\n", landedSecondsAgo: 60);
        Assert.Equal("HDR-202", (await World.Run("run", "--json")).Only.Error);
        Assert.Equal(["3"], await Rows("SELECT count(*) FROM raw.suppliers"));
    }

    [Fact]
    public async Task ANewColumnIsAdded()
    {
        await Flows(
            """s: { source: { connection: lake, path: "s/*" }, read: incremental, primary_key: id, write: merge }"""
        );
        World.Put("s/1.csv", "id,name\n1,a\n", landedSecondsAgo: 900);
        await World.Load();
        World.Put("s/2.csv", "id,name,since\n1,a,2026-01-02\n2,b,\n");
        var run = (await World.Load()).Only;
        Assert.Equal("1i 1u 0d 0s 0q", run.Counts);
        Assert.Contains("'since' is new and was added", run.Warnings, StringComparison.Ordinal);
        Assert.Equal(["1|a|2026-01-02", "2|b|NULL"], await Rows("SELECT id, name, since FROM raw.s ORDER BY id"));
    }

    [Theory]
    [InlineData("rows_applied", "kill")]
    [InlineData("before_commit", "kill")]
    [InlineData("after_commit", "kill")]
    [InlineData("rows_applied", "throw")]
    public async Task RowsInQuarantineAreReleasedOnceWhateverDies(string boundary, string action)
    {
        await Flows(
            """m: { source: { connection: lake, path: "m/*" }, columns: { id: text, amount: "decimal(12,2)", """
                + "note: text, more: json }, read: incremental, primary_key: id, write: merge }"
        );
        World.Put("m/a.csv", "id,amount,note,more\na,5.00,keep,\"{\"\"k\"\": 1}\"\n", landedSecondsAgo: 900);
        await World.Load();
        World.Put("m/b.csv", "id,amount,more\na,bad,\n\"a \",worse,\nc,none,\n");
        await World.Load();
        var ids = await Rows("SELECT id FROM headrace.quarantine ORDER BY line");
        string[] release = ["quarantine", "release", "m", $"{ids[0]},{ids[1]}", "--set", "amount=9.99"];
        Assert.NotEqual(0, (await World.RunProcess(World.At(boundary, action), release)).Exit);
        Assert.Equal(0, (await World.Run(release)).Exit);
        Assert.Equal(3, (await World.Run("quarantine", "release", "m", ids[2])).Exit);
        Assert.Equal(
            ["a|9.99|keep|NULL", "a |9.99|NULL|NULL"],
            await Rows("SELECT id, amount, note, more FROM raw.m ORDER BY id")
        );
        Assert.Equal(
            ["released", "released", "waiting"],
            await Rows("SELECT status FROM headrace.quarantine ORDER BY line")
        );
        NothingIsStaged();
    }

    [Fact]
    public async Task RowsOfATableThatWasReplacedSinceAreSuperseded()
    {
        await Flows(PostgresTargets.Suppliers);
        World.Put("suppliers/1.csv", "id,name\n1,a\n", landedSecondsAgo: 900);
        await World.Load();
        World.Put("suppliers/2.csv", "id,name\n1,b\nx,c\n", landedSecondsAgo: 800);
        await World.Load();
        World.Put("suppliers/3.csv", "id,name\n3,d\n", landedSecondsAgo: 700);
        await World.Load();
        Assert.Contains(
            "\"released\":0",
            (await World.Run("quarantine", "release", "suppliers", "--json")).Output,
            StringComparison.Ordinal
        );
        Assert.Equal(["superseded"], await Rows("SELECT status FROM headrace.quarantine"));
        Assert.Equal(["3|d"], await Rows("SELECT id, name FROM raw.suppliers"));
    }

    private void NothingIsStaged() =>
        Assert.Empty(Redshift is null ? [] : Directory.GetFiles(Redshift.Folder, "*", SearchOption.AllDirectories));
}

public sealed class LoadsIntoDuckDb(PostgresServer server) : Loads(server, WarehouseKind.DuckDb);

public sealed class LoadsIntoPostgres(PostgresServer server) : Loads(server, WarehouseKind.Postgres);

public sealed class LoadsIntoRedshift(PostgresServer server) : Loads(server, WarehouseKind.Redshift);

public sealed class LoadsFromS3 : Loads
{
    public LoadsFromS3(PostgresServer server, S3Server s3)
        : base(server, WarehouseKind.DuckDb) => S3 = s3;
}
