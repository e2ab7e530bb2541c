using Headrace.Configuration;

namespace Headrace.DuckDb;

/// <summary>
/// The rows of a target as a Parquet file, to be compared with those of its source; and what makes them equal again.
/// </summary>
/// <param name="engine">The warehouse's; it rests once the rows are copied, so that the comparison has its
/// memory.</param>
internal sealed class TargetExport(
    DuckDbConnection db,
    IWarehouse warehouse,
    IDuckDb engine,
    string folder,
    TimeProvider clock
)
{
    /// <summary>
    /// The condition of the rows that the source has too, where those that it has no more stay in the target; null
    /// where all are.
    /// </summary>
    public static string? Alive(LoadRules rules) =>
        rules.Events?.History is { } history ? Sql.Identifier(history.Current)
        : rules.Snapshot is { Deletes: Deletes.Soft } ? $"{Sql.Identifier(RowChanges.DeletedAt)} IS NULL"
        : null;

    /// <summary>Copies a table.</summary>
    /// <param name="alive">A condition for the rows that are copied; null for all.</param>
    public async Task<StagedFile> StageAsync(TableName target, string? alive, CancellationToken cancel)
    {
        var path = Path.Combine(folder, "target.parquet");
        await warehouse.CopyAsync(target, path, cancel);
        await engine.RestAsync();
        if (alive is not null)
        {
            var all = path;
            path = Path.Combine(folder, "kept.parquet");
            db.Execute(
                $"""
                COPY (SELECT * FROM read_parquet({Sql.Literal(all)}) WHERE {alive}) TO {Sql.Literal(
                    path
                )} (FORMAT parquet)
                """,
                cancel
            );
        }

        return Parquet(target, path, cancel);
    }

    /// <summary>A Parquet file as a staged one.</summary>
    public StagedFile Parquet(TableName table, string path, CancellationToken cancel) =>
        new()
        {
            File = new LakeFile(table.ToString(), 0, clock.GetUtcNow(), "", new Dictionary<string, string>()),
            Sha256 = "",
            Bytes = 0,
            Records = db.Scalar<long>($"SELECT count(*) FROM read_parquet({Sql.Literal(path)})", cancel),
            Columns = [],
            Segments = [path],
            IsParquet = true,
        };

    /// <summary>
    /// A Parquet file with these columns only, under the names that the source has for them: what is not compared must
    /// not come back by a repair.
    /// </summary>
    public StagedFile Only(StagedFile file, IReadOnlyList<DeclaredColumn> columns, CancellationToken cancel)
    {
        var there = new ParquetFiles(db, cancel).Columns(file).Select(column => column.Name);
        if (there.Count() == columns.Count && columns.All(column => column.Name == column.From))
            return file;
        var path = Path.Combine(folder, $"only-{Path.GetFileName(file.Segments[0])}");
        var named = columns.Select(column => $"{Sql.Identifier(column.Name)} AS {Sql.Identifier(column.From)}");
        db.Execute(
            $"""
            COPY (SELECT {string.Join(", ", named)}
            FROM read_parquet({Sql.Literal(file.Segments[0])})) TO {Sql.Literal(path)} (FORMAT parquet)
            """,
            cancel
        );
        return file with { Segments = [path] };
    }

    /// <summary>Loads exactly the rows that differ, in one batch like any other.</summary>
    /// <exception cref="HeadraceException">HDR-206 when it would delete too much, and what loading throws.</exception>
    public async Task<Verified> RepairAsync(
        Verified found,
        Flow flow,
        Dataset dataset,
        TableName target,
        Position position,
        FileFormat format,
        RowChanges rows,
        LoadAttempt attempt,
        CancellationToken cancel
    )
    {
        var most = flow.Limits.MaxDeleted;
        if (
            most is { } share
                ? rows.Deleted > (decimal)share * found.RowsTarget
                : rows.Deleted > 100 && rows.Deleted * 2 > found.RowsTarget
        )
            throw Error.RepairTooLarge(flow.Name, dataset.Name, rows.Deleted, found.RowsTarget, most);
        await warehouse.LoadAsync(
            new ChangeSet
            {
                Id = Id.New("l", clock),
                Dataset = dataset,
                Target = target,
                Operation = Operation.Changes,
                From = position,
                Format = format,
                Action = "repair",
                Rules = flow.Rules() with
                {
                    Snapshot = new SnapshotRules
                    {
                        Deletes = flow.Read == ReadMode.Snapshot ? flow.Deletes : Deletes.Hard,
                    },
                },
                Rows = rows with { BadRows = [] },
            },
            attempt,
            cancel
        );
        return found with { IsRepaired = true };
    }

    /// <summary>
    /// Rows that wait in quarantine were in the source, and are in no target: where some do, not all was compared.
    /// </summary>
    public async Task<Verified> WaitingAsync(
        Verified found,
        string flow,
        IReadOnlyList<string> datasets,
        TableName target,
        CancellationToken cancel
    )
    {
        var (rows, places) = await warehouse.Quarantine.WaitingAsync(datasets, target, 3, cancel);
        if (rows == 0)
            return found;
        var named = string.Join(", ", places) + (rows > places.Count ? $" and {rows - places.Count} more" : "");
        var note =
            $"{rows} {(rows == 1 ? "row waits" : "rows wait")} in quarantine and "
            + $"{(rows == 1 ? "was" : "were")} not compared: {named} (headrace quarantine show {flow})";
        return found with { IsWhole = false, Warnings = [.. found.Warnings, note] };
    }

    public static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
