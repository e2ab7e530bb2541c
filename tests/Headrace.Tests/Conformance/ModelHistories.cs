using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>Models that keep the versions of their rows (<c>write: scd2</c>).</summary>
public abstract class ModelHistories(PostgresServer server, WarehouseKind kind) : ModelWorld(server, kind)
{
    private const string Versions =
        "SELECT customer_sk, customer_id, city, CASE WHEN is_current THEN 'now' ELSE 'then' END "
        + "FROM mart.dim_customer ORDER BY customer_sk";

    private static string History(string scd2 = "{}") =>
        "dim_customer: { sql: models/dim_customer.sql, target: { schema: mart }, write: scd2, "
        + $"primary_key: customer_id, surrogate_key: customer_sk, scd2: {scd2} }}";

    private async Task<string> Run()
    {
        var planned = await World.Run("plan", "dim_customer", "--json");
        Assert.True(planned.Exit == 0, planned.Text);
        var plan = planned.Only;
        var run = (await World.Load("dim_customer")).Only;
        if (run.Outcome == "loaded")
            Assert.Equal(run.Counts, plan.Counts);
        return $"{run.Outcome} {run.Counts}";
    }

    // Customers whose rows say when they changed.
    private async Task Timed(string scd2)
    {
        await Flows(
            """customers: { source: { connection: lake, path: "customers/*" }, columns: { id: bigint, name: text, """
                + "city: text, changed_at: timestamp }, read: incremental, primary_key: id, write: merge }"
        );
        File.AppendAllText(Path.Combine(World.Folder, "headrace.yaml"), $"\nmodels:\n  {History(scd2)}\n");
        Sql("dim_customer", "SELECT id AS customer_id, name, city, changed_at FROM raw.customers");
    }

    private Task Put(int file, params string[] rows)
    {
        World.Put(
            $"customers/{file}.csv",
            "id,name,city,changed_at\n" + string.Concat(rows.Select(row => row + "\n")),
            landedSecondsAgo: 7200 - file
        );
        return World.Load("customers");
    }

    [Fact]
    public async Task WhatDiffersOpensAVersionWithANumberOfItsOwn()
    {
        Sql("dim_customer", DimensionSql);
        await Models(History());
        World.Put("customers/1.csv", "id,name,city\n10,ann,Rome\n20,bob,\n", landedSecondsAgo: 7200);
        await World.Load("customers");
        Assert.Equal("loaded 2i 0u 0d 0s 0q", await Run());
        Assert.Equal("up_to_date 0i 0u 0d 0s 0q", await Run());

        World.Put("customers/2.csv", "id,name,city\n20,bob,Oslo\n5,cid,\n10,ann,Rome\n", landedSecondsAgo: 600);
        await World.Load("customers");
        Assert.Equal("loaded 2i 1u 0d 1s 0q", await Run());
        Assert.Equal(["1|10|Rome|now", "2|20|NULL|then", "3|5|NULL|now", "4|20|Oslo|now"], await Rows(Versions));
        Assert.Equal(
            ["1"],
            await Rows(
                """
                SELECT count(*) FROM mart.dim_customer AS a JOIN mart.dim_customer AS b
                ON a.valid_to = b.valid_from AND a.customer_id = b.customer_id
                """
            )
        );

        // What did not change opens nothing; what is gone is ended, and gets another number when it comes back.
        World.Put("customers/3.csv", "id,name,city\n30,dee,\n", landedSecondsAgo: 60);
        await World.Load("customers");
        await Alter("DELETE FROM raw.customers WHERE id IN (5, 30)");
        Assert.Equal("loaded 0i 1u 0d 2s 0q", await Run());
        World.Put("customers/4.csv", "id,name,city\n5,cid,\n", landedSecondsAgo: 30);
        await World.Load("customers");
        Assert.Equal("loaded 1i 0u 0d 2s 0q", await Run());
        Assert.Equal(
            ["1|10|Rome|now", "2|20|NULL|then", "3|5|NULL|then", "4|20|Oslo|now", "5|5|NULL|now"],
            await Rows(Versions)
        );
        Assert.Equal(
            ["dim_customer|4|events"],
            await Rows(
                """
                SELECT dataset, count(*), max(operation) FROM headrace.loads WHERE flow = 'dim_customer'
                GROUP BY dataset
                """
            )
        );
    }

    [Fact]
    public async Task AVersionBeginsWhenItsRowSays()
    {
        const string sql = """
            SELECT customer_id, name, city, CAST(valid_from AS date), CAST(valid_to AS date) FROM mart.dim_customer
            ORDER BY customer_id, valid_from
            """;
        await Timed("{ effective_at: changed_at, ignore: [name] }");
        await Put(1, "1,ann,Rome,2026-01-01", "2,bob,Oslo,2026-01-01");
        await Run();
        await Put(2, "1,ann,Ulm,2026-01-03", "2,Bob,Oslo,2026-01-04");
        Assert.Equal("loaded 1i 2u 0d 0s 0q", await Run());

        // Of one moment the last value counts.
        await Put(3, "1,ann,Bonn,2026-01-03");
        Assert.Equal("loaded 0i 1u 0d 1s 0q", await Run());
        Assert.Equal(
            ["1|ann|Rome|2026-01-01|2026-01-03", "1|ann|Bonn|2026-01-03|NULL", "2|Bob|Oslo|2026-01-01|NULL"],
            (await Rows(sql)).Select(row => row.Replace(" 00:00:00", "", StringComparison.Ordinal))
        );

        // A row that is older than its version, and one without a time, have no place.
        await Put(4, "1,ann,Kiel,2026-01-02", "2,bob,Kiel,");
        var stopped = (await World.Run("run", "dim_customer", "--json")).Only;
        Assert.Equal("HDR-347", stopped.Error);
        Assert.Equal("3", await Value("SELECT count(*) FROM mart.dim_customer"));

        // What comes back does so after its end, whatever its time.
        await Alter("DELETE FROM raw.customers WHERE id = 1");
        await Alter("UPDATE raw.customers SET changed_at = CAST('2026-01-05' AS timestamp)");
        Assert.Equal("loaded 1i 2u 0d 0s 0q", await Run());
        await Put(5, "1,ann,Kiel,2026-01-02");
        Assert.Equal("loaded 1i 0u 0d 1s 0q", await Run());
        Assert.Equal(
            "1",
            await Value(
                """
                SELECT count(*) FROM mart.dim_customer AS a JOIN mart.dim_customer AS b ON a.customer_id = b.customer_id
                WHERE a.valid_to = b.valid_from AND b.city = 'Kiel' AND b.is_current AND b.customer_id = 1
                """
            )
        );
    }

    [Fact]
    public async Task AVersionThatWouldEndBeforeItBeganIsNone()
    {
        await Timed("{ effective_at: changed_at }");
        await Put(1, "1,ann,Rome,2026-01-01", "2,bob,Oslo,2026-01-01");
        await Run();
        await Put(2, "1,ann,Ulm,2999-01-01", "2,bob,Oslo,2026-01-01");
        Assert.Equal("loaded 1i 1u 0d 1s 0q", await Run());
        await Put(3, "2,bob,Bonn,2026-01-02");
        await Alter("DELETE FROM raw.customers WHERE id = 1");
        Assert.Equal("loaded 1i 1u 1d 0s 0q", await Run());
        await Put(4, "1,ann,Kiel,2999-01-01");
        Assert.Equal("loaded 1i 0u 0d 1s 0q", await Run());
        Assert.Equal(
            ["1|Rome|then", "1|Kiel|now", "2|Oslo|then", "2|Bonn|now"],
            await Rows(
                """
                SELECT customer_id, city, CASE WHEN is_current THEN 'now' ELSE 'then' END FROM mart.dim_customer
                ORDER BY customer_id, valid_from
                """
            )
        );
    }

    [Fact]
    public async Task ANewColumnOpensAVersionWhereItHasAValue()
    {
        Sql("dim_customer", "SELECT id AS customer_id, city FROM raw.customers");
        await Models(History());
        World.Put("customers/1.csv", "id,name,city\n10,ann,Rome\n20,,Oslo\n", landedSecondsAgo: 7200);
        await World.Load("customers");
        await Run();
        Sql("dim_customer", "SELECT id AS customer_id, city, name FROM raw.customers");
        Assert.Equal("loaded 1i 1u 0d 1s 0q", await Run());
        Assert.Equal(["1|10|Rome|then", "2|20|Oslo|now", "3|10|Rome|now"], await Rows(Versions));
    }

    [Fact]
    public async Task AnEmptySelectEndsNothingUnlessItIsAskedTo()
    {
        Sql("dim_customer", DimensionSql);
        await Models(History());
        World.Put("customers/1.csv", "id,name,city\n10,ann,Rome\n", landedSecondsAgo: 7200);
        await World.Load("customers", "dim_customer");
        Sql("dim_customer", "SELECT id AS customer_id, name, city FROM raw.customers WHERE id < 0");
        Assert.Equal("HDR-202", (await World.Run("run", "dim_customer", "--json")).Only.Error);
        Assert.Equal(["1|10|Rome|now"], await Rows(Versions));
        var run = (await World.Run("run", "dim_customer", "--confirm", "dim_customer", "--json")).Only;
        Assert.Equal("0i 1u 0d 0s 0q", run.Counts);
        Assert.Equal(["1|10|Rome|then"], await Rows(Versions));
    }

    [Fact]
    public async Task ATableThatIsNoHistoryIsLeftAlone()
    {
        Sql("dim_customer", DimensionSql);
        await Models(Dimension);
        World.Put("customers/1.csv", "id,name,city\n10,ann,Rome\n", landedSecondsAgo: 7200);
        await World.Load("customers", "dim_customer");
        await Models(History());
        Assert.Equal("HDR-346", (await World.Run("run", "dim_customer", "--json")).Only.Error);
        Assert.Equal("1", await Value("SELECT count(*) FROM mart.dim_customer"));
    }

    [Fact]
    public async Task RowsThatAreKeptForModelsAreNoStateOfTheirTable()
    {
        Sql("dim_customer", DimensionSql);
        await Models(History());
        var file = Path.Combine(World.Folder, "headrace.yaml");
        File.WriteAllText(
            file,
            File.ReadAllText(file)
                .Replace(
                    "primary_key: id, write: merge }",
                    "write: append, keep_rows: until_models }",
                    StringComparison.Ordinal
                )
        );
        var run = await World.Run("plan", "--json");
        Assert.Contains("HDR-345", run.Output + run.Messages, StringComparison.Ordinal);
    }
}

public sealed class ModelHistoriesInDuckDb(PostgresServer server) : ModelHistories(server, WarehouseKind.DuckDb);

public sealed class ModelHistoriesInPostgres(PostgresServer server) : ModelHistories(server, WarehouseKind.Postgres);

public sealed class ModelHistoriesInRedshift(PostgresServer server) : ModelHistories(server, WarehouseKind.Redshift);
