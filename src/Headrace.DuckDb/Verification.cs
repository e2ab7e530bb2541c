using Headrace.Configuration;
using Headrace.Staging;

namespace Headrace.DuckDb;

/// <summary>
/// Compares all rows of a source and of its target by key: those whose text is the same on both sides by digest, the others by their
/// values. What differs can be put right by a load like any other.
/// </summary>
/// <param name="db">A connection that may read and write <paramref name="folder"/>.</param>
/// <param name="engine">The warehouse's own; it rests while rows are compared.</param>
/// <param name="folder">An absolute folder of its own.</param>
/// <param name="setBytes">What digests may take in memory beside the engine.</param>
public sealed class Verification(DuckDbConnection db, IWarehouse warehouse, IEngine engine, string folder, long setBytes, TimeProvider clock)
{
    private const int Shown = 5;

    /// <summary>Compares a dataset, whose flow has a primary key; repairs what differs when <paramref name="repair"/> says who does.</summary>
    /// <exception cref="HeadraceException">HDR-206 when the repair would delete too much, and what reading and loading throw.</exception>
    public async Task<Verified> RunAsync(Flow flow, Dataset dataset, ISource source, LoadAttempt? repair, CancellationToken cancel)
    {
        if (await RunAsync(flow, dataset, source, repair, Directory.CreateDirectory(Path.Combine(folder, "first")).FullName, cancel) is { } first)
            return first;

        // A run of another machine changed the target between the two readings: what was found is no difference, and is asked again.
        source.Release(dataset);
        return await RunAsync(flow, dataset, source, repair, Directory.CreateDirectory(Path.Combine(folder, "again")).FullName, cancel)
            ?? throw Error.DatasetHeld(dataset.Name);
    }

    private async Task<Verified?> RunAsync(Flow flow, Dataset dataset, ISource source, LoadAttempt? repair, string folder, CancellationToken cancel)
    {
        var (target, copy) = (source.Target(dataset), new TargetCopy(db, warehouse, engine, folder, clock));
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
            : [copy.Only(await copy.StageAsync(target, position.Table, flow.Deletes, cancel), compared, cancel)];
        var format = new FileFormat(FormatKind.Csv, new CsvDialect { Header = false });
        var found = new FileDiff(db, folder, setBytes, cancel).Run(before, whole.Files, format, flow.PrimaryKey, digests, compared);
        found.LeaveSameJson(null, folder);
        var rows = (Source: found.Unchanged + found.Inserted + found.Updated, Target: found.Unchanged + found.Updated + found.Deleted);
        var pending = found.LeaveNewer(whole.Newest, folder);
        if (found.Doubtful > 0)
            warnings.Add($"{found.Doubtful} {(found.Doubtful == 1 ? "row" : "rows")} could not be compared: a value that does not fit, no key, or a key that is there more than once");
        var result = new Verified(
            dataset.Name, found.Inserted, found.Deleted, found.Updated, rows.Source, rows.Target, pending, found.Sample(Shown), warnings);
        if (!result.IsEqual && (await warehouse.PositionAsync(dataset, target, cancel)).Generation != position.Generation)
            return null;
        if (repair is null || result.IsEqual)
            return result;

        return await copy.RepairAsync(result, flow, dataset, target, position, format, found.Rows, repair, cancel);
    }

    private static bool Same(string a, string b) => TargetCopy.Same(a, b);
}
