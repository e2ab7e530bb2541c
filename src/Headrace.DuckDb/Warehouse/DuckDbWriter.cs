using Headrace.Engines;
using Headrace.Warehouses;

namespace Headrace.DuckDb;

/// <summary>Brings rows into a DuckDB warehouse, whose engine reads the staged files itself; one load.</summary>
internal sealed class DuckDbWriter : TargetWriter
{
    private readonly DuckDbSession session;
    private readonly DuckDbConnection db;
    private readonly LoadAttempt attempt;
    private readonly TimeProvider clock;
    private readonly CancellationToken cancel;
    private readonly ITimer? watch;
    private readonly string target;
    private ChangeSet changes;
    private RelationBatch? batch;
    private RowChanges? changed;

    /// <param name="session">Of this load alone; writers that share it end together.</param>
    public DuckDbWriter(
        DuckDbSession session,
        ChangeSet changes,
        LoadAttempt attempt,
        TimeProvider clock,
        CancellationToken cancel
    )
    {
        (this.session, this.changes, this.attempt, this.clock, this.cancel) = (
            session,
            changes,
            attempt,
            clock,
            cancel
        );
        db = session.Db;
        target = changes.Target.IsNone ? "" : HeadraceTables.Target(changes.Target);
        if (attempt.Progress is not { } progress)
            return;
        db.Watch();
        var often = TimeSpan.FromMilliseconds(100);

        // The one thread that may ask while a statement runs is this timer's.
        watch = clock.CreateTimer(_ => progress(Progress()), null, often, often);
    }

    public override PreparedBatch Batch => Prepared;

    private RelationBatch Prepared => batch ?? throw Error.Bug("a batch was used before it was prepared.");

    public override Task<TargetTable?> LookAsync() => Task.FromResult(DuckDbDialect.Find(db, changes.Target, cancel));

    public override Task<bool> PrepareAsync(ChangeSet changes)
    {
        (this.changes, batch) = (changes, new RelationBatch(db, changes, clock, cancel));
        return Task.FromResult(batch.Prepare());
    }

    public override Task<SqlSession> OpenAsync(bool isNew) => Task.FromResult<SqlSession>(session);

    public override Task DeleteAllAsync(TargetTable table, long rows) =>
        session.ExecuteAsync($"DELETE FROM {target}", cancel);

    public override Task FillAsync(TargetTable? table)
    {
        if (Prepared.Shape!.HasTable)
            Insert();
        Prepared.Count();
        return Task.CompletedTask;
    }

    public override Task<MergeCounts> MergeAsync(TargetTable table)
    {
        var shape = Prepared.Shape!;
        var isOnce = changes.Rules.HasUniqueKeys || shape.Files.Exists(file => file.File.IsBinary);
        if (changes.From.Table is not null || !(isOnce || StagedTable.HasRowNumbers(changes, shape)))
            return Task.FromResult(
                Merge(new Merge(db, changes, shape, target, cancel), changes.From.Table is not null)
            );

        // Nothing is there to merge with.
        Insert();
        var repeated = isOnce ? 0 : new Merge(db, changes, shape, target, cancel).DeduplicateTarget();
        Prepared.Count(repeated);
        return Task.FromResult(new MergeCounts(Prepared.Good - repeated, 0, 0));
    }

    public override Task<MergeCounts> PlanMergeAsync(TargetTable? table)
    {
        var (shape, computed) = (Prepared.Shape!, changes.From.Computed.Select(Sql.Identifier).ToList());
        var planned = new PlannedTable(db, changes, shape, cancel);
        return Task.FromResult(
            Merge(
                new Merge(db, changes, shape, planned.Name, cancel),
                true,
                () =>
                    planned.Prepare(
                        table is null ? null
                        : computed.Count == 0 ? target
                        : $"(SELECT * EXCLUDE ({string.Join(", ", computed)}) FROM {target})"
                    )
            )
        );
    }

    public override Task<ResolvedEvents> ResolveAsync(TargetTable? table, TargetTable? memory, string? forgotten)
    {
        if (Prepared.Shape is not null)
            Prepared.Rows.Stage();
        var events = EventRows.Of(db, changes, Prepared.Shape, clock.GetUtcNow(), cancel);
        if (Prepared.Shape is null)
            events.StageCompared();
        var reduced = events.Reduce();
        if (Prepared.Shape is not null)
            Prepared.Count(reduced);
        events.Take(table is null ? null : target);
        events.Remember(
            memory is null ? null : HeadraceTables.Target(memory.Name),
            memory?.Found.Select(column => column.Name) ?? []
        );
        if (forgotten is not null && Prepared.SetAside(events, forgotten))
            events.Reduce();
        return Task.FromResult(events.Resolve());
    }

    public override Task<(long Replaced, long Marked)> ChangeAsync(ChangeSet changes, TargetTable table, bool isNew)
    {
        changed = changes.Rows;
        return Task.FromResult(
            new ChangeLoad(db, changes, HeadraceTables.Target(changes.Target), clock, cancel).Apply(isNew)
        );
    }

    public override string Changed => ChangedRows.From(changed ?? throw Error.Bug("no row was changed."));

    public override Task<IReadOnlyList<RowChange>> SampleAsync(ChangeSet changes, TargetTable? table, int most) =>
        Task.FromResult(new ChangeSample(db, changes, table?.Columns, target, cancel).Take(most));

    // Loads write one after the other, so the numbers go on where the table ends; a sequence was seen to fall back when
    // a process was killed.
    public override Task HoldAsync()
    {
        var table = HeadraceTables.Table("quarantine");
        var held = Prepared.Held.Sum(one =>
            db.Execute(
                $"""
                INSERT INTO {table} (id, flow, dataset, schema_name, table_name, file, sha256, line, "column", value,
                    reason, "row", operation, load_id, run_id,
                    status, held_at)
                SELECT coalesce((SELECT max(id) FROM {table}), 0) + row_number() OVER (), $1, $2, $3, $4, $5, $6, line,
                    "column", value, reason, "row",
                    $7, $8, $9, 'waiting', $10
                FROM ({one.Rows})
                """,
                cancel,
                changes.Dataset.Flow,
                changes.Dataset.Name,
                changes.Target.Schema,
                changes.Target.Table,
                one.File.File.Key,
                one.File.Sha256,
                changes.Operation.ToString().ToLowerInvariant(),
                changes.Id,
                attempt.RunId,
                clock.GetUtcNow()
            )
        );
        return held == Prepared.Quarantined
            ? Task.CompletedTask
            : throw Error.RowsDiffer("headrace.quarantine", Prepared.Quarantined, held);
    }

    // What a plan made in memory stays for its next batch; the warehouse itself is open for reading only.
    public override Task EndPlanAsync(SqlSession db) => db.CommitAsync(CancellationToken.None);

    protected override async ValueTask EndAsync()
    {
        if (watch is not null)
            await watch.DisposeAsync();
        await session.DisposeAsync();
    }

    private MergeCounts Merge(Merge merge, bool hasTarget, Action? prepare = null)
    {
        Prepared.Rows.Stage();
        prepare?.Invoke();
        var losers = merge.Deduplicate();
        var counts = merge.Run(hasTarget);
        db.Execute("DROP TABLE temp.staged", cancel);
        Prepared.Count(losers);
        return counts;
    }

    private void Insert()
    {
        var (shape, rows) = (Prepared.Shape!, Prepared.Rows);
        if (shape.Files.Exists(file => file.File.IsBinary))
        {
            Append();
            return;
        }

        foreach (var group in rows.Groups())
        {
            // A column that the files do not bring gets the table's default.
            var brought = Enumerable
                .Range(0, shape.Columns.Count)
                .Where(column => shape.Fills(group[0], column))
                .ToList();
            var names = string.Join(", ", brought.Select(column => Sql.Identifier(shape.Columns[column].Name)));
            rows.Take(
                group,
                some =>
                    attempt.IsPlan
                        ? db.Scalar<long>($"SELECT count(*) FROM {some.Source} WHERE {some.Good}", cancel)
                        : db.Execute(
                            $"INSERT INTO {target} ({names}) "
                                + $"SELECT {string.Join(", ", brought.Select(some.Value))} FROM {some.Source} "
                                + $"WHERE {some.Good}",
                            cancel
                        )
            );
        }
    }

    private void Append()
    {
        try
        {
            Prepared.Shape!.Files.ForEach(Prepared.Rows.Append);
        }
        catch (UnfitValueException)
        {
            foreach (var file in changes.Files)
                file.Stream!.Refuse();
            throw;
        }
    }

    // DuckDB counts other things than rows of files, and is at 100 % of one part while the next ones wait.
    private LoadProgress Progress()
    {
        double? share = null;
        try
        {
            if (db.QueryProgress.Percentage is >= 0 and < 100 and var percentage)
                share = percentage / 100;
        }
        catch (ObjectDisposedException)
        {
            // The timer fired once more as the load ended.
        }

        return new LoadProgress("loads", changes.Files.Sum(file => Math.Max(0, file.Records)), share);
    }
}
