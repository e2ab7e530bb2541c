using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>Changes that come when the order of those before them is forgotten (<c>cdc: { late }</c>).</summary>
public abstract class LateChanges(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private static string People(string write) =>
        $$"""
            people:
              source: { connection: lake, path: "people/*.csv", format: csv, csv: { header: false, "null": "NULL" } }
              columns: { id: integer, name: text, seen: text, at: timestamp, seq: text }
              read: cdc
              cdc: { order_by: [seq], late: 90d }
              primary_key: id
              {{write}}
            """;

    private LateChanges Put(string name, params string[] lines)
    {
        World.Put($"people/{name}.csv", string.Concat(lines.Select(line => line + "\n")));
        return this;
    }

    // A change of a day of January.
    private static string Change(string op, int id, string name, int day, string seen = "x") =>
        $"{op},{id},{name},{seen},2026-01-{day:00} 10:00:00,{day:00}";

    private async Task<string[]> Remembered() =>
        await Rows($"SELECT k0 FROM headrace.{await Memory()} ORDER BY k0, position");

    [Fact]
    public async Task AChangeThatIsOlderThanWhatIsForgottenIsSetAside()
    {
        await Flows(People("write: merge"));
        Put("20260102-030405678", Change("I", 1, "a", 10), Change("I", 2, "a", 11), Change("D", 3, "NULL", 12));
        await World.Load();
        await AgeChanges();
        Put("20260103-030405678", Change("I", 9, "x", 20));
        await World.Load();
        Assert.Equal(["9"], await Remembered());

        // Placeable: newer than all that was forgotten, or of a row whose order is known.
        string[] late =
        [
            Change("U", 1, "late", 5),
            Change("U", 2, "new", 15),
            Change("I", 3, "back", 11),
            Change("U", 9, "older", 8),
        ];
        Put("20260104-030405678", late);
        var run = (await World.Load()).Only;
        Assert.Equal("0i 1u 0d 0s 2q", run.Counts);
        const string table = "SELECT id, name, seq FROM raw.people ORDER BY id";
        Assert.Equal(["1|a|10", "2|new|15", "9|x|20"], await Rows(table));
        Assert.Equal(
            ["1|people/20260104-030405678.csv", "3|people/20260104-030405678.csv"],
            await Rows("SELECT line, file FROM headrace.quarantine WHERE reason LIKE '%cdc: late%' ORDER BY line")
        );

        // The same changes once more, and the first copy of a row that nobody remembers.
        Put("20260105-030405678", late).Put("LOAD00000001", "7,b,x,2026-01-01 10:00:00,NULL");
        Assert.Equal("0i 0u 0d 1s 3q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|a|10", "2|new|15", "9|x|20"], await Rows(table));
        Assert.Equal(
            ["2"],
            await Rows("SELECT quarantined FROM headrace.files WHERE key = 'people/20260104-030405678.csv'")
        );
    }

    [Fact]
    public async Task WhatWasSetAsideIsReleasedWhenItsOrderIsSaid()
    {
        await Flows(People("write: merge"));
        Put("20260102-030405678", Change("I", 1, "a", 10), Change("I", 2, "a", 11));
        await World.Load();
        await AgeChanges();
        Put("20260103-030405678", Change("I", 9, "x", 20));
        await World.Load();
        Put("20260104-030405678", Change("U", 1, "late", 5));
        await World.Load();
        await World.Run("quarantine", "release", "people", "1", "--json");
        Assert.Equal(["waiting"], await Rows("SELECT status FROM headrace.quarantine"));
        await World.Run("quarantine", "release", "people", "1", "--set", "seq=30", "--json");
        Assert.Equal(["released"], await Rows("SELECT status FROM headrace.quarantine"));
        Assert.Equal(["1|late|30"], await Rows("SELECT id, name, seq FROM raw.people WHERE id = 1"));
    }

    [Fact]
    public async Task NothingIsForgottenBeforeItIsOldOrWithoutANewerChange()
    {
        await Flows(People("write: merge"));
        Put("20260102-030405678", Change("I", 1, "a", 10), Change("I", 2, "a", 11));
        await World.Load();
        Put("20260103-030405678", Change("I", 9, "x", 20));
        await World.Load();
        Assert.Equal(["1", "2", "9"], await Remembered());
        await AgeChanges();
        Put("20260104-030405678", Change("I", 8, "x", 7));
        await World.Load();
        Assert.Equal(["1", "2", "8", "9"], await Remembered());
    }

    [Fact]
    public async Task AHistoryForgetsWhatLiesBeforeTheChangesOfLate()
    {
        const string sql = "SELECT id, name, CAST(valid_from AS date) FROM raw.people ORDER BY id, valid_from";
        await Flows(People("write: scd2\n  scd2: { effective_at: at, ignore: [seen] }"));
        Put("20260102-030405678", Change("I", 1, "Ann", 1, "a"), Change("U", 1, "Ann", 3, "b"));
        await World.Load();
        await AgeChanges();
        Put("20260103-030405678", Change("U", 1, "Ann", 20, "c"), Change("I", 2, "Bob", 20));
        await World.Load();
        Assert.Equal(["1", "1", "2"], await Remembered()); // the last one that was forgotten, for what is ignored

        // Placeable: after all that was forgotten. The version before it says what its last event said.
        string[] late = [Change("U", 1, "Eve", 2), Change("U", 1, "Cid", 10, "d"), Change("I", 5, "Dee", 3)];
        Put("20260104-030405678", late);
        Assert.Equal("2i 1u 0d 0s 2q", (await World.Load()).Only.Counts);
        string[] expected = ["1|Ann|2026-01-01", "1|Cid|2026-01-10", "1|Ann|2026-01-20", "2|Bob|2026-01-20"];
        Assert.Equal(expected, (await Rows(sql)).Select(Day));
        Assert.Equal(["b", "d", "c"], await Rows("SELECT seen FROM raw.people WHERE id = 1 ORDER BY valid_from"));
        Put("20260105-030405678", late);
        Assert.Equal("0i 0u 0d 3s 2q", (await World.Load()).Only.Counts);
        Assert.Equal(expected, (await Rows(sql)).Select(Day));
    }

    [Fact]
    public async Task AHistoryWithoutATimeForgetsAsAMergeDoes()
    {
        const string sql = "SELECT id, name, is_current FROM raw.people WHERE is_current ORDER BY id";
        await Flows(People("write: scd2\n  scd2: { ignore: [at, seen] }"));
        Put("20260102-030405678", Change("I", 1, "a", 10), Change("I", 2, "a", 11));
        await World.Load();
        await AgeChanges();
        Put("20260103-030405678", Change("I", 9, "x", 20));
        await World.Load();
        Assert.Equal(["9"], await Remembered());
        Put("20260104-030405678", Change("U", 1, "late", 5), Change("U", 2, "new", 15), Change("U", 9, "older", 8));
        Assert.Equal("1i 1u 0d 2s 1q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|a", "2|new", "9|x"], (await Rows(sql)).Select(row => row[..row.LastIndexOf('|')]));
    }

    // A day, however a database writes it.
    private static string Day(string row) => row.Split(' ')[0];
}

public sealed class LateChangesIntoDuckDb(PostgresServer server) : LateChanges(server, WarehouseKind.DuckDb);

public sealed class LateChangesIntoPostgres(PostgresServer server) : LateChanges(server, WarehouseKind.Postgres);

public sealed class LateChangesIntoRedshift(PostgresServer server) : LateChanges(server, WarehouseKind.Redshift);
