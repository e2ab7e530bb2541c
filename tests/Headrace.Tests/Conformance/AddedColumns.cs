using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>Columns that say what the path of a file says.</summary>
public abstract class AddedColumns(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private const string Added =
        """add_columns: { dt: "{dt}", region: "{region}", file: "{file.name}", loaded_from: "{file.path}" }""";

    private static string Sales(string more) =>
        """sales: { source: { connection: lake, path: "sales/dt={dt}/region={region}/*" }, read: incremental, """
        + $$"""target: { table: sales }, {{more}} }""";

    private async Task<string> Verified()
    {
        var answer = await World.Run("verify", "--json");
        return string.Join(
            '\n',
            answer
                .Json.GetProperty("datasets")
                .EnumerateArray()
                .Select(one =>
                    $"{one.GetProperty("missing")}{one.GetProperty("extra")}{one.GetProperty("different")} "
                    + $"{one.GetProperty("rows_source")}/{one.GetProperty("rows_target")}"
                )
        );
    }

    [Fact]
    public async Task CapturesAndFactsOfTheFileAreColumnsOfAnyFormat()
    {
        await Flows(Sales($"write: append, {Added}"));
        World
            .Put("sales/dt=2024-01-01/region=eu/a.csv", "id\n1\n2\n", landedSecondsAgo: 900)
            .Put("sales/dt=2024-01-02/region=eu/b.jsonl", """{"id": 3}""", landedSecondsAgo: 800)
            .PutParquet("sales/dt=2024-01-02/region=a%2Fb/c.parquet", "SELECT 4::BIGINT AS id", landedSecondsAgo: 700)
            .Put("sales/dt=__HIVE_DEFAULT_PARTITION__/region=eu/d.csv", "id\n5\n", landedSecondsAgo: 600);
        foreach (var run in (await World.Load()).Runs)
            Assert.Equal("loaded", run.Outcome);
        Assert.Equal(
            [
                "1|2024-01-01|eu|a.csv|sales/dt=2024-01-01/region=eu/a.csv",
                "2|2024-01-01|eu|a.csv|sales/dt=2024-01-01/region=eu/a.csv",
                "3|2024-01-02|eu|b.jsonl|sales/dt=2024-01-02/region=eu/b.jsonl",
                "4|2024-01-02|a/b|c.parquet|sales/dt=2024-01-02/region=a%2Fb/c.parquet",
                "5|NULL|eu|d.csv|sales/dt=__HIVE_DEFAULT_PARTITION__/region=eu/d.csv",
            ],
            await Rows(
                """
                SELECT id, coalesce(CAST(dt AS varchar(20)), 'NULL'), region, file, loaded_from
                FROM raw.sales ORDER BY id
                """
            )
        );
        Assert.Equal("000 5/5", await Verified());
    }

    [Fact]
    public async Task TheyAreTypedCheckedAndPartOfAKey()
    {
        await Flows(
            """
            sales: { source: { connection: lake, path: "sales/{day:yyyyMMdd}_{shop}.csv", csv: { date: dd.MM.yyyy, decimal: "," } }, read: incremental, write: append,
              columns: { id: integer, day: date, shop: { type: integer, from: store } }, add_columns: { day: "{day}", store: "{shop}" }, target: { table: sales } }
            """
        );
        World
            .Put("sales/20240201_1.csv", "id,v\n1,\"2,5\"\n", landedSecondsAgo: 800)
            .Put("sales/20240201_2.csv", "id,v\n1,\"3,5\"\n", landedSecondsAgo: 700)
            .Put("sales/20240201_x.csv", "id,v\n1,\"4,5\"\n", landedSecondsAgo: 600)
            .Put("sales/20241399_3.csv", "id,v\n1,\"4,5\"\n", landedSecondsAgo: 500);
        var answer = await World.Run("run", "--json");
        Assert.Equal(2, answer.Runs.Count(run => run.Error == "HDR-117"));
        Assert.Equal(
            ["1|1|2024-02-01", "2|1|2024-02-01"],
            await Rows("SELECT shop, id, CAST(day AS varchar(20)) FROM raw.sales ORDER BY shop")
        );
        Assert.Equal(
            ["day|20241399", "shop|x"],
            await Rows("SELECT \"column\", value FROM headrace.quarantine ORDER BY value")
        );

        // A row that waits keeps what its path said.
        var row = await Value("SELECT id FROM headrace.quarantine WHERE value = 'x'");
        Assert.Equal(0, (await World.Run("quarantine", "release", "sales/20240201/x", row, "--set", "shop=9")).Exit);
        Assert.Equal(
            ["9|2024-02-01"],
            await Rows("SELECT shop, CAST(day AS varchar(20)) FROM raw.sales WHERE shop = 9")
        );
    }

    [Fact]
    public async Task DatasetsShareATableWhenTheKeyTellsThemApart()
    {
        await Flows(
            """stock: { source: { connection: lake, path: "stock/{region}.csv" }, read: incremental, """
                + """write: merge, primary_key: [region, id], add_columns: { region: "{region}" }, """
                + "target: { table: stock } }"
        );
        World
            .Put("stock/eu.csv", "id,v\n1,a\n", landedSecondsAgo: 900)
            .Put("stock/us.csv", "id,v\n1,b\n", landedSecondsAgo: 800);
        await World.Load();
        World.Put("stock/us.csv", "id,v\n1,c\n", landedSecondsAgo: 700);
        await World.Load();
        Assert.Equal(["eu|1|a", "us|1|c"], await Rows("SELECT region, id, v FROM raw.stock ORDER BY region"));
    }

    [Fact]
    public async Task ExportsAreComparedWithThem()
    {
        await Flows(
            """
            stock: { source: { connection: lake, path: "exports/{version}/region={region}.csv" }, read: snapshot, settle: 0s, primary_key: [region, id], write: merge,
              add_columns: { region: "{region}", export: "{version}" }, compare: [v], target: { table: "stock_{region}" } }
            """
        );
        World.Put("exports/v1/region=eu.csv", "id,v\n1,a\n2,b\n", landedSecondsAgo: 900);
        Assert.Equal("2i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        World.Put("exports/v2/region=eu.csv", "id,v\n1,a\n2,c\n", landedSecondsAgo: 800);
        Assert.Equal("0i 1u 0d 1s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(
            ["eu|1|a|v1", "eu|2|c|v2"],
            await Rows("SELECT region, id, v, export FROM raw.stock_eu ORDER BY id")
        );

        Assert.Equal("000 2/2", await Verified());
        await Flows(
            """
            stock: { source: { connection: lake, path: "exports/{version}/{region}.csv" }, read: snapshot, settle: 0s, primary_key: id, write: merge,
              add_columns: { region: "{region}" }, target: { table: "all_{region}" } }
            """
        );
        World.Put("exports/v3/us.csv", "id,v\n1,a\n", landedSecondsAgo: 700);
        await World.Load();
        Assert.Equal(["1|a|us"], await Rows("SELECT id, v, region FROM raw.all_us"));
    }

    [Fact]
    public async Task ADropFolderHasThemBesideItsSchema()
    {
        await Flows(
            """stock: { source: { connection: lake, path: "inbox/{action}/{table}/*" }, read: drop, """
                + """add_columns: { file: "{file.name}" }, target: { schema: raw, table: "{table}" } }"""
        );
        World.Put(
            "inbox/schema/stock/1.json",
            """{"schema_version": 1, "columns": [{"name": "id", "type": "integer"}]}""",
            landedSecondsAgo: 900
        );
        World.Put("inbox/append/stock/a.csv", "id\n1\n", landedSecondsAgo: 800);
        await World.Load();
        World.Put(
            "inbox/schema/stock/2.json",
            """{"schema_version": 2, "columns": [{"name": "id", "type": "integer"}, {"name": "v", "type": "text"}]}""",
            landedSecondsAgo: 700
        );
        World.Put("inbox/append/stock/b.csv", "id,v\n2,x\n", landedSecondsAgo: 600);
        await World.Load();
        Assert.Equal(
            ["1|a.csv|NULL", "2|b.csv|x"],
            await Rows("SELECT id, file, coalesce(v, 'NULL') FROM raw.stock ORDER BY id")
        );
        Assert.Equal("000 2/2", await Verified());
    }

    [Fact]
    public async Task ANameThatTheFileHasTooIsRefused()
    {
        await Flows(Sales($"write: append, {Added}"));
        World.Put("sales/dt=2024-01-01/region=eu/a.csv", "id,DT\n1,x\n");
        Assert.Equal("HDR-118", (await World.Run("run", "--json")).Only.Error);
        World.Remove("sales/dt=2024-01-01/region=eu/a.csv");
        World.PutParquet("sales/dt=2024-01-01/region=eu/a.parquet", "SELECT 1 AS file");
        Assert.Equal("HDR-118", (await World.Run("run", "--json")).Only.Error);
    }
}

public sealed class AddedColumnsIntoDuckDb(PostgresServer server) : AddedColumns(server, WarehouseKind.DuckDb)
{
    [Theory]
    [InlineData("""add_columns: { dt: "{dtt}" }""", "did you mean 'dt'?")]
    [InlineData("""add_columns: { dt: "{file.nam}" }""", "did you mean 'file.name'?")]
    [InlineData("""add_columns: { dt: "{dt" }""", "a capture is written {name}")]
    [InlineData("""add_columns: { dt: "{dt}", DT: "{dt}" }""", "twice")]
    public async Task AnUnknownCaptureIsAnError(string setting, string said)
    {
        await Flows(
            """sales: { source: { connection: lake, path: "dt={dt}/*" }, read: incremental, """
                + $$"""write: append, {{setting}} }"""
        );
        var answer = await World.Run("run");
        Assert.Equal(2, answer.Exit);
        Assert.Contains(said, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FilesWithoutAHeaderAndListedColumnsAloneHaveThem()
    {
        await Flows(
            """
            sales: { source: { connection: lake, path: "dt={dt}/*", csv: { header: false } }, read: incremental, write: append, infer: false, schema_changes: freeze,
              columns: { id: integer, dt: date, v: text }, add_columns: { dt: "{dt}", file: "{file.name}" }, target: { table: sales } }
            """
        );
        World.Put("dt=2024-01-01/a.csv", "1,x\n");
        await World.Load();
        Assert.Equal(["1|2024-01-01|x|a.csv"], await Rows("SELECT id, dt, v, file FROM raw.sales"));
    }
}

public sealed class AddedColumnsIntoPostgres(PostgresServer server) : AddedColumns(server, WarehouseKind.Postgres);

public sealed class AddedColumnsIntoRedshift(PostgresServer server) : AddedColumns(server, WarehouseKind.Redshift);
