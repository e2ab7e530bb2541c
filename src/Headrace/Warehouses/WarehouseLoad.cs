namespace Headrace.Warehouses;

/// <summary>
/// One change set through one transaction, in every warehouse: fence, columns, rows, quarantine, files, position,
/// commit. A plan takes the same
/// steps and writes nothing that stays.
/// </summary>
internal sealed class WarehouseLoad(
    SqlWarehouse warehouse,
    ChangeSet changes,
    LoadAttempt attempt,
    CancellationToken cancel
)
{
    private readonly Dataset dataset = changes.Dataset;
    private readonly SqlDialect dialect = warehouse.Dialect;
    private TargetTable? changed;

    /// <summary>True from the moment COMMIT is given until it has answered.</summary>
    public bool WasCommitSent { get; private set; }

    /// <summary>What is committed, if anything is.</summary>
    public LoadResult? Result { get; private set; }

    // The owner that this load makes of its dataset; null when it is one already. It stays one until somebody takes the
    // table over, which
    // moves the position: then the fence is enough.
    private Owner? NewOwner =>
        attempt.Claim is { } claim
        && !changes.Target.IsNone
        && new Owner(dataset.Name, dataset.Flow, claim) is var owner
        && !changes.From.Owners.Contains(owner)
            ? owner
            : null;

    public async Task<LoadResult> RunAsync()
    {
        try
        {
            return await ApplyAsync();
        }
        catch (Exception) when (!WasCommitSent && changes.Files.Any(file => file.Stream is { IsRefused: true }))
        {
            return new LoadResult
            {
                IsCommitted = false,
                NeedsText = true,
                Position = changes.From,
            };
        }
        catch (Exception error) when (!WasCommitSent && warehouse.IsOfEngine(error))
        {
            var (broken, isMended) = await warehouse.BrokenAsync(changes, cancel);
            if (!isMended && broken.Count == 0)
                throw;
            if (changes.Operation == Operation.Replace && broken.Count > 0)
                return new LoadResult
                {
                    IsCommitted = false,
                    Refused = broken,
                    Position = changes.From,
                };
            changes = changes with
            {
                Files = [.. changes.Files.Where(file => !broken.Any(note => note.File == file.File))],
            };
            var result = await ApplyAsync();
            return Result = result with { Refused = [.. broken, .. result.Refused] };
        }
    }

    private async Task<LoadResult> ApplyAsync()
    {
        await using var writer = await warehouse.NewWriterAsync(changes, attempt, cancel);
        var table = await writer.LookAsync();
        changes = changes with { Limits = dialect.Limits ?? changes.Limits };

        // Another dataset may have made or changed the table since the position was read.
        if (!attempt.IsPlan)
            changes = changes with
            {
                From = changes.From with
                {
                    Table = table?.Columns,
                    Computed = table?.Computed ?? [],
                    TakesBinary = dialect.TakesBinary(table),
                },
            };
        if (!await writer.PrepareAsync(changes))
            return new LoadResult
            {
                IsCommitted = false,
                Refused = writer.Batch.Shape!.Refused,
                Position = changes.From,
            };

        var isNew = table is null && !changes.Target.IsNone && writer.Batch.Shape is not { HasTable: false };
        var db = await writer.OpenAsync(isNew && !attempt.IsPlan);
        await db.BeginAsync(cancel);
        try
        {
            return await ApplyAsync(writer, db, table);
        }
        catch when (!WasCommitSent)
        {
            await db.RollbackAsync();
            throw;
        }
    }

    private async Task<LoadResult> ApplyAsync(TargetWriter writer, SqlSession db, TargetTable? table)
    {
        Failpoint.Hit("transaction_begun");
        var store = warehouse.Store(db, cancel);
        await FenceAsync(db, store);
        if (!attempt.IsPlan)
            await writer.FencedAsync();
        changes.AssertKept();
        Failpoint.Hit("fenced");
        var result = changes.Operation switch
        {
            Operation.Schema => await LoadSchemaAsync(writer, db, table, store),
            Operation.Changes => await LoadChangesAsync(writer, db, table, store),
            _ => await LoadRowsAsync(writer, db, table, store),
        };
        result = result with { SetAside = FileRow.SetAside(writer.Batch.Files) };
        if (!result.IsCommitted || attempt.IsPlan)
        {
            await (result.IsCommitted ? writer.EndPlanAsync(db) : db.RollbackAsync());
            return result;
        }

        Result = result = result with { Position = Seen(result.Position) };
        if (warehouse.Concurrency.WritesOwnersLast && NewOwner is { } owner)
            await store.OwnAsync(changes.Target, owner);
        var areFilesLate = Failpoint.Planted("files-after-commit");
        if (!areFilesLate && changes.Cursor is null)
            await store.LoadedAsync(changes, writer.Batch.Files);
        if (changes.Rows is { Operations: > 0 } published)
            await store.AddAsync(
                new Publication(
                    changes.Id,
                    dataset,
                    changes.Version!,
                    changes.From.Generation + 1,
                    published.Operations
                )
            );
        Failpoint.Hit("files_written");
        await store.AddAsync(changes, attempt.RunId, result, writer.Batch.Files.Count);
        Failpoint.Hit("before_commit");
        WasCommitSent = true;
        await db.CommitAsync(CancellationToken.None);
        WasCommitSent = false;
        Failpoint.Hit("after_commit");
        if (areFilesLate)
            await store.LoadedAsync(changes, writer.Batch.Files);
        return result;
    }

    private async Task FenceAsync(SqlSession db, WarehouseStore store)
    {
        var concurrency = warehouse.Concurrency;
        if (!attempt.IsPlan)
            await concurrency.LockAsync(db, dataset, cancel);
        if (concurrency.LocksFirst && !attempt.IsPlan && !changes.Target.IsNone)
            await concurrency.LockAsync(db, changes.Target, cancel);
        var again = new ReadAgain(changes, dialect.Literal);
        if (again.IsNeeded)
            again.Check(await store.RowsOfAsync(again));
        if (attempt.IsPlan)
            return;
        if (NewOwner is { } owner)
        {
            if (!concurrency.LocksFirst)
                await concurrency.LockAsync(db, changes.Target, cancel);
            if (
                Ownership.Refusal(changes.Target, dataset, owner.Claim, await store.OwnersAsync(changes.Target), []) is
                { } refusal
            )
                throw refusal;
            if (!concurrency.WritesOwnersLast)
                await store.OwnAsync(changes.Target, owner);
        }

        await store.MoveAsync(changes, attempt.RunId);
        if (again.IsNeeded)
            await store.SupersedeAsync(again);
        if (
            changes.From.Table is null
            && changes.Schema is null
            && !changes.Target.IsNone
            && await store.LoadsAsync(dataset, thatInserted: true) is > 0 and var loaded
        )
            throw Error.TargetGone(changes.Target, dataset.Name, (int)loaded);
    }

    private async Task<LoadResult> LoadRowsAsync(
        TargetWriter writer,
        SqlSession db,
        TargetTable? table,
        WarehouseStore store
    )
    {
        var (batch, shape) = (writer.Batch, writer.Batch.Shape!);
        var ddl = await DdlAsync(db, table, shape);
        if (!attempt.IsPlan && shape.HasTable)
        {
            await writer.BringAsync(table);
            table = await ChangeTableAsync(writer, db, table, ddl);
        }

        Failpoint.Hit("table_ready");
        var isReplaced = changes.Operation == Operation.Replace;
        var before =
            changes.From.PlannedRows
            ?? (
                table is not null && (attempt.IsPlan || isReplaced)
                    ? await db.NumberAsync(dialect.Count(table.Name), cancel)
                    : 0
            );
        var result = new LoadResult { Position = changes.From };
        if (changes.Operation == Operation.Merge && !batch.IsFirst && shape.HasTable)
        {
            var counts = attempt.IsPlan ? await writer.PlanMergeAsync(table) : await writer.MergeAsync(table!);
            result = result with
            {
                Inserted = counts.Inserted,
                Updated = counts.Updated,
                Unchanged = counts.Unchanged,
                Warnings = Lost(batch.Losers),
            };
        }
        else
        {
            // Readers see the rows before or the new ones, and never an empty table.
            var deleted = isReplaced && shape.HasTable ? before : 0;
            if (deleted > 0 && !attempt.IsPlan)
                await writer.DeleteAllAsync(table!, deleted);
            await writer.FillAsync(table);
            if (deleted > 0 && batch.Good < changes.Rules.MinRows)
                throw Error.TooFewRows(
                    dataset.Name,
                    changes.Files.Select(file => file.File.Key),
                    batch.Good,
                    deleted,
                    changes.Rules.MinRows
                );
            result = result with { Inserted = batch.Good, Deleted = deleted };
        }

        ddl = await KeepKeyAsync(
            db,
            shape.IsNew,
            changes.Operation == Operation.Merge,
            shape.Columns.Select(column => column.Name),
            ddl
        );
        Failpoint.Hit("rows_applied");
        result = await HoldAsync(writer, store, result);
        Failpoint.Hit("quarantine_written");
        var columns = shape
            .Columns.Select(column => new Column(column.Name, column.Type!.Value, column.Nullable))
            .ToList();
        return result with
        {
            Ddl = [.. ddl.Select(dialect.Shown)],
            Refused = shape.Refused,
            Warnings = [.. shape.Warnings, .. result.Warnings],
            Position = changes.From.After(
                changes,
                [.. shape.Files.Select(file => file.File)],
                shape.HasTable ? columns : null
            ) with
            {
                PlannedRows =
                    !attempt.IsPlan ? null
                    : isReplaced ? batch.Good
                    : before + batch.Good,
            },
        };
    }

    private async Task<LoadResult> HoldAsync(TargetWriter writer, WarehouseStore store, LoadResult result)
    {
        var batch = writer.Batch;
        if (batch.Quarantined > 0)
        {
            batch.AssertAllowed(changes, result.Deleted);
            if (!attempt.IsPlan && !Failpoint.Planted("bad-rows-dropped"))
                await writer.HoldAsync();
            result = result with { Quarantined = batch.Quarantined, Sample = batch.Sample };
        }

        return attempt.IsPlan || (batch.Quarantined == 0 && changes.Operation != Operation.Replace)
            ? result
            : result with
            {
                Quarantined = result.Quarantined - await store.LeaveRepeatedAsync(changes),
            };
    }

    private async Task<LoadResult> LoadChangesAsync(
        TargetWriter writer,
        SqlSession db,
        TargetTable? table,
        WarehouseStore store
    )
    {
        var rows = changes.Rows!;
        var deletes = (
            changes.Rules.Snapshot ?? throw Error.Bug("changes of rows without rules of a snapshot.")
        ).Deletes;
        var wanted = changes.Written.Select(column => column.Column).ToList();
        if (deletes == Deletes.Soft)
            wanted.Add(new Column(RowChanges.DeletedAt, new ColumnType(TypeKind.TimestampTz)));
        IReadOnlyList<string> ddl =
            changes.Target.IsNone ? []
            : table is null ? await Ddl(db, null).CreateAsync(wanted)
            : Ddl(db, table).Add(wanted);
        IReadOnlyList<string> warnings = [];
        if (!attempt.IsPlan)
        {
            if (!changes.Target.IsNone)
            {
                await writer.BringAsync(table);
                var changed = await ChangeTableAsync(writer, db, table, ddl);
                Failpoint.Hit("table_ready");
                warnings = await ChangeAsync(writer, changed!, isNew: table is null, deletes);
                ddl = await KeepKeyAsync(db, table is null, true, rows.Columns.Select(column => column.Name), ddl);
            }

            Failpoint.Hit("rows_applied");
            if (changes.Version is not null)
                await store.SupersedeAsync(dataset);
            await writer.HoldAsync();
            Failpoint.Hit("quarantine_written");
        }

        bool IsThere(Column column) =>
            changes.From.Table?.Any(known => known.Name.Equals(column.Name, StringComparison.OrdinalIgnoreCase))
            == true;
        IReadOnlyList<Column>? columns = changes.Target.IsNone
            ? null
            :
            [
                .. changes.From.Table ?? [],
                .. changes.Written.Select(column => column.Column).Where(column => !IsThere(column)),
            ];
        return new LoadResult
        {
            Inserted = rows.Inserted,
            Updated = rows.Updated,
            Deleted = rows.Deleted,
            Unchanged = rows.Unchanged,
            Quarantined = rows.Quarantined,
            Ddl = [.. ddl.Select(dialect.Shown)],
            Warnings = [.. rows.Warnings, .. warnings],
            Sample = rows.Sample,
            Changes = attempt.IsPlan ? await writer.SampleAsync(table, 3) : [],
            Position = changes.From.After(changes, changes.Files, columns),
        };
    }

    private async Task<IReadOnlyList<string>> ChangeAsync(
        TargetWriter writer,
        TargetTable table,
        bool isNew,
        Deletes deletes
    )
    {
        var rows = changes.Rows!;
        if (rows.Inserted + rows.Updated + rows.Deleted == 0)
            return [];
        var (replaced, marked) = await writer.ChangeAsync(table, isNew);
        var expected = rows.Updated + (deletes == Deletes.Hard ? rows.Deleted : 0);
        return isNew || (replaced == expected && (deletes == Deletes.Hard || marked == rows.Deleted))
            ? []
            :
            [
                $"{changes.Target} was changed by others since the export before: {expected} of its rows were to be replaced, {replaced} were there",
            ];
    }

    private async Task<LoadResult> LoadSchemaAsync(
        TargetWriter writer,
        SqlSession db,
        TargetTable? table,
        WarehouseStore store
    )
    {
        var (document, file, sha256) = changes.Schema!.Value;
        try
        {
            // What the rows hold must not change between the look at them and the statement.
            if (!attempt.IsPlan && table is not null)
                table = await ChangeTableAsync(writer, db, table, []);
            var ddl = await Ddl(db, table).EvolveAsync(document, file.Key);
            if (!attempt.IsPlan)
                await ChangeTableAsync(writer, db, table, ddl);
            Failpoint.Hit("table_ready");
            if (!attempt.IsPlan)
                await store.AddAsync(changes, document, file, sha256);
            writer.Batch.Files.Add(
                FileRow.Of(file, sha256, "schema", FileOutcome.Loaded) with
                {
                    SchemaVersion = document.Version,
                }
            );
            var position = changes.From.After(changes, [], document.Columns) with
            {
                PlannedRows = attempt.IsPlan && changes.From.Table is null ? 0 : null,
            };
            return new LoadResult { Ddl = [.. ddl.Select(dialect.Shown)], Position = position };
        }
        catch (HeadraceException error) when (!error.IsTransient)
        {
            return new LoadResult
            {
                IsCommitted = false,
                Refused = [new FileNote(file, sha256, "schema", FileOutcome.Refused, error.What, error)],
                Position = changes.From,
            };
        }
    }

    private TableDdl Ddl(SqlSession db, TargetTable? table) =>
        new(db, dialect, warehouse.Address, changes.Target, table, changes.Rules, cancel);

    private async Task<IReadOnlyList<string>> DdlAsync(SqlSession db, TargetTable? table, TableShape shape)
    {
        if (!shape.HasTable)
            return [];
        var columns = shape
            .Columns.Select(column =>
                (column.IsNew, Column: new Column(column.Name, column.Type!.Value, column.Nullable))
            )
            .ToList();
        return shape.IsNew
            ? await Ddl(db, null).CreateAsync([.. columns.Select(column => column.Column)])
            : Ddl(db, table).Add(columns.Where(column => column.IsNew).Select(column => column.Column));
    }

    // The index is made once the rows are there, which is quicker than to keep it while they come.
    private async Task<IReadOnlyList<string>> KeepKeyAsync(
        SqlSession db,
        bool isNew,
        bool isMerged,
        IEnumerable<string> columns,
        IReadOnlyList<string> ddl
    )
    {
        if (!isNew || !isMerged || changes.Rules.PrimaryKey.Count == 0)
            return ddl;
        var keys = changes.Rules.PrimaryKey.Select(name =>
            columns.First(column => column.Equals(name, StringComparison.OrdinalIgnoreCase))
        );
        if (dialect.AddKey(changes.Target, keys) is not { } statement)
            return ddl;
        if (!attempt.IsPlan)
            await db.ExecuteAsync(statement, cancel);
        return [.. ddl, statement];
    }

    // The target must be what the rows were typed for.
    private async Task<TargetTable?> ChangeTableAsync(
        TargetWriter writer,
        SqlSession db,
        TargetTable? table,
        IReadOnlyList<string> ddl
    )
    {
        await writer.LockAsync(table, ddl);
        var now = await warehouse.FindAsync(db, changes.Target, cancel);
        if (table is null ? now is not null : !table.IsSame(now))
            throw Error.Warehouse(
                warehouse.Address,
                $"{changes.Target} was changed while the rows were staged",
                null,
                transient: true
            );
        foreach (var statement in ddl)
            await db.ExecuteAsync(statement, cancel);
        return changed =
            ddl.Count == 0
                ? now
                : await warehouse.FindAsync(db, changes.Target, cancel)
                    ?? throw Error.Warehouse(
                        warehouse.Address,
                        $"{changes.Target} is not seen after it was made",
                        null,
                        transient: true
                    );
    }

    // The position as it will be read once this is committed.
    private Position Seen(Position position) =>
        changed is not { } table
            ? position
            : position with
            {
                Table = table.Columns,
                Computed = table.Computed,
                TakesBinary = dialect.TakesBinary(table),
                Owners = NewOwner is { } owner
                    ? [.. position.Owners.Where(other => other.Dataset != owner.Dataset), owner]
                    : position.Owners,
            };

    // What the run's record says of rows that had the key of a later one.
    private static IReadOnlyList<string> Lost(long losers) =>
        losers == 0
            ? []
            : [$"{losers} {(losers == 1 ? "row" : "rows")} had the key of a later row of the batch; the later row won"];
}
