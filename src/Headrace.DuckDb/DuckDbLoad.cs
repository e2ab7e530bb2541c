namespace Headrace.DuckDb;

/// <summary>
/// One change set through one transaction: fence, columns, rows, quarantine, file ledger, position, commit. A plan
/// takes the same steps, counts instead of writing.
/// </summary>
internal sealed class DuckDbLoad(DuckDbConnection db, ChangeSet changes, LoadAttempt attempt, TimeProvider clock, CancellationToken cancel)
{
    private readonly Dataset dataset = changes.Dataset;
    private readonly string target = changes.Target.IsNone ? "" : HeadraceTables.Target(changes.Target);
    private readonly FileLedger files = new(db, clock, cancel);
    private readonly Quarantined quarantine = new(db, changes, attempt, clock, cancel);

    /// <summary>The load's identifier; it is what a commit without an answer is recognised by.</summary>
    public string Id => changes.Id;

    /// <summary>True from the moment COMMIT is given until it has answered.</summary>
    public bool WasCommitSent { get; private set; }

    public LoadResult? Result { get; private set; }

    public LoadResult Run()
    {
        try
        {
            return Apply();
        }
        catch (Exception error) when (error is UnfitValueException || (!WasCommitSent && changes.Files.Any(file => file.Arriving is { IsRefused: true })))
        {
            foreach (var file in changes.Files)
                file.Arriving!.Refuse();
            return new LoadResult { IsCommitted = false, IsToBeStagedAgain = true, Position = changes.From };
        }
        catch (DuckDbException) when (!WasCommitSent && new ParquetFiles(db, cancel).Broken(changes, out var isMended) is var broken && (isMended || broken.Count > 0))
        {
            if (changes.Operation == Operation.Replace && broken.Count > 0)
                return new LoadResult { IsCommitted = false, Refused = broken, Position = changes.From };
            changes = changes with { Files = [.. changes.Files.Where(file => !broken.Exists(note => note.File == file.File))] };
            var result = Apply();
            return Result = result with { Refused = [.. broken, .. result.Refused] };
        }
    }

    private LoadResult Apply()
    {
        // Another dataset may have made or changed the table since the position was read.
        if (!attempt.IsPlan)
            changes = changes with { From = new Positions(db, cancel).With(changes.From, changes.Target) };

        TableShape? shape = null;
        if (changes.Operation is not (Operation.Schema or Operation.Changes))
        {
            // Typing reads all rows of a first load, so it happens before the transaction.
            shape = new TableShape(changes, new ParquetFiles(db, cancel).Columns);
            if (changes.Operation == Operation.Replace ? shape.Refused.Count > 0 : shape.Files.Count == 0)
                return new LoadResult { IsCommitted = false, Refused = shape.Refused, Position = changes.From };
            new TypeInference(db, cancel).Settle(shape, changes.Format.Csv);
            if (changes.Files.Any(file => file.IsBinary) && (changes.From.Table is not null || !shape.Files.TrueForAll(file => file.IsBinaryFit(shape))))
                throw Error.Warehouse(changes.Target.ToString(), "the table was changed while the rows were staged", null, transient: true);
        }

        db.Execute("BEGIN", cancel);
        Failpoint.Hit("transaction_begun");
        try
        {
            Fence();
            changes.AssertKept();
            Failpoint.Hit("fenced");
            var (result, loaded) = changes.Operation switch
            {
                Operation.Schema => LoadSchema(),
                Operation.Changes => LoadChanges(),
                _ => LoadRows(shape!),
            };
            if (!result.IsCommitted)
            {
                db.Rollback();
                return result;
            }

            result = result with { SetAside = FileLedger.SetAside(loaded) };

            if (attempt.IsPlan)
            {
                db.Execute("COMMIT", CancellationToken.None); // of what is in memory: the warehouse is open for reading only
                return result;
            }

            Result = result;
            Write(result, loaded);
            Failpoint.Hit("before_commit");
            WasCommitSent = true;
            db.Execute("COMMIT", CancellationToken.None);
            WasCommitSent = false;
            Failpoint.Hit("after_commit");
            if (Failpoint.Planted("files-after-commit"))
                files.Loaded(dataset, changes.Target, loaded, Id);
            return result;
        }
        catch when (!WasCommitSent)
        {
            db.Rollback();
            throw;
        }
    }

    private void Fence()
    {
        var again = new ReadAgain(changes, HeadraceTables.Table("files"), HeadraceTables.Table("quarantine"), Sql.Literal);
        if (again.IsNeeded)
            again.Check(db.Scalar<long>($"SELECT CAST(({again.Rows}) AS BIGINT)", cancel));
        if (attempt.IsPlan)
            return;
        Own();
        if (again.IsNeeded)
        {
            db.Execute(again.Supersede, cancel);
            db.Execute(again.Resolve("$1"), cancel, clock.GetUtcNow());
        }

        var positions = HeadraceTables.Table("positions");
        var (from, now) = (changes.From.Generation, clock.GetUtcNow());
        var loads = HeadraceTables.Table("loads");
        if (from == 0 && changes.Cursor is not null && db.Scalar<long>($"SELECT count(*) FROM {loads} WHERE dataset = $1", cancel, dataset.Name) is > 0 and var before)
            throw Error.PositionLost(dataset.Name, (int)before);
        if (from == 0)
            db.Execute($"INSERT INTO {positions} (dataset, flow, generation, load_id, run_id, updated_at) VALUES ($1, $2, 0, $3, $4, $5) ON CONFLICT DO NOTHING", cancel,
                dataset.Name, dataset.Flow, Id, attempt.RunId, now);
        var moved = db.Execute(
            $"UPDATE {positions} SET generation = generation + 1, load_id = $1, run_id = $2, updated_at = $3, cursor = coalesce($6, cursor) WHERE dataset = $4 AND generation = $5",
            cancel, Id, attempt.RunId, now, dataset.Name, from, changes.Cursor);
        if (moved != 1)
            throw Error.Overtaken(dataset.Name, from,
                db.Scalar<long?>($"SELECT generation FROM {positions} WHERE dataset = $1", cancel, dataset.Name) ?? 0);

        if (changes.From.Table is null && changes.Schema is null && !changes.Target.IsNone && db.Scalar<long>(
            $"SELECT count(*) FROM {loads} WHERE dataset = $1 AND inserted > 0", cancel, dataset.Name) is > 0 and var loaded)
            throw Error.TargetGone(changes.Target, dataset.Name, (int)loaded);
    }

    // One process has the file, and one load at a time writes: what is read here holds until the commit.
    private void Own()
    {
        if (attempt.Claim is not { } claim || changes.Target.IsNone)
            return;
        var (owner, owners) = (new Owner(dataset.Name, dataset.Flow, claim), new Positions(db, cancel).Owners(changes.Target));
        if (Ownership.Refusal(changes.Target, dataset, claim, owners, []) is { } refusal)
            throw refusal;
        if (!owners.Contains(owner))
            foreach (var statement in new State.OwnerStatements(HeadraceTables.Own, changes.Target).Write(owner))
                db.Execute(statement, cancel);
    }

    private (LoadResult Result, List<FileRow> Files) LoadRows(TableShape shape)
    {
        var ddl = TableChanges.For(changes.Target, shape);
        if (!attempt.IsPlan)
            foreach (var statement in ddl)
                db.Execute(statement, cancel);
        Failpoint.Hit("table_ready");

        var rows = new RowLoad(db, changes, attempt, shape, target, cancel);
        var result = rows.Apply();
        Failpoint.Hit("rows_applied");

        var bad = new BadRows(db, changes, shape, cancel);
        var quarantined = bad.Count(rows.Rows.Missing);
        if (quarantined > 0)
        {
            // A file that is mostly bad is no replacement for good rows.
            var allow = changes.Rules.Allow ?? (changes.Operation == Operation.Replace && result.Deleted > 0 ? 0.5 : null);
            var total = rows.Rows.Good + quarantined;
            var tooMany = (double)quarantined / total > allow;
            if (changes.Rules.OnFail == OnFail.Stop || tooMany)
                throw Error.BadRows(dataset.Name, quarantined, total, tooMany ? allow : null, bad.Sample(3));
            if (!attempt.IsPlan && !Failpoint.Planted("bad-rows-dropped")
                && bad.Queries().Sum(one => quarantine.Hold(one.File, one.Rows)) is var held && held != quarantined)
                throw Error.RowsDiffer("headrace.quarantine", quarantined, held);
            result = result with { Quarantined = quarantined, Sample = bad.Sample(5) };
        }

        if (!attempt.IsPlan && (quarantined > 0 || changes.Operation == Operation.Replace))
            result = result with { Quarantined = result.Quarantined - quarantine.LeaveRepeated() };

        Failpoint.Hit("quarantine_written");
        var loaded = shape.Files.Select(file => FileLedger.Row(file.File.File, file.File.Sha256, changes.Action, FileFate.Loaded) with
        {
            Rows = rows.Rows.Records(file.File) - bad.Of(file.File),
            Quarantined = bad.Of(file.File) + file.File.RejectCount,
            SchemaVersion = changes.From.Schema?.Document.Version,
        }).ToList();
        var columns = shape.Columns.Select(column => new Column(column.Name, column.Type!.Value, column.Nullable)).ToList();
        var position = changes.From.After(changes, [.. shape.Files.Select(file => file.File)], shape.HasTable ? columns : null) with
        {
            PlannedRows = !attempt.IsPlan ? null : changes.Operation == Operation.Replace ? rows.Rows.Good : rows.Before() + rows.Rows.Good,
        };
        return (result with { Ddl = [.. ddl.Select(TableChanges.Shown)], Refused = shape.Refused, Warnings = [.. shape.Warnings, .. result.Warnings], Position = position }, loaded);
    }

    private (LoadResult Result, List<FileRow> Files) LoadChanges()
    {
        var rows = changes.Rows!;
        var load = new ChangeLoad(db, changes, target, clock, cancel);
        var ddl = load.Ddl();
        IReadOnlyList<string> warnings = [];
        if (!attempt.IsPlan)
        {
            foreach (var statement in ddl)
                db.Execute(statement, cancel);
            Failpoint.Hit("table_ready");
            warnings = load.Apply();
            Failpoint.Hit("rows_applied");
            if (changes.Version is not null)
                quarantine.Supersede();
            if (rows.BadRows.Sum(bad => quarantine.Hold(bad.File, $"FROM read_parquet({Sql.Literal(bad.Path)})")) is var held && held != rows.Quarantined)
                throw Error.RowsDiffer("headrace.quarantine", rows.Quarantined, held);
            Failpoint.Hit("quarantine_written");
        }

        var loaded = changes.Files.Select((file, i) =>
        {
            var held = rows.BadRows.Where(bad => bad.File == file).Sum(bad => bad.Rows);
            return FileLedger.Row(file.File, file.Sha256, changes.Action, FileFate.Loaded) with
            {
                Rows = rows.Records[i] + file.RejectCount - held,
                Quarantined = held,
                Version = changes.Version,
                Parts = changes.Files.Count,
            };
        }).ToList();
        var table = changes.Target.IsNone ? null : (IReadOnlyList<Column>)[.. changes.From.Table ?? [], .. changes.Written.Select(column => column.Column).Where(column => changes.From.Table?.Any(known => known.Name.Equals(column.Name, StringComparison.OrdinalIgnoreCase)) != true)];
        return (new LoadResult
        {
            Inserted = rows.Inserted,
            Updated = rows.Updated,
            Deleted = rows.Deleted,
            Unchanged = rows.Unchanged,
            Quarantined = rows.Quarantined,
            Ddl = [.. ddl.Select(TableChanges.Shown)],
            Warnings = [.. rows.Warnings, .. warnings],
            Sample = rows.Sample,
            Changes = attempt.IsPlan ? new ChangeSample(db, changes, new Positions(db, cancel).Columns(changes.Target), target, cancel).Take(3) : [],
            Position = changes.From.After(changes, changes.Files, table),
        }, loaded);
    }

    private (LoadResult Result, List<FileRow> Files) LoadSchema()
    {
        var (document, file, sha256) = changes.Schema!.Value;
        try
        {
            var ddl = new SchemaChange(db, changes.Target, changes.From.Table, document, file.Key, cancel).Statements();
            if (!attempt.IsPlan)
                foreach (var statement in ddl)
                    db.Execute(statement, cancel);
            Failpoint.Hit("table_ready");
            if (!attempt.IsPlan)
                db.Execute(
                    $"""
                    INSERT INTO {HeadraceTables.Table("schema_documents")} (flow, dataset, schema_version, key, sha256, document, landed_at, applied_at, load_id, sequence)
                    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce((SELECT max(sequence) FROM {HeadraceTables.Table("schema_documents")}), 0) + 1
                    """,
                    cancel, dataset.Flow, dataset.Name, document.Version, file.Key, sha256, document.Json, file.LandedAt, clock.GetUtcNow(), Id);
            var position = changes.From.After(changes, [], document.Columns) with { PlannedRows = attempt.IsPlan && changes.From.Table is null ? 0 : null };
            return (new LoadResult { Ddl = [.. ddl.Select(TableChanges.Shown)], Position = position }, [FileLedger.Row(file, sha256, "schema", FileFate.Loaded) with { SchemaVersion = document.Version }]);
        }
        catch (HeadraceException error)
        {
            var refused = new FileNote(file, sha256, "schema", FileFate.Refused, error.What, error);
            return (new LoadResult { IsCommitted = false, Refused = [refused], Position = changes.From }, []);
        }
    }

    private void Write(LoadResult result, List<FileRow> loaded)
    {
        if (!Failpoint.Planted("files-after-commit") && changes.Cursor is null)
            files.Loaded(dataset, changes.Target, loaded, Id);
        if (changes.Rows is { Operations: > 0 })
            new Publications(db, cancel).Add(new Publication(Id, dataset, changes.Version!, changes.From.Generation + 1, changes.Rows.Operations), clock.GetUtcNow());
        Failpoint.Hit("files_written");
        db.Execute(
            $"""
            INSERT INTO {HeadraceTables.Table("loads")} (load_id, run_id, flow, dataset, schema_name, table_name, generation, operation, files, inserted, updated, deleted,
                unchanged, quarantined, committed_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
            """, cancel,
            Id, attempt.RunId, dataset.Flow, dataset.Name, changes.Target.Schema, changes.Target.Table, changes.From.Generation + 1,
            changes.Action == "load" ? changes.Operation.ToString().ToLowerInvariant() : changes.Action, (long)loaded.Count,
            result.Inserted, result.Updated, result.Deleted, result.Unchanged, result.Quarantined, clock.GetUtcNow());
    }
}
