using System.Globalization;
using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>Changes of rows into their history (<c>write: scd2</c>): a function of the set of events.</summary>
public abstract class Histories(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private const string Versions =
        "SELECT id, name, city, valid_from, valid_to, is_current FROM raw.people ORDER BY id, valid_from";

    private static string People(string scd2 = "effective_at: at", string more = "") =>
        $$"""
            people:
              source: { connection: lake, path: "people/*.csv", format: csv, csv: { header: false } }
              columns: { id: integer, name: text, city: text, seen: text, at: timestamp, seq: integer }
              read: cdc
              cdc: { order_by: [seq] }
              primary_key: id
              write: scd2
              scd2: { {{scd2}} }
              {{more}}
            """;

    private Histories Put(string name, params string[] lines)
    {
        World.Put($"people/{name}", string.Concat(lines.Select(line => line + "\n")));
        return this;
    }

    private async Task<string[]> History(string sql = Versions) => [.. (await Rows(sql)).Select(Plain)];

    // Databases write times and truth in their own ways.
    private static string Plain(string row) =>
        string.Join(
            '|',
            row.Split('|')
                .Select(value =>
                    value.Length == 0 ? "NULL"
                    : value is "t" or "True" or "true" ? "true"
                    : value is "f" or "False" or "false" ? "false"
                    : value.Length > 10
                    && DateTime.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
                        ? time.ToString("MM-dd HH", CultureInfo.InvariantCulture)
                    : value
                )
        );

    private static string Event(string op, int id, string name, string city, string at, int seq, string seen = "x") =>
        $"{op},{id},{name},{city},{seen},2026-{at}:00:00,{seq}";

    [Fact]
    public async Task EachChangeOpensAVersionAndADeleteLeavesAGap()
    {
        await Flows(People());
        Put(
            "20260102-030405678.csv",
            Event("I", 1, "Ann", "Ulm", "01-01 10", 1),
            Event("U", 1, "Ann", "Bonn", "01-02 10", 2),
            Event("U", 1, "Ann", "Bonn", "01-03 10", 3),
            Event("D", 1, "", "", "01-04 10", 4),
            Event("I", 1, "Ann", "Bonn", "01-05 10", 5),
            Event("I", 2, "Bob", "", "01-01 10", 6)
        );
        var run = (await World.Load()).Only;
        Assert.Equal("4i 0u 0d 0s 0q", run.Counts);
        Assert.Equal(
            [
                "1|Ann|Ulm|01-01 10|01-02 10|false",
                "1|Ann|Bonn|01-02 10|01-04 10|false",
                "1|Ann|Bonn|01-05 10|NULL|true",
                "2|Bob|NULL|01-01 10|NULL|true",
            ],
            await History()
        );

        // The same events again, in another file and another order: nothing changes.
        Put(
            "20260103-030405678.csv",
            Event("D", 1, "", "", "01-04 10", 4),
            Event("U", 1, "Ann", "Bonn", "01-03 10", 3),
            Event("I", 1, "Ann", "Ulm", "01-01 10", 1)
        );
        Assert.Equal("0i 0u 0d 3s 0q", (await World.Load()).Only.Counts);
    }

    [Fact]
    public async Task ALateEventSplitsTheVersionItFallsInto()
    {
        await Flows(People());
        Put(
            "20260102-030405678.csv",
            Event("I", 1, "Ann", "Ulm", "01-01 10", 1),
            Event("U", 1, "Ann", "Ulm", "01-03 10", 3),
            Event("U", 1, "Ann", "Ulm", "01-05 10", 5)
        );
        await World.Load();
        Put("20260103-030405678.csv", Event("U", 1, "Ann", "Bonn", "01-02 10", 2));
        await World.Load();
        Assert.Equal(
            ["1|Ann|Ulm|01-01 10|01-02 10|false", "1|Ann|Bonn|01-02 10|01-03 10|false", "1|Ann|Ulm|01-03 10|NULL|true"],
            await History()
        );
        Put("20260104-030405678.csv", Event("D", 1, "", "", "01-04 10", 4), Event("I", 1, "Eve", "Ulm", "01-01 09", 0));
        await World.Load();
        Assert.Equal(
            [
                "1|Eve|Ulm|01-01 09|01-01 10|false",
                "1|Ann|Ulm|01-01 10|01-02 10|false",
                "1|Ann|Bonn|01-02 10|01-03 10|false",
                "1|Ann|Ulm|01-03 10|01-04 10|false",
                "1|Ann|Ulm|01-05 10|NULL|true",
            ],
            await History()
        );
    }

    [Fact]
    public async Task OfOneMomentTheLatestInOrderHolds()
    {
        await Flows(People());
        Put(
            "20260102-030405678.csv",
            Event("U", 1, "Ann", "Bonn", "01-01 10", 2),
            Event("I", 1, "Ann", "Ulm", "01-01 10", 1)
        );
        await World.Load();
        Assert.Equal(["1|Ann|Bonn|01-01 10|NULL|true"], await History());
        Put("20260103-030405678.csv", Event("U", 1, "Ann", "Kiel", "01-01 10", 1));
        await World.Load();
        Assert.Equal(["1|Ann|Bonn|01-01 10|NULL|true"], await History());
        Put("20260104-030405678.csv", Event("U", 1, "Ann", "Mainz", "01-01 10", 3));
        await World.Load();
        Assert.Equal(["1|Ann|Mainz|01-01 10|NULL|true"], await History());
    }

    [Fact]
    public async Task WhatIsIgnoredIsPutRightInPlace()
    {
        await Flows(People("effective_at: at, track: [name], ignore: [seen], columns: { from: v, to: w, current: c }"));
        Put("20260102-030405678.csv", Event("I", 1, "Ann", "Ulm", "01-01 10", 1, "a"));
        await World.Load();
        Put("20260103-030405678.csv", Event("U", 1, "Ann", "Ulm", "01-03 10", 3, "c"));
        Assert.Equal("0i 1u 0d 0s 0q", (await World.Load()).Only.Counts);
        const string sql = "SELECT id, name, seen, seq, v, w, c FROM raw.people ORDER BY v";
        Assert.Equal(["1|Ann|c|1|01-01 10|NULL|true"], await History(sql));

        // What the event before the late one said comes back.
        Put("20260104-030405678.csv", Event("U", 1, "Bob", "Ulm", "01-02 10", 2, "b"));
        await World.Load();
        Assert.Equal(
            ["1|Ann|a|1|01-01 10|01-02 10|false", "1|Bob|b|2|01-02 10|01-03 10|false", "1|Ann|c|3|01-03 10|NULL|true"],
            await History(sql)
        );
    }

    [Fact]
    public async Task WithoutATimeOfTheEventTheLoadSaysIt()
    {
        await Flows(People("ignore: [at]"));
        Put(
            "20260102-030405678.csv",
            Event("I", 1, "Ann", "Ulm", "01-01 10", 1),
            Event("U", 1, "Ann", "Bonn", "01-01 10", 5)
        );
        await World.Load();
        Put("20260103-030405678.csv", Event("U", 1, "Ann", "Kiel", "01-01 10", 3));
        await World.Load();
        Put("20260104-030405678.csv", Event("U", 1, "Ann", "Mainz", "01-01 10", 7));
        await World.Load();
        Assert.Equal(
            ["Bonn|false", "Mainz|true"],
            await History("SELECT city, is_current FROM raw.people ORDER BY valid_from")
        );
        Assert.Equal(
            ["true"],
            await History(
                "SELECT (SELECT max(valid_to) FROM raw.people) = (SELECT max(valid_from) FROM raw.people) AS closed"
            )
        );
    }

    [Fact]
    public async Task EachLoadClosesTheVersionThatWasCurrent()
    {
        // Case 14.
        await Flows(People());
        string[] cities = ["Gold", "Silver", "Bronze"];
        for (var i = 0; i < cities.Length; i++)
        {
            Put($"2026010{i + 2}-030405678.csv", Event("U", 1, "Ann", cities[i], $"01-0{i + 1} 10", i));
            Assert.Equal($"1i {Math.Min(i, 1)}u 0d {Math.Max(i - 1, 0)}s 0q", (await World.Load()).Only.Counts);
        }

        Assert.Equal(
            [
                "1|Ann|Gold|01-01 10|01-02 10|false",
                "1|Ann|Silver|01-02 10|01-03 10|false",
                "1|Ann|Bronze|01-03 10|NULL|true",
            ],
            await History()
        );
    }

    [Fact]
    public async Task TheZoneOfASessionChangesNothing()
    {
        // Case 17: updates and deletes of one batch have one instant.
        await Flows(People("ignore: [at]"));
        Dictionary<string, string> tokyo = new() { ["TZ"] = "Asia/Tokyo" };
        if (Kind != WarehouseKind.DuckDb)
            await Alter(
                "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = %L', current_database(), 'Asia/Tokyo'); "
                    + "END $$"
            );
        Put(
            "20260102-030405678.csv",
            Event("I", 1, "a", "Ulm", "01-01 10", 1),
            Event("I", 2, "b", "Ulm", "01-01 10", 2)
        );
        Assert.Equal(0, (await World.RunProcess(tokyo, "run", "--json")).Exit);
        Put("20260103-030405678.csv", Event("U", 1, "a", "Bonn", "01-02 10", 3), Event("D", 2, "", "", "01-02 10", 4));
        Assert.Equal(0, (await World.RunProcess(tokyo, "run", "--json")).Exit);
        Assert.Equal(
            ["1|1|0"],
            await Rows(
                """
                SELECT count(DISTINCT valid_to), count(DISTINCT CASE WHEN valid_from = (SELECT max(valid_to)
                    FROM raw.people) THEN valid_from END), sum(CASE WHEN valid_to < valid_from THEN 1 ELSE 0 END)
                FROM raw.people
                """
            )
        );
        Assert.Equal(
            ["1|0"],
            await Rows(
                """
                SELECT count(*), sum(CASE WHEN abs(extract(epoch FROM valid_from) - extract(epoch FROM m.committed_at))
                    > 600 THEN 1 ELSE 0 END)
                FROM raw.people CROSS JOIN (SELECT max(committed_at) AS committed_at FROM headrace.loads) AS m
                WHERE is_current
                """
            )
        );
    }

    [Fact]
    public async Task ANewColumnOpensNoVersionWhereItIsNull()
    {
        // Case 18.
        await Flows(
            """
            people:
              source: { connection: lake, path: "people/*.csv" }
              read: cdc
              cdc: { order_by: [seq] }
              primary_key: id
              write: scd2
              scd2: { effective_at: at }
            """
        );
        const string sql = "SELECT id, name, city, is_current FROM raw.people ORDER BY id, valid_from";
        World.Put(
            "people/20260102-030405678.csv",
            "Op,id,name,at,seq\nI,1,Ann,2026-01-01 10:00:00,1\nI,2,Bob,2026-01-01 10:00:00,2\n"
        );
        await World.Load();
        World.Put(
            "people/20260103-030405678.csv",
            "Op,id,name,at,seq,city\nU,1,Ann,2026-01-02 10:00:00,3,\nU,2,Bob,2026-01-02 10:00:00,4,Ulm\n"
        );
        var run = (await World.Load()).Only;
        Assert.Equal("1i 1u 0d 1s 0q", run.Counts);
        Assert.DoesNotContain("tracks", run.Warnings, StringComparison.Ordinal);
        Assert.Equal(["1|Ann|NULL|true", "2|Bob|NULL|false", "2|Bob|Ulm|true"], await History(sql));
    }

    [Fact]
    public async Task OtherTrackedColumnsAreSaidAndNoVersionIsRewritten()
    {
        // Case 18.
        await Flows(People("effective_at: at, track: [name, city]"));
        Put(
            "20260102-030405678.csv",
            Event("I", 1, "Ann", "Ulm", "01-01 10", 1),
            Event("U", 1, "Ann", "Bonn", "01-03 10", 3)
        );
        await World.Load();
        await Flows(People("effective_at: at, track: [name]"));
        Put("20260103-030405678.csv", Event("U", 1, "Ann", "Kiel", "01-05 10", 5));
        const string said = "scd2 tracks 'name' now, and tracked 'city', 'name' before";
        Assert.Contains(said, (await World.Run("plan", "--json")).Only.Warnings, StringComparison.Ordinal);
        Assert.Contains(said, (await World.Load()).Only.Warnings, StringComparison.Ordinal);
        string[] expected = ["1|Ann|Ulm|01-01 10|01-03 10|false", "1|Ann|Kiel|01-03 10|NULL|true"];
        Assert.Equal(expected, await History());
        Put("20260104-030405678.csv", Event("U", 1, "Ann", "Mainz", "01-02 10", 2));
        Assert.DoesNotContain("tracks", (await World.Load()).Only.Warnings, StringComparison.Ordinal);
        expected[0] = expected[0].Replace("Ulm", "Mainz", StringComparison.Ordinal);
        Assert.Equal(expected, await History());
    }

    [Fact]
    public async Task ExportsBecomeAHistory()
    {
        await Flows(
            """
            people:
              source: { connection: lake, path: "people/{version}/*.csv" }
              columns: { id: integer, name: text, city: text, at: timestamp }
              read: snapshot
              settle: 0s
              primary_key: id
              write: scd2
              scd2: { ignore: [at] }
              limits: { max_deleted: 100% }
            """
        );
        const string sql = "SELECT id, name, city, is_current FROM raw.people ORDER BY id, valid_from";
        World.Put(
            "people/v1/a.csv",
            "id,name,city,at\n1,Ann,Ulm,2026-01-01\n2,Bob,Ulm,2026-01-01\n3,Cid,Ulm,2026-01-01\n"
        );
        Assert.Equal("3i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        World.Put("people/v2/a.csv", "id,name,city,at\n1,Ann,Bonn,2026-01-02\n3,Cid,Ulm,2026-01-02\n");
        Assert.Equal("1i 3u 0d 0s 0q", (await World.Load()).Only.Counts);
        World.Put(
            "people/v3/a.csv",
            "id,name,city,at\n1,Ann,Bonn,2026-01-03\n2,Bob,Ulm,2026-01-03\n3,Cid,Ulm,2026-01-02\n"
        );
        await World.Load();
        Assert.Equal(
            ["1|Ann|Ulm|false", "1|Ann|Bonn|true", "2|Bob|Ulm|false", "2|Bob|Ulm|true", "3|Cid|Ulm|true"],
            await History(sql)
        );
        Assert.Equal(["1"], await Rows("SELECT count(*) FROM raw.people WHERE id = 2 AND valid_to IS NOT NULL"));
    }

    [Fact]
    public async Task FilesOfRowsBecomeAHistory()
    {
        await Flows(
            """
            people:
              source: { connection: lake, path: "people/*.csv" }
              columns: { id: integer, name: text, city: text, at: timestamp }
              read: incremental
              primary_key: id
              write: scd2
              scd2: { effective_at: at }
            """
        );
        World.Put("people/1.csv", "id,name,city,at\n1,Ann,Ulm,2026-01-01 10:00:00\n1,Ann,Bonn,2026-01-03 10:00:00\n");
        await World.Load();
        World.Put("people/2.csv", "id,name,city,at\n1,Ann,Kiel,2026-01-02 10:00:00\n2,Bob,,2026-01-02 10:00:00\n");
        await World.Load();
        Assert.Equal(
            [
                "1|Ann|Ulm|01-01 10|01-02 10|false",
                "1|Ann|Kiel|01-02 10|01-03 10|false",
                "1|Ann|Bonn|01-03 10|NULL|true",
                "2|Bob|NULL|01-02 10|NULL|true",
            ],
            await History()
        );
    }

    [Theory]
    [InlineData(1, false, false)]
    [InlineData(2, false, true)]
    [InlineData(3, true, false)]
    [InlineData(4, true, true)]
    public async Task EveryOrderAndEveryCutGivesTheSameHistory(int seed, bool forgets, bool isCityIgnored)
    {
        var people = People(isCityIgnored ? "effective_at: at, ignore: [city]" : "effective_at: at");
        await Flows(forgets ? people.Replace("[seq]", "[seq], late: 90d", StringComparison.Ordinal) : people);
        var random = new Random(seed);
        string[] cities = ["Ulm", "Bonn", ""];
        var events = Enumerable
            .Range(0, 60)
            .Select(seq =>
            {
                var op =
                    random.Next(5) == 0 ? "D"
                    : random.Next(2) == 0 ? "U"
                    : "I";
                return (
                    Op: op,
                    Id: random.Next(4),
                    Name: op == "D" ? "" : "n" + random.Next(2),
                    City: op == "D" ? "" : cities[random.Next(3)],
                    Hour: random.Next(30),
                    Seq: seq
                );
            })
            .ToList();
        var arriving = events.Concat(events.Where(_ => random.Next(4) == 0)).OrderBy(_ => random.Next()).ToList();
        var applied = await Arrive(
            random,
            arriving,
            forgets,
            (name, some) =>
                Put(name, [.. some.Select(one => Event(one.Op, one.Id, one.Name, one.City, Moment(one.Hour), one.Seq))])
        );

        var expected = new List<string>();
        foreach (var key in applied.GroupBy(one => one.Id).OrderBy(key => key.Key))
        {
            (string Name, string City, string From)? open = null;
            void Close(string at)
            {
                if (open is { } version)
                    expected.Add(
                        $"{key.Key}|{version.Name}|{Null(version.City)}|{version.From}|{at}|{(at == "NULL" ? "true" : "false")}"
                    );
                open = null;
            }

            foreach (var moment in key.GroupBy(one => one.Hour).OrderBy(moment => moment.Key))
            {
                var last = moment.MaxBy(one => one.Seq);
                if (last.Op == "D")
                    Close(Moment(last.Hour));
                else if (isCityIgnored && open is { } there && there.Name == last.Name)
                    open = (there.Name, last.City, there.From);
                else if (open?.Name != last.Name || open?.City != last.City)
                {
                    Close(Moment(last.Hour));
                    open = (last.Name, last.City, Moment(last.Hour));
                }
            }

            Close("NULL");
        }

        Assert.Equal(expected, await History());
    }

    private static string Moment(int hour) => $"01-{1 + (hour / 10):00} {10 + (hour % 10)}";

    private static string Null(string value) => value.Length == 0 ? "NULL" : value;
}

public sealed class HistoriesIntoDuckDb(PostgresServer server) : Histories(server, WarehouseKind.DuckDb);

public sealed class HistoriesIntoPostgres(PostgresServer server) : Histories(server, WarehouseKind.Postgres);

public sealed class HistoriesIntoRedshift(PostgresServer server) : Histories(server, WarehouseKind.Redshift);
