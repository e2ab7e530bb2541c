using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>Changes of rows in envelopes of JSON: those of Debezium, and Headrace's own.</summary>
public abstract class ChangeEvents(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private const string People = """
        people:
          source: { connection: lake, path: "people/*.json" }
          columns: { id: integer, name: text, note: text }
          read: cdc
          cdc: { profile: debezium }
          primary_key: id
          write: merge
        """;

    private static string Event(string op, long lsn, string? before, string? after) =>
        $$"""{"before":{{before ?? "null"}},"after":{{after ?? "null"}},"source":{"lsn":{{lsn}},"ts_ms":1},"op":"{{op}}","ts_ms":2}""";

    private static string Row(int id, string name, string? note = null) =>
        $$"""{"id":{{id}},"name":"{{name}}","note":{{(note is null ? "null" : $"\"{note}\"")}}}""";

    private void Put(string name, params string[] lines) =>
        World.Put($"people/{name}.json", string.Concat(lines.Select(line => line + "\n")));

    private async Task<string[]> Table() =>
        [
            .. (await Rows("SELECT id, name, note FROM raw.people ORDER BY id")).Select(row =>
                row.EndsWith('|') ? row + "NULL" : row
            ),
        ];

    [Fact]
    public async Task EventsOfDebeziumComeInTheOrderOfTheLog()
    {
        await Flows(People);

        // Cases 8 and 11: a key that changes, a tombstone, rows of the snapshot after newer events.
        Put(
            "2",
            Event("u", 900, Row(1, "old"), Row(1, "new", "n")),
            Event("d", 1001, Row(2, "b"), null),
            "null",
            Event("c", 1002, null, Row(20, "b"))
        );
        await World.Load();
        Put(
            "3",
            Event("r", 100, null, Row(1, "old")),
            Event("r", 100, null, Row(2, "b")),
            Event("r", 99, null, Row(3, "c"))
        );
        await World.Load();
        Assert.Equal(["1|new|n", "3|c|NULL", "20|b|NULL"], await Table());
        Put("4", """{"schema":{},"payload":""" + Event("u", 2000, null, Row(3, "d")) + "}");
        await World.Load();
        Assert.Equal(["1|new|n", "3|d|NULL", "20|b|NULL"], await Table());
    }

    [Fact]
    public async Task NumbersKeepAllTheirDigitsAndColumnsTheirNames()
    {
        await Flows(
            """
            people:
              source: { connection: lake, path: "people/*.json" }
              columns: { id: integer, op: text, price: "decimal(38,20)", doc: json }
              read: cdc
              cdc: { profile: debezium }
              primary_key: id
              write: merge
            """
        );
        Put(
            "1",
            Event(
                "c",
                1,
                null,
                """{"id":1,"op":"own","price":123456789012345678.12345678901234567891,"doc":{"n":0.12345678901234567891}}"""
            )
        );
        await World.Load();
        Assert.Equal(
            ["1|own|123456789012345678.12345678901234567891"],
            await Rows("SELECT id, op, price FROM raw.people")
        );
        Assert.Contains(
            "0.12345678901234567891",
            await Value("SELECT CAST(doc AS varchar) FROM raw.people"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task AValueThatAnEventDoesNotBringStays()
    {
        // Case 10.
        const string none = "__debezium_unavailable_value";
        await Flows(People);
        Put("2", Event("c", 1, null, Row(1, "a", "long")), Event("c", 2, null, Row(2, "b", "wide")));
        await World.Load();
        Put(
            "3",
            Event("u", 3, null, Row(1, "a2", none)),
            Event("c", 4, null, Row(3, "c", "tall")),
            Event("u", 5, null, Row(3, "c2", none)),
            Event("u", 6, null, Row(2, none))
        );
        await World.Load();
        Assert.Equal(["1|a2|long", "2|b|NULL", "3|c2|tall"], await Table());
    }

    [Fact]
    public async Task TheUnitOfATimeIsTheOneThatIsSaid()
    {
        // Case 12: no number is so small or so large that it is taken for another unit.
        await Flows(
            People.Replace(
                "name: text, note: text",
                "ms: { type: timestamp, unit: ms }, us: { type: timestamp, unit: us }, "
                    + "ns: { type: timestamp, unit: ns }, day: { type: date, unit: ms }",
                StringComparison.Ordinal
            )
        );
        static string Times(int id, long ms, long us, long ns) =>
            $$"""{"id":{{id}},"ms":{{ms}},"us":{{us}},"ns":{{ns}},"day":{{ms}}}""";
        Put(
            "2",
            Event("c", 1, null, Times(1, -86400000000, -86400000000000, -86400000000000000)),
            Event("c", 2, null, Times(2, -62135596800000, -62135596800000000, 1)),
            Event("c", 3, null, Times(3, 86400000, 1000, 1000))
        );
        Assert.Equal("2i 0u 0d 0s 1q", (await World.Load()).Only.Counts); // 1 ns is no microsecond
        Assert.Equal(
            ["1|true", "3|true"],
            (
                await Rows(
                    """
                    SELECT id, CASE WHEN id = 1 THEN ms = CAST('1967-04-07' AS timestamp) AND us = ms AND ns = ms
                        AND day = CAST('1967-04-07' AS date)
                        ELSE ms = CAST('1970-01-02 00:00:00' AS timestamp)
                            AND us = CAST('1970-01-01 00:00:00.001' AS timestamp)
                            AND ns = CAST('1970-01-01 00:00:00.000001' AS timestamp) END
                    FROM raw.people ORDER BY id
                    """
                )
            ).Select(row => row.EndsWith("|t", StringComparison.Ordinal) ? row + "rue" : row.ToLowerInvariant())
        );
        Put("3", Event("u", 4, null, Times(2, -62135596800000, -62135596800000000, 0)));
        await World.Load();
        Assert.Equal(
            ["1"],
            await Rows(
                "SELECT count(*) FROM raw.people WHERE id = 2 AND ms = us AND ms = CAST('0001-01-01' AS timestamp)"
            )
        );
    }

    [Fact]
    public async Task AnEmptiedTableStops()
    {
        // Case 9.
        await Flows(People);
        Put("2", Event("c", 1, null, Row(1, "a")), Event("t", 2, null, null), Event("c", 3, null, Row(2, "b")));
        Assert.Equal("HDR-235", (await World.Run("run", "--json")).Only.Error);
    }

    [Fact]
    public async Task HeadracesOwnOperationsMakeTheSameTable()
    {
        await Flows(
            """
            source:
              source: { connection: lake, path: "in/{version}/*.csv" }
              columns: { id: integer, name: text, note: text }
              read: snapshot
              settle: 0s
              primary_key: id
              write: merge
              publish: { connection: ops }
            """
        );
        World.Put("in/v1/a.csv", "id,name,note\n1,a,\n2,b,x\n3,c,\n");
        await World.Load();
        World.Put("in/v2/a.csv", "id,name,note\n1,a,\n2,b2,x\n4,d,\n");
        await World.Load();
        var operations = Directory
            .EnumerateFiles(Path.Combine(World.Folder, "ops"), "*", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
            .Select((file, i) => (i, File.ReadAllText(file)));
        foreach (var (i, text) in operations)
            World.Put($"people/{i:000}.json", text, landedSecondsAgo: 3600 - i);
        await Flows(People.Replace("debezium", "headrace", StringComparison.Ordinal));
        await World.Load();
        Assert.Equal(["1|a|NULL", "2|b2|x", "4|d|NULL"], await Table());
    }
}

public sealed class ChangeEventsIntoDuckDb(PostgresServer server) : ChangeEvents(server, WarehouseKind.DuckDb);

public sealed class ChangeEventsIntoPostgres(PostgresServer server) : ChangeEvents(server, WarehouseKind.Postgres);

public sealed class ChangeEventsIntoRedshift(PostgresServer server) : ChangeEvents(server, WarehouseKind.Redshift);
