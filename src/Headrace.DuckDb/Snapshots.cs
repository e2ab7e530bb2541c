using System.Collections.Concurrent;
using Headrace.Publishing;
using Headrace.Staging;
using Headrace.State;

namespace Headrace.DuckDb;

/// <summary>Compares exports in DuckDB, and keeps their memories as files of the project.</summary>
/// <param name="warehouse">Its tables bring back what was forgotten.</param>
/// <param name="engine">It does the work.</param>
/// <param name="folder">An absolute folder that lasts, for memories.</param>
/// <param name="planFolder">An absolute folder for the memories of a plan; null when this is no plan.</param>
/// <param name="setBytes">What one comparison may hold in memory beside the engine.</param>
/// <param name="limits">What the warehouse asks of values; null for nothing.</param>
/// <param name="mirror">The folder of memories in an object store; null where the machine's disk lasts.</param>
public sealed class Snapshots(
    IWarehouse warehouse,
    IDuckDb engine,
    string folder,
    string? planFolder,
    Outbox outbox,
    long setBytes,
    ValueLimits? limits = null,
    Mirror? mirror = null
) : ISnapshots
{
    // By dataset the digests of a load's memory, read ahead.
    private readonly ConcurrentDictionary<string, (string LoadId, Task<DigestSet> Digests)> ready = new(
        StringComparer.Ordinal
    );

    /// <inheritdoc/>
    public async Task<bool> RecallAsync(
        Dataset dataset,
        TableName target,
        Position from,
        LoadRules rules,
        CancellationToken cancel
    )
    {
        await FetchAsync(dataset, cancel);
        if (Memory(dataset, from) is { } known && known.Fits(rules, from.Table))
            return true;
        // The table knows no row as the export had it; with before-images, and with columns that are not compared, that
        // is asked.
        if (from.Table is not { } table)
            return false;
        var columns = new SnapshotColumns([.. table.Where(column => !rules.IsOwn(column.Name))], rules);
        var copy = Path.Combine(Place(dataset), $"{from.LoadId}.table");
        await warehouse.CopyAsync(target, copy, cancel);
        using var db = await engine.ConnectAsync(cancel);
        engine.Translate(() =>
        {
            var part = new SnapshotPart($"{from.LoadId}.parquet");
            var named = string.Join(
                ", ",
                columns.All.Select(i => SnapshotColumns.Text($"{Sql.Identifier(columns[i].Name)} AS c{i}"))
            );
            var alive =
                columns.Count == table.Count ? ""
                : rules.Events?.History is { } history ? $" WHERE {Sql.Identifier(history.Current)}"
                : $" WHERE {Sql.Identifier(RowChanges.DeletedAt)} IS NULL";
            var images = rules.Snapshot!.Before ? $", {columns.List()}" : "";
            var rows = db.Execute(
                $"""
                COPY (SELECT {columns.AsKeys}, NULL::BIGINT AS hi, NULL::BIGINT AS lo, {columns.Digest(i =>
                    SnapshotColumns.Text($"c{i}")
                )} AS row{images}
                    FROM (SELECT {named} FROM read_parquet({Sql.Literal(copy)}){alive})) TO {Sql.Literal(
                    Path.Combine(Place(dataset), part.Rows)
                )} (FORMAT parquet)
                """,
                cancel
            );
            new SnapshotMemory
            {
                Folders = [Place(dataset)],
                Parts = [part],
                Columns = [.. columns.All.Select(i => columns[i])],
                PrimaryKey = rules.PrimaryKey,
                Compare = rules.Snapshot.Compare,
                Before = rules.Snapshot.Before,
                Rows = rows,
                IsJsonMeant = true,
            }.Write(from.LoadId!);
            File.Delete(copy);
            return true;
        });
        return true;
    }

    /// <inheritdoc/>
    public async Task<bool> RememberAsync(ChangeSet export, DigestKey key, string folder, CancellationToken cancel)
    {
        using var db = await engine.ConnectAsync(cancel);
        export = export with { Limits = limits };
        var diff = new SnapshotDiff(db, export, null, new DigestKeyed(key, setBytes), folder, cancel);
        var memory = await Task.Run(() => engine.Translate(() => diff.RememberAll(Place(export.Dataset))), cancel);

        // What earlier exports said of rows that were set aside, or are kept for ever, is in none of these files.
        if (export.From.Generation > 1 && (diff.Held > 0 || export.Rules.Snapshot!.Deletes == Deletes.Ignore))
            return false;
        memory.Write(export.From.LoadId!);
        return true;
    }

    /// <inheritdoc/>
    public DigestOptions Prepare(Dataset dataset, Position from, CancellationToken cancel)
    {
        if (Memory(dataset, from) is not { DigestKey: { } key } memory)
            return new DigestOptions(DigestKey.New(), [], IsInline: true);
        if (memory.Rows * DigestSet.BytesEach <= setBytes)
            ready[dataset.Name] = (
                from.LoadId!,
                Task.Run(
                    async () =>
                    {
                        using var db = await engine.ConnectAsync(cancel);
                        var set = new DigestSet(memory.Rows);
                        db.AddDigests(memory.Digests(1, 0), set, new HashSet<UInt128>(), cancel);
                        return set;
                    },
                    cancel
                )
            );

        // Of most rows nothing but the digest will be asked: the others get theirs when they are copied.
        return new DigestOptions(key, [], IsInline: false);
    }

    /// <inheritdoc/>
    public async Task<ChangeSet> CompareAsync(
        ChangeSet export,
        DigestKey key,
        string folder,
        bool isPlan,
        CancellationToken cancel
    )
    {
        using var db = await engine.ConnectAsync(cancel);
        export = export with { Limits = limits };
        var before = Memory(export.Dataset, export.From);
        var operations = isPlan || !export.Rules.Snapshot!.Publishes ? null : outbox.Prepare(export.Dataset, export.Id);
        using var digests = await TakeReadyAsync(export);
        var diff = new SnapshotDiff(db, export, before, new DigestKeyed(key, setBytes, digests), folder, cancel);
        var rows = await Task.Run(() => engine.Translate(() => diff.Run(Place(export.Dataset), operations)), cancel);
        var memory = SnapshotMemory.PathOf(Place(export.Dataset), export.Id);
        if (isPlan)
            return export with { Rows = rows };
        export = export with { Rows = rows, Kept = operations is null ? [memory] : [memory, operations] };
        return mirror is null ? export : await KeptAsync(export, mirror, operations is not null, cancel);
    }

    // What the load needs, and the next one, is where it outlives this machine before the load is committed.
    private async Task<ChangeSet> KeptAsync(ChangeSet export, Mirror mirror, bool publishes, CancellationToken cancel)
    {
        var place = Outbox.Hash(export.Dataset.Name);
        string[] names =
        [
            .. SnapshotMemory.Read([Folder(export.Dataset)], export.Id)?.Files ?? [],
            $"{export.Id}.json",
        ];
        await mirror.KeepAsync(place, names, cancel);
        if (publishes)
            await outbox.KeepAsync(export.Dataset, export.Id, cancel);
        return export with
        {
            MissingElsewhere = async stop =>
                await mirror.MissingAsync(place, names, stop)
                ?? (publishes ? await outbox.MissingAsync(export.Dataset, export.Id, stop) : null),
        };
    }

    private Task FetchAsync(Dataset dataset, CancellationToken cancel) =>
        mirror?.FetchAsync(Outbox.Hash(dataset.Name), cancel) ?? Task.CompletedTask;

    /// <inheritdoc/>
    public async Task ForgetAsync(Dataset dataset, Position from, CancellationToken cancel)
    {
        await FetchAsync(dataset, cancel);
        if (!Directory.Exists(Folder(dataset)))
            return;
        var load = Counting(dataset, from);
        var kept = load is null
            ? []
            : (SnapshotMemory.Read([Folder(dataset)], load)?.Files ?? [])
                .Append($"{load}.json")
                .ToHashSet(StringComparer.Ordinal);
        var others = Directory
            .EnumerateFiles(Folder(dataset))
            .Where(file => !kept.Contains(Path.GetFileName(file)))
            .ToList();
        if (others.Count > 0)
            await warehouse.WhileNothingCommitsAsync(
                dataset,
                async last =>
                {
                    if (last != from.LoadId)
                        return;
                    if (mirror is not null)
                        await mirror.DeleteAsync(Outbox.Hash(dataset.Name), others.Select(Path.GetFileName)!, cancel);
                    others.ForEach(File.Delete);
                },
                cancel
            );
    }

    // What could not be read ahead is read when it is needed, and says then what is wrong with it.
    private async Task<DigestSet?> TakeReadyAsync(ChangeSet export)
    {
        if (!ready.TryRemove(export.Dataset.Name, out var found) || found.LoadId != export.From.LoadId)
            return null;
        try
        {
            return await found.Digests;
        }
        catch (Exception error) when (error is HeadraceException or DuckDbException)
        {
            return null;
        }
    }

    private SnapshotMemory? Memory(Dataset dataset, Position from)
    {
        if (Counting(dataset, from) is not { } load)
            return null;
        return (planFolder is null ? null : SnapshotMemory.Read([Place(dataset), Folder(dataset)], load))
            ?? SnapshotMemory.Read([Folder(dataset)], load);
    }

    // The load whose memory counts: that of the position, whatever else is there.
    private string? Counting(Dataset dataset, Position from) =>
        !Failpoint.Planted("state-by-name") || !Directory.Exists(Folder(dataset))
            ? from.LoadId
            : Directory
                .EnumerateFiles(Folder(dataset), "*.json")
                .Select(Path.GetFileNameWithoutExtension)
                .Max(StringComparer.Ordinal);

    // Where new memories go. The name is a hash: a captured value never becomes a path.
    private string Place(Dataset dataset)
    {
        var place = planFolder is null ? Folder(dataset) : Path.Combine(planFolder, Outbox.Hash(dataset.Name));
        Directory.CreateDirectory(place);
        return place;
    }

    private string Folder(Dataset dataset) => Path.Combine(folder, Outbox.Hash(dataset.Name));
}
