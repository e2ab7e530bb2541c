using System.Text;
using Headrace.State;

namespace Headrace.Warehouses;

/// <summary>
/// What a warehouse has on record in schema <c>headrace</c>, read and written in a session that is open: positions and
/// owners here; files, loads, quarantine and lists in the other parts. The statements are the same for every database;
/// the dialect says names and literals.
/// </summary>
public sealed partial class WarehouseStore(
    SqlSession db,
    SqlDialect dialect,
    IConcurrency concurrency,
    TimeProvider clock,
    CancellationToken cancel
)
{
    private Raw Files => Table("files");

    private Raw Loads => Table("loads");

    private Raw Quarantine => Table("quarantine");

    private Raw Published => Table("published");

    private Raw Schemas => Table("schema_documents");

    private Raw Processes => Table("process_table");

    private DateTimeOffset Now => clock.GetUtcNow();

    /// <summary>True when Headrace's own tables are there.</summary>
    public Task<bool> ExistsAsync() => concurrency.ExistAsync(db, cancel);

    /// <summary>Which version wrote the state; null when it says none.</summary>
    public static async Task<StateVersion?> VersionAsync(SqlSession db, SqlDialect dialect, CancellationToken cancel) =>
        (
            await db.RowsAsync(
                WarehouseState.Steps.Question(dialect.State),
                row => new StateVersion((int)row.Number(0), row.Text(1)),
                cancel
            )
        ).FirstOrDefault();

    /// <summary>The position of a dataset, all of it as of one moment.</summary>
    /// <param name="find">Describes the target in the same transaction.</param>
    public async Task<Position> PositionAsync(
        Dataset dataset,
        TableName target,
        Func<SqlSession, Task<TargetTable?>> find
    )
    {
        var isThere = await ExistsAsync();

        // Put together from before and after another run's commit, a position would pass the fence with files that it
        // does not know.
        await db.BeginReadAsync(cancel);
        try
        {
            var table = target.IsNone ? null : await find(db);
            var position = new Position
            {
                Table = table?.Columns,
                Computed = table?.Computed ?? [],
                TakesBinary = dialect.TakesBinary(table),
            };
            return isThere ? await PositionAsync(dataset, target, position) : position;
        }
        finally
        {
            await db.RollbackAsync();
        }
    }

    private async Task<Position> PositionAsync(Dataset dataset, TableName target, Position position)
    {
        var seen = new SeenFiles();
        DateTimeOffset? replacedAt = null,
            newestRowsAt = null;
        foreach (
            var (file, action, landedAt) in await db.RowsAsync(
                dialect.Sql(
                    $"""
                    SELECT key, stamp, coalesce(sha256, ''), outcome, note, version, action, load_id, rows, landed_at,
                        quarantined
                    FROM {Files} WHERE dataset = {dataset.Name} ORDER BY sequence
                    """
                ),
                row =>
                    (
                        new KnownFile(
                            row.Text(0),
                            row.Text(1),
                            row.Text(2),
                            Enum.Parse<FileOutcome>(row.Text(3), ignoreCase: true),
                            row.TextOrNull(4),
                            row.TextOrNull(5)
                        )
                        {
                            LoadId = row.TextOrNull(7),
                            Rows = row.Number(8),
                            Quarantined = row.Number(10),
                        },
                        row.Text(6),
                        row.Time(9)
                    ),
                cancel
            )
        )
        {
            seen.Add(file, action);
            if (file.Outcome == FileOutcome.Loaded && action != "schema")
                newestRowsAt = Later(newestRowsAt, landedAt);
            if (file.Outcome == FileOutcome.Loaded && action == "truncate")
                replacedAt = Later(replacedAt, landedAt);
        }

        var (generation, loadId, cursor) = !await concurrency.HasPositionAsync(db, dataset, cancel)
            ? default
            : (
                await db.RowsAsync(
                    dialect.Sql(
                        $"SELECT generation, load_id, cursor FROM {Positions(dataset)} WHERE dataset = {dataset.Name}"
                    ),
                    row => (row.Number(0), (string?)row.Text(1), row.TextOrNull(2)),
                    cancel
                )
            ).FirstOrDefault();
        var schemas = await db.RowsAsync(
            dialect.Sql(
                $"""
                SELECT document, landed_at, key FROM {Schemas} WHERE dataset = {dataset.Name} ORDER BY {new Raw(
                    dialect.SchemaOrder
                )} DESC LIMIT 1
                """
            ),
            row => (SchemaDocument.Parse(Encoding.UTF8.GetBytes(row.Text(0)), row.Text(2)), row.Time(1), row.Text(2)),
            cancel
        );
        position = seen.Into(
            position with
            {
                Generation = generation,
                LoadId = loadId,
                Cursor = cursor,
                Schema = schemas.Count == 0 ? null : schemas[0],
                ReplacedAt = replacedAt,
                NewestRowsAt = newestRowsAt,
                Owners = target.IsNone ? [] : await OwnersAsync(target),
            }
        );
        return generation == 0
                ? position with
                {
                    LoadsWithoutPosition = (int)await LoadsAsync(dataset, thatInserted: false),
                }
            : position.Table is null && !target.IsNone
                ? position with
                {
                    LoadsWithoutTable = (int)await LoadsAsync(dataset, thatInserted: true),
                }
            : position;
    }

    /// <summary>The load that last moved the dataset's position; null when none did.</summary>
    public async Task<string?> LastLoadAsync(Dataset dataset) =>
        (
            await db.RowsAsync(
                dialect.Sql(
                    $"SELECT load_id FROM {Positions(dataset)} WHERE dataset = {dataset.Name} AND load_id <> ''"
                ),
                row => row.Text(0),
                cancel
            )
        ).FirstOrDefault();

    /// <summary>How far a dataset was read; null when it was not.</summary>
    public async Task<string?> CursorAsync(Dataset dataset) =>
        await concurrency.HasPositionAsync(db, dataset, cancel)
            ? (
                await db.RowsAsync(
                    dialect.Sql($"SELECT cursor FROM {Positions(dataset)} WHERE dataset = {dataset.Name}"),
                    row => row.TextOrNull(0),
                    cancel
                )
            ).FirstOrDefault()
            : null;

    /// <summary>
    /// Moves the position of a load's dataset, within its transaction: the fence. Who was built on another generation
    /// gets no further.
    /// </summary>
    /// <exception cref="HeadraceException">HDR-301 when another run was first; HDR-313 when the position is
    /// gone.</exception>
    public async Task MoveAsync(ChangeSet changes, string runId, string address)
    {
        var (dataset, from, positions) = (changes.Dataset, changes.From.Generation, Positions(changes.Dataset));
        if (
            from == 0
            && changes.Cursor is not null
            && await LoadsAsync(dataset, thatInserted: false) is > 0 and var before
        )
            throw Error.PositionLost(dataset.Name, (int)before);
        if (from == 0)
            await RunAsync(
                dialect.Sql(
                    $"""
                    INSERT INTO {positions} (dataset, flow, generation, load_id, run_id, updated_at)
                    SELECT {dataset.Name}, {dataset.Flow}, 0, {changes.Id}, {runId}, {Now}
                    WHERE NOT EXISTS (SELECT 1 FROM {positions} WHERE dataset = {dataset.Name}){new Raw(
                        dialect.OnConflictNothing
                    )}
                    """
                )
            );
        var cursor = changes.Cursor is null ? new Raw("") : new Raw(dialect.Sql($", cursor = {changes.Cursor}"));
        var others = Failpoint.Planted("missing-fence")
            ? new Raw(dialect.Sql($" OR dataset = {dataset.Name}"))
            : new Raw("");
        var moved = await RunAsync(
            dialect.Sql(
                $"""
                UPDATE {positions} SET generation = generation + 1, load_id = {changes.Id}, run_id = {runId},
                    updated_at = {Now}{cursor}
                WHERE dataset = {dataset.Name} AND generation = {from} AND (SELECT max(version) FROM {Table(
                    "meta"
                )}) = {WarehouseState.Steps.Version}{others}
                """
            )
        );
        if (moved == 1)
            return;

        // A newer Headrace may have changed the tables meanwhile.
        if (await VersionAsync(db, dialect, cancel) is { } found)
            WarehouseState.Steps.IsCurrent(found, address);
        throw Error.Overtaken(
            dataset.Name,
            from,
            await db.NumberAsync(
                dialect.Sql($"SELECT generation FROM {positions} WHERE dataset = {dataset.Name}"),
                cancel
            )
        );
    }

    /// <summary>Waits for loads of datasets that are under way; to the end of the transaction none commits.</summary>
    public async Task LockAsync(IEnumerable<Dataset> datasets)
    {
        foreach (var dataset in datasets.OrderBy(dataset => dataset.Name, StringComparer.Ordinal))
            await concurrency.LockAsync(db, dataset, cancel);
    }

    /// <summary>Moves the positions of locked datasets on: a load that was built before is refused then.</summary>
    public async Task MoveOnAsync(IEnumerable<Dataset> datasets)
    {
        foreach (var dataset in datasets)
            await RunAsync(
                dialect.Sql(
                    $"""
                    UPDATE {Positions(dataset)} SET generation = generation + 1 WHERE dataset = {dataset.Name}
                    """
                )
            );
    }

    /// <summary>The datasets that load into a table.</summary>
    public async Task<IReadOnlyList<Owner>> OwnersAsync(TableName table) =>
        await db.RowsAsync(
            new OwnerStatements(dialect.State, table).Read,
            row => new Owner(row.Text(0), row.Text(1), new Claim(row.Text(2), row.Flag(3))),
            cancel
        );

    /// <summary>Puts an owner of a table on record.</summary>
    public async Task OwnAsync(TableName table, Owner owner)
    {
        foreach (var statement in new OwnerStatements(dialect.State, table).Write(owner))
            await RunAsync(statement);
    }

    /// <summary>Gives a table to a dataset, and takes it from those that cannot share it.</summary>
    public async Task TakeOverAsync(TableName table, Dataset dataset, Claim claim)
    {
        var others = Ownership.Others(dataset, claim, await OwnersAsync(table));
        foreach (
            var other in others.Select(other => new Dataset(
                other.Dataset,
                other.Flow,
                new Dictionary<string, string>()
            ))
        )
            if (await concurrency.HasPositionAsync(db, other, cancel))
                await RunAsync(
                    dialect.Sql(
                        $"UPDATE {Positions(other)} SET generation = generation + 1 WHERE dataset = {other.Name}"
                    )
                );
        foreach (
            var statement in new OwnerStatements(dialect.State, table).Take(
                new Owner(dataset.Name, dataset.Flow, claim),
                others
            )
        )
            await RunAsync(statement);
    }

    private Task<long> RunAsync(string sql) => db.ExecuteAsync(sql, cancel);

    private Raw Table(string name) => new(dialect.State.Name(name));

    private Raw Positions(Dataset dataset) => Table(concurrency.Positions(dataset.Name));

    private static DateTimeOffset Later(DateTimeOffset? one, DateTimeOffset other) => one > other ? one.Value : other;
}
