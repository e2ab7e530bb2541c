using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>Every type of PostgreSQL on its way into PostgreSQL: the same type with the same values, or as it goes into any warehouse.</summary>
public sealed class TableTypesIntoPostgres(PostgresServer server) : TableWorld(server, WarehouseKind.Postgres)
{
    // A table with one of these goes through the engine.
    private static readonly HashSet<string> Mapped =
        ["oid", "xid8", "numeric", "numeric(40,2)", "char(4)", "timetz", "interval", "json", "int[]", "text[]", "inet", "int4range", "point", "bit(3)", "money", "tsvector", "xml", "mood", "pair"];

    [Theory]
    [MemberData(nameof(TableTypes.Types), MemberType = typeof(TableTypes))]
    public async Task ATypeComesAsItIsOrIsSetAside(string type, string column, string values)
    {
        Assert.NotEmpty(column);
        var pairs = values.Split(';').Select(pair => pair.Split('|')).ToList();
        var rows = pairs.Select((pair, i) => $"({i}, '{pair[0].Replace("'", "''", StringComparison.Ordinal)}')").Append($"({pairs.Count}, NULL)");
        var shop = await Shop(
            $"CREATE TYPE mood AS ENUM ('sad'); CREATE DOMAIN price AS numeric(8,2); CREATE TYPE pair AS (a int, b text); CREATE TABLE orders (id int PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), v {type}); INSERT INTO orders (id, v) VALUES {string.Join(", ", rows)}",
            "read: incremental, primary_key: id, update_key: at, write: merge");

        // The first time into a new table, the second time merged into one that has the rows.
        for (var round = 0; round < 2; round++)
        {
            var run = (await World.Load()).Only;
            if (!Mapped.Contains(type))
            {
                Assert.Equal((round == 0 ? pairs.Count + 1L : 1L, 0L), (run["inserted"], run["quarantined"]));
                Assert.Equal(await shop.Query("SELECT id, v::text FROM orders ORDER BY id"), await Rows("SELECT id, v::text FROM raw.orders ORDER BY id"));
            }
            else
            {
                string? Expected(string[] pair) => pair[1] == "-" || pair[1].StartsWith("{\"a\": 1, \"a\"", StringComparison.Ordinal) ? null : pair[1].Replace(" ", "", StringComparison.Ordinal);
                var fitting = pairs.Select((pair, i) => (i, Text: Expected(pair))).Where(one => one.Text is not null).Select(one => $"{one.i}|{one.Text}").Append($"{pairs.Count}|NULL");
                Assert.Equal(fitting, await Rows($"SELECT id, replace(v::text, ' ', '') FROM raw.orders WHERE id <= {pairs.Count} ORDER BY id"));
            }

            await shop.Execute($"INSERT INTO orders (id) VALUES ({99 + round})");
        }
    }
}
