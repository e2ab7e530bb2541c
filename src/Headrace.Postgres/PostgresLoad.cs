using Headrace.DuckDb;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>
/// One change set through one transaction: fence, columns, rows, quarantine, file ledger, position, commit. The engine has typed
/// rows that are merged before it begins; others are copied while it types the next ones. A plan takes the same steps and takes back
/// what it did in temporary tables.
/// </summary>
/// <param name="folder">An absolute folder of this load's own.</param>
internal sealed class PostgresLoad(
    PostgresDatabase database, Lazy<DuckDbConnection> engine, string folder, ChangeSet changes, LoadAttempt attempt, TimeProvider clock, CancellationToken cancel)
{
    private readonly Dataset dataset = changes.Dataset;

    /// <summary>True from the moment COMMIT is given until it has answered.</summary>
    public bool WasCommitSent { get; private set; }

    public LoadResult? Result { get; private set; }

    public async Task<LoadResult> RunAsync()
    {
        try
        {
            return await ApplyAsync();
        }
        catch (Exception) when (!WasCommitSent && changes.Files.Any(file => file.Arriving is { IsRefused: true }))
        {
            return new LoadResult { IsCommitted = false, IsToBeStagedAgain = true, Position = changes.From };
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
            Limits = PostgresWarehouse.Limits,

            // Another dataset may have made or changed the table since the position was read.
            From = attempt.IsPlan ? changes.From : changes.From with { Table = table?.Columns, Computed = table?.Computed ?? [], TakesBinary = table?.TakesBinary ?? true },
        };
        var batch = new StagedBatch(engine, changes, attempt, folder, clock, cancel);
        if (changes.Operation == Operation.Changes)
            await Task.Run(batch.StageChanges, cancel);
        else if (changes.Operation != Operation.Schema)
        {
            if (!await Task.Run(batch.Prepare, cancel))
                return new LoadResult { IsCommitted = false, Refused = batch.Shape!.Refused, Position = changes.From };
            if (!batch.IsStreamed)
                await Task.Run(() => batch.StageRows(), cancel);
        }

        await using var db = await database.OpenAsync(cancel);
        await using var transaction = await db.BeginTransactionAsync(System.Data.IsolationLevel.ReadCommitted, cancel);
        Failpoint.Hit("transaction_begun");
        await FenceAsync(db);
        changes.AssertKept();
        Failpoint.Hit("fenced");
        var ledger = new PostgresLedger(db, clock, cancel);
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

        if (!Failpoint.Planted("files-after-commit") && changes.Cursor is null)
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
        if (Failpoint.Planted("files-after-commit"))
            await ledger.LoadedAsync(dataset, changes.Target, batch.Files, changes.Id);
        return result;
    }

    private async Task<TargetTable?> LookAsync()
    {
        if (changes.Target.IsNone)
            return null;
        await using var db = await database.OpenAsync(cancel);
        if (!attempt.IsPlan)
            await PostgresTables.EnsureAsync(db, cancel);
        return await TargetTable.FindAsync(db, changes.Target, cancel);
    }

    private async Task FenceAsync(NpgsqlConnection db)
    {
        var again = new ReadAgain(changes, "headrace.files", "headrace.quarantine", PostgresSql.Literal);
        if (again.IsNeeded)
            again.Check(await db.ScalarAsync<long>($"SELECT CAST(({again.Rows}) AS bigint)", cancel));
        if (attempt.IsPlan)
            return;
        await OwnAsync(db);
        var (from, now) = (changes.From.Generation, clock.GetUtcNow());
        if (from == 0 && changes.Cursor is not null && await db.ScalarAsync<long>("SELECT count(*) FROM headrace.loads WHERE dataset = $1", cancel, dataset.Name) is > 0 and var before)
            throw Error.PositionLost(dataset.Name, (int)before);
        if (from == 0)
            await db.ExecuteAsync(
                "INSERT INTO headrace.positions (dataset, flow, generation, load_id, run_id, updated_at) VALUES ($1, $2, 0, $3, $4, $5) ON CONFLICT DO NOTHING",
                cancel, dataset.Name, dataset.Flow, changes.Id, attempt.RunId, now);
        var moved = await db.ExecuteAsync(
            "UPDATE headrace.positions SET generation = generation + 1, load_id = $1, run_id = $2, updated_at = $3, cursor = coalesce($6, cursor) WHERE dataset = $4 AND generation = $5 AND " + PostgresTables.IsCurrent + (Failpoint.Planted("missing-fence") ? " OR dataset = $4" : ""),
            cancel, changes.Id, attempt.RunId, now, dataset.Name, from, changes.Cursor);
        if (moved != 1)
            await PostgresTables.CheckAsync(db, cancel);
        if (moved != 1)
            throw Error.Overtaken(dataset.Name, from, await db.ScalarAsync<long>("SELECT generation FROM headrace.positions WHERE dataset = $1", cancel, dataset.Name));
        if (again.IsNeeded)
        {
            await db.ExecuteAsync(again.Supersede, cancel);
            await db.ExecuteAsync(again.Resolve("$1"), cancel, now);
        }

        if (changes.From.Table is null && changes.Schema is null && !changes.Target.IsNone && await db.ScalarAsync<long>(
            "SELECT count(*) FROM headrace.loads WHERE dataset = $1 AND inserted > 0", cancel, dataset.Name) is > 0 and var loaded)
            throw Error.TargetGone(changes.Target, dataset.Name, (int)loaded);
    }

    // On record it stays until somebody takes the table over, which moves the position: the fence is enough then.
    private async Task OwnAsync(NpgsqlConnection db)
    {
        var owner = attempt.Claim is { } claim && !changes.Target.IsNone ? new Owner(dataset.Name, dataset.Flow, claim) : null;
        if (owner is null || changes.From.Owners.Contains(owner))
            return;
        await PostgresTables.LockAsync(db, $"owners {Ownership.Folded(changes.Target)}", cancel);
        if (Ownership.Refusal(changes.Target, dataset, owner.Claim, await PostgresTables.OwnersAsync(db, PostgresTables.Own, changes.Target, cancel), []) is { } refusal)
            throw refusal;
        foreach (var statement in new State.OwnerStatements(PostgresTables.Own, changes.Target).Write(owner))
            await db.ExecuteAsync(statement, cancel);
    }

    private async Task<LoadResult> LoadRowsAsync(NpgsqlConnection db, TargetTable? table, StagedBatch batch)
    {
        var shape = batch.Shape!;
        var ddl = await DdlAsync(db, table, shape);
        var merged = changes.Operation == Operation.Merge && batch.Rows.Count > 0 && !batch.IsFirst;
        if (merged) // before the target is locked
            await TableMerge.StageAsync(db, table, shape, batch.Rows, Progress(batch), cancel);
        if (!attempt.IsPlan && shape.HasTable)
            table = await ChangeTableAsync(db, table, ddl, changes.Operation == Operation.Append);
        Failpoint.Hit("table_ready");

        var before = changes.From.PlannedRows ?? (table is not null && (attempt.IsPlan || changes.Operation == Operation.Replace)
            ? await db.ScalarAsync<long>($"SELECT count(*) FROM {table.Quoted}", cancel) : 0);
        var result = new LoadResult { Position = changes.From };
        if (changes.Operation == Operation.Merge && !batch.IsFirst)
        {
            var (inserted, updated, unchanged) = !shape.HasTable ? default
                : attempt.IsPlan ? await PlanMergeAsync(db, table, batch)
                : merged ? await new TableMerge(db, table!, shape, changes, cancel).ApplyAsync(batch.Rows) : default;
            result = result with
            {
                Inserted = inserted,
                Updated = updated,
                Unchanged = unchanged,
                Warnings = RowLoad.Lost(batch.Losers),
            };
        }
        else
        {
            var deleted = await FillAsync(db, table, before, batch);
            result = result with { Inserted = batch.Good, Deleted = deleted };
        }

        ddl = await KeepKeyAsync(db, shape.IsNew, changes.Operation == Operation.Merge, shape.Columns.Select(column => column.Name), ddl);
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

    // The index is made once the rows are there, which is quicker than to keep it while they come.
    private async Task<IReadOnlyList<string>> KeepKeyAsync(NpgsqlConnection db, bool isNew, bool isMerged, IEnumerable<string> columns, IReadOnlyList<string> ddl)
    {
        if (!isNew || !isMerged || changes.Rules.PrimaryKey.Count == 0)
            return ddl;
        var key = new TableDdl(db, changes.Target, null, cancel).Key(changes.Rules.PrimaryKey.Select(name => columns.First(column => column.Equals(name, StringComparison.OrdinalIgnoreCase))));
        if (!attempt.IsPlan)
            await db.ExecuteAsync(key, cancel);
        return [.. ddl, key];
    }

    // Appends; for a replacement the rows before go first. Readers see either, and never an empty table.
    private async Task<long> FillAsync(NpgsqlConnection db, TargetTable? table, long before, StagedBatch batch)
    {
        var deleted = changes.Operation == Operation.Replace && batch.Shape!.HasTable ? before : 0;
        if (batch.IsStreamed && batch.Shape!.HasTable)
        {
            var target = new TargetWriter(db, table!, cancel);
            if (deleted > 0)
                await target.DeleteAllAsync(before);
            var (progress, there) = (Progress(batch), await target.InsertedAsync());
            await batch.StreamAsync(async rows => await TextCopy.InAsync(db, table!.Quoted, rows, progress, cancel));
            await target.CheckCopiedAsync(there, batch.Good);
        }
        else if (batch.IsStreamed)
            await batch.StreamAsync(_ => throw Error.Bug("rows without a table."));

        if (deleted > 0 && batch.Good < changes.Rules.MinRows)
            throw Error.TooFewRows(dataset.Name, changes.Files.Select(file => file.File.Key), batch.Good, deleted, changes.Rules.MinRows);
        return deleted;
    }

    private async Task<LoadResult> HoldAsync(NpgsqlConnection db, StagedBatch batch, LoadResult result)
    {
        if (batch.Quarantined > 0)
            result = await HoldBadAsync(db, batch, result);
        var repeated = new RepeatedRows(changes, "headrace.quarantine", PostgresSql.Literal, (row, column) => $"({row}::json ->> {column})");
        if (attempt.IsPlan || !repeated.Applies || (batch.Quarantined == 0 && changes.Operation != Operation.Replace))
            return result;
        await db.ExecuteAsync(repeated.Supersede("$1"), cancel, clock.GetUtcNow());
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
        foreach (var rows in batch.Held)
            await TextCopy.InAsync(db, "headrace.quarantine", rows, null, cancel);
    }

    private async Task<(long Inserted, long Updated, long Unchanged)> PlanMergeAsync(NpgsqlConnection db, TargetTable? table, StagedBatch batch)
    {
        var keys = changes.Rules.PrimaryKey.Select(key => batch.Shape!.Columns.First(column => column.Name.Equals(key, StringComparison.OrdinalIgnoreCase)))
            .Select(column => (column.Name, StagedTable.Column(batch.Shape!, column.Name), column.Type!.Value)).ToList();
        var rows = await new TargetRows(db, batch, cancel).FetchAsync(table, keys, StagedTable.Name);
        return await Task.Run(() =>
        {
            batch.Planned!.Prepare(rows);
            var counted = batch.Merge!.Run(hasTarget: true);
            return counted;
        }, cancel);
    }

    private async Task<LoadResult> LoadChangesAsync(NpgsqlConnection db, TargetTable? table, StagedBatch batch)
    {
        var rows = changes.Rules.Snapshot is null ? throw Error.Bug("changes of rows without rules of a snapshot.") : changes.Rows!;
        var load = new TableChangeLoad(db, changes, clock, cancel);
        var ddl = table is null ? await new TableDdl(db, changes.Target, null, cancel).CreateAsync(load.Wanted) : new TableDdl(db, changes.Target, table, cancel).Add(load.Wanted);
        IReadOnlyList<string> warnings = [];
        if (!attempt.IsPlan)
        {
            await load.StageAsync(table, batch.Rows[0], Progress(batch));
            var changed = await ChangeTableAsync(db, table, ddl, isAppend: false);
            Failpoint.Hit("table_ready");
            warnings = await load.ApplyAsync(changed!, table is null);
            ddl = await KeepKeyAsync(db, table is null, true, rows.Columns.Select(column => column.Name), ddl);
            Failpoint.Hit("rows_applied");
            if (changes.Version is not null)
                await db.ExecuteAsync(
                    "UPDATE headrace.quarantine SET status = 'superseded', resolved_at = $1, resolution = 'a newer export was applied' WHERE dataset = $2 AND status = 'waiting'",
                    cancel, clock.GetUtcNow(), dataset.Name);
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
            Changes = attempt.IsPlan ? await new TargetRows(db, batch, cancel).SampleAsync(engine.Value, changes, table, 3) : [],
            Position = changes.From.After(changes, changes.Files, columns),
        };
    }

    private async Task<LoadResult> LoadSchemaAsync(NpgsqlConnection db, TargetTable? table, PostgresLedger ledger, StagedBatch batch)
    {
        var (document, file, sha256) = changes.Schema!.Value;
        try
        {
            // What the rows hold must not change between the look at them and the statement.
            if (!attempt.IsPlan && table is not null)
                table = await ChangeTableAsync(db, table, [], isAppend: false);
            var ddl = await new TableDdl(db, changes.Target, table, cancel).EvolveAsync(document, file.Key);
            if (!attempt.IsPlan)
                await ChangeTableAsync(db, table, ddl, isAppend: false);
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

    private async Task<IReadOnlyList<string>> DdlAsync(NpgsqlConnection db, TargetTable? table, TableShape shape)
    {
        if (!shape.HasTable)
            return [];
        var columns = shape.Columns.Select(column => (column.IsNew, Column: new Column(column.Name, column.Type!.Value, column.Nullable))).ToList();
        if (shape.IsNew)
            return await new TableDdl(db, changes.Target, null, cancel).CreateAsync([.. columns.Select(column => column.Column)]);

        // A plan may add to a table that it has only planned to make.
        return new TableDdl(db, changes.Target, table ?? new TargetTable(changes.Target, []), cancel).Add(columns.Where(column => column.IsNew).Select(column => column.Column));
    }

    /// <summary>Locks the target against other writers, and against readers only while its columns change; it must be what the rows were typed for.</summary>
    private async Task<TargetTable?> ChangeTableAsync(NpgsqlConnection db, TargetTable? table, IReadOnlyList<string> ddl, bool isAppend)
    {
        if (table is null)
            await PostgresTables.LockAsync(db, $"table {changes.Target}", cancel);
        else
            await db.ExecuteAsync($"LOCK TABLE {table.Quoted} IN {(ddl.Count > 0 ? "ACCESS EXCLUSIVE" : isAppend ? "ROW EXCLUSIVE" : "SHARE ROW EXCLUSIVE")} MODE", cancel);
        var now = await TargetTable.FindAsync(db, changes.Target, cancel);
        if (table is null ? now is not null : !table.IsSame(now))
            throw Error.Warehouse(database.Address, $"{changes.Target} was changed while the rows were staged", null, transient: true);

        // Two who make one schema at once would meet in PostgreSQL's catalogue.
        if (table is null && ddl.Count > 1)
            await PostgresTables.LockAsync(db, $"schema {changes.Target.Schema}", cancel);
        foreach (var statement in ddl)
            await db.ExecuteAsync(statement, cancel);
        return ddl.Count == 0 ? now : await TargetTable.FindAsync(db, changes.Target, cancel);
    }

    private Action<long>? Progress(StagedBatch batch)
    {
        if (attempt.Progress is not { } progress)
            return null;
        var all = batch.IsStreamed ? changes.Bytes : batch.Rows.Sum(rows => new FileInfo(rows.Path).Length);
        var sent = 0L;
        return piece => progress(new LoadProgress("loads", batch.Good, all == 0 ? null : Math.Min(1, (double)(sent += piece) / all))); // nobody knows how many arrive
    }
}
