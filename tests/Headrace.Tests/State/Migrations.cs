using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.State;

/// <summary>What an earlier release left is brought up to date, and what a later one wrote is refused.</summary>
public abstract class Migrations(PostgresServer server, WarehouseKind kind) : Release010(server, kind)
{
    // Redshift numbers the documents of a dataset by its loads.
    private string Order => Kind == WarehouseKind.Redshift ? "generation" : "sequence";

    [Fact]
    public async Task RowsPositionsAndWaitingOperationsStay()
    {
        await Restore(Prices, Items, Inbox);
        var positions = await Rows(
            $"SELECT dataset, generation, load_id, cursor FROM {await Positions()} AS p ORDER BY dataset"
        );
        var outbox = Assert.Single(
            Directory.GetFiles(Path.Combine(World.Folder, ".headrace/outbox"), "*.jsonl", SearchOption.AllDirectories)
        );
        var waiting = File.ReadAllText(outbox);

        Assert.Equal(0, (await World.Run("plan", "prices")).Exit);
        var answer = await World.Load();
        Assert.All(answer.Runs, run => Assert.Equal(("up_to_date", "0i 0u 0d 0s 0q"), (run.Outcome, run.Counts)));
        Assert.Equal(3, answer.Run("items")["published"]);
        Assert.Equal(
            waiting,
            File.ReadAllText(
                Directory.GetFiles(Path.Combine(World.Folder, "ops"), "*.jsonl").Order(StringComparer.Ordinal).Last()
            )
        );

        Assert.Equal(
            positions,
            await Rows($"SELECT dataset, generation, load_id, cursor FROM {await Positions()} AS p ORDER BY dataset")
        );
        Assert.Equal(["1|A", "3|c"], await Rows("SELECT id, name FROM raw.items ORDER BY id"));
        Assert.Equal(["1|1.50"], await Rows("SELECT id, price FROM raw.prices"));
        Assert.Equal(
            ["9|7|1|2|1"],
            await Rows(
                """
                SELECT (SELECT count(*) FROM headrace.loads) AS a, (SELECT count(*) FROM headrace.files WHERE outcome =
                    'loaded') AS b, (SELECT count(*) FROM headrace.quarantine WHERE status = 'waiting') AS c,
                    (SELECT count(*) FROM headrace.published WHERE published_at IS NOT NULL) AS d, (SELECT count(*)
                        FROM headrace.process_table) AS e
                """
            )
        );
        Assert.Equal(
            ["append|false", "unknown|true"],
            (
                await Rows(
                    "SELECT way, is_alone FROM headrace.owners WHERE table_name IN ('prices', 'items') ORDER BY 1"
                )
            ).Select(row => row.ToLowerInvariant())
        );
        Assert.Equal(
            7,
            (await World.Run("runs", "--json"))
                .Json.GetProperty("runs")
                .EnumerateArray()
                .Count(run =>
                    run.GetProperty("started_at").GetString()!.StartsWith("2026-11-30T03:5", StringComparison.Ordinal)
                )
        );

        World.Put("items/v3/1.csv", "id,name\n1,A\n3,C\n4,d\n").Put("prices/2.csv", "id,price\n3,3.5\n");
        answer = await World.Load();
        Assert.Equal(("1i 1u 0d 1s 0q", "1i 0u 0d 0s 0q"), (answer.Run("items").Counts, answer.Run("prices").Counts));
        Assert.Equal(["1|1.50", "3|3.50"], await Rows("SELECT id, price FROM raw.prices ORDER BY id"));
        Assert.Equal(
            ["snapshot|true"],
            (await Rows("SELECT way, is_alone FROM headrace.owners WHERE table_name = 'items'")).Select(row =>
                row.ToLowerInvariant()
            )
        );
    }

    [Fact]
    public async Task DatasetsThatSharedATableAreRefusedUntilOneTakesIt()
    {
        await Restore(Stock);
        World.Put("stock/us/2.csv", "id,name\n2,two again\n");
        var answer = await World.Run("run", "--json");
        Assert.Equal(["HDR-328", "HDR-328"], answer.Runs.Select(run => run.Error));
        Assert.Equal(["1|one", "2|two"], await Rows("SELECT id, name FROM raw.stock ORDER BY id"));
        answer = await World.Run("run", "--json", "--take-over", "stock/us");
        Assert.Equal(("HDR-328", "0i 1u 0d 0s 0q"), (answer.Run("stock/eu").Error, answer.Run("stock/us").Counts));
        Assert.Equal(["stock/us"], await Rows("SELECT dataset FROM headrace.owners WHERE table_name = 'stock'"));
    }

    [Fact]
    public async Task TheEarlierReleaseIsRefusedBeforeItWrites()
    {
        await Restore(Prices);
        await World.Load();

        // What it asks first: of operations that wait, for a position, for what verify compares.
        foreach (
            var question in (string[])
                [
                    """
                        SELECT DISTINCT dataset FROM headrace.published
                        WHERE flow = 'items' AND published_at IS NULL ORDER BY dataset
                        """,
                    $"""
                        SELECT document, landed_at, key FROM headrace.schemas WHERE dataset = 'prices'
                        ORDER BY {Order} DESC LIMIT 1
                        """,
                ]
        )
            await Assert.ThrowsAnyAsync<Exception>(() => Rows(question));
        Assert.NotEmpty(await Rows("SELECT schema_version FROM headrace.schema_documents"));
    }

    [Fact]
    public async Task ALaterReleaseIsNamedAndNothingIsWritten()
    {
        await Restore(Prices);
        await World.Load();
        await Alter(
            """
            INSERT INTO headrace.meta (version, written_by, written_at) SELECT 99, '9.9.9', max(written_at)
            FROM headrace.meta
            """
        );
        World.Put("prices/2.csv", "id,price\n3,3.5\n");
        foreach (
            var command in (string[][])
                [
                    ["run"],
                    ["plan"],
                    ["verify"],
                    ["quarantine", "list"],
                    ["quarantine", "discard", "prices", "--all"],
                ]
        )
        {
            var answer = await World.Run(command);
            Assert.True(
                answer.Exit != 0
                    && answer.Text.Contains("HDR-329", StringComparison.Ordinal)
                    && answer.Text.Contains("9.9.9", StringComparison.Ordinal),
                $"{string.Join(' ', command)}: {answer.Exit} {answer.Text}"
            );
        }

        Assert.Equal(["1"], await Rows("SELECT count(*) FROM raw.prices"));
        Assert.Equal(["1"], await Rows("SELECT count(*) FROM headrace.quarantine WHERE status = 'waiting'"));
    }

    [Fact]
    public async Task AFreshWarehouseAndOneOfAnEarlierReleaseHaveTheSameColumns()
    {
        const string Columns = """
            SELECT table_name, column_name, data_type FROM information_schema.columns
            WHERE table_schema = 'headrace' AND table_name NOT LIKE '%position%' AND table_name NOT LIKE
            'target%' AND table_name NOT IN ('runs', 'leases', 'ledger') ORDER BY 1, 2
            """;
        await Restore(Prices);
        await World.Load();
        var old = await Rows(Columns);
        if (Kind == WarehouseKind.DuckDb)
            foreach (var file in Directory.GetFiles(World.Folder, "warehouse.duckdb*"))
                File.Delete(file);
        else
            await Alter($"DROP SCHEMA headrace CASCADE; DROP SCHEMA raw CASCADE");
        await World.Load();
        Assert.Equal(old, await Rows(Columns));
    }
}

public sealed class MigrationsOfDuckDb(PostgresServer server) : Migrations(server, WarehouseKind.DuckDb);

public sealed class MigrationsOfPostgres(PostgresServer server) : Migrations(server, WarehouseKind.Postgres);

public sealed class MigrationsOfRedshift(PostgresServer server) : Migrations(server, WarehouseKind.Redshift);
