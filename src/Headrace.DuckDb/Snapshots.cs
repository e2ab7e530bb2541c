using Headrace.Publishing;
using Headrace.Staging;

namespace Headrace.DuckDb;

/// <summary>Compares exports in DuckDB, and keeps their memories as files of the project.</summary>
/// <param name="warehouse">Its engine does the work, and its tables bring back what was forgotten.</param>
/// <param name="folder">An absolute folder that lasts, for memories.</param>
/// <param name="planFolder">An absolute folder for the memories of a plan; null when this is no plan.</param>
/// <param name="setBytes">What one comparison may hold in memory beside the engine.</param>
public sealed class Snapshots(DuckDbWarehouse warehouse, string folder, string? planFolder, Outbox outbox, long setBytes) : ISnapshots
{
    /// <inheritdoc/>
    public async Task<bool> RecallAsync(Dataset dataset, TableName target, Position from, LoadRules rules, CancellationToken cancel)
    {
        if (Memory(dataset, from) is { } known && known.Fits(rules, from.Table))
            return true;
        // The table knows no row as the export had it; with before-images, and with columns that are not compared, that is asked.
        if (from.Table is not { } table)
            return false;
        var columns = new SnapshotColumns([.. table.Where(column => !(rules.Snapshot!.Deletes == Deletes.Soft && column.Name.Equals(RowChanges.DeletedAt, StringComparison.OrdinalIgnoreCase)))], rules);
        var copy = Path.Combine(Place(dataset), $"{from.LoadId}.table.parquet");
        await warehouse.CopyAsync(target, copy, cancel);
        using var db = await warehouse.ConnectAsync(cancel);
        warehouse.Translate(() =>
        {
            var path = Path.ChangeExtension(Path.ChangeExtension(copy, null), "parquet");
            var named = string.Join(", ", columns.All.Select(i => SnapshotColumns.Text($"{Sql.Identifier(columns[i].Name)} AS c{i}")));
            var alive = columns.Count == table.Count ? "" : $" WHERE {Sql.Identifier(RowChanges.DeletedAt)} IS NULL";
            var images = rules.Snapshot!.Before ? $", {columns.List()}" : "";
            var rows = db.Execute(
                $"""
                COPY (SELECT {columns.AsKeys}, NULL::BIGINT AS hi, NULL::BIGINT AS lo, {columns.Digest(i => SnapshotColumns.Text($"c{i}"))} AS row{images}
                    FROM (SELECT {named} FROM read_parquet({Sql.Literal(copy)}){alive})) TO {Sql.Literal(path)} (FORMAT parquet)
                """, cancel);
            new SnapshotMemory
            {
                Path = path,
                Columns = [.. columns.All.Select(i => columns[i])],
                PrimaryKey = rules.PrimaryKey,
                Compare = rules.Snapshot.Compare,
                Before = rules.Snapshot.Before,
                Rows = rows,
            }.Write();
            File.Delete(copy);
            return true;
        });
        return true;
    }

    /// <inheritdoc/>
    public async Task<bool> RememberAsync(ChangeSet export, DigestKey key, string folder, CancellationToken cancel)
    {
        using var db = await warehouse.ConnectAsync(cancel);
        var diff = new SnapshotDiff(db, export, null, new DigestKeyed(key, setBytes), folder, cancel);
        var memory = await Task.Run(() => warehouse.Translate(() => diff.RememberAll(PathOf(export.Dataset, export.From.LoadId!))), cancel);

        // What earlier exports said of rows that were set aside, or are kept for ever, is in none of these files.
        if (export.From.Generation > 1 && (diff.Held > 0 || export.Rules.Snapshot!.Deletes == Deletes.Ignore))
            return false;
        memory.Write();
        return true;
    }

    /// <inheritdoc/>
    public DigestKey Key(Dataset dataset, Position from) => Memory(dataset, from)?.DigestKey ?? DigestKey.New();

    /// <inheritdoc/>
    public async Task<ChangeSet> CompareAsync(ChangeSet export, DigestKey key, string folder, bool isPlan, CancellationToken cancel)
    {
        using var db = await warehouse.ConnectAsync(cancel);
        var before = Memory(export.Dataset, export.From);
        var operations = isPlan || !export.Rules.Snapshot!.Publishes ? null : outbox.Prepare(export.Dataset, export.Id);
        var diff = new SnapshotDiff(db, export, before, new DigestKeyed(key, setBytes), folder, cancel);
        return export with { Rows = await Task.Run(() => warehouse.Translate(() => diff.Run(PathOf(export.Dataset, export.Id), operations)), cancel) };
    }

    /// <inheritdoc/>
    public void Forget(Dataset dataset, Position from)
    {
        if (!Directory.Exists(Folder(dataset)))
            return;
        foreach (var file in Directory.EnumerateFiles(Folder(dataset)))
            if (Counting(dataset, from) is not { } load || !Path.GetFileName(file).StartsWith($"{load}.", StringComparison.Ordinal))
                File.Delete(file);
    }

    private SnapshotMemory? Memory(Dataset dataset, Position from)
    {
        if (Counting(dataset, from) is not { } load)
            return null;
        return (planFolder is null ? null : SnapshotMemory.Read(Place(dataset), load)) ?? SnapshotMemory.Read(Folder(dataset), load);
    }

    // The load whose memory counts: that of the position, whatever else is there.
    private string? Counting(Dataset dataset, Position from) => !Failpoint.Planted("state-by-name") || !Directory.Exists(Folder(dataset)) ? from.LoadId
        : Directory.EnumerateFiles(Folder(dataset), "*.json").Select(Path.GetFileNameWithoutExtension).Max(StringComparer.Ordinal);

    private string PathOf(Dataset dataset, string loadId) => Path.Combine(Place(dataset), $"{loadId}.parquet");

    // Where new memories go. The name is a hash: a captured value never becomes a path.
    private string Place(Dataset dataset)
    {
        var place = planFolder is null ? Folder(dataset) : Path.Combine(planFolder, Outbox.Hash(dataset.Name));
        Directory.CreateDirectory(place);
        return place;
    }

    private string Folder(Dataset dataset) => Path.Combine(folder, Outbox.Hash(dataset.Name));
}
