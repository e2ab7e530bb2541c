using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>Tables whose rows are loaded while they are read.</summary>
public abstract class ArrivingTables(PostgresServer server, WarehouseKind kind) : TableWorld(server, kind)
{
    // Numbers of every width, texts short and long, NULL in each column, and rows larger than what is read at once.
    private const string Wide = """
        CREATE TABLE orders (id int PRIMARY KEY, small smallint, big bigint, yes boolean, n4 numeric(4,1),
            n9 numeric(9,9), n18 numeric(18,4), n38 numeric(38,10), r real, d double precision,
            short text, long text, raw bytea, day date, clock time, moment timestamp, atz timestamptz,
                u uuid, doc jsonb);
        INSERT INTO orders
            SELECT i, i % 30000 - 15000, i * 92233720368547::bigint, i % 3 = 0, (i % 19999 - 9999) / 10.0,
            -(i % 1000) / 1000000000.0, (i - 50000) * 12345678.9012, (i - 50000) * 12345678901234567890.0123456789,
            i / 7.0, i / 7.0, left(md5(i::text), i % 14), repeat(md5(i::text), i % 5), decode(md5(i::text), 'hex'),
                date '0001-01-01' + i * 36, time '00:00' + i * interval '0.8 seconds',
            timestamp '0001-01-01' + i * interval '36 days 1 microsecond', timestamptz '1970-01-01 00:00+00' - i *
                interval '1 microsecond', md5(i::text)::uuid, jsonb_build_object('a', i, 'b', 'x"y')
        FROM generate_series(1, 100000) AS i;
        INSERT INTO orders (id) SELECT -i FROM generate_series(1, 5000) AS i;
        INSERT INTO orders (id, long) VALUES (0, repeat('ü', 2000000)), (-100000, repeat('x', 3000000));
        ANALYZE orders
        """;

    // What each side makes of its rows as text; the sums of digests are the same when every row is.
    private const string Sum =
        "SELECT count(*) || ' ' || coalesce(sum(id), 0) || ' ' || count(small) || ' ' || sum(small) || ' ' "
        + "|| sum(big::numeric(38)) || ' ' || count(CASE WHEN yes THEN 1 END) || ' ' || sum(n4) || ' ' "
        + "|| sum(n9) || ' ' || sum(n18) || ' ' || sum(n38) "
        + "|| ' ' || sum(length(short)) || ' ' || count(DISTINCT short) || ' ' || sum(length(long)) || ' ' || "
        + "count(DISTINCT long) || ' ' || count(DISTINCT raw) || ' ' || min(day) || ' ' || max(day) || ' ' || "
        + "count(DISTINCT clock) || ' ' || max(clock) || ' ' || min(moment) || ' ' || max(moment) || ' ' || "
        + "count(DISTINCT atz) || ' ' || count(DISTINCT u) || ' ' || count(doc) AS sums FROM ";

    [Fact]
    public async Task RowsComeOnceAndWhole()
    {
        var shop = await Shop(Wide, "read: incremental, primary_key: id, update_key: atz, write: merge");
        var run = (await World.Load()).Only;
        Assert.Equal("105002i 0u 0d 0s 0q", run.Counts);
        Assert.Equal(await shop.Query(Sum + "orders"), await Rows(Sum + "raw.orders"));
        // Single rows, from the middle of chunks too.
        foreach (var column in (string[])["short", "long", "u", "day", "id"])
            Assert.Equal(
                await shop.Query($"SELECT {column} FROM orders WHERE id % 997 = 1 ORDER BY id"),
                await Rows($"SELECT {column} FROM raw.orders WHERE id % 997 = 1 ORDER BY id")
            );
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Fact]
    public async Task AReadThatBreaksOffLoadsNothing()
    {
        await Shop(
            """
            CREATE FUNCTION may_fail(i int) RETURNS int LANGUAGE sql AS 'SELECT 1 / (150000 - i)';
            CREATE VIEW orders AS SELECT i AS id, may_fail(i) AS number FROM generate_series(1, 200000) AS i
            """,
            "read: incremental, primary_key: id, update_key: id, write: append, retries: 0"
        );
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, "HDR-156"), (answer.Exit, answer.Only.Error));
        Assert.Equal("0", await Value("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'raw'"));
    }

    [Fact]
    public async Task AWriterOfTheSourceIsNotHeldUpAndWhatItWritesComesNext()
    {
        var shop = await Shop(
            $"{Orders}; INSERT INTO orders SELECT i, repeat('n', 100) FROM generate_series(1, 100000) AS i",
            "read: incremental, primary_key: id, create_key: created_at, update_key: updated_at, write: merge"
        );
        using (var child = World.Start(World.At("table_ready", "stop"), "run", "--json"))
        {
            await child.Stopped();
            await shop.Execute(
                """
                INSERT INTO orders VALUES (100001, 'late'); UPDATE orders
                SET name = 'new', updated_at = now() WHERE id = 1; DELETE FROM orders WHERE id = 2
                """
            );
            child.Signal("CONT");
            Assert.Equal(0, (await child.Ended()).Exit);
        }

        Assert.Equal("100000", await Value("SELECT count(*) FROM raw.orders"));
        await World.Load();
        Assert.Equal(
            ["1|new", "100001|late"],
            await Rows("SELECT id, name FROM raw.orders WHERE name IN ('new', 'late') ORDER BY id")
        );
    }
}

/// <inheritdoc/>
public sealed class ArrivingIntoDuckDb(PostgresServer server) : ArrivingTables(server, WarehouseKind.DuckDb);

/// <inheritdoc/>
public sealed class ArrivingIntoPostgres(PostgresServer server) : ArrivingTables(server, WarehouseKind.Postgres);
