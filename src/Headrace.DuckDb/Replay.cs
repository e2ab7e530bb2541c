using Headrace.Checks;
using Headrace.Configuration;

namespace Headrace.DuckDb;

/// <summary>
/// Loads the files of a table once more, as they were loaded, into a warehouse of its own: what the table should hold.
/// The loads are ordinary ones, so order, keys, types and bad rows are what they were.
/// </summary>
/// <param name="scratch">An empty warehouse.</param>
/// <param name="limits">What the real warehouse asks of values; null for nothing.</param>
internal sealed class Replay(
    DuckDbWarehouse scratch,
    Flow flow,
    TableHistory history,
    IFileSource source,
    ValueLimits? limits,
    CancellationToken cancel
)
{
    private readonly HashSet<string> some = new(StringComparer.OrdinalIgnoreCase);
    private HashSet<string>? all;

    /// <summary>Versions that are no longer in the lake as they were loaded.</summary>
    public List<LoadedFile> Gone { get; } = [];

    /// <summary>Sentences on what went another way than the first time.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>The loads that say what the table holds: those since its rows were last replaced as a whole.</summary>
    public IReadOnlyList<LoadedFile> Counting { get; } = Since(history.Files);

    /// <summary>The columns of what it made; null when nothing did.</summary>
    public IReadOnlyList<Column>? Table { get; private set; }

    /// <summary>
    /// True when rows were merged: then a file that is gone may have changed what those before it brought.
    /// </summary>
    public bool IsMerged => Counting.Any(file => file.Operation == "merge");

    /// <summary>
    /// True when some file that was read brings the column; a default where one lacks it cannot be told.
    /// </summary>
    public bool Compares(Column column) =>
        some.Contains(column.Name) && (!column.HasDefault || all!.Contains(column.Name));

    /// <summary>Loads them.</summary>
    /// <param name="table">The table's columns; null when it is gone.</param>
    /// <param name="copy">The table's rows as a Parquet file; null when it is gone.</param>
    public async Task RunAsync(IReadOnlyList<Column>? table, string? copy)
    {
        var position = new Position();
        using var db = await scratch.ConnectAsync(cancel);
        var documents = history
            .Files.Where(file => file.Document is not null)
            .Select(file => file.LoadId)
            .ToHashSet(StringComparer.Ordinal);
        if (table is not null && documents.Count == 0)
        {
            // The table keeps the types it was made with. Nothing here has defaults, so a column with one may
            // be empty.
            var made = table.Select(column => column with { Nullable = column.Nullable || column.HasDefault }).ToList();
            scratch.Translate(() => db.Execute(DuckDbDialect.Instance.CreateSchema(history.Target.Schema), cancel));
            scratch.Translate(() =>
                db.Execute(DuckDbDialect.Instance.CreateTable(history.Target, made, new LoadRules()), cancel)
            );
            position = position with { Table = table };
        }

        var last = IsMerged ? LastSurelyGone() : -1;
        Gone.AddRange(Counting.Take(last + 1));
        var isSeeded = last < 0;
        var counting = Counting.Skip(last + 1).Select(file => file.LoadId).ToHashSet(StringComparer.Ordinal);
        foreach (
            var load in history
                .Files.Where(file => documents.Contains(file.LoadId) || counting.Contains(file.LoadId))
                .GroupBy(file => file.LoadId)
        )
        {
            if (load.First().Document is { } document)
            {
                position = await SchemaAsync(load.First(), document, position);
                continue;
            }

            var staged = new List<StagedFile>();
            foreach (var file in load.Where(file => !Gone.Contains(file)))
            {
                if (await source.StageAgainAsync(Dataset(file), file, null, cancel) is { } again)
                {
                    staged.Add(again);
                    continue;
                }

                Gone.Add(file);
                if (IsMerged)
                    (isSeeded, staged) = (false, []);
            }

            if (staged.Count > 0)
                Seed();
            if (staged.Count > 0)
                position = await LoadAsync(load.Key, [.. load], staged, position, db);
            ((ISource)source).Release(Dataset(load.First()));
        }

        Seed();
        Table = position.Table;

        // Nobody can say what a file that is gone brought: the table itself does, and what comes after must change
        // nothing of it.
        void Seed()
        {
            if (isSeeded || copy is null)
                return;
            isSeeded = true;
            var columns = string.Join(", ", table!.Select(column => Sql.Identifier(column.Name)));
            var target = HeadraceTables.Target(history.Target);
            scratch.Translate(() =>
                db.Execute(
                    $"""
                    DELETE FROM {target}; INSERT INTO {target} ({columns}) SELECT {columns}
                    FROM read_parquet({Sql.Literal(copy)})
                    """,
                    cancel
                )
            );
        }
    }

    private async Task<Position> LoadAsync(
        string id,
        IReadOnlyList<LoadedFile> files,
        IReadOnlyList<StagedFile> staged,
        Position position,
        DuckDbConnection db
    )
    {
        var changes = Changes(id, files[0], position) with
        {
            Operation = files[0].Operation switch
            {
                "merge" => Operation.Merge,
                "events" => Operation.Events,
                "replace" or "truncate" => Operation.Replace,
                _ => Operation.Append,
            },
            Files = staged,
            Format = source.FormatOf(staged[0].File),
        };
        var brought = new TableShape(changes, new ParquetFiles(db, cancel).Columns);
        foreach (var file in brought.Files)
        {
            var names = brought
                .Columns.Where((_, i) => file.Indexes[i] >= 0)
                .Select(column => column.Name)
                .ToHashSet(StringComparer.OrdinalIgnoreCase);
            some.UnionWith(names);
            (all ??= new HashSet<string>(names, StringComparer.OrdinalIgnoreCase)).IntersectWith(names);
        }

        var result = await scratch.LoadAsync(changes, new LoadAttempt("verify", IsPlan: false), cancel);
        Gone.AddRange(files.Where(file => result.Refused.Any(note => note.File.Key == file.Key)));
        var quarantined = files.Where(file => !Gone.Contains(file)).Sum(file => file.Quarantined);
        if (result.Quarantined != quarantined)
            Warnings.Add(
                $"of {files[0].Key}{(files.Count > 1 ? $" and {files.Count - 1} more" : "")} "
                    + $"{quarantined} {(quarantined == 1 ? "row" : "rows")} went to quarantine, "
                    + $"and {result.Quarantined} would now: the flow or the table has changed"
            );
        return result.Position;
    }

    private async Task<Position> SchemaAsync(LoadedFile file, string document, Position position)
    {
        var at = new LakeFile(file.Key, 0, DateTimeOffset.UnixEpoch, "", new Dictionary<string, string>());
        var parsed = flow.Complete(
            SchemaDocument.Parse(System.Text.Encoding.UTF8.GetBytes(document), file.Key),
            position.Table
        );
        return (
            await scratch.LoadAsync(
                Changes(file.LoadId, file, position) with
                {
                    Operation = Operation.Schema,
                    Schema = (parsed, at, file.Sha256),
                },
                new LoadAttempt("verify", IsPlan: false),
                cancel
            )
        ).Position;
    }

    private ChangeSet Changes(string id, LoadedFile file, Position position) =>
        new()
        {
            Id = id,
            // The position of one dataset serves all that load into the table: they are replayed one after the other.
            Dataset = new Dataset(history.Target.ToString(), flow.Name, new Dictionary<string, string>()),
            Target = history.Target,
            Operation = Operation.Append,
            From = position,
            Format = new FileFormat(FormatKind.Csv),
            Action = file.Action,
            Rules = flow.Rules() with
            {
                Infer = true,
                SchemaChanges = SchemaChanges.Evolve,
                OnFail = OnFail.Quarantine,
                Allow = 1,
                MinRows = 0,
                Snapshot = null,
                // What they set aside is not in the table; what else they said is past.
                Checks =
                [
                    .. flow.Rules()
                        .Checks.Where(check => check.OnFail == CheckAction.Quarantine)
                        .Select(check => check with { Allow = null }),
                ],
            },
            Limits = limits,
        };

    // A version whose name has other content now is not asked for: it would have to be read to be found changed.
    private int LastSurelyGone()
    {
        var latest = new Dictionary<(string, string), string>();
        for (var i = Counting.Count - 1; i >= 0; i--)
        {
            var file = Counting[i];
            if (latest.TryGetValue((file.Dataset, file.Key), out var sha) && sha != file.Sha256)
                return i;
            latest.TryAdd((file.Dataset, file.Key), file.Sha256);
        }

        return -1;
    }

    private Dataset Dataset(LoadedFile file) => new(file.Dataset, flow.Name, new Dictionary<string, string>());

    private static IReadOnlyList<LoadedFile> Since(IReadOnlyList<LoadedFile> files)
    {
        var last = files.LastOrDefault(file => file.Operation is "replace" or "truncate")?.LoadId;
        return
        [
            .. files.SkipWhile(file => last is not null && file.LoadId != last).Where(file => file.Document is null),
        ];
    }
}
