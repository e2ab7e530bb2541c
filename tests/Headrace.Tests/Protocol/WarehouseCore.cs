using System.Text;
using Headrace.Warehouses;
using Xunit;

namespace Headrace.Tests.Protocol;

/// <summary>
/// What each warehouse keeps of the protocol of a load, asked of the warehouse itself, without a run around it: a new
/// one is one more class in WarehouseCores.cs.
/// </summary>
public abstract class WarehouseCore : IAsyncLifetime
{
    private const string Prices = "id bigint, price decimal(12,2)";
    private const string Customers = "id bigint, name text";

    private readonly ProtocolBench bench = new();
    private SqlWarehouse? warehouse;

    private static CancellationToken Cancel => ProtocolBench.Cancel;

    private SqlWarehouse Warehouse => warehouse!;

    public async ValueTask InitializeAsync() => warehouse = await OpenAsync(bench);

    public async ValueTask DisposeAsync()
    {
        if (warehouse is not null)
            await warehouse.DisposeAsync();
        bench.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>An empty warehouse.</summary>
    protected abstract Task<SqlWarehouse> OpenAsync(ProtocolBench bench);

    [Fact]
    public async Task AppendedRowsComeAndBadOnesWait()
    {
        var result = await Load("prices", Operation.Append, Prices, "id,price\n1,1.50\n2,x\n3,3.50\n4,1,2\n");
        Assert.Equal("2i 0u 0d 0s 2q", Counts(result));
        Assert.Equal(["1|1.50", "3|3.50"], await Rows("prices", "id, price"));
        Assert.Equal(
            ["3|price|x|{\"id\":\"2\",\"price\":\"x\"}|waiting", "5|NULL|4,1,2|NULL|waiting"],
            await Own("quarantine", "line, \"column\", value, \"row\", status")
        );
        Assert.Equal(["prices1.csv|2|2|loaded"], await Own("files", "key, rows, quarantined, outcome"));
        Assert.Equal(["1|append|1|2|2"], await Own("loads", "generation, operation, files, inserted, quarantined"));

        await Load("prices", Operation.Append, Prices, "id,price,note\n5,5.5,\"a \"\"b\"\",\nc\"\n6,,\"\"\n");
        Assert.Equal(
            ["1|1.50|NULL", "3|3.50|NULL", "5|5.50|a \"b\",\nc", "6|NULL|"],
            await Rows("prices", "id, price, note")
        );
    }

    [Fact]
    public async Task TheFilesAreKnownAndASecondLoadOnTheSamePositionIsRefused()
    {
        var first = await Changes("prices", Operation.Append, Prices, "id,price\n1,1.50\n");
        Assert.Equal(
            (0, null, false),
            (first.From.Generation, first.From.Table, first.From.Files.ContainsKey("prices1.csv"))
        );
        await Warehouse.LoadAsync(first, new LoadAttempt("r_1", IsPlan: false), Cancel);
        var position = await Warehouse.PositionAsync(first.Dataset, first.Target, Cancel);
        var known = position.Files["prices1.csv"];
        Assert.Equal((1, first.Id, 1), (position.Generation, position.LoadId, position.Files.Count));
        Assert.Equal((first.Files[0].Sha256, FileOutcome.Loaded, 1), (known.Sha256, known.Outcome, known.Rows));
        Assert.Equal(
            ["id bigint", "price decimal(12,2)"],
            position.Table!.Select(column => $"{column.Name} {column.Type}")
        );

        var late = await Assert.ThrowsAsync<HeadraceException>(() =>
            Warehouse.LoadAsync(first with { Id = "l_late" }, new LoadAttempt("r_late", IsPlan: false), Cancel)
        );
        Assert.Equal("HDR-301", late.Code);
        Assert.Equal(["1|1.50"], await Rows("prices", "id, price"));
        Assert.Equal(["1|1"], await Own("positions", "generation, (SELECT count(*) FROM {loads})"));
        Assert.Equal([first.Id], await Warehouse.CommittedAsync(first.Dataset, [first.Id, "l_late"], Cancel));
    }

    [Fact]
    public async Task AReplacementTakesThePlaceOfAllRows()
    {
        await Load("prices", Operation.Replace, Prices, "id,price\n1,1.50\n2,x\n3,3.50\n");
        bench.Clock.Move(TimeSpan.FromMinutes(1));
        Assert.Equal("1i 0u 2d 0s 0q", Counts(await Load("prices", Operation.Replace, Prices, "id,price\n7,7.25\n")));
        Assert.Equal(["7|7.25"], await Rows("prices", "id, price"));
        Assert.Equal((0, 1, 0), await Release("prices", Prices, ("price", "2")));
        Assert.Equal(["superseded"], await Own("quarantine", "status"));

        var none = await Assert.ThrowsAsync<HeadraceException>(() =>
            Load("prices", Operation.Replace, Prices, "id,price\n")
        );
        Assert.Equal("HDR-202", none.Code);
        Assert.Equal(["7|7.25"], await Rows("prices", "id, price"));
    }

    [Fact]
    public async Task AMergeCountsAndKeepsWhatTheFilesDoNotBring()
    {
        var first = await Load(
            "customers",
            Operation.Merge,
            Customers,
            "id,name,note\n1,a,keep\n2,b,keep\n3,c,keep\n1,last,keep\n,nobody,\n"
        );
        Assert.Equal("3i 0u 0d 0s 1q", Counts(first));
        Assert.Contains("1 row had the key of a later row", Assert.Single(first.Warnings), StringComparison.Ordinal);

        const string Second = "id,name\n1,last\n2,new\n3,\n4,d\n";
        var planned = await Load("customers", Operation.Merge, Customers, Second, isPlan: true);
        Assert.Equal("1i 2u 0d 1s 0q", Counts(planned));
        Assert.Equal(["1|last|keep", "2|b|keep", "3|c|keep"], await Rows("customers", "id, name, note"));
        Assert.Equal("1i 2u 0d 1s 0q", Counts(await Load("customers", Operation.Merge, Customers, Second)));
        Assert.Equal(
            ["1|last|keep", "2|new|keep", "3|NULL|keep", "4|d|NULL"],
            await Rows("customers", "id, name, note")
        );
    }

    [Fact]
    public async Task AKeyThatTheTableHasTwiceIsPutRight()
    {
        await Load("before", Operation.Append, Customers, "id,name\n1,a\n1,a\n2,b\n3,c\n3,d\n", target: "customers");
        Assert.Equal(
            "0i 2u 0d 1s 0q",
            Counts(await Load("customers", Operation.Merge, Customers, "id,name\n1,a\n2,b\n3,e\n"))
        );
        Assert.Equal(["1|a", "2|b", "3|e"], await Rows("customers", "id, name"));
    }

    [Fact]
    public async Task ValuesOfAllTypesComeBackUnchanged()
    {
        const string All =
            "id text, flag boolean, small smallint, whole integer, big bigint, price decimal(20,4), ratio double, "
            + "day date, clock time, local timestamp, zoned timestamptz, guid uuid, more json";
        const string Text =
            "id,flag,small,whole,big,price,ratio,day,clock,local,zoned,guid,more\n"
            + "\"a, \"\"b\"\"\",true,-3,70000,9007199254740993,1234567890123456.7800,0.1,2026-01-02,03:04:05.5,"
            + "2026-01-02 03:04:05,2026-01-02 03:04:05.25+02:00,"
            + "0b7a4f4e-7b1c-4f51-9a9b-0e2f1c3d4e5f,\"{\"\"k\"\": 1}\"\n"
            + "none,,,,,,,,,,,,\n";
        await Load("values", Operation.Merge, All, Text);
        Assert.Equal("0i 0u 0d 2s 0q", Counts(await Load("values", Operation.Merge, All, Text)));
        Assert.Equal(
            ["a, \"b\"|-3|70000|9007199254740993|1234567890123456.7800|2026-01-02", "none|NULL|NULL|NULL|NULL|NULL"],
            await Rows("values", "id, small, whole, big, price, day")
        );
        await Warehouse.CopyAsync(ProtocolBench.Target("values"), Path.Combine(bench.Folder, "copy.parquet"), Cancel);
        using var db = bench.Engine.Connect(Cancel);
        Assert.Equal(
            "true|0.1|03:04:05.5|2026-01-02 03:04:05|2026-01-02 01:04:05.25+00|0b7a4f4e-7b1c-4f51-9a9b-0e2f1c3d4e5f",
            db.Scalar<string>(
                $"""
                SELECT concat_ws('|', flag, ratio, clock, "local", zoned, guid) FROM
                    read_parquet('{Path.Combine(bench.Folder, "copy.parquet")}')
                WHERE id <> 'none'
                """,
                Cancel
            )
        );
    }

    [Theory]
    [InlineData(Deletes.Hard)]
    [InlineData(Deletes.Soft)]
    public async Task ChangedRowsAreInsertedUpdatedAndDeleted(Deletes deletes)
    {
        IReadOnlyList<Column> columns = [new Column("id", ColumnType.BigInt), new Column("name", ColumnType.Text)];
        Assert.Equal(
            "3i 0u 0d 0s 0q",
            Counts(await Apply(deletes, "v1", bench.Changed(columns, 0, "'I', 1, 'a'", "'I', 2, 'b'", "'I', 3, 'c'")))
        );
        await Execute(Warehouse.Dialect.AddColumn(ProtocolBench.Target("items"), new Column("note", ColumnType.Text)));
        await Execute($"UPDATE {Name("items")} SET note = 'keep'");
        var second = await Apply(
            deletes,
            "v2",
            bench.Changed(columns, 0, "'I', 4, 'd'", "'U', 2, 'new'", "'D', 3, NULL")
        );
        Assert.Equal("1i 1u 1d 0s 0q", Counts(second));
        Assert.Empty(second.Warnings);
        var is3There = deletes == Deletes.Soft ? (string[])["3|c|keep"] : [];
        Assert.Equal(["1|a|keep", "2|new|keep", .. is3There, "4|d|NULL"], await Rows("items", "id, name, note"));
        if (deletes == Deletes.Soft)
            Assert.Equal(["1", "2", "4"], await Rows("items", "id", "deleted_at IS NULL"));
        Assert.Equal(
            ["1|changes|v1", "2|changes|v2"],
            await Own(
                "loads",
                "generation, operation, (SELECT max(version) FROM {files} AS f WHERE f.load_id = t.load_id)"
            )
        );

        var third = await Apply(deletes, "v3", bench.Changed(columns, 2, "'U', 9, 'gone'", "'I', 3, 'again'"));
        Assert.Contains("1 of its rows were to be replaced", Assert.Single(third.Warnings), StringComparison.Ordinal);
        Assert.Equal(["1|a", "2|new", "3|again", "4|d", "9|gone"], await Rows("items", "id, name"));
    }

    [Fact]
    public async Task ABadRowIsReleasedOnceWithAValueThatIsSetAndAnotherIsDiscarded()
    {
        const string Columns = "id text, amount decimal(12,2), note text";
        await Load("m", Operation.Merge, Columns, "id,amount,note\na,5.00,keep\n");
        bench.Clock.Move(TimeSpan.FromMinutes(1));
        await Load("m", Operation.Merge, Columns, "id,amount\na,bad\nb,worse\nc,none\n");
        var waiting = await Warehouse.Quarantine.RowsAsync("m", all: false, 10, Cancel);
        Assert.Equal([2, 3, 4], waiting.Select(row => row.Line!.Value));
        Assert.Equal(
            ("m", 3),
            (
                Assert.Single(await Warehouse.Quarantine.CountAsync(Cancel)) is var one
                    ? (one.Dataset, one.Rows)
                    : default
            )
        );

        Assert.Equal((0, 0, 1), await Release("m", Columns, ("note", "x"), waiting[0].Id));
        Assert.Equal((2, 0, 0), await Release("m", Columns, ("amount", "9.99"), waiting[0].Id, waiting[1].Id));
        Assert.Equal((0, 0, 0), await Release("m", Columns, ("amount", "9.99"), waiting[0].Id, waiting[1].Id));
        Assert.Equal(1, await Warehouse.Quarantine.DiscardAsync("m", null, "no amount", Cancel));
        Assert.Equal(0, await Warehouse.Quarantine.DiscardAsync("m", null, "no amount", Cancel));
        Assert.Equal(["a|9.99|keep", "b|9.99|NULL"], await Rows("m", "id, amount, note"));
        Assert.Equal(
            ["2|released|NULL", "3|released|NULL", "4|discarded|no amount"],
            await Own("quarantine", "line, status, resolution")
        );
        Assert.Equal("m", (await Warehouse.HistoryAsync("m", Cancel)).Single().Target.Table);
    }

    [Fact]
    public async Task ASchemaDocumentMakesTheTableAndRulesIt()
    {
        const string Json = """
            {"schema_version": 1, "columns": [
                {"name": "id", "type": "bigint"}, {"name": "price", "type": "decimal(12,2)"}]}
            """;
        var file = await bench.Stage("schema.json", Json);
        var changes = await bench.Changes(
            Warehouse,
            "prices",
            ProtocolBench.Target("prices"),
            Operation.Schema,
            new LoadRules()
        );
        var result = await Warehouse.LoadAsync(
            changes with
            {
                Schema = (SchemaDocument.Parse(Encoding.UTF8.GetBytes(Json), "schema.json"), file.File, file.Sha256),
                Action = "schema",
            },
            new LoadAttempt("r_1", IsPlan: false),
            Cancel
        );
        Assert.Contains("CREATE TABLE", result.Ddl[^1], StringComparison.Ordinal);
        Assert.Empty(await Rows("prices", "id, price"));
        var position = await Warehouse.PositionAsync(changes.Dataset, changes.Target, Cancel);
        Assert.Equal(
            ("1", "schema.json", 2),
            (position.Schema!.Value.Document.Version, position.Schema.Value.Key, position.Table!.Count)
        );

        Assert.Equal("1i 0u 0d 0s 1q", Counts(await Load("prices", Operation.Append, "", "id,price\n1,1.5\n2,x\n")));
        Assert.Equal(["1|1.50"], await Rows("prices", "id, price"));
    }

    [Fact]
    public async Task ATableHasItsOwnersAndAnotherDatasetTakesItOverOnlyWhenItIsTold()
    {
        var (alone, shared) = (new Claim("replace", true), new Claim("append", false));
        await Load("one", Operation.Append, Prices, "id,price\n1,1.5\n", target: "prices", claim: shared);
        await Load("two", Operation.Append, Prices, "id,price\n2,2.5\n", target: "prices", claim: shared);
        var refused = await Assert.ThrowsAsync<HeadraceException>(() =>
            Load("three", Operation.Replace, Prices, "id,price\n3,3.5\n", target: "prices", claim: alone)
        );
        Assert.Equal("HDR-328", refused.Code);
        Assert.Equal(["1|1.50", "2|2.50"], await Rows("prices", "id, price"));

        var late = await Changes("one", Operation.Append, Prices, "id,price\n4,4.5\n", "prices");
        await Warehouse.TakeOverAsync(ProtocolBench.Dataset("three"), ProtocolBench.Target("prices"), alone, Cancel);
        var error = await Assert.ThrowsAsync<HeadraceException>(() =>
            Warehouse.LoadAsync(late, new LoadAttempt("r_late", IsPlan: false) { Claim = shared }, Cancel)
        );
        Assert.Equal("HDR-301", error.Code);
        await Load("three", Operation.Replace, Prices, "id,price\n3,3.5\n", target: "prices", claim: alone);
        Assert.Equal(["3|3.50"], await Rows("prices", "id, price"));
        Assert.Equal(["three|replace"], await Own("owners", "dataset, way"));
    }

    private static string Counts(LoadResult result) =>
        $"{result.Inserted}i {result.Updated}u {result.Deleted}d {result.Unchanged}s {result.Quarantined}q";

    private async Task<ChangeSet> Changes(
        string dataset,
        Operation operation,
        string columns,
        string text,
        string? target = null
    )
    {
        var rules =
            columns.Length == 0
                ? new LoadRules()
                : ProtocolBench.Rules(columns, operation == Operation.Merge ? ["id"] : []);
        var files = Directory.GetFiles(Path.Combine(bench.Folder, "lake")).Length;
        var staged = await bench.Stage($"{dataset}{files + 1}.csv", text);
        return await bench.Changes(
            Warehouse,
            dataset,
            ProtocolBench.Target(target ?? dataset),
            operation,
            rules,
            staged
        );
    }

    private async Task<LoadResult> Load(
        string dataset,
        Operation operation,
        string columns,
        string text,
        string? target = null,
        Claim? claim = null,
        bool isPlan = false
    ) =>
        await Warehouse.LoadAsync(
            await Changes(dataset, operation, columns, text, target),
            new LoadAttempt("r_1", isPlan) { Claim = claim },
            Cancel
        );

    private async Task<LoadResult> Apply(Deletes deletes, string version, RowChanges rows)
    {
        var rules = new LoadRules
        {
            PrimaryKey = ["id"],
            Snapshot = new SnapshotRules { Deletes = deletes },
        };
        var staged = await bench.Stage($"items{version}.csv", "id,name\n");
        var changes = await bench.Changes(
            Warehouse,
            "items",
            ProtocolBench.Target("items"),
            Operation.Changes,
            rules,
            staged
        );
        return await Warehouse.LoadAsync(
            changes with
            {
                Rows = rows,
                Version = version,
            },
            new LoadAttempt("r_1", IsPlan: false),
            Cancel
        );
    }

    private Task<(long Released, long Superseded, long Kept)> Release(
        string of,
        string columns,
        (string Column, string Value) set,
        params long[] ids
    ) =>
        Warehouse.Quarantine.ReleaseAsync(
            of,
            ids.Length == 0 ? null : ids,
            new Mending(
                new Dictionary<string, string?> { [set.Column] = set.Value },
                ProtocolBench.Rules(columns, of == "m" ? ["id"] : []),
                new CsvDialect()
            ),
            Cancel
        );

    private string Name(string table) => Warehouse.Dialect.Qualified(ProtocolBench.Target(table));

    private Task<List<string>> Rows(string table, string columns, string where = "true") =>
        Query(Name(table), columns, where);

    // A name in braces is that of a table of Headrace's own.
    private Task<List<string>> Own(string table, string columns)
    {
        var state = Warehouse.Dialect.State;
        foreach (var name in (string[])["loads", "files"])
            columns = columns.Replace($"{{{name}}}", state.Name(name), StringComparison.Ordinal);
        return Query(state.Name(table), columns, "true");
    }

    // The rows in the order of their texts, with | between values.
    private async Task<List<string>> Query(string table, string columns, string where)
    {
        await using var db = await Warehouse.OpenAsync(SessionUse.Read, Cancel);
        var values = columns.Split(", ").Select(column => $"coalesce(CAST({column} AS text), 'NULL')");
        return await db.RowsAsync(
            $"SELECT {string.Join(" || '|' || ", values)} AS line FROM {table} AS t WHERE {where} ORDER BY 1",
            row => row.Text(0),
            Cancel
        );
    }

    private async Task Execute(string sql)
    {
        await using var db = await Warehouse.OpenAsync(SessionUse.Write, Cancel);
        await db.ExecuteAsync(sql, Cancel);
    }
}
