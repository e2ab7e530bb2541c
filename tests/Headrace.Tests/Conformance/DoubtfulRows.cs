using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary><c>verify</c> says equal only where it could compare: files as source.</summary>
public abstract class DoubtfulRows(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private const string Flow =
        """stock: { source: { connection: lake, path: "{version}/stock.csv" }, target: { schema: raw, """
        + "table: stock }, settle: 0s, primary_key: id, columns: { id: integer, v: text }, write: merge, ";

    private async Task<(string Counts, string Warnings)> Verify(params string[] args)
    {
        var answer = await World.Run(["verify", "--json", .. args]);
        Assert.True(answer.Output.Contains("datasets", StringComparison.Ordinal), answer.Text);
        var one = Assert.Single(answer.Json.GetProperty("datasets").EnumerateArray());
        return (
            $"{answer.Exit} {one.GetProperty("equal").GetBoolean()} {one.GetProperty("whole").GetBoolean()} "
                + $"{one.GetProperty("missing")}m {one.GetProperty("extra")}e {one.GetProperty("different")}d "
                + $"{one.GetProperty("rows_source")}/{one.GetProperty("rows_target")}",
            string.Join('\n', one.GetProperty("warnings").EnumerateArray().Select(warning => warning.GetString()))
        );
    }

    [Theory]
    [InlineData("read: incremental }")]
    [InlineData("read: snapshot }")]
    public async Task AKeyThatTheTargetHasTwiceIsADifferenceThatIsRepaired(string read)
    {
        await Flows(
            Flow.Replace(
                "{version}",
                read.Contains("snapshot", StringComparison.Ordinal) ? "{version}" : "*",
                StringComparison.Ordinal
            ) + read
        );
        World.Put("1/stock.csv", "id,v\n1,a\n2,b\n3,c\n");
        await World.Load();
        if (Kind == WarehouseKind.Postgres)
            await Alter("ALTER TABLE raw.stock DROP CONSTRAINT stock_pkey");
        await Alter(
            """
            INSERT INTO raw.stock VALUES (2, 'stale'); INSERT INTO raw.stock VALUES (9, 'x');
            INSERT INTO raw.stock VALUES (9, 'y')
            """
        );
        var (counts, warnings) = await Verify();
        Assert.Equal("3 False True 0m 3e 1d 3/6", counts);
        Assert.Contains("id 2; id 9", warnings, StringComparison.Ordinal);
        Assert.StartsWith("0 True True", (await Verify("--repair")).Counts, StringComparison.Ordinal);
        Assert.Equal("0 True True 0m 0e 0d 3/3", (await Verify()).Counts);
        Assert.Equal(["1|a", "2|b", "3|c"], await Rows("SELECT id, v FROM raw.stock ORDER BY id"));
    }

    [Theory]
    [InlineData("read: incremental }")]
    [InlineData("read: snapshot }")]
    public async Task RowsThatWaitInQuarantineAreNotEqual(string read)
    {
        await Flows(
            Flow.Replace(
                "{version}",
                read.Contains("snapshot", StringComparison.Ordinal) ? "{version}" : "*",
                StringComparison.Ordinal
            ) + read
        );
        World.Put("1/stock.csv", "id,v\n1,a\nx,b\n");
        await World.Load();
        var (counts, warnings) = await Verify();
        Assert.StartsWith("3 False False 0m 0e 0d", counts, StringComparison.Ordinal);
        Assert.Contains(
            "1 row waits in quarantine and was not compared: 1/stock.csv line 3",
            warnings,
            StringComparison.Ordinal
        );
        Assert.StartsWith("3 False False", (await Verify("--repair")).Counts, StringComparison.Ordinal);
        await World.Run(
            "quarantine",
            "discard",
            "stock",
            Assert.Single(await Rows("SELECT id FROM headrace.quarantine")),
            "--reason",
            "no number"
        );
        Assert.StartsWith("0 True True 0m 0e 0d", (await Verify()).Counts, StringComparison.Ordinal);
    }
}

public sealed class DoubtfulRowsInDuckDb(PostgresServer server) : DoubtfulRows(server, WarehouseKind.DuckDb);

public sealed class DoubtfulRowsInPostgres(PostgresServer server) : DoubtfulRows(server, WarehouseKind.Postgres);

public sealed class DoubtfulRowsInRedshift(PostgresServer server) : DoubtfulRows(server, WarehouseKind.Redshift);

/// <summary>The same with tables as source.</summary>
public abstract class DoubtfulTables(PostgresServer server, WarehouseKind kind) : TableWorld(server, kind)
{
    private async Task<(string Counts, string Warnings)> Verify(params string[] args)
    {
        var answer = await World.Run(["verify", "--json", .. args]);
        Assert.True(answer.Output.Contains("datasets", StringComparison.Ordinal), answer.Text);
        var one = Assert.Single(answer.Json.GetProperty("datasets").EnumerateArray());
        return (
            $"{answer.Exit} {one.GetProperty("equal").GetBoolean()} {one.GetProperty("whole").GetBoolean()} "
                + $"{one.GetProperty("missing")}m {one.GetProperty("extra")}e {one.GetProperty("different")}d "
                + $"{one.GetProperty("rows_source")}/{one.GetProperty("rows_target")}",
            string.Join('\n', one.GetProperty("warnings").EnumerateArray().Select(warning => warning.GetString()))
        );
    }

    [Fact]
    public async Task AKeyTwiceInTheTargetIsRepairedAndOneTwiceInTheSourceIsNamed()
    {
        var shop = await Shop(
            """
            CREATE TABLE orders (id int, v text, u timestamptz); INSERT INTO orders
            SELECT i, 'v' || i, now() - interval '1 day' FROM generate_series(1, 5) i
            """,
            "read: incremental, primary_key: id, update_key: u, write: merge"
        );
        await World.Load();
        await Alter(Dropped + "INSERT INTO raw.orders SELECT id, 'stale', u FROM raw.orders WHERE id = 3");
        var (counts, warnings) = await Verify();
        Assert.Equal("3 False True 0m 1e 1d 5/6", counts);
        Assert.Contains("the target has these keys more than once: id 3", warnings, StringComparison.Ordinal);
        Assert.StartsWith("0 True True", (await Verify("--repair")).Counts, StringComparison.Ordinal);
        Assert.Equal(["1|v1", "2|v2", "3|v3", "4|v4", "5|v5"], await Rows("SELECT id, v FROM raw.orders ORDER BY id"));

        await shop.Execute("INSERT INTO orders SELECT id, 'other', u FROM orders WHERE id = 4");
        (counts, warnings) = await Verify("--repair");
        Assert.StartsWith("3 False False 0m 0e 0d", counts, StringComparison.Ordinal);
        Assert.Contains(
            "the source has these keys more than once, and nobody can say which row counts: id 4",
            warnings,
            StringComparison.Ordinal
        );
    }

    private string Dropped =>
        this is DoubtfulTablesInPostgres ? "ALTER TABLE raw.orders DROP CONSTRAINT orders_pkey; " : "";

    [Fact]
    public async Task RowsThatWaitInQuarantineAreNotEqual()
    {
        await Shop(
            """
            CREATE TABLE orders (id int PRIMARY KEY, d date, u timestamptz); INSERT INTO orders
            VALUES (1, '2026-01-01', now() - interval '1 day'), (2, 'infinity', now() - interval '1 day')
            """,
            "read: incremental, primary_key: id, update_key: u, write: merge"
        );
        await World.Load();
        var (counts, warnings) = await Verify();
        if (this is DoubtfulTablesInPostgres)
        {
            Assert.Equal("0 True True 0m 0e 0d 2/2", counts); // PostgreSQL has such a day, too
            return;
        }

        Assert.StartsWith("3 False False 0m 0e 0d", counts, StringComparison.Ordinal);
        Assert.Contains("1 row waits in quarantine", warnings, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("read: full-refresh, write: replace")]
    [InlineData("read: incremental, create_key: u, write: append")]
    public async Task RowsWithoutAKeyAreCounted(string how)
    {
        var shop = await Shop(
            """
            CREATE TABLE orders (v text, n numeric(10,2), u timestamptz); INSERT INTO orders
            SELECT 'v' || i % 7, i % 3 + 0.5, now() - interval '1 day' FROM generate_series(1, 30) i
            """,
            how
        );
        await World.Load();
        Assert.Equal("0 True True 0m 0e 0d 30/30", (await Verify()).Counts);
        await Alter("DELETE FROM raw.orders WHERE v IN ('v1', 'v2')");
        var (counts, warnings) = await Verify("--repair");
        Assert.Equal("3 False True 10m 0e 0d 30/20", counts);
        Assert.Contains("nothing was repaired", warnings, StringComparison.Ordinal);
        Assert.StartsWith("3 False True 10m 0e 0d 30/20", (await Verify("orders")).Counts, StringComparison.Ordinal);
        if (how.Contains("incremental", StringComparison.Ordinal))
        {
            await shop.Execute("INSERT INTO orders VALUES ('new', 1, now())");
            Assert.Equal("3 False True 10m 0e 0d 31/20", (await Verify()).Counts);
        }
    }

    [Fact]
    public async Task TablesOfTheListWithoutAKeyAreCounted()
    {
        await Shop(
            "CREATE TABLE notes (v text); INSERT INTO notes SELECT 'v' || i FROM generate_series(1, 30) i",
            ["all: { source: { connection: shop, tables: process_table }, read: incremental, write: merge }"]
        );
        Assert.Equal(0, (await World.Run("tables", "add", "public.notes", "--connection", "shop")).Exit);
        await World.Load();
        Assert.Equal("0 True True 0m 0e 0d 30/30", (await Verify()).Counts);
        await Alter("DELETE FROM raw.notes WHERE v LIKE 'v1_'");
        Assert.Equal("3 False True 10m 0e 0d 30/20", (await Verify()).Counts);
    }

    [Fact]
    public async Task KeysOfTypesThatDatabasesWriteInTheirOwnWayAreEqual()
    {
        var keys = new (string Name, string Type, string Value)[]
        {
            ("a", "int[]", "ARRAY[i, 2]"),
            ("b", "text[]", "ARRAY['x' || i, NULL]"),
            ("c", "jsonb", "jsonb_build_object('b', i, 'aa', 1.50)"),
            ("n", "numeric", "i + 0.50"),
            ("m", "numeric(10,4)", "i + 0.5"),
            ("f", "double precision", "i / 3.0"),
            ("h", "char(8)", "'h' || i"),
            ("y", "bytea", "decode(lpad(to_hex(i), 4, '0'), 'hex')"),
            ("z", "timestamptz", "'2026-01-01 00:00:00+05'::timestamptz + i * interval '1 second'"),
            ("r", "int4range", "int4range(i, i + 5)"),
            ("v", "interval", "i * interval '25 hours'"),
            ("g", "uuid", "('5B7E0A52-4F0E-4B8E-9A53-1E2C3D4F5A' || lpad(to_hex(i), 2, '0'))::uuid"),
            ("o", "boolean", "i % 2 = 0"),
            ("e", "inet", "('10.0.0.' || i)::inet"),
        };
        var isAll = this is not DoubtfulTablesInRedshift; // Redshift's SUPER is no key
        var used = keys.Where(key => isAll || key.Name is not ("a" or "b" or "c")).ToList();
        await Shop(
            $"""
            CREATE TABLE orders ({string.Join(
                ", ",
                used.Select(key => $"{key.Name} {key.Type}")
            )}, w text, u timestamptz);
            INSERT INTO orders SELECT {string.Join(
                ", ",
                used.Select(key => key.Value)
            )}, 'w' || i, now() - interval '1 day' FROM generate_series(1, 9) i
            """,
            $"read: incremental, primary_key: [{string.Join(", ", used.Select(key => $"\"{key.Name}\""))}], "
                + "update_key: u, write: merge"
        );
        await World.Load();
        Assert.Equal("0 True True 0m 0e 0d 9/9", (await Verify()).Counts);
        await Alter(
            """
            UPDATE raw.orders SET w = 'other' WHERE w = 'w1'; DELETE FROM raw.orders WHERE w = 'w2';
            UPDATE raw.orders SET h = 'zz' WHERE w = 'w3'
            """
        );
        Assert.Equal("3 False True 2m 1e 1d 9/8", (await Verify()).Counts);
        Assert.StartsWith("0 True True", (await Verify("--repair")).Counts, StringComparison.Ordinal);
        Assert.Equal("0 True True 0m 0e 0d 9/9", (await Verify()).Counts);
    }
}

public sealed class DoubtfulTablesInDuckDb(PostgresServer server) : DoubtfulTables(server, WarehouseKind.DuckDb);

public sealed class DoubtfulTablesInPostgres(PostgresServer server) : DoubtfulTables(server, WarehouseKind.Postgres);

public sealed class DoubtfulTablesInRedshift(PostgresServer server) : DoubtfulTables(server, WarehouseKind.Redshift);
