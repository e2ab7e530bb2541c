using Headrace.Configuration;
using Headrace.Staging;

namespace Headrace.DuckDb;

/// <summary>
/// Compares a table with the lake files that <c>headrace.files</c> says were loaded into it: the last export of a
/// snapshot, else what loading them once more makes. Files that were not loaded yet count for nothing.
/// </summary>
/// <param name="db">A connection that may read and write <paramref name="folder"/>.</param>
/// <param name="scratch">Opens an empty warehouse in <paramref name="folder"/>.</param>
/// <param name="engine">The warehouse's own; it rests while rows are compared.</param>
/// <param name="folder">An absolute folder of its own.</param>
/// <param name="setBytes">What digests may take in memory beside the engine.</param>
/// <param name="limits">What the warehouse asks of values; null for nothing.</param>
public sealed class FileVerification(
    DuckDbConnection db,
    Func<DuckDbWarehouse> scratch,
    IWarehouse warehouse,
    IDuckDb engine,
    string folder,
    long setBytes,
    ValueLimits? limits,
    TimeProvider clock
)
{
    private const int Shown = 5;
    private readonly List<string> warnings = [];
    private readonly TargetExport copy = new(db, warehouse, engine, folder, clock);

    /// <summary>Compares a table; repairs what differs by key when <paramref name="repair"/> says who does.</summary>
    /// <exception cref="HeadraceException">HDR-206 when the repair would delete too much, and what reading and loading
    /// throw.</exception>
    public async Task<Verified> RunAsync(
        Flow flow,
        TableHistory history,
        IFileSource source,
        LoadAttempt? repair,
        CancellationToken cancel
    )
    {
        var dataset = new Dataset(history.Files[^1].Dataset, flow.Name, new Dictionary<string, string>());
        var datasets = history.Files.Select(file => file.Dataset).Distinct().ToList();
        var name = datasets.Count == 1 ? dataset.Name : $"{flow.Name}/*";
        var nothing = new Verified(name, 0, 0, 0, 0, 0, 0, [], warnings) { IsWhole = false };
        if (Incomparable.Why(flow, history) is { } reason)
            return NotCompared(reason);
        var (isSnapshot, rules, events) = (flow.Read == ReadMode.Snapshot, flow.Rules(), flow.Rules().Events);
        if (datasets.Count > 1)
            warnings.Add(
                $"{datasets.Count} datasets load into {history.Target}; their files were compared with it together"
            );

        var position = await warehouse.PositionAsync(dataset, history.Target, cancel);
        if (position.Table is null)
            warnings.Add($"{history.Target} does not exist");
        var before = position.Table is null
            ? null
            : await copy.StageAsync(
                history.Target,
                isSnapshot && position.Table.Any(column => rules.IsOwn(column.Name)) ? TargetExport.Alive(rules) : null,
                cancel
            );
        var found = await copy.WaitingAsync(
            isSnapshot ? await ExportAsync() : await ReplayAsync(),
            flow.Name,
            datasets,
            history.Target,
            cancel
        );
        return found with { CanRepair = found.CanRepair && events?.History is null };

        Verified NotCompared(string why)
        {
            warnings.Add($"nothing was compared: {why}");
            return nothing;
        }

        async Task<Verified> ExportAsync()
        {
            var export = history.Files.Where(file => file.LoadId == history.Files[^1].LoadId).ToList();
            var digests = DigestKey.New();
            var files = new List<StagedFile>();
            foreach (var file in export)
                if (
                    await source.StageAgainAsync(
                        dataset,
                        file,
                        new DigestOptions(digests, flow.PrimaryKey, IsInline: false),
                        cancel
                    ) is
                    { } staged
                )
                    files.Add(staged);
            if (files.Count < export.Count)
                return NotCompared(
                    $"{export.Count - files.Count} of {export.Count} files of export "
                        + $"{export[0].Version} are no longer in the lake as they were loaded ("
                        + $"{Some(export.Where(file => files.All(there => there.File.Key != file.Key)))})"
                );
            var brought = files
                .SelectMany(file => file.IsParquet ? new ParquetFiles(db, cancel).Columns(file) : file.Columns)
                .Select(column => column.Name)
                .ToHashSet(StringComparer.OrdinalIgnoreCase);
            var columns = ComparedColumns.Of(
                flow,
                warnings,
                position.Table,
                column => flow.Makes(column.Name) || brought.Contains(ComparedColumns.From(flow, column.Name)),
                column => rules.IsOwn(column.Name)
            );
            var compare = flow.Rules().Snapshot!.Compare is { Count: > 0 } only
                ? flow.PrimaryKey.Concat(only).ToList()
                : null;
            return (
                await KeyedAsync(
                    before,
                    files,
                    source.FormatOf(files[0].File),
                    position.Table is null ? null : columns,
                    compare,
                    [.. history.Released.Where(row => row.LoadId == export[0].LoadId)],
                    aside: export.Sum(file => file.Quarantined)
                )
            )!; // what became of those is on record
        }

        async Task<Verified> ReplayAsync()
        {
            if (flow.PrimaryKey.Count == 0 && history.Files.Any(file => file.Operation == "merge"))
                return NotCompared("its rows were merged, and the flow has no primary_key now");
            var replay = await MakeAsync();
            if (replay.Table is null)
                return NotCompared("neither the table nor a file is there");
            if (events is not null && replay.Gone.Count > 0)
                return NotCompared(
                    $"{replay.Gone.Count} of {replay.Counting.Count} loaded files are no longer in the lake as they "
                        + $"were loaded ({Some(replay.Gone)})"
                );
            var expected = copy.Parquet(history.Target, Path.Combine(folder, "expected.parquet"), cancel);
            if (replay.Gone.Count > 0)
                warnings.Add(
                    $"{replay.Gone.Count} of {replay.Counting.Count} loaded files are no longer in the lake "
                        + $"as they were loaded ({Some(replay.Gone)}): "
                        + (
                            replay.IsMerged
                                ? "only rows of files that were loaded after them were compared"
                                : "their rows were counted and not compared"
                        )
                );
            var columns = ComparedColumns.Of(
                flow,
                warnings,
                position.Table ?? replay.Table,
                column => replay.Compares(column) || rules.IsOwn(column.Name),
                column => events is { History: null } && rules.IsOwn(column.Name)
            );
            if (columns.Count == 0)
                return nothing with
                {
                    IsWhole = replay.Gone.Count == 0 && before is null or { Records: 0 },
                    RowsTarget = before?.Records ?? 0,
                };
            var released = history
                .Released.Where(row => replay.Counting.Any(file => file.LoadId == row.LoadId))
                .ToList();
            var isKeyed =
                events?.History is null
                && flow.PrimaryKey.Count > 0
                && flow.PrimaryKey.All(key => columns.Any(column => Same(column.Name, key)));
            if (isKeyed && (flow.Write == WriteMode.Merge || replay.Gone.Count == 0))
            {
                var keyed = await KeyedAsync(
                    before,
                    [expected],
                    new FileFormat(FormatKind.Csv),
                    columns,
                    null,
                    released,
                    isPart: replay.Gone.Count > 0,
                    isUnique: flow.Write != WriteMode.Merge
                );
                if (keyed is not null)
                    return keyed;
            }

            return Bag(expected, columns, replay, released.Count);
        }

        async Task<Replay> MakeAsync()
        {
            await using var place = scratch();
            var replay = new Replay(place, flow, history, source, limits, cancel);
            await replay.RunAsync(position.Table, before?.Segments[0]);
            warnings.AddRange(replay.Warnings);
            if (replay.Table is not null)
                await place.CopyAsync(history.Target, Path.Combine(folder, "expected.parquet"), cancel);
            return replay;
        }

        Verified Bag(StagedFile expected, IReadOnlyList<DeclaredColumn> columns, Replay replay, long released)
        {
            var typed = columns.Select(column => new Column(column.Name, column.Type!.Value)).ToList();
            var bag = new RowBag(
                db,
                expected.Segments[0],
                before?.Segments[0] ?? RowBag.Empty(db, expected.Segments[0], folder, cancel),
                typed,
                folder,
                cancel
            );
            var counted = bag.Run();
            var (missing, extra) = (counted.Missing, counted.Extra);
            var gone = replay.Gone.Sum(file => file.Rows);
            var explained = Math.Min(extra, released);
            if (explained > 0)
                warnings.Add(
                    $"{explained} {Rows(explained)} of the target {(explained == 1 ? "was" : "were")} taken "
                        + "for released from quarantine, and not compared"
                );
            extra -= explained;
            missing += Math.Max(0, gone - extra); // how many rows a file had is on record
            extra = Math.Max(0, extra - gone);
            if (missing + extra > 0)
                warnings.Add(
                    Verified.Keyless(
                        repair is not null,
                        flow.Write == WriteMode.Replace
                            ? "Put the files into the lake again under new names, and the next run replaces the table"
                            : "Put the rows right in the warehouse, or empty the table and have a flow of another name "
                                + "load the files again"
                    )
                );
            return new Verified(
                name,
                missing,
                extra,
                0,
                counted.Source,
                counted.Target,
                0,
                missing + extra == 0 ? [] : bag.Sample(Shown),
                warnings
            )
            {
                IsWhole = replay.Gone.Count == 0,
                CanRepair = false,
            };
        }

        async Task<Verified?> KeyedAsync(
            StagedFile? old,
            IReadOnlyList<StagedFile> files,
            FileFormat format,
            IReadOnlyList<DeclaredColumn>? columns,
            IReadOnlyList<string>? compare,
            IReadOnlyList<ReleasedRow> released,
            bool isPart = false,
            bool isUnique = false,
            long aside = 0
        )
        {
            var declared = isSnapshot
                ? columns?.Select(column => column with { From = ComparedColumns.From(flow, column.Name) }).ToList()
                : columns;
            var found = new FileDiff(db, folder, setBytes, cancel, limits).Run(
                old is null ? [] : [copy.Only(old, declared!, cancel)],
                isSnapshot ? files : [copy.Only(files[0], declared!, cancel)],
                format,
                flow.PrimaryKey,
                DigestKey.New(),
                declared,
                compare,
                isTarget: true,
                isSnapshot && flow.IsShaped ? flow.Rules() : null
            );
            if (isUnique && found.Doubtful + found.Doubts.Copies > 0)
                return null; // nothing says that a key is there once
            found.JoinSameKeys(folder);
            found.LeaveSameJson(compare, folder);
            var rows = (Source: found.After, Target: found.Before);
            if (isSnapshot && flow.Deletes == Deletes.Ignore)
                found.LeaveDeletes(folder);
            var (explained, unknown) = found.LeaveReleased(
                released,
                column => ComparedColumns.From(flow, column),
                flow.Source.Csv.ToDialect(),
                folder
            );
            var extra = found.Extra;
            if (unknown > 0 && extra > 0)
            {
                // Their keys were mended: any row that no file has may be one of them.
                found.LeaveDeletes(folder);
                explained += Math.Min(unknown, extra);
                extra = Math.Max(0, extra - unknown);
            }

            if (explained > 0)
                warnings.Add(
                    $"{explained} {Rows(explained)} of the target {(explained == 1 ? "was" : "were")} "
                        + $"released from quarantine and {(explained == 1 ? "is" : "are")} not as the files have "
                        + $"{(explained == 1 ? "it" : "them")}; they were not compared"
                );
            warnings.AddRange(found.Doubts.Sentences);
            var result = new Verified(
                name,
                found.Inserted,
                extra,
                found.Updated,
                rows.Source,
                rows.Target,
                0,
                found.Sample(Shown),
                warnings
            )
            {
                IsWhole = !isPart && found.Doubts.Target == 0 && found.Doubts.Source <= aside,
            };
            if (events?.History is not null && repair is not null)
                warnings.Add("nothing was repaired: a history is made of what happened, and not of how rows are");
            if (repair is null || events?.History is not null || found.Inserted + found.Updated + found.Deleted == 0)
                return result;
            return await copy.RepairAsync(
                result,
                flow,
                dataset,
                history.Target,
                position,
                format,
                found.Rows,
                repair,
                cancel
            );
        }
    }

    private static string Rows(long rows) => rows == 1 ? "row" : "rows";

    private static string Some(IEnumerable<LoadedFile> files)
    {
        var keys = files.Select(file => file.Key).Distinct().ToList();
        return keys.Count <= 3
            ? string.Join(", ", keys)
            : $"{string.Join(", ", keys.Take(3))} and {keys.Count - 3} more";
    }

    private static bool Same(string a, string b) => TargetExport.Same(a, b);
}
