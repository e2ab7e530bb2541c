using Headrace.Configuration;
using Headrace.Staging;

namespace Headrace.DuckDb;

/// <summary>How a target stands to its source.</summary>
/// <param name="Missing">Rows of the source that the target lacks.</param>
/// <param name="Extra">Rows of the target that the source lacks.</param>
/// <param name="Different">Rows whose values are not the same.</param>
/// <param name="Pending">Rows that differ and lie behind the position: the next run brings them.</param>
public sealed record Verified(
    string Dataset, long Missing, long Extra, long Different, long RowsSource, long RowsTarget, long Pending, IReadOnlyList<RowChange> Sample, IReadOnlyList<string> Warnings)
{
    public bool IsEqual => Missing + Extra + Different == 0;

    /// <summary>True when what differed was put right.</summary>
    public bool IsRepaired { get; init; }
}

/// <summary>
/// Compares all rows of a source and of its target by key: those whose text is the same on both sides by digest, the others by their
/// values. What differs can be put right by a load like any other.
/// </summary>
/// <param name="db">A connection that may read and write <paramref name="folder"/>.</param>
/// <param name="folder">An absolute folder of its own.</param>
/// <param name="setBytes">What digests may take in memory beside the engine.</param>
public sealed class Verification(DuckDbConnection db, IWarehouse warehouse, string folder, long setBytes, TimeProvider clock)
{
    private const int Shown = 5;

    /// <summary>Compares a dataset, whose flow has a primary key; repairs what differs when <paramref name="repair"/> says who does.</summary>
    /// <exception cref="HeadraceException">HDR-206 when the repair would delete too much, and what reading and loading throw.</exception>
    public async Task<Verified> RunAsync(Flow flow, Dataset dataset, ISource source, LoadAttempt? repair, CancellationToken cancel)
    {
        var target = source.Target(dataset);
        var position = await warehouse.PositionAsync(dataset, target, cancel);
        var digests = DigestKey.New();
        var digesting = new DigestOptions(digests, flow.PrimaryKey, IsInline: false);
        var whole = await ((IWholeSource)source).StageAllAsync(dataset, position, digesting, cancel);
        var compared = (position.Table ?? []).Where(column => whole.Columns.Any(one => Same(one.Name, column.Name)))
            .Select(column => new DeclaredColumn(column.Name, column.Name, column.Type, column.Nullable)).ToList();
        var warnings = whole.Columns.Where(column => !compared.Exists(one => Same(one.Name, column.Name)))
            .Select(column => $"column '{column.Name}' is not in the target and was not compared").ToList();
        if (position.Table is null)
            (compared, warnings) = ([.. whole.Columns], [$"{target} does not exist"]);

        var isText = warehouse is IWholeTarget && !(flow.Deletes == Deletes.Soft && flow.Read == ReadMode.Snapshot);
        var before = position.Table is null ? []
            : isText ? await ((IWholeTarget)warehouse).StageAllAsync(target, [.. whole.Columns.Where(column => compared.Exists(one => Same(one.Name, column.Name))).Select(column => column.Name)], folder, digesting, cancel)
            : await TargetAsync(target, position.Table, flow.Deletes, cancel);
        var format = new FileFormat(FormatKind.Csv, new CsvDialect { Header = false });
        var found = new FileDiff(db, folder, setBytes, cancel).Run(before, whole.Files, format, flow.PrimaryKey, digests, compared);
        var rows = (Source: found.Unchanged + found.Inserted + found.Updated, Target: found.Unchanged + found.Updated + found.Deleted);
        var pending = found.Leave(whole.Newest, Path.Combine(folder, "differences.parquet"));
        if (found.Doubtful > 0)
            warnings.Add($"{found.Doubtful} {(found.Doubtful == 1 ? "row" : "rows")} could not be compared: a value that does not fit, no key, or a key that is there more than once");
        var result = new Verified(
            dataset.Name, found.Inserted, found.Deleted, found.Updated, rows.Source, rows.Target, pending, found.Sample(Shown), warnings);
        if (repair is null || result.IsEqual)
            return result;

        var most = flow.Limits.MaxDeleted;
        if (most is { } share ? result.Extra > (decimal)share * result.RowsTarget : result.Extra > 100 && result.Extra * 2 > result.RowsTarget)
            throw Error.RepairTooLarge(flow.Name, dataset.Name, result.Extra, result.RowsTarget, most);
        await warehouse.LoadAsync(Changes(flow, dataset, target, position, format, found.Rows), repair, cancel);
        return result with { IsRepaired = true };
    }

    private ChangeSet Changes(Flow flow, Dataset dataset, TableName target, Position position, FileFormat format, RowChanges rows) => new()
    {
        Id = Id.New("l", clock),
        Dataset = dataset,
        Target = target,
        Operation = Operation.Changes,
        From = position,
        Format = format,
        Action = "repair",
        Rules = flow.Rules() with { Snapshot = new SnapshotRules { Deletes = flow.Read == ReadMode.Snapshot ? flow.Deletes : Deletes.Hard } },
        Rows = rows with { BadRows = [] },
    };

    private async Task<IReadOnlyList<StagedFile>> TargetAsync(TableName target, IReadOnlyList<Column> table, Deletes deletes, CancellationToken cancel)
    {
        var path = Path.Combine(folder, "target.parquet");
        await warehouse.CopyAsync(target, path, cancel);
        if (deletes == Deletes.Soft && table.Any(column => Same(column.Name, RowChanges.DeletedAt)))
        {
            var all = path;
            path = Path.Combine(folder, "kept.parquet");
            db.Execute($"COPY (SELECT * FROM read_parquet({Sql.Literal(all)}) WHERE {Sql.Identifier(RowChanges.DeletedAt)} IS NULL) TO {Sql.Literal(path)} (FORMAT parquet)", cancel);
        }

        return
        [
            new StagedFile
            {
                File = new LakeFile(target.ToString(), 0, clock.GetUtcNow(), "", new Dictionary<string, string>()),
                Sha256 = "",
                Bytes = 0,
                Records = db.Scalar<long>($"SELECT count(*) FROM read_parquet({Sql.Literal(path)})", cancel),
                Columns = [],
                Segments = [path],
                IsParquet = true,
            },
        ];
    }

    private static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
