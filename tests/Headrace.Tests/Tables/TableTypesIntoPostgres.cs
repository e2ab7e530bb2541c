using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>
/// Every type of PostgreSQL on its way into PostgreSQL: the same type with the same values, or as it goes into any
/// warehouse.
/// </summary>
public sealed class TableTypesIntoPostgres(PostgresServer server) : TableWorld(server, WarehouseKind.Postgres)
{
    // A table with one of these goes through the engine.
    private static readonly HashSet<string> Mapped =
    [
        "oid",
        "xid8",
        "numeric",
        "numeric(40,2)",
        "char(4)",
        "timetz",
        "interval",
        "json",
        "int[]",
        "text[]",
        "inet",
        "int4range",
        "point",
        "bit(3)",
        "money",
        "tsvector",
        "xml",
        "mood",
        "pair",
    ];

    [Fact]
    public async Task EveryTypeComesAsItIsOrIsSetAside()
    {
        var samples = TypeSample
            .All.Select((sample, i) => (Sample: sample, Table: $"t{i}", Is: Mapped.Contains(sample.Type)))
            .ToList();
        var shop = await Shop(
            TypeSample.Made + string.Concat(samples.Select(one => one.Sample.Create(one.Table))),
            samples.Select(one =>
                $"{one.Table}: {{ source: {{ connection: shop, table: {one.Table} }}, read: incremental, "
                + "primary_key: id, update_key: at, write: merge }"
            )
        );

        // The first time into a new table, the second time merged into one that has the rows.
        for (var round = 0; round < 2; round++)
        {
            var runs = (await World.Load()).Runs.ToDictionary(run => run.Dataset);
            foreach (var (sample, table, isMapped) in samples)
            {
                if (isMapped)
                {
                    string Unspaced(string text) => text.Replace(" ", "", StringComparison.Ordinal);
                    var fitting = sample with
                    {
                        Values =
                        [
                            .. sample.Values.Select(value =>
                                (
                                    value.Text,
                                    value.Text.StartsWith("{\"a\": 1, \"a\"", StringComparison.Ordinal)
                                        ? null
                                        : value.Expected
                                )
                            ),
                        ],
                    };
                    Assert.Equal(
                        fitting.Expected(Unspaced),
                        (
                            await Rows(
                                $"""
                                SELECT id, replace(v::text, ' ', '') FROM raw.{table}
                                WHERE id <= {sample.Values.Count} ORDER BY id
                                """
                            )
                        ).Select(row => $"{sample.Type}: {row}")
                    );
                    continue;
                }

                Assert.Equal(
                    (sample.Type, round == 0 ? sample.Values.Count + 1L : 1L, 0L),
                    (sample.Type, runs[table]["inserted"], runs[table]["quarantined"])
                );
                Assert.Equal(
                    await shop.Query($"SELECT id, v::text FROM {table} ORDER BY id"),
                    await Rows($"SELECT id, v::text FROM raw.{table} ORDER BY id")
                );
            }

            await shop.Execute(
                string.Concat(samples.Select(one => $"INSERT INTO {one.Table} (id) VALUES ({99 + round});"))
            );
        }
    }
}
