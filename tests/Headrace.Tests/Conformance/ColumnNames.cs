using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>Columns under names that databases and Headrace use for themselves.</summary>
public abstract class ColumnNames(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private const string Merge =
        """stock: { source: { connection: lake, path: "*/stock.csv" }, target: { schema: raw, table: stock }, """
        + "settle: 0s, primary_key: id, read: incremental, write: merge }";

    private static readonly string[] Names =
    [
        "rowid",
        "staged_row",
        "target_row",
        "differs",
        "c0",
        "c1",
        "v0",
        "v1",
        "o0",
        "k0",
        "has",
        "has_0",
        "has_1",
        "headrace_id",
        "headrace_rows",
        "headrace_place",
        "line",
        "file",
        "op",
        "hi",
        "lo",
        "row",
        "place",
        "part",
        "found",
        "s",
        "t",
        "m",
        "one",
        "id_1",
    ];

    private static string Flow(string write) =>
        write switch
        {
            "append" => Merge.Replace(
                "primary_key: id, read: incremental, write: merge",
                "read: incremental, write: append",
                StringComparison.Ordinal
            ),
            "replace" => Merge.Replace(
                "primary_key: id, read: incremental, write: merge",
                "read: incremental, write: replace",
                StringComparison.Ordinal
            ),
            "snapshot" => Merge
                .Replace("read: incremental", "read: snapshot", StringComparison.Ordinal)
                .Replace("*/", "{version}/", StringComparison.Ordinal),
            _ => Merge,
        };

    private static string Row(int id, string changed = "") =>
        $"{id},7,{string.Join(',', Names.Skip(1).Select(name => $"{id} {name}{changed}"))}";

    private static string Csv(bool isUpper, params string[] rows)
    {
        var header = $"id,{string.Join(',', Names)}";
        return $"{(isUpper ? header.ToUpperInvariant() : header)}\n{string.Join('\n', rows)}\n";
    }

    private async Task<string[]> Rows(bool isUpper)
    {
        var names = Names
            .Prepend("id")
            .Select(name => $"\"{(isUpper && Kind == WarehouseKind.Postgres ? name.ToUpperInvariant() : name)}\"")
            .ToList();
        return
        [
            .. (await Rows($"SELECT {string.Join(", ", names)} FROM raw.stock ORDER BY 1")).Select(row =>
                row.Replace('|', ',')
            ),
        ];
    }

    [Theory]
    [InlineData("merge", false)]
    [InlineData("merge", true)]
    [InlineData("append", false)]
    [InlineData("replace", true)]
    [InlineData("snapshot", false)]
    [InlineData("snapshot", true)]
    public async Task AsValues(string write, bool isUpper)
    {
        await Flows(Flow(write));
        World.Put("1/stock.csv", Csv(isUpper, Row(1), Row(2), Row(3)), landedSecondsAgo: 900);
        await World.Load();
        World.Put(
            "2/stock.csv",
            write is "append" ? Csv(isUpper, Row(4)) : Csv(isUpper, Row(1), Row(2, "*"), Row(3), Row(4)),
            landedSecondsAgo: 800
        );
        var plan = await World.Run("plan", "--json");
        Assert.True(plan.Exit == 0, plan.Text);
        var counts = write switch
        {
            "append" => "1i 0u 0d 0s 0q",
            "replace" => "4i 0u 3d 0s 0q",
            _ => "1i 1u 0d 2s 0q",
        };
        Assert.Equal(counts, plan.Only.Counts);
        Assert.Equal(counts, (await World.Load()).Only.Counts);
        Assert.Equal([Row(1), Row(2, write is "append" ? "" : "*"), Row(3), Row(4)], await Rows(isUpper));
        var verified = await World.Run("verify", "--json");
        Assert.True(verified.Exit == 0, verified.Text);
        if (write is not ("merge" or "snapshot"))
            return;
        await Alter($"DELETE FROM raw.stock WHERE {(isUpper && Kind == WarehouseKind.Postgres ? "\"ID\"" : "id")} = 3");
        Assert.Equal(0, (await World.Run("verify", "--repair", "--json")).Exit);
        Assert.Equal(Row(3), (await Rows(isUpper))[2]);
    }

    [Theory]
    [InlineData("merge")]
    [InlineData("snapshot")]
    public async Task AsKeys(string write)
    {
        await Flows(
            Flow(write)
                .Replace("primary_key: id", "primary_key: [rowid, c0, line, headrace_rows]", StringComparison.Ordinal)
                .Replace("table: stock", "table: s", StringComparison.Ordinal)
        );
        World.Put(
            "1/stock.csv",
            "v,rowid,c0,line,headrace_rows\na,7,1,x,1\nb,7,2,x,1\nc,7,3,x,1\nd,7,3,x,2\n",
            landedSecondsAgo: 900
        );
        Assert.Equal("4i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        World.Put(
            "2/stock.csv",
            "v,rowid,c0,line,headrace_rows\na,7,1,x,1\nB,7,2,x,1\nc,7,3,x,1\nd,7,3,x,2\ne,7,1,x,3\n",
            landedSecondsAgo: 800
        );
        Assert.Equal("1i 1u 0d 3s 0q", (await World.Load()).Only.Counts);
        await Alter(
            """
            INSERT INTO raw.s (v, rowid, c0, line, headrace_rows)
            SELECT 'old', rowid, c0, line, headrace_rows FROM raw.s WHERE v = 'd'
            """,
            isAllowed: Kind != WarehouseKind.Postgres
        );
        World.Put(
            "3/stock.csv",
            "v,rowid,c0,line,headrace_rows\na,7,1,x,1\nB,7,2,x,1\nc,7,3,x,1\nD,7,3,x,2\ne,7,1,x,3\n",
            landedSecondsAgo: 700
        );
        Assert.Equal("0i 1u 0d 4s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(
            ["a", "e", "B", "c", "D"],
            await Rows("SELECT v FROM raw.s ORDER BY rowid, c0, line, headrace_rows")
        );
        Assert.Equal(0, (await World.Run("verify", "--json")).Exit);
    }

    [Theory]
    [InlineData("merge")]
    [InlineData("snapshot")]
    public async Task OfTheTargetAlone(string write)
    {
        await Flows(
            Flow(write)
                .Replace("settle: 0s", "settle: 0s, columns: { id: integer, price: integer }", StringComparison.Ordinal)
        );
        World.Put("1/stock.csv", "id,price\n1,1\n2,2\n", landedSecondsAgo: 900);
        await World.Load();
        foreach (var name in Names)
            await Alter($"ALTER TABLE raw.stock ADD COLUMN \"{name}\" varchar(100)");
        await Alter(
            $"UPDATE raw.stock SET {string.Join(", ", Names.Select(name => $"\"{name}\" = '{name} of ' || id"))}"
        );
        World.Put("2/stock.csv", "id,price\n1,10\n2,2\n3,x\n4,4\n", landedSecondsAgo: 800);
        Assert.Equal("1i 1u 0d 1s 1q", (await World.Load()).Only.Counts);
        var ids = await Rows("SELECT id FROM headrace.quarantine");
        Assert.Equal(
            0,
            (
                await World.Run(
                    "quarantine",
                    "release",
                    "stock",
                    ids[0],
                    "--set",
                    "price=30",
                    "--set",
                    "id=2",
                    "--set",
                    "rowid=mended"
                )
            ).Exit
        );
        string Kept(int id, string rowid) =>
            string.Join('|', Names.Select(name => name == "rowid" ? rowid : $"{name} of {id}"));
        var none = string.Join('|', Names.Select(_ => "NULL"));
        Assert.Equal(
            [$"1|10|{Kept(1, "rowid of 1")}", $"2|30|{Kept(2, "mended")}", $"4|4|{none}"],
            await Rows(
                $"""
                SELECT id, price,
                {string.Join(", ", Names.Select(name => $"coalesce(\"{name}\", 'NULL')"))}
                FROM raw.stock ORDER BY id
                """
            )
        );
    }

    [Fact]
    public async Task InParquet()
    {
        await Flows(Merge.Replace("stock.csv", "stock.parquet", StringComparison.Ordinal));
        World.PutParquet(
            "1/stock.parquet",
            "SELECT range AS id, 7 AS line, 'a' AS rowid, 'b' AS filename FROM range(3)",
            landedSecondsAgo: 900
        );
        Assert.Equal("3i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        World.PutParquet(
            "2/stock.parquet",
            "SELECT range AS id, 7 + range % 2 AS line, 'a' AS rowid, 'b' AS filename FROM range(4)",
            landedSecondsAgo: 800
        );
        Assert.Equal("1i 1u 0d 2s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(
            ["0|7|a|b", "1|8|a|b", "2|7|a|b", "3|8|a|b"],
            await Rows("SELECT id, line, rowid, filename FROM raw.stock ORDER BY id")
        );
    }

    private Task Alter(string sql, bool isAllowed) => isAllowed ? Alter(sql) : Task.CompletedTask;
}

public sealed class ColumnNamesIntoDuckDb(PostgresServer server) : ColumnNames(server, WarehouseKind.DuckDb);

public sealed class ColumnNamesIntoPostgres(PostgresServer server) : ColumnNames(server, WarehouseKind.Postgres);

public sealed class ColumnNamesIntoRedshift(PostgresServer server) : ColumnNames(server, WarehouseKind.Redshift);

/// <summary>The same of tables.</summary>
public abstract class ColumnNamesOfTables(PostgresServer server, WarehouseKind kind) : TableWorld(server, kind)
{
    [Fact]
    public async Task AColumnRowidHidesNoRow()
    {
        var shop = await Shop(
            """
            CREATE TABLE orders (id int PRIMARY KEY, rowid int, v text, u timestamptz);
            INSERT INTO orders SELECT i, 7, 'v' || i, now() - interval '1 day' FROM generate_series(1, 5) i
            """,
            "read: incremental, primary_key: id, update_key: u, write: merge"
        );
        await World.Load();
        await shop.Execute("UPDATE orders SET v = 'new', u = now() WHERE id = 2");
        Assert.Equal(1, (await World.Load()).Only["updated"]);
        Assert.Equal(
            ["1|7|v1", "2|7|new", "3|7|v3", "4|7|v4", "5|7|v5"],
            await Rows("SELECT id, rowid, v FROM raw.orders ORDER BY id")
        );
        Assert.Equal(0, (await World.Run("verify", "--json")).Exit);
    }
}

public sealed class ColumnNamesOfTablesIntoDuckDb(PostgresServer server)
    : ColumnNamesOfTables(server, WarehouseKind.DuckDb);

public sealed class ColumnNamesOfTablesIntoPostgres(PostgresServer server)
    : ColumnNamesOfTables(server, WarehouseKind.Postgres);

public sealed class ColumnNamesOfTablesIntoRedshift(PostgresServer server)
    : ColumnNamesOfTables(server, WarehouseKind.Redshift);
