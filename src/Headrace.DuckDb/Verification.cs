using Headrace.Configuration;
using Headrace.Staging;

namespace Headrace.DuckDb;

/// <summary>
/// Compares all rows of a source and of its target by key: those whose text is the same on both sides by digest, the
/// others by their values. What differs can be put right by a load like any other.
/// </summary>
/// <param name="db">A connection that may read and write <paramref name="folder"/>.</param>
/// <param name="engine">The warehouse's own; it rests while rows are compared.</param>
/// <param name="folder">An absolute folder of its own.</param>
/// <param name="setBytes">What digests may take in memory beside the engine.</param>
public sealed class Verification(
    DuckDbConnection db,
    IWarehouse warehouse,
    IDuckDb engine,
    string folder,
    long setBytes,
    TimeProvider clock
)
{
    private const int Shown = 5;

    /// <summary>
    /// Compares a dataset; repairs what differs when <paramref name="repair"/> says who does. Without a primary key
    /// rows are counted, and nothing is repaired.
    /// </summary>
    /// <exception cref="HeadraceException">HDR-206 when the repair would delete too much, and what reading and loading
    /// throw.</exception>
    public async Task<Verified> RunAsync(
        Flow flow,
        Dataset dataset,
        ISource source,
        LoadAttempt? repair,
        CancellationToken cancel
    )
    {
        if (
            await RunAsync(
                flow,
                dataset,
                source,
                repair,
                Directory.CreateDirectory(Path.Combine(folder, "first")).FullName,
                cancel
            ) is
            { } first
        )
            return first;

        // A run of another machine changed the target between the two readings: what was found is no difference, and is
        // asked again.
        source.Release(dataset);
        return await RunAsync(
                flow,
                dataset,
                source,
                repair,
                Directory.CreateDirectory(Path.Combine(folder, "again")).FullName,
                cancel
            ) ?? throw Error.DatasetHeld(dataset.Name);
    }

    private async Task<Verified?> RunAsync(
        Flow flow,
        Dataset dataset,
        ISource source,
        LoadAttempt? repair,
        string folder,
        CancellationToken cancel
    )
    {
        var (target, copy) = (source.Target(dataset), new TargetExport(db, warehouse, engine, folder, clock));
        var position = await warehouse.PositionAsync(dataset, target, cancel);
        if (
            position.Owners.Where(owner => owner.Dataset != dataset.Name).Select(owner => owner.Dataset).ToList() is
            { Count: > 0 } others
        )
            return new Verified(
                dataset.Name,
                0,
                0,
                0,
                0,
                0,
                0,
                [],
                [
                    $"nothing was compared: {target} is loaded by {string.Join(", ", others)} too; "
                        + "its rows cannot be told apart",
                ]
            )
            {
                IsWhole = false,
            };
        if (flow.PrimaryKey.Count == 0)
            return await CountAsync();
        var digests = DigestKey.New();
        var digesting = new DigestOptions(digests, flow.PrimaryKey, IsInline: false);
        var whole = await ((IWholeSource)source).StageAllAsync(
            dataset,
            position,
            flow.IsShaped ? null : digesting,
            cancel
        );
        var compared = (position.Table ?? [])
            .Where(column => whole.Columns.Any(one => Same(one.Name, column.Name)))
            .Select(column => new DeclaredColumn(column.Name, column.Name, column.Type, column.Nullable))
            .ToList();
        var warnings = whole
            .Columns.Where(column => !compared.Exists(one => Same(one.Name, column.Name)))
            .Select(column => $"column '{column.Name}' is not in the target and was not compared")
            .ToList();
        if (position.Table is null)
            (compared, warnings) = ([.. whole.Columns], [$"{target} does not exist"]);

        var rules = flow.Rules();
        var alive = position.Table?.Any(column => rules.IsOwn(column.Name)) == true ? TargetExport.Alive(rules) : null;
        var isText = warehouse is IWholeTarget && alive is null;
        var before =
            position.Table is null ? []
            : isText
                ? await ((IWholeTarget)warehouse).StageAllAsync(
                    target,
                    [
                        .. whole
                            .Columns.Where(column => compared.Exists(one => Same(one.Name, column.Name)))
                            .Select(column => column.Name),
                    ],
                    folder,
                    digesting,
                    cancel
                )
            : [copy.Only(await copy.StageAsync(target, alive, cancel), compared, cancel)];
        var format = new FileFormat(FormatKind.Csv, new CsvDialect { Header = false });
        var found = new FileDiff(db, folder, setBytes, cancel).Run(
            before,
            whole.Files,
            format,
            flow.PrimaryKey,
            digests,
            compared,
            isTarget: true,
            shaping: flow.IsShaped ? flow.Rules() : null
        );
        found.JoinSameKeys(folder);
        found.LeaveSameJson(null, folder);
        var rows = (found.After, found.Before);
        var pending = found.LeaveNewer(whole.Newest, folder);
        found.LeaveFailing(flow.Rules().Checks, clock.GetUtcNow(), folder);
        warnings.AddRange(found.Doubts.Sentences);
        var result = await copy.WaitingAsync(
            new Verified(
                dataset.Name,
                found.Inserted,
                found.Extra,
                found.Updated,
                rows.After,
                rows.Before,
                pending,
                found.Sample(Shown),
                warnings
            )
            {
                IsWhole = found.Doubtful == 0,
            },
            flow.Name,
            [dataset.Name],
            target,
            cancel
        );
        if (
            !result.IsEqual
            && (await warehouse.PositionAsync(dataset, target, cancel)).Generation != position.Generation
        )
            return null;
        if (repair is null || result.Missing + result.Extra + result.Different == 0)
            return result;
        if (rules.Events?.History is not null)
            return result with
            {
                CanRepair = false,
                Warnings =
                [
                    .. result.Warnings,
                    "nothing was repaired: a history is made of what happened, and not of how rows are",
                ],
            };

        return await copy.RepairAsync(result, flow, dataset, target, position, format, found.Rows, repair, cancel);

        async Task<Verified?> CountAsync()
        {
            var whole = await ((IWholeSource)source).StageAllAsync(dataset, position, null, cancel);
            var table =
                position.Table ?? [.. whole.Columns.Select(column => new Column(column.Name, column.Type!.Value))];
            var columns = table.Where(column => whole.Columns.Any(one => Same(one.Name, column.Name))).ToList();
            var notes = whole
                .Columns.Where(column => !columns.Exists(one => Same(one.Name, column.Name)))
                .Select(column => $"column '{column.Name}' is not in the target and was not compared")
                .ToList();
            if (position.Table is null)
                notes.Add($"{target} does not exist");
            var rows = new TypedRows(
                db,
                whole.Files,
                columns,
                flow.Rules(),
                flow.Rules().Checks,
                clock.GetUtcNow(),
                cancel
            );
            rows.Write(Path.Combine(folder, "source.parquet"));
            var there = Path.Combine(folder, "none.parquet");
            if (position.Table is not null)
                there = (await copy.StageAsync(target, null, cancel)).Segments[0];
            else
                db.Execute(
                    $"""
                    COPY (SELECT * FROM read_parquet({Sql.Literal(rows.Path)})
                    LIMIT 0) TO {Sql.Literal(there)} (FORMAT parquet)
                    """,
                    cancel
                );
            var bag = new RowBag(db, rows.Path, there, columns, folder, cancel) { Newest = whole.Newest };
            var counted = bag.Run();
            if (rows.Lost > 0)
                notes.Add(
                    $"{rows.Lost} {(rows.Lost == 1 ? "row" : "rows")} of the source could not be compared: "
                        + "a value that does not fit its type, or a check that sets it aside"
                );
            if (counted.Missing + counted.Extra > 0)
                notes.Add(
                    Verified.Keyless(
                        repair is not null,
                        flow.Write == WriteMode.Replace
                            ? "The next run replaces the table"
                            : "Give the flow a primary_key, or put the rows right in the warehouse"
                    )
                );
            var found = await copy.WaitingAsync(
                new Verified(
                    dataset.Name,
                    counted.Missing,
                    counted.Extra,
                    0,
                    counted.Source + rows.Lost,
                    counted.Target,
                    counted.Pending,
                    counted.Missing + counted.Extra == 0 ? [] : bag.Sample(Shown),
                    notes
                )
                {
                    IsWhole = rows.Lost == 0,
                    CanRepair = false,
                },
                flow.Name,
                [dataset.Name],
                target,
                cancel
            );
            return
                found.IsEqual
                || (await warehouse.PositionAsync(dataset, target, cancel)).Generation == position.Generation
                ? found
                : null;
        }
    }

    private static bool Same(string a, string b) => TargetExport.Same(a, b);
}
