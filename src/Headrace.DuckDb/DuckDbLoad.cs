namespace Headrace.DuckDb;

/// <summary>
/// One change set through one transaction: fence, columns, rows, quarantine, file ledger, position, commit. A plan
/// takes the same steps, counts instead of writing.
/// </summary>
internal sealed class DuckDbLoad(DuckDbConnection db, ChangeSet changes, LoadAttempt attempt, TimeProvider clock, CancellationToken cancel)
{
    private readonly Dataset dataset = changes.Dataset;
    private readonly string target = HeadraceTables.Target(changes.Target);
    private readonly FileLedger files = new(db, clock, cancel);

    /// <summary>The load's identifier; it is what a commit without an answer is recognised by.</summary>
    public string Id { get; } = Headrace.Id.New("l", clock);

    /// <summary>True from the moment COMMIT is given until it has answered.</summary>
    public bool WasCommitSent { get; private set; }

    public LoadResult? Result { get; private set; }

    public LoadResult Run()
    {
        try
        {
            return Apply();
        }
        catch (DuckDbException) when (!WasCommitSent && new BrokenParquet(db, cancel).Of(changes) is { Count: > 0 } broken)
        {
            changes = changes with { Files = [.. changes.Files.Where(file => !broken.Exists(note => note.File == file.File))] };
            var result = Apply();
            return Result = result with { Refused = [.. broken, .. result.Refused] };
        }
    }

    private LoadResult Apply()
    {
        // Typing reads all rows of a first load, so it happens before the transaction.
        var shape = new TableShape(changes, ReadColumns);
        new TypeInference(db, cancel).Settle(shape, changes.Format.Csv);

        db.Execute("BEGIN", cancel);
        Failpoint.Hit("transaction_begun");
        try
        {
            Fence();
            Failpoint.Hit("fenced");
            Result = changes.Schema is null ? LoadRows(shape) : LoadSchema();
            if (attempt.IsPlan)
            {
                db.Execute("COMMIT", CancellationToken.None); // of what is in memory: the warehouse is open for reading only
                return Result;
            }

            Write(Result);
            Failpoint.Hit("before_commit");
            WasCommitSent = true;
            db.Execute("COMMIT", CancellationToken.None);
            WasCommitSent = false;
            Failpoint.Hit("after_commit");
            if (Failpoint.Planted("files-after-commit"))
                files.Loaded(dataset, changes.Target, fileRows, Id);
            return Result;
        }
        catch when (!WasCommitSent)
        {
            Rollback();
            throw;
        }
    }

    private void Fence()
    {
        if (attempt.IsPlan)
            return;
        var positions = HeadraceTables.Table("positions");
        var (from, now) = (changes.From.Generation, clock.GetUtcNow());
        if (from == 0)
            db.Execute($"INSERT INTO {positions} VALUES ($1, $2, 0, $3, $4, $5) ON CONFLICT DO NOTHING", cancel,
                dataset.Name, dataset.Flow, Id, attempt.RunId, now);
        var moved = db.Execute(
            $"UPDATE {positions} SET generation = generation + 1, load_id = $1, run_id = $2, updated_at = $3 WHERE dataset = $4 AND generation = $5",
            cancel, Id, attempt.RunId, now, dataset.Name, from);
        if (moved != 1)
            throw Error.Overtaken(dataset.Name, from,
                db.Scalar<long?>($"SELECT generation FROM {positions} WHERE dataset = $1", cancel, dataset.Name) ?? 0);

        if (changes.From.Table is null && changes.Schema is null && db.Scalar<long>(
            $"SELECT count(*) FROM {HeadraceTables.Table("files")} WHERE dataset = $1 AND outcome = 'loaded' AND rows > 0", cancel, dataset.Name) is > 0 and var loaded)
            throw Error.TargetGone(changes.Target, dataset.Name, (int)loaded);
    }

    private LoadResult LoadRows(TableShape shape)
    {
        var ddl = TableChanges.For(changes.Target, shape);
        if (!attempt.IsPlan)
            foreach (var statement in ddl)
                db.Execute(statement, cancel);
        Failpoint.Hit("table_ready");

        var rows = new RowLoad(db, changes, attempt, shape, target, cancel);
        var result = rows.Apply();
        Failpoint.Hit("rows_applied");

        var bad = new BadRows(db, changes, attempt, shape, Id, clock, cancel);
        var quarantined = bad.Count(rows.Missing);
        if (quarantined > 0)
        {
            var total = rows.Good + quarantined;
            var tooMany = changes.Rules.Allow is { } share && (double)quarantined / total > share;
            if (changes.Rules.OnFail == OnFail.Stop || tooMany)
                throw Error.BadRows(dataset.Name, quarantined, total, tooMany ? changes.Rules.Allow : null, bad.Sample(3));
            if (!attempt.IsPlan && !Failpoint.Planted("bad-rows-dropped"))
                bad.Hold();
            result = result with { Quarantined = quarantined, Sample = bad.Sample(5) };
        }

        Failpoint.Hit("quarantine_written");
        fileRows = [.. shape.Files.Select(file => FileLedger.Row(file.File.File, file.File.Sha256, changes.Action, FileFate.Loaded) with
        {
            Rows = rows.Records(file.File) - bad.Of(file.File),
            Quarantined = bad.Of(file.File) + file.File.RejectCount,
            SchemaVersion = changes.From.Schema?.Document.Version,
        })];
        var columns = shape.Columns.Select(column => new Column(column.Name, column.Type!.Value, column.Nullable)).ToList();
        return result with
        {
            Ddl = ddl,
            Refused = shape.Refused,
            Warnings = [.. shape.Warnings, .. result.Warnings],
            Position = After(shape.HasTable ? columns : null) with
            {
                PlannedRows = !attempt.IsPlan ? null : changes.Operation == Operation.Replace ? rows.Good : rows.Before() + rows.Good,
            },
        };
    }

    private List<FileRow> fileRows = [];

    private LoadResult LoadSchema()
    {
        var (document, file, sha256) = changes.Schema!.Value;
        try
        {
            var ddl = new SchemaChange(db, changes.Target, changes.From.Table, document, file.Key, cancel).Statements();
            if (!attempt.IsPlan)
                foreach (var statement in ddl)
                    db.Execute(statement, cancel);
            Failpoint.Hit("table_ready");
            fileRows = [FileLedger.Row(file, sha256, "schema", FileFate.Loaded) with { SchemaVersion = document.Version }];
            if (!attempt.IsPlan)
                db.Execute(
                    $"INSERT INTO {HeadraceTables.Table("schemas")} SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce((SELECT max(sequence) FROM {HeadraceTables.Table("schemas")}), 0) + 1",
                    cancel, dataset.Flow, dataset.Name, document.Version, file.Key, sha256, document.Json, file.LandedAt, clock.GetUtcNow(), Id);
            var position = After(document.Columns) with { Schema = (document, file.LandedAt, file.Key), PlannedRows = attempt.IsPlan && changes.From.Table is null ? 0 : null };
            return new LoadResult { Ddl = ddl, Position = position };
        }
        catch (HeadraceException error)
        {
            return new LoadResult { Refused = [new FileNote(file, sha256, "schema", FileFate.Refused, error.What, error)], Position = changes.From };
        }
    }

    private void Write(LoadResult result)
    {
        if (!Failpoint.Planted("files-after-commit"))
            files.Loaded(dataset, changes.Target, fileRows, Id);
        Failpoint.Hit("files_written");
        db.Execute(
            $"INSERT INTO {HeadraceTables.Table("loads")} VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)", cancel,
            Id, attempt.RunId, dataset.Flow, dataset.Name, changes.Target.Schema, changes.Target.Table, changes.From.Generation + 1,
            changes.Action == "load" ? changes.Operation.ToString().ToLowerInvariant() : changes.Action, (long)fileRows.Count,
            result.Inserted, result.Updated, result.Deleted, result.Unchanged, result.Quarantined, clock.GetUtcNow());
    }

    /// <summary>The position as this load leaves it.</summary>
    private Position After(IReadOnlyList<Column>? table)
    {
        var known = new Dictionary<string, KnownFile>(changes.From.Files, StringComparer.Ordinal);
        var contents = new Dictionary<string, string>(changes.From.Contents, StringComparer.Ordinal);
        var (newest, last) = (changes.From.NewestRowsAt, changes.From.LastContent);
        if (changes.Action == "truncate")
            contents.Clear();
        var loaded = changes.Schema is { } schema
            ? [(schema.File, schema.Sha256)]
            : changes.Files.Select(file => (file.File, file.Sha256)).Where(file => fileRows.Exists(row => row.Key == file.File.Key));
        foreach (var (file, sha256) in loaded)
        {
            known[file.Key] = new KnownFile(file.Key, file.Stamp, sha256, FileFate.Loaded, null);
            contents[sha256] = file.Key;
            if (changes.Schema is not null)
                continue;
            last = sha256;
            newest = newest > file.LandedAt ? newest : file.LandedAt;
        }

        return changes.From with
        {
            Generation = changes.From.Generation + 1,
            Files = known,
            Contents = contents,
            LastContent = last,
            Table = table,
            NewestRowsAt = newest,
            ReplacedAt = changes.Operation == Operation.Replace ? newest : changes.From.ReplacedAt,
        };
    }

    /// <summary>The columns of a Parquet file; nested ones are taken as JSON.</summary>
    private List<StagedColumn> ReadColumns(StagedFile file)
    {
        var columns = new List<StagedColumn>();
        using var reader = db.Query(
            $"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet({Sql.Literal(file.Segments[0])}))", cancel);
        while (reader.Read())
        {
            var type = reader.GetString(1);
            var isNested = type.EndsWith(']') || type.StartsWith("STRUCT", StringComparison.Ordinal) || type.StartsWith("MAP", StringComparison.Ordinal);
            columns.Add(new StagedColumn(reader.GetString(0), IsJson: isNested, ParquetType: type));
        }

        return columns;
    }

    private void Rollback()
    {
        try
        {
            db.Execute("ROLLBACK", CancellationToken.None);
        }
        catch (DuckDbException)
        {
            // The statement's own error has ended the transaction already.
        }
    }
}
