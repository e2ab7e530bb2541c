using Headrace.Configuration;
using Headrace.Sources;

namespace Headrace.Hosting;

/// <summary>
/// Releases changes that were set aside: they are loaded as changes, in the order that they had, so that an older one
/// overwrites nothing newer.
/// </summary>
internal sealed class ReleasedChanges(ProjectHost host, Flow flow, Mending mending)
{
    // Rows of one load. What waits beyond them comes with the next: the order of a change says what it overwrites.
    private const int Most = 100_000;

    public async Task<(long Released, long Superseded, long Kept)> RunAsync(
        string of,
        IReadOnlyList<long>? ids,
        CancellationToken cancel
    )
    {
        var warehouse = host.Warehouses.Of(flow, isReadOnly: false);
        var source = host.Ready(flow, isPlan: false, TimeSpan.Zero).Source;
        var listed = (await source.DatasetsAsync(cancel)).ToDictionary(dataset => dataset.Name);
        var (waiting, kept, last) = (0L, 0L, -1L);
        while (await warehouse.Quarantine.NextAsync(of, ids, last, Most, cancel) is [.., var end] next)
        {
            foreach (var rows in next.GroupBy(row => (row.Dataset, row.Target)))
            {
                var dataset =
                    listed.GetValueOrDefault(rows.Key.Dataset)
                    ?? new Dataset(rows.Key.Dataset, flow.Name, new Dictionary<string, string>());
                await using var hold =
                    await host.Ledger.HoldAsync(dataset, null, cancel) ?? throw Error.DatasetHeld(dataset.Name);
                kept += await ReleaseAsync(warehouse, source, dataset, rows.Key.Target, [.. rows], cancel);
            }

            (waiting, last) = (waiting + next.Count, end.Id);
        }

        return (waiting - kept, 0, kept);
    }

    // Says how many rows still do not fit.
    private async Task<long> ReleaseAsync(
        IWarehouse warehouse,
        ISource source,
        Dataset dataset,
        TableName target,
        IReadOnlyList<QuarantinedRow> rows,
        CancellationToken cancel
    )
    {
        var folder = Path.Combine(host.Folders.Spool, "release", Publishing.Outbox.Hash(dataset.Name));
        try
        {
            var files = new HeldChanges(flow, folder, mending.Set).Stage(
                rows,
                key => (source as LakeSource)?.LandedAt(dataset, key)
            );
            if (files.Count == 0)
                return rows.Count;
            var changes = new ChangeSet
            {
                Id = Id.New("l", host.Clock),
                Dataset = dataset,
                Target = target,
                Operation = flow.Write == WriteMode.Append ? Operation.Append : Operation.Events,
                From = await warehouse.PositionAsync(dataset, target, cancel),
                Files = files,
                Format = new FileFormat(FormatKind.Csv, mending.Dialect),
                Rules = mending.Rules with { OnFail = OnFail.Quarantine, Allow = null },
                Action = "release",
                Released = [.. rows.Where(row => row is { Row: not null, Line: not null }).Select(row => row.Id)],
            };
            var result = await warehouse.LoadAsync(changes, new LoadAttempt("release", IsPlan: false), cancel);
            return rows.Count - changes.Released.Count + (result.IsCommitted ? result.Quarantined : files.Count);
        }
        finally
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
    }
}
