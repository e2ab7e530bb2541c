using Headrace.Staging;

namespace Headrace.DuckDb;

/// <summary>
/// Compares two sets of staged files by key, with no project and no memory of an export: the whole of <c>headrace
/// diff</c>.
/// </summary>
/// <param name="folder">An absolute folder of its own, for what it stages; the caller removes it.</param>
/// <param name="setBytes">What digests may take in memory beside the engine.</param>
/// <param name="limits">What the warehouse asks of values; null for nothing.</param>
public sealed class FileDiff(
    DuckDbConnection db,
    string folder,
    long setBytes,
    CancellationToken cancel,
    ValueLimits? limits = null
)
{
    private IReadOnlyList<string>? compare;
    private bool isTarget;
    private LoadRules? shaping;

    /// <summary>What makes the new files of the old ones.</summary>
    /// <param name="before">The old files; their digests have the key <paramref name="digests"/>, as those of the new
    /// ones.</param>
    /// <param name="declared">The columns to compare, with their types; null to compare all and find the types
    /// out.</param>
    /// <param name="compare">The columns by which rows are compared; null for all.</param>
    /// <param name="isTarget">The old files are a table that can be put right: a key that it has more than once is a
    /// difference.</param>
    /// <param name="shaping">What the flow makes of the rows of the new files; null for nothing.</param>
    /// <exception cref="HeadraceException">HDR-106 when a file lacks a column of the key, and what reading files
    /// throws.</exception>
    public FileDifference Run(
        IReadOnlyList<StagedFile> before,
        IReadOnlyList<StagedFile> after,
        FileFormat format,
        IReadOnlyList<string> key,
        DigestKey digests,
        IReadOnlyList<DeclaredColumn>? declared = null,
        IReadOnlyList<string>? compare = null,
        bool isTarget = false,
        LoadRules? shaping = null
    )
    {
        this.shaping = shaping;
        this.compare = compare;
        this.isTarget = isTarget;
        var parquet = new ParquetFiles(db, cancel);
        if (
            before
                .Concat(after)
                .Where(file => file.Parquet is not null)
                .Select(parquet.Fault)
                .FirstOrDefault(fault => fault is not null) is
            { } unreadable
        )
            throw unreadable;
        var (oldNames, newNames) = declared is null ? (Names(before, key), Names(after, key)) : ([], []);
        this.compare ??= declared is null ? [.. oldNames.Where(newNames.Contains)] : null;
        var (olds, news) = (new ChangedRecords(before, setBytes, cancel), new ChangedRecords(after, setBytes, cancel));
        news.Find(olds);
        IReadOnlyList<StagedFile> oldRows = [],
            newRows = [];
        Parallel.Invoke(
            () => oldRows = olds.Take(Path.Combine(folder, "old")),
            () => newRows = news.Take(Path.Combine(folder, "new"))
        );
        var types = declared ?? Types([.. oldRows, .. newRows], format, key);
        var (changes, doubts) = Compare(oldRows, newRows, format, key, digests, types);
        if (declared is null && changes.Rows!.Unchanged > 0 && news.Matched > 0)
        {
            // Rows are equal though their text is not: that holds only if the types of the few do for all.
            var all = Types([.. before, .. after], format, key);
            if (!all.SequenceEqual(types))
                (changes, doubts) = Compare(oldRows, newRows, format, key, digests, all);
        }

        return new FileDifference(db, changes, news.Matched, doubts, cancel)
        {
            OldOnly = [.. oldNames.Except(newNames, oldNames.Comparer)],
            NewOnly = [.. newNames.Except(oldNames, oldNames.Comparer)],
        };
    }

    private (ChangeSet Changes, Doubts Doubts) Compare(
        IReadOnlyList<StagedFile> before,
        IReadOnlyList<StagedFile> after,
        FileFormat format,
        IReadOnlyList<string> key,
        DigestKey digests,
        IReadOnlyList<DeclaredColumn> types
    )
    {
        var keyed = new DigestKeyed(digests, setBytes);
        var old = Staged(before, format, key, types);
        var first = new SnapshotDiff(db, old, null, keyed, Make("before"), cancel);
        var memory = first.RememberAll(folder, isTarget);
        var keys = string.Join(", ", key.Select((_, i) => SnapshotColumns.Text($"k{i}")));
        db.Execute(
            $"""
            CREATE OR REPLACE TEMP TABLE doubtful AS FROM temp.repeated{(
                isTarget
                    ? ""
                    : $" UNION ALL SELECT DISTINCT {keys}, 1 FROM temp.held ANTI JOIN temp.repeated USING ({keys})"
            )};
            CREATE OR REPLACE TEMP TABLE doubtful_unread AS FROM temp.unread;
            CREATE OR REPLACE TEMP TABLE doubtful_cut_short AS FROM temp.cut_short;
            """,
            cancel
        );
        var copies = isTarget ? first.Repeated - db.Scalar<long>("SELECT count(*) FROM temp.repeated", cancel) : 0;
        var lost = before.Sum(file => file.Records) - memory.Rows - copies;
        var twice = first.RepeatedKeys(Doubts.Shown);
        var changes = Staged(after, format, key, types, shaping);
        var second = new SnapshotDiff(
            db,
            changes,
            memory with
            {
                Key = null,
            },
            keyed,
            Make("after"),
            cancel,
            isTarget ? null : "temp.doubtful"
        );
        var rows = second.Run(null, null);
        var doubts = new Doubts(
            rows.Quarantined + (isTarget ? 0 : second.Spared),
            Math.Max(0, lost) + before.Sum(file => file.RejectCount),
            copies,
            second.RepeatedKeys(Doubts.Shown),
            twice,
            rows.Sample
        );
        return (changes with { Rows = rows }, doubts);
    }

    private string Make(string name) => Directory.CreateDirectory(Path.Combine(folder, name)).FullName;

    /// <summary>The columns of one side, of which each file must have the key.</summary>
    private HashSet<string> Names(IReadOnlyList<StagedFile> files, IReadOnlyList<string> key)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var parquet = new ParquetFiles(db, cancel);
        foreach (var file in files)
        {
            var found = (file.IsParquet ? parquet.Columns(file) : file.Columns).Select(column => column.Name).ToList();
            names.UnionWith(found);

            // Without a record a file may have no columns, where others of its side have them.
            if (
                (found.Count > 0 || file.IsBlank)
                && key.FirstOrDefault(column => !found.Contains(column, StringComparer.OrdinalIgnoreCase))
                    is { } missing
            )
                throw Error.KeyMissing(file.File.Key, missing, found);
        }

        return names.Count > 0
            ? names
            : throw Error.KeyMissing(string.Join(", ", files.Select(file => file.File.Key)), key[0], []);
    }

    /// <summary>The columns of all files, with types that all their values fit.</summary>
    private IReadOnlyList<DeclaredColumn> Types(
        IReadOnlyList<StagedFile> files,
        FileFormat format,
        IReadOnlyList<string> key
    )
    {
        var shape = new TableShape(Staged(files, format, key, []), new ParquetFiles(db, cancel).Columns);
        if (shape.Refused.Count > 0)
            throw shape.Refused[0].Error!;
        new TypeInference(db, cancel, isKept: false).Settle(shape, format.Csv);
        return [.. shape.Columns.Select(column => new DeclaredColumn(column.Name, column.Name, column.Type))];
    }

    private ChangeSet Staged(
        IReadOnlyList<StagedFile> files,
        FileFormat format,
        IReadOnlyList<string> key,
        IReadOnlyList<DeclaredColumn> types,
        LoadRules? made = null
    ) =>
        new()
        {
            Id = "diff",
            Dataset = new Dataset("diff", "diff", new Dictionary<string, string>()),
            Target = TableName.None,
            Operation = Operation.Changes,
            From = new Position(),
            Files = files,
            Format = format,
            Version = "new",
            Limits = limits,
            Rules = (made?.Shaping(types) ?? new LoadRules { Columns = types }) with
            {
                PrimaryKey = key,
                MinRows = 0,
                Snapshot = new SnapshotRules
                {
                    MissingColumns = MissingColumns.Allow,
                    MaxDeleted = 1,
                    Before = true,
                    Compare = compare ?? [.. types.Select(column => column.Name)],
                },
            },
        };
}
