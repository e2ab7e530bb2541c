using System.Globalization;
using Headrace.Tests.Sqlite;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Headrace.Tests.Protocol;

/// <summary>
/// A connection that breaks, at each statement of a load in its turn: what is in the tables then is what was there
/// before, or, when only the answer to COMMIT was lost, all of the load. Then the load is tried again.
/// </summary>
public sealed class FaultAtEveryStatement : IAsyncDisposable
{
    private const string Columns = "id bigint, price decimal(12,2)";

    private readonly ProtocolBench bench = new();
    private readonly RememberedEngine engine;
    private readonly SqliteWarehouse start;

    public FaultAtEveryStatement()
    {
        engine = new RememberedEngine(bench.Engine, Path.Combine(bench.Folder, "typed"));
        start = new SqliteWarehouse(engine, bench.OnTheWay, bench.Clock);
    }

    private static CancellationToken Cancel => ProtocolBench.Cancel;

    public async ValueTask DisposeAsync()
    {
        await start.DisposeAsync();
        engine.Dispose();
        bench.Dispose();
    }

    [Fact]
    public async Task OfTheFirstLoadOfAWarehouse() =>
        await Loads(await Changes(Operation.Append, "id,price\n1,1.5\n2,x\n"));

    [Fact]
    public async Task OfAnAppend()
    {
        await Load(await Changes(Operation.Append, "id,price\n1,1.5\n2,x\n"));
        await Loads(await Changes(Operation.Append, "id,price,more\n3,3.5,a\n4,x,b\n"));
    }

    [Fact]
    public async Task OfAMerge()
    {
        // Without a key in the table: one that is there twice is mended, too.
        await Load(await Changes(Operation.Append, "id,price,note\n1,1.5,a\n2,2.5,b\n3,3.5,c\n3,3.5,c\n", "before"));
        await Loads(await Changes(Operation.Merge, "id,price\n1,1.5\n2,9.5\n3,3.5\n4,4.5\n5,x\n"));
    }

    [Fact]
    public async Task OfAReplacement()
    {
        await Load(await Changes(Operation.Replace, "id,price\n1,1.5\n2,2.5\n"));
        await Loads(await Changes(Operation.Replace, "id,price\n3,3.5\n4,4.5\n5,x\n"));
    }

    [Fact]
    public async Task WhileRowsAreTyped()
    {
        var changes = await Changes(Operation.Append, "id,price\n1,1.5\n2,x\n");
        await using var warehouse = new SqliteWarehouse(bench.Engine, bench.OnTheWay, bench.Clock);
        var faults = new Faults(1, Faults.Rows);
        warehouse.Around = session => new FaultySession(session, faults);
        await Assert.ThrowsAsync<FaultException>(() => Load(warehouse, changes));
        Assert.Empty(Directory.GetFileSystemEntries(bench.OnTheWay));
        Assert.Empty(Tables(warehouse.Connection));
        Assert.Equal(1, (await Load(warehouse, changes)).Inserted);
    }

    [Fact]
    public async Task OfARelease()
    {
        await Load(await Changes(Operation.Merge, "id,price,note\n1,1.5,keep\n"));
        await Load(await Changes(Operation.Merge, "id,price\n1,x\n2,y\n"));
        var mending = new Mending(
            new Dictionary<string, string?> { ["price"] = "9.99" },
            ProtocolBench.Rules(Columns, "id"),
            new CsvDialect()
        );
        Task<(long, long, long)> Release(SqliteWarehouse warehouse) =>
            warehouse.Quarantine.ReleaseAsync("prices", null, mending, Cancel);
        await AtEvery(
            async warehouse => Assert.Equal((2, 0, 0), await Release(warehouse)),
            async warehouse => Assert.Equal((0, 0, 0), await Release(warehouse)),
            isToldAfterAll: false
        );
    }

    private Task Load(ChangeSet changes) => Load(start, changes);

    private static Task<LoadResult> Load(SqliteWarehouse warehouse, ChangeSet changes) =>
        warehouse.LoadAsync(
            changes,
            new LoadAttempt("r_1", IsPlan: false) { Claim = new Claim("append", false) },
            Cancel
        );

    private async Task<ChangeSet> Changes(Operation operation, string text, string dataset = "prices")
    {
        var files = Directory.GetFiles(Path.Combine(bench.Folder, "lake")).Length;
        var staged = await bench.Stage($"{dataset}{files}.csv", text);
        var rules = ProtocolBench.Rules(Columns, operation == Operation.Merge ? ["id"] : []);
        bench.Clock.Move(TimeSpan.FromMinutes(1));
        return await bench.Changes(start, dataset, ProtocolBench.Target("prices"), operation, rules, staged);
    }

    private async Task Loads(ChangeSet changes)
    {
        string? first = null;
        await AtEvery(
            async warehouse =>
            {
                var result = await Load(warehouse, changes);
                Assert.True(result.IsCommitted);
                var counts = $"{result.Inserted} {result.Updated} {result.Deleted} {result.Unchanged}";
                Assert.Equal(first ??= counts, counts);
            },
            async warehouse =>
                Assert.Equal(
                    "HDR-301",
                    (await Assert.ThrowsAsync<HeadraceException>(() => Load(warehouse, changes))).Code
                ),
            isToldAfterAll: true
        );
    }

    /// <summary>Breaks a step at each of its statements, each time from the same start.</summary>
    /// <param name="step">Throws unless it was done.</param>
    /// <param name="again">The step when it was done already.</param>
    /// <param name="isToldAfterAll">Whoever takes the step finds out by itself that it was committed.</param>
    private async Task AtEvery(Func<SqliteWarehouse, Task> step, Func<SqliteWarehouse, Task> again, bool isToldAfterAll)
    {
        var (before, whole) = (Tables(start.Connection), new Faults(0));
        await using var good = Broken(whole);
        await step(good);
        var after = Tables(good.Connection);
        Assert.NotEqual(before, after);
        for (var n = 1; ; n++)
        {
            var faults = new Faults(n);
            await using var warehouse = Broken(faults);
            var isTold = await IsDone(() => step(warehouse));
            if (faults.Broken is null)
            {
                Assert.True(isTold && n > 15, $"{n} statements");
                return;
            }

            // The last commit is that of the step; one before it made Headrace's own tables.
            var isDone = faults.IsAnswerLost && faults.Commits == whole.Commits;
            Assert.True(isTold == (isDone && isToldAfterAll), $"{n}: {faults.Broken}");
            Assert.Equal(isDone ? after : before, Tables(warehouse.Connection));
            Assert.Empty(Directory.GetFileSystemEntries(bench.OnTheWay));
            await (isDone ? again : step)(warehouse);
            Assert.Equal(after, Tables(warehouse.Connection));
        }
    }

    private SqliteWarehouse Broken(Faults faults)
    {
        var copy = start.Copy();
        copy.Around = session => new FaultySession(session, faults);
        return copy;
    }

    private static async Task<bool> IsDone(Func<Task> step)
    {
        try
        {
            await step();
            return true;
        }
        catch (FaultException)
        {
            return false;
        }
    }

    // All rows of all tables. Which version made Headrace's own is left out: an empty warehouse has those tables or has
    // not. So is since when a table has an owner, which the clock of the database says.
    private static List<string> Tables(SqliteConnection db)
    {
        List<string> Query(string sql, Func<SqliteDataReader, string> read)
        {
            using var command = new SqliteCommand(sql, db);
            using var reader = command.ExecuteReader();
            var rows = new List<string>();
            while (reader.Read())
                rows.Add(read(reader));
            return rows;
        }

        var all = new List<string>();
        foreach (var database in (string[])["main", "headrace"])
        {
            var schema = $"{database}.sqlite_master";
            foreach (
                var table in Query(
                    $"SELECT name FROM {schema} WHERE type = 'table' ORDER BY name",
                    row => row.GetString(0)
                )
            )
            {
                if (database == "main")
                    all.AddRange(
                        Query(
                            $"SELECT sql FROM {schema} WHERE tbl_name = '{table}' ORDER BY name",
                            row => row.GetString(0)
                        )
                    );
                if (table != "meta")
                    all.AddRange(Query($"SELECT * FROM {database}.\"{table}\"", row => $"{table}: {Line(row)}"));
            }
        }

        return all;
    }

    private static string Line(SqliteDataReader row) =>
        string.Join(
            '|',
            Enumerable
                .Range(0, row.FieldCount)
                .Select(i =>
                    row.IsDBNull(i) || row.GetName(i) == "since"
                        ? "NULL"
                        : Convert.ToString(row.GetValue(i), CultureInfo.InvariantCulture)
                )
        );
}
