using Headrace.DuckDb;
using Headrace.Lake;
using Headrace.Staging;
using Headrace.Tests.StandIn;
using Headrace.Warehouses;
using Xunit;

namespace Headrace.Tests.Protocol;

/// <summary>A lake, a spool and an engine: what makes change sets for a warehouse without a run around it.</summary>
public sealed class ProtocolBench : IDisposable
{
    private readonly FolderStore lake;
    private readonly Stager stager;
    private int loads;

    public ProtocolBench()
    {
        Folder = Directory.CreateTempSubdirectory("headrace-").FullName;
        foreach (var folder in (string[])[Lake, Path.Combine(Folder, "spool"), OnTheWay])
            Directory.CreateDirectory(folder);
        lake = new FolderStore(Lake);
        stager = new Stager(Path.Combine(Folder, "spool"), new FileLimits());
        Engine = new DuckDbEngine(Settings);
    }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static FileFormat Csv { get; } = new(FormatKind.Csv, new CsvDialect());

    public string Folder { get; }

    /// <summary>A folder for the rows that a warehouse takes from files.</summary>
    public string OnTheWay => Path.Combine(Folder, "way");

    public DuckDbSettings Settings => new() { Threads = 1, AllowedDirectories = [Folder] };

    public DuckDbEngine Engine { get; }

    /// <summary>The clock of the warehouse.</summary>
    public StoppedClock Clock { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    private string Lake => Path.Combine(Folder, "lake");

    public static Dataset Dataset(string name) => new(name, name.Split('/')[0], new Dictionary<string, string>());

    public static TableName Target(string table) => new("raw", table);

    /// <summary>Columns such as <c>id bigint, price decimal(12,2)</c>.</summary>
    public static LoadRules Rules(string columns, params string[] key) =>
        new()
        {
            Columns =
            [
                .. columns
                    .Split(", ")
                    .Select(column => column.Split(' '))
                    .Select(words => new DeclaredColumn(
                        words[0],
                        words[0],
                        ColumnType.TryParse(words[1], out var type) ? type : throw new FormatException(words[1])
                    )),
            ],
            PrimaryKey = key,
        };

    /// <summary>Puts a file into the lake and stages it.</summary>
    public async Task<StagedFile> Stage(string key, string text)
    {
        await File.WriteAllTextAsync(Path.Combine(Lake, key), text, Cancel);
        var file = (await lake.ListAsync(PathPattern.Parse(key), (_, _) => { }, Cancel)).Single();
        return await stager.StageAsync(lake, file, Csv, null, Cancel);
    }

    /// <summary>A change set of files that follows on what the warehouse has.</summary>
    public async Task<ChangeSet> Changes(
        SqlWarehouse warehouse,
        string dataset,
        TableName target,
        Operation operation,
        LoadRules rules,
        params StagedFile[] files
    ) =>
        new()
        {
            Id = $"l_{++loads}",
            Dataset = Dataset(dataset),
            Target = target,
            Operation = operation,
            From = await warehouse.PositionAsync(Dataset(dataset), target, Cancel),
            Files = files,
            Format = Csv,
            Rules = rules,
        };

    /// <summary>Changed rows, each as the values of <c>op, c0, c1…</c> in the engine's SQL.</summary>
    public RowChanges Changed(IReadOnlyList<Column> columns, long unchanged, params string[] rows)
    {
        var path = Path.Combine(Folder, $"changes{++loads}.parquet");
        var names = columns.Select((column, i) => $"CAST(c{i} AS {column.Type}) AS c{i}");
        var alias = string.Join(", ", columns.Select((_, i) => $"c{i}"));
        var values = string.Join(", ", rows.Select(row => $"({row})"));
        using (var db = Engine.Connect(Cancel))
            db.Execute(
                $"""
                COPY (SELECT op, {string.Join(", ", names)} FROM (VALUES {values}) AS v(op, {alias}))
                TO '{path}' (FORMAT parquet)
                """,
                Cancel
            );
        long Count(char op) => rows.Count(row => row[1] == op);
        return new RowChanges
        {
            Path = path,
            Columns = columns,
            Inserted = Count('I'),
            Updated = Count('U'),
            Deleted = Count('D'),
            Unchanged = unchanged,
            Records = [unchanged + Count('I') + Count('U')],
        };
    }

    public void Dispose()
    {
        Engine.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
