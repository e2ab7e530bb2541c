using Headrace.DuckDb;
using Npgsql;

namespace Headrace.Postgres.Redshift;

/// <summary>
/// One change set into Redshift. The engine types its rows, and they are staged before the transaction begins: fence, columns, COPY,
/// quarantine, file ledger, position, commit. A plan changes nothing.
/// </summary>
/// <param name="folder">An absolute folder of this load's own.</param>
internal sealed class RedshiftLoad(
    RedshiftDatabase database, StagingPlace staging, Lazy<DuckDbConnection> engine, string folder, ChangeSet changes, LoadAttempt attempt, TimeProvider clock, CancellationToken cancel)
{
    private readonly Dataset dataset = changes.Dataset;
    private readonly StagedLoad stage = new(database, staging, staging.Of(changes.Dataset), changes.Id, folder, cancel);

    /// <summary>True from the moment COMMIT is given until it has answered.</summary>
    public bool WasCommitSent { get; private set; }

    public LoadResult? Result { get; private set; }

    /// <summary>Removes what was staged, however the load ended.</summary>
    public Task RemoveAsync() => stage.RemoveAsync();

    public async Task<LoadResult> RunAsync()
    {
        Directory.CreateDirectory(folder);
        try
        {
            return await ApplyAsync();
        }
        catch (DuckDbException) when (!WasCommitSent && new ParquetFiles(engine.Value, cancel).Broken(changes, out var isMended) is var broken && (isMended || broken.Count > 0))
        {
            if (changes.Operation == Operation.Replace && broken.Count > 0)
                return new LoadResult { IsCommitted = false, Refused = broken, Position = changes.From };
            changes = changes with { Files = [.. changes.Files.Where(file => !broken.Exists(note => note.File == file.File))] };
            var result = await ApplyAsync();
            return Result = result with { Refused = [.. broken, .. result.Refused] };
        }
    }

    private async Task<LoadResult> ApplyAsync()
    {
        var table = await LookAsync();
        changes = changes with
        {
            Limits = RedshiftWarehouse.Limits,

            // Another dataset may have made or changed the table since the position was read.
            From = attempt.IsPlan ? changes.From : changes.From with { Table = table?.Columns, Computed = table?.Computed ?? [] },
        };
        var batch = new StagedBatch(engine, changes, attempt, folder, clock, cancel, new RowsStyle(stage.Nothing, RedshiftTypes.Written, RedshiftTypes.LongestText));
        if (!await StageAsync(batch))
            return new LoadResult { IsCommitted = false, Refused = batch.Shape!.Refused, Position = changes.From };

        await using var db = await database.OpenOwnAsync(cancel);
        if (!attempt.IsPlan && table is null && !changes.Target.IsNone && batch.Shape is not { HasTable: false })
            await RedshiftTables.EnsureSchemaAsync(db, changes.Target.Schema, cancel);
        await using var transaction = await db.BeginTransactionAsync(cancel);
        Failpoint.Hit("transaction_begun");
        await FenceAsync(db);
        changes.AssertKept();
        Failpoint.Hit("fenced");
        var ledger = new RedshiftLedger(db, clock, cancel);
        var result = changes.Operation switch
        {
            Operation.Schema => await LoadSchemaAsync(db, table, ledger, batch),
            Operation.Changes => await LoadChangesAsync(db, table, batch),
            _ => await LoadRowsAsync(db, table, batch),
        };
        result = result with { SetAside = FileLedger.SetAside(batch.Files) };
        if (!result.IsCommitted || attempt.IsPlan)
            return result; // the transaction is taken back
        Result = result;

        await OwnAsync(db);
        if (changes.Cursor is null)
            await ledger.LoadedAsync(dataset, changes.Target, batch.Files, changes.Id);
        if (changes.Rows is { Operations: > 0 } published)
            await ledger.AddAsync(new Publication(changes.Id, dataset, changes.Version!, changes.From.Generation + 1, published.Operations));
        Failpoint.Hit("files_written");
        await ledger.AddAsync(changes, attempt, result, batch.Files.Count);
        Failpoint.Hit("before_commit");
        WasCommitSent = true;
        await db.CommitAsync(transaction, CancellationToken.None);
        WasCommitSent = false;
        Failpoint.Hit("after_commit");
        return result;
    }

    private async Task<RedshiftTable?> LookAsync()
    {
        if (changes.Target.IsNone && attempt.IsPlan)
            return null;
        await using var db = await database.OpenAsync(cancel);
        if (!attempt.IsPlan)
            await RedshiftTables.EnsureAsync(db, dataset, changes.Target, cancel);
        return changes.Target.IsNone ? null : await RedshiftTable.FindAsync(db, changes.Target, cancel);
    }

    // False when none of the files can be loaded.
    private async Task<bool> StageAsync(StagedBatch batch)
    {
        if (changes.Operation == Operation.Changes)
            await Task.Run(batch.StageChanges, cancel);
        else if (changes.Operation != Operation.Schema)
        {
            if (!await Task.Run(batch.Prepare, cancel))
                return false;
            if (batch.IsStreamed)
                await batch.StreamAsync(PutAsync);
            else
                await Task.Run(() => batch.StageRows(), cancel);
        }

        if (attempt.IsPlan)
            return true;
        foreach (var rows in batch.IsStreamed ? batch.Held : [.. batch.Rows, .. batch.Held])
            await PutAsync(rows);
        return true;

        async Task PutAsync(RowsFile rows)
        {
            await stage.PutAsync(rows);
            attempt.Progress?.Invoke(new LoadProgress("stages", batch.Good, null));
        }
    }

    private async Task FenceAsync(NpgsqlConnection db)
    {
        var again = new ReadAgain(changes, "headrace.files", "headrace.quarantine", RedshiftSql.Literal);
        if (attempt.IsPlan)
        {
            if (again.IsNeeded)
                again.Check(await db.ScalarAsync<long>($"SELECT CAST(({again.Rows}) AS bigint)", cancel));
            return;
        }

        await db.ExecuteAsync(RedshiftSql.LockPosition(dataset), cancel);
        if (!changes.Target.IsNone)
            await db.ExecuteAsync(RedshiftSql.Lock(changes.Target), cancel);

        // The snapshot is taken here, so it has what those have committed that were waited for.
        var (from, read) = (changes.From.Generation, await db.RowsAsync(RedshiftSql.ReadPosition(dataset), row => (Generation: row.GetInt64(0), Version: row.GetInt64(3)), cancel));
        if (read.Count == 0 || read[0].Version != State.WarehouseState.Steps.Version)
            await RedshiftTables.CheckAsync(db, cancel);
        var found = read.Select(row => row.Generation).ToList();
        if (found.FirstOrDefault() != from)
            throw Error.Overtaken(dataset.Name, from, found.FirstOrDefault());
        if (from == 0 && changes.Cursor is not null && await db.ScalarAsync<long>(RedshiftSql.CountLoads(dataset, thatInserted: false), cancel) is > 0 and var before)
            throw Error.PositionLost(dataset.Name, (int)before);
        if (Claimed is { } owner && Ownership.Refusal(changes.Target, dataset, owner.Claim, await PostgresTables.OwnersAsync(db, RedshiftState.Own, changes.Target, cancel), []) is { } refusal)
            throw refusal; // the target is locked: of two that begin at once the second sees the first
        var now = clock.GetUtcNow();
        if (again.IsNeeded)
        {
            again.Check(await db.ScalarAsync<long>($"SELECT CAST(({again.Rows}) AS bigint)", cancel));
            await db.ExecuteAsync(again.Supersede, cancel);
            await db.ExecuteAsync(again.Resolve(RedshiftSql.Literal(now)), cancel);
        }

        var moved = await db.ExecuteAsync(found.Count == 0 ? RedshiftSql.InsertPosition(changes, attempt.RunId, now) : RedshiftSql.MovePosition(changes, attempt.RunId, now), cancel);
        if (moved != 1)
            throw Error.Overtaken(dataset.Name, from, from + 1);
        if (changes.From.Table is null && changes.Schema is null && !changes.Target.IsNone
            && await db.ScalarAsync<long>(RedshiftSql.CountLoads(dataset, thatInserted: true), cancel) is > 0 and var loaded)
            throw Error.TargetGone(changes.Target, dataset.Name, (int)loaded);
        await stage.RemoveStaleAsync();
    }

    // The owner that this load makes of its dataset; null when it is one already.
    private Owner? Claimed => attempt.Claim is { } claim && !changes.Target.IsNone && new Owner(dataset.Name, dataset.Flow, claim) is var owner && !changes.From.Owners.Contains(owner) ? owner : null;

    // Late, as all that is written into tables of Headrace's own: Redshift locks a table from the first write to the end.
    private async Task OwnAsync(NpgsqlConnection db)
    {
        if (Claimed is { } owner)
            foreach (var statement in new State.OwnerStatements(RedshiftState.Own, changes.Target).Write(owner))
                await db.ExecuteAsync(statement, cancel);
    }

    private async Task<LoadResult> LoadRowsAsync(NpgsqlConnection db, RedshiftTable? table, StagedBatch batch)
    {
        var shape = batch.Shape!;
        var ddl = await DdlAsync(db, table, shape);
        if (!attempt.IsPlan && shape.HasTable)
            table = await ChangeTableAsync(db, table, ddl);
        Failpoint.Hit("table_ready");

        var before = changes.From.PlannedRows ?? (table is not null && (attempt.IsPlan || changes.Operation == Operation.Replace)
            ? await db.ScalarAsync<long>(RedshiftSql.Count(table.Name), cancel) : 0);
        var result = new LoadResult { Position = changes.From };
        if (changes.Operation == Operation.Merge && !batch.IsFirst)
        {
            var (inserted, updated, unchanged) = !shape.HasTable ? default
                : attempt.IsPlan ? await PlanMergeAsync(db, table, batch)
                : batch.Rows.Count > 0 ? await new RedshiftMerge(db, table!, changes, stage, cancel).ApplyAsync(batch.Rows) : default;
            result = result with { Inserted = inserted, Updated = updated, Unchanged = unchanged, Warnings = RowLoad.Lost(batch.Losers) };
        }
        else
            result = result with { Inserted = batch.Good, Deleted = await FillAsync(db, table, before, batch) };
        Failpoint.Hit("rows_applied");
        result = await HoldAsync(db, batch, result);
        Failpoint.Hit("quarantine_written");
        var columns = shape.Columns.Select(column => new Column(column.Name, column.Type!.Value, column.Nullable)).ToList();
        return result with
        {
            Ddl = ddl,
            Refused = shape.Refused,
            Warnings = [.. shape.Warnings, .. result.Warnings],
            Position = changes.From.After(changes, [.. shape.Files.Select(file => file.File)], shape.HasTable ? columns : null) with
            {
                PlannedRows = !attempt.IsPlan ? null : changes.Operation == Operation.Replace ? batch.Good : before + batch.Good,
            },
        };
    }

    // Appends; for a replacement the rows before go first. Readers see either, and never an empty table.
    private async Task<long> FillAsync(NpgsqlConnection db, RedshiftTable? table, long before, StagedBatch batch)
    {
        var deleted = changes.Operation == Operation.Replace && batch.Shape!.HasTable ? before : 0;
        if (deleted > 0 && batch.Good < changes.Rules.MinRows)
            throw Error.TooFewRows(dataset.Name, changes.Files.Select(file => file.File.Key), batch.Good, deleted, changes.Rules.MinRows);
        if (attempt.IsPlan)
            return deleted;
        if (deleted > 0)
            await db.ExecuteAsync(RedshiftSql.DeleteAll(table!.Name), cancel);
        foreach (var files in batch.Rows.GroupBy(rows => string.Join('\0', rows.Columns)))
            await stage.CopyAsync(db, RedshiftSql.Qualified(table!.Name), [.. files], files.First().Columns);
        return deleted;
    }

    private async Task<LoadResult> HoldAsync(NpgsqlConnection db, StagedBatch batch, LoadResult result)
    {
        if (batch.Quarantined > 0)
            result = await HoldBadAsync(db, batch, result);
        var repeated = new RepeatedRows(changes, "headrace.quarantine", RedshiftSql.Literal, (row, column) => $"json_extract_path_text({row}, {column})");
        if (attempt.IsPlan || !repeated.Applies || (batch.Quarantined == 0 && changes.Operation != Operation.Replace))
            return result;
        await db.ExecuteAsync(repeated.Supersede(RedshiftSql.Literal(clock.GetUtcNow())), cancel);
        return result with { Quarantined = result.Quarantined - await db.ExecuteAsync(repeated.Drop, cancel) };
    }

    private async Task<LoadResult> HoldBadAsync(NpgsqlConnection db, StagedBatch batch, LoadResult result)
    {

        // A file that is mostly bad is no replacement for good rows.
        var allow = changes.Rules.Allow ?? (changes.Operation == Operation.Replace && result.Deleted > 0 ? 0.5 : null);
        var total = batch.Good + batch.Quarantined;
        var tooMany = (double)batch.Quarantined / total > allow;
        if (changes.Rules.OnFail == OnFail.Stop || tooMany)
            throw Error.BadRows(dataset.Name, batch.Quarantined, total, tooMany ? allow : null, [.. batch.Sample.Take(3)]);
        await WriteHeldAsync(db, batch);
        return result with { Quarantined = batch.Quarantined, Sample = batch.Sample };
    }

    private async Task WriteHeldAsync(NpgsqlConnection db, StagedBatch batch)
    {
        if (batch.Held.Count > 0)
            await stage.CopyAsync(db, "headrace.quarantine", batch.Held, batch.Held[0].Columns);
    }

    private async Task<(long Inserted, long Updated, long Unchanged)> PlanMergeAsync(NpgsqlConnection db, RedshiftTable? table, StagedBatch batch)
    {
        var keys = changes.Rules.PrimaryKey.Select(key => batch.Shape!.Columns.First(column => column.Name.Equals(key, StringComparison.OrdinalIgnoreCase)))
            .Select(column => (column.Name, StagedTable.Column(batch.Shape!, column.Name), column.Type!.Value)).ToList();
        var rows = await new RedshiftRows(db, stage, cancel).FetchAsync(table, batch, keys, StagedTable.Name);
        return await Task.Run(() =>
        {
            batch.Planned!.Prepare(rows);
            var counted = batch.Merge!.Run(hasTarget: true);
            return counted;
        }, cancel);
    }

    private async Task<LoadResult> LoadChangesAsync(NpgsqlConnection db, RedshiftTable? table, StagedBatch batch)
    {
        var rows = changes.Rules.Snapshot is null ? throw Error.Bug("changes of rows without rules of a snapshot.") : changes.Rows!;
        var load = new RedshiftChanges(db, changes, stage, clock, cancel);
        var redshift = new RedshiftDdl(db, database.Address, changes, table, cancel);
        var ddl = table is null ? await redshift.CreateAsync(load.Wanted) : redshift.Add(load.Wanted);
        IReadOnlyList<string> warnings = [];
        if (!attempt.IsPlan)
        {
            var changed = await ChangeTableAsync(db, table, ddl);
            Failpoint.Hit("table_ready");
            warnings = await load.ApplyAsync(changed!, batch.Rows[0], table is null);
            Failpoint.Hit("rows_applied");
            if (changes.Version is not null)
                await db.ExecuteAsync(RedshiftSql.Supersede(dataset, clock.GetUtcNow()), cancel);
            await WriteHeldAsync(db, batch);
            Failpoint.Hit("quarantine_written");
        }

        IReadOnlyList<Column> columns = [.. changes.From.Table ?? [], .. changes.Written.Select(column => column.Column).Where(column => changes.From.Table?.Any(known => known.Name.Equals(column.Name, StringComparison.OrdinalIgnoreCase)) != true)];
        return new LoadResult
        {
            Inserted = rows.Inserted,
            Updated = rows.Updated,
            Deleted = rows.Deleted,
            Unchanged = rows.Unchanged,
            Quarantined = rows.Quarantined,
            Ddl = ddl,
            Warnings = [.. rows.Warnings, .. warnings],
            Sample = rows.Sample,
            Changes = attempt.IsPlan ? await new RedshiftRows(db, stage, cancel).SampleAsync(engine, batch, changes, table, 3) : [],
            Position = changes.From.After(changes, changes.Files, columns),
        };
    }

    private async Task<LoadResult> LoadSchemaAsync(NpgsqlConnection db, RedshiftTable? table, RedshiftLedger ledger, StagedBatch batch)
    {
        var (document, file, sha256) = changes.Schema!.Value;
        try
        {
            var ddl = await new RedshiftDdl(db, database.Address, changes, table, cancel).EvolveAsync(document, file.Key);
            if (!attempt.IsPlan)
                await ChangeTableAsync(db, table, ddl);
            Failpoint.Hit("table_ready");
            if (!attempt.IsPlan)
                await ledger.AddAsync(changes, document, file, sha256);
            batch.Files.Add(FileLedger.Row(file, sha256, "schema", FileFate.Loaded) with { SchemaVersion = document.Version });
            var position = changes.From.After(changes, [], document.Columns) with { PlannedRows = attempt.IsPlan && changes.From.Table is null ? 0 : null };
            return new LoadResult { Ddl = ddl, Position = position };
        }
        catch (HeadraceException error) when (!error.IsTransient)
        {
            return new LoadResult { IsCommitted = false, Refused = [new FileNote(file, sha256, "schema", FileFate.Refused, error.What, error)], Position = changes.From };
        }
    }

    private async Task<IReadOnlyList<string>> DdlAsync(NpgsqlConnection db, RedshiftTable? table, TableShape shape)
    {
        if (!shape.HasTable)
            return [];
        var columns = shape.Columns.Select(column => (column.IsNew, Column: new Column(column.Name, column.Type!.Value, column.Nullable))).ToList();
        var redshift = new RedshiftDdl(db, database.Address, changes, table, cancel);
        return shape.IsNew ? await redshift.CreateAsync([.. columns.Select(column => column.Column)]) : redshift.Add(columns.Where(column => column.IsNew).Select(column => column.Column));
    }

    /// <summary>Changes the target's columns; it must be what the rows were typed for.</summary>
    private async Task<RedshiftTable?> ChangeTableAsync(NpgsqlConnection db, RedshiftTable? table, IReadOnlyList<string> ddl)
    {
        var now = await RedshiftTable.FindAsync(db, changes.Target, cancel);
        if (table is null ? now is not null : !table.IsSame(now))
            throw Error.Warehouse(database.Address, $"{changes.Target} was changed while the rows were staged", null, transient: true);
        foreach (var statement in ddl)
            await db.ExecuteAsync(statement, cancel);
        return ddl.Count == 0 ? now : await RedshiftTable.FindAsync(db, changes.Target, cancel)
            ?? throw Error.Warehouse(database.Address, $"{changes.Target} is not seen after it was made", null, transient: true);
    }
}
