using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>
/// E7, F8, U4: a type that nobody declared loses nothing of a value, in the first files and in later ones.
/// </summary>
public abstract class InferredValues(PostgresServer server, Tables.WarehouseKind kind) : FileWorld(server, kind)
{
    private const string Any =
        """any: { source: { connection: lake, path: "any/*" }, read: incremental, write: append }""";

    [Fact]
    public async Task LaterValuesAreNotChanged()
    {
        await Flows(Any);
        World.Put(
            "any/1.csv",
            "id,price,rate,ok,at,f\n7,0.10,0.1,true,2026-01-01 10:00,1e-7\n8,0.20,0.25,false,2026-01-01 11:00,2.5\n"
        );
        Assert.Equal("2i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(
            "1",
            await Value(
                """
                SELECT count(*) FROM (SELECT sum(price) AS p, sum(rate) AS r FROM raw."any") AS s
                WHERE p = 0.3 AND r = 0.35
                """
            )
        );
        World.Put(
            "any/2.csv",
            "id,price,rate,ok,at,f\n"
                + "01234,1,1,true,2026-01-01 10:00,1\n+9,1,1,true,2026-01-01 10:00,1\n"
                + "9,1.255,1,true,2026-01-01 10:00,1\n9,1,1.23456,true,2026-01-01 10:00,1\n"
                + "9,1,1,yes,2026-01-01 10:00,1\n9,1,1,true,2026-01-01T10:00:00Z,1\n"
                + "9,1,1,true,2026-01-01 10:00,0.12345678901234567890\n9,01.5,1,true,2026-01-01 10:00,1\n"
                + "10,1.5,0.1234,TRUE,2026-01-01 10:00:00.5,0.30000000000000004\n"
        );
        Assert.Equal("1i 0u 0d 0s 8q", (await World.Load()).Only.Counts);
        Assert.Equal(
            "1",
            await Value("SELECT count(*) FROM raw.\"any\" WHERE id = 10 AND price = 1.5 AND rate = 0.1234 AND ok")
        );
        Assert.Equal(
            ["2|id", "3|id", "4|price", "5|rate", "6|ok", "7|at", "8|f", "9|price"],
            await Rows("SELECT CAST(line AS varchar) || '|' || \"column\" FROM headrace.quarantine ORDER BY line")
        );
        Assert.Contains(
            "nobody declared",
            await Value("SELECT reason FROM headrace.quarantine WHERE line = 2"),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "more digits than",
            await Value("SELECT reason FROM headrace.quarantine WHERE line = 4"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task DeclaredTypesTakeWhatTheyTook()
    {
        await Flows(
            """any: { source: { connection: lake, path: "any/*" }, read: incremental, write: append, """
                + "columns: { id: bigint, ok: boolean } }"
        );
        World.Put("any/1.csv", "id,ok\n1,true\n");
        await World.Load();
        World.Put("any/2.csv", "id,ok\n01234,yes\n+9,1\n");
        Assert.Equal("2i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["1", "9", "1234"], await Rows("SELECT id FROM raw.\"any\" ORDER BY id"));
    }

    [Fact]
    public async Task EmptyQuotesAreNullWhereTheTypeHasNoEmptyValue()
    {
        await Flows(
            Any,
            """
            said:
              source: { connection: lake, path: "said/*" }
              columns: { i: bigint, d: date, b: boolean, n: "decimal(9,2)", u: uuid, t: text }
              read: incremental
              write: append
            """
        );
        World.Put(
            "any/1.csv",
            "\"i\",\"d\",\"b\",\"n\",\"t\"\n\"1\",\"2026-01-01\",\"true\",\"1.50\",\"\"\n\"\",\"\",\"\",\"\",\"x\"\n"
        );
        World.Put("said/1.csv", "\"i\",\"d\",\"b\",\"n\",\"u\",\"t\"\n\"\",\"\",\"\",\"\",\"\",\"\"\n");
        var answer = await World.Load();
        Assert.Equal(("2i 0u 0d 0s 0q", "1i 0u 0d 0s 0q"), (answer.Run("any").Counts, answer.Run("said").Counts));
        Assert.Equal(
            "1",
            await Value(
                "SELECT count(*) FROM raw.\"any\" WHERE i IS NULL AND d IS NULL AND b IS NULL AND n IS NULL AND t = 'x'"
            )
        );
        Assert.Equal("1", await Value("SELECT count(*) FROM raw.\"any\" WHERE i = 1 AND n = 1.5 AND b AND t = ''"));
        Assert.Equal(
            "1",
            await Value(
                """
                SELECT count(*) FROM raw.said
                WHERE i IS NULL AND d IS NULL AND b IS NULL AND n IS NULL AND u IS NULL AND t = ''
                """
            )
        );
    }
}

public sealed class InferredValuesIntoDuckDb(PostgresServer server)
    : InferredValues(server, Tables.WarehouseKind.DuckDb);

public sealed class InferredValuesIntoPostgres(PostgresServer server)
    : InferredValues(server, Tables.WarehouseKind.Postgres);

public sealed class InferredValuesIntoRedshift(PostgresServer server)
    : InferredValues(server, Tables.WarehouseKind.Redshift);
