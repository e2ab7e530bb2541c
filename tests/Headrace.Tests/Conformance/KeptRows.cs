using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>A staging table whose rows go once its models have read them.</summary>
public abstract class KeptRows(PostgresServer server, WarehouseKind kind) : ModelWorld(server, kind)
{
    private const string Staging =
        """staged: { source: { connection: lake, path: "staged/*" }, columns: { id: bigint, amount: "decimal(12,2)" }, """
        + "read: incremental, write: append, keep_rows: until_models }";

    private const string Added = "added: { sql: models/added.sql, target: { schema: mart }, write: append }";

    private async Task Stage(params string[] models)
    {
        await Flows(Staging);
        File.AppendAllText(
            Path.Combine(World.Folder, "headrace.yaml"),
            $"\nmodels:\n  {string.Join("\n  ", models)}\n"
        );
        World.Put("staged/1.csv", "id,amount\n1,1.00\n2,2.00\n", landedSecondsAgo: 7200);
    }

    [Fact]
    public async Task AModelTakesTheRowsThatItHasRead()
    {
        Sql("added", "SELECT id, amount FROM raw.staged");
        await Stage(Added);
        await World.Load();
        Assert.Equal(["0"], await Rows("SELECT count(*) FROM raw.staged"));
        Assert.Equal("up_to_date", (await World.Load("added")).Only.Outcome);

        World.Put("staged/2.csv", "id,amount\n3,3.00\n", landedSecondsAgo: 600);
        await World.Load("staged");
        World.Put("staged/3.csv", "id,amount\n4,4.00\n", landedSecondsAgo: 60);
        await World.Load("staged");
        Assert.Equal(["3", "4"], await Rows("SELECT id FROM raw.staged ORDER BY id"));
        Assert.NotEqual(0, (await World.RunProcess(World.At("before_commit", "kill"), "run", "added")).Exit);
        Assert.Equal(["3", "4"], await Rows("SELECT id FROM raw.staged ORDER BY id"));
        Assert.Equal("2i 0u 0d 0s 0q", (await World.Load("added")).Only.Counts);
        Assert.Equal(["1", "2", "3", "4"], await Rows("SELECT id FROM mart.added ORDER BY id"));
        Assert.Equal(["0"], await Rows("SELECT count(*) FROM raw.staged"));

        // With other text and nothing to read, what is there stays.
        Sql("added", "SELECT id, amount, 1 AS one FROM raw.staged");
        Assert.Equal("0i 0u 0d 0s 0q", (await World.Load("added")).Only.Counts);
        Assert.Equal(["4"], await Rows("SELECT count(*) FROM mart.added"));
    }

    [Fact]
    public async Task ABatchThatComesMeanwhileStays()
    {
        if (Kind == WarehouseKind.DuckDb)
            return; // one process has its file at a time
        Sql("added", "SELECT id, amount FROM raw.staged");
        await Stage(Added);
        await World.Load();
        World.Put("staged/2.csv", "id,amount\n3,3.00\n", landedSecondsAgo: 600);
        await World.Load("staged");
        World.Put("staged/3.csv", "id,amount\n4,4.00\n", landedSecondsAgo: 60);
        using (var model = World.Start(World.At("rows_applied", "stop"), "run", "added"))
        {
            await model.Stopped();
            using var flow = World.Start(new Dictionary<string, string>(), "run", "staged");
            if (Kind == WarehouseKind.Postgres)
                Assert.Equal(0, (await flow.Ended()).Exit);
            model.Signal("CONT");
            Assert.Equal(0, (await model.Ended()).Exit);
            if (Kind != WarehouseKind.Postgres) // where it has waited
                Assert.Equal(0, (await flow.Ended()).Exit);
        }

        Assert.Equal(["4"], await Rows("SELECT id FROM raw.staged"));
        Assert.Equal("1i 0u 0d 0s 0q", (await World.Load("added")).Only.Counts);
        Assert.Equal(["1", "2", "3", "4"], await Rows("SELECT id FROM mart.added ORDER BY id"));
    }

    [Fact]
    public async Task RowsGoWithTheLastOfSeveralModels()
    {
        Sql("one", "SELECT id, amount FROM raw.staged");
        Sql("two", "SELECT id, amount FROM raw.nosuch AS n JOIN raw.staged USING (id)");
        const string One =
            "one: { sql: models/one.sql, after: [staged], target: { schema: mart }, write: merge, primary_key: id }";
        const string Two =
            "two: { sql: models/two.sql, after: [staged], target: { schema: mart }, write: merge, primary_key: id }";
        await Stage(One, Two);
        Assert.Equal("failed", (await World.Run("run", "--json")).Run("two").Outcome);
        Assert.Equal(["2"], await Rows("SELECT count(*) FROM raw.staged"));
        Sql("two", "SELECT id, amount FROM raw.staged");
        World.Put("staged/2.csv", "id,amount\n3,3.00\n", landedSecondsAgo: 600);
        var run = await World.Load();
        Assert.Equal("1i 0u 0d 2s 0q", run.Run("one").Counts);
        Assert.Equal("3i 0u 0d 0s 0q", run.Run("two").Counts);
        Assert.Equal(["0"], await Rows("SELECT count(*) FROM raw.staged"));

        await Stage(One, Added);
        Sql("added", "SELECT id, amount FROM raw.staged");
        var refused = await World.Run("run", "added");
        Assert.Equal(2, refused.Exit);
        Assert.Contains("HDR-576", refused.Text, StringComparison.Ordinal);
    }
}

public sealed class KeptRowsInDuckDb(PostgresServer server) : KeptRows(server, WarehouseKind.DuckDb);

public sealed class KeptRowsInPostgres(PostgresServer server) : KeptRows(server, WarehouseKind.Postgres);

public sealed class KeptRowsInRedshift(PostgresServer server) : KeptRows(server, WarehouseKind.Redshift);
