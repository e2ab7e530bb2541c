using Headrace.Checks;

namespace Headrace;

/// <summary>The batches of one dataset, one after another, until nothing is left.</summary>
internal sealed partial class DatasetRun(
    ReadyFlow flow,
    Dataset dataset,
    Rivals rivals,
    RunOptions options,
    Func<string, string> redact,
    Run run,
    Func<bool> isOverBudget
)
{
    private readonly StageAttempt stage = new(options.Accepted, options.IsPlan, Progress(options, run))
    {
        IsConfirmed = options.Confirmed.Contains(dataset.Name),
        Found = options.Found,
        Pending = [.. flow.After.Where(options.Pending.Contains)],
    };

    private readonly LoadAttempt load = new(run.Id, options.IsPlan, Progress(options, run))
    {
        Claim = flow.Source.ClaimOf(dataset),
    };

    // Where the batch before ended, so that what the warehouse knows of a thousand files is read once and not for
    // each batch.
    private Position? next;

    private readonly PhaseTimes phases = new();

    public Run Run { get; set; } = run;

    /// <summary>What took the time so far.</summary>
    public IReadOnlyList<RunPhase> Phases => phases.All;

    private static Action<LoadProgress>? Progress(RunOptions options, Run run) =>
        options.Observe is { } observe ? progress => observe(run, progress) : null;

    public async Task LoadAllAsync(CancellationToken cancel)
    {
        var target = flow.Source.Target(dataset);
        if (!Failpoint.Planted("publish-forgotten"))
            await PublishAsync(cancel); // what a crash has left
        while (true)
        {
            var position = next ?? await flow.Warehouse.PositionAsync(dataset, target, cancel);
            next = null;
            Failpoint.Hit("position_read");
            if (await TakeOverAsync(target, position, cancel))
                continue;
            Run = Run with { From = Run.From ?? position.ToString(), To = Run.To ?? position.ToString() };
            if (!flow.Source.MakesTables)
                Find(position, target);

            var found = await phases.InAsync("read", () => flow.Source.NextAsync(dataset, position, stage, cancel));
            Run = Run with { Warnings = [.. Run.Warnings.Union(found.Warnings)], IsWaiting = stage.IsWaiting };
            Fail(found.Refusals);
            await NoteAsync(found.Notes, target, cancel);
            if (found.Changes is not { MakesTable: true })
                Find(position, target);
            if (found.Changes is null)
            {
                var hadNothing = Run is { Batches: 0, Error: null } && position.Generation == 0;
                Run = Run with { HadNothing = hadNothing && !stage.IsWaiting && found.Notes.Count == 0 };
                await CareAsync(target, cancel);
                return;
            }

            if (Failpoint.Planted("publish-before-commit") && found.Changes.Rows is { Operations: > 0 } early)
                await flow.Delivery!.PublishAsync(
                    new Publication(
                        found.Changes.Id,
                        dataset,
                        found.Changes.Version!,
                        position.Generation + 1,
                        early.Operations
                    ),
                    cancel
                );
            LoadResult result;
            try
            {
                Task<LoadResult> LoadAsync(ChangeSet changes) =>
                    phases.InAsync("load", () => flow.Warehouse.LoadAsync(changes, load, cancel));
                result =
                    flow.Archive is { } archive && !options.IsPlan
                        ? await archive.LoadAsync(found.Changes, LoadAsync, cancel)
                        : await LoadAsync(found.Changes);
            }
            catch (HeadraceException error) when (error.Outcome == Outcome.Stopped && found.Changes.Action != "load")
            {
                // In a drop folder each file stands for itself: one that a check stops waits, the next is taken.
                Run = Run with
                {
                    Checks = CheckResult.Sum(Run.Checks, error.Checks),
                };
                await NoteAsync(
                    [
                        .. found.Changes.Files.Select(file => new FileNote(
                            file.File,
                            file.Sha256,
                            found.Changes.Action,
                            FileOutcome.Refused,
                            error.What,
                            error
                        )),
                    ],
                    target,
                    cancel
                );
                continue;
            }

            if (result.NeedsText)
                continue;
            if (result.IsCommitted)
                Run = Run.Add(result);
            await PublishAsync(cancel);
            await NoteAsync(result.Refused, target, cancel);
            Fail(SetAside(found.Changes, result));
            if (Run.Error is null && result.IsCommitted)
                Run = Run with { Outcome = options.IsPlan ? Outcome.WouldLoad : Outcome.Loaded };
            if (options.IsPlan || (result.IsCommitted && found.Notes.Count + result.Refused.Count == 0))
                next = result.Position;
            if (found.IsLast)
                return;
            if (isOverBudget())
            {
                Run = Run with { Warnings = [.. Run.Warnings, Runner.OverBudget] };
                return;
            }
        }
    }

    // After the last batch: of the files of this run, and of those that a run before left where they were.
    private async Task CareAsync(TableName target, CancellationToken cancel)
    {
        if (options.IsPlan || !flow.Source.CaresForLoaded)
            return;
        var committed = await flow.Warehouse.PositionAsync(dataset, target, cancel);
        Run = Run with { Warnings = [.. Run.Warnings.Union(await flow.Source.CareAsync(dataset, committed, cancel))] };
    }

    // Whether the table may be loaded; true when it was taken over, so that the position is to be read again.
    private async Task<bool> TakeOverAsync(TableName target, Position position, CancellationToken cancel)
    {
        if (load.Claim is not { } claim || target.IsNone)
            return false;
        var others = rivals.Of(flow.Warehouse, target);
        if (!options.TakenOver.Contains(dataset.Name))
        {
            // One of them takes the table in this run: it is as if it had it already.
            var taking = others.Where(other => options.TakenOver.Contains(other.Dataset)).ToList();
            return Ownership.Refusal(target, dataset, claim, [.. position.Owners, .. taking], others) is { } refusal
                ? throw refusal
                : false;
        }

        if (
            options.IsPlan
            || (
                Ownership.Others(dataset, claim, position.Owners).Count == 0
                && position.Owners.Any(owner => owner.Dataset == dataset.Name)
            )
        )
            return false;
        await flow.Warehouse.TakeOverAsync(dataset, target, claim, cancel);
        return true;
    }

    /// <summary>
    /// Publishes the operations of committed loads, in their order; again, where a crash came before it was written
    /// down.
    /// </summary>
    private async Task PublishAsync(CancellationToken cancel)
    {
        if (flow.Delivery is not { } delivery || options.IsPlan)
            return;
        for (var pending = await flow.Warehouse.PendingAsync(dataset, cancel); ; )
        {
            foreach (var publication in pending)
            {
                await phases.InAsync(
                    "publish",
                    async () =>
                    {
                        await delivery.PublishAsync(publication, cancel);
                        return publication;
                    }
                );
                Failpoint.Hit("operations_published");
                await flow.Warehouse.PublishedAsync(publication, cancel);
                Run = Run with { Published = Run.Published + publication.Operations };
            }

            // A load that was killed may have been committed since it was asked.
            pending = await delivery.CleanAsync(dataset, flow.Warehouse, cancel);
            if (pending.Count == 0)
                return;
        }
    }

    // What would come next cannot be added to a table that is gone, and nothing new does not mean that all is well.
    private void Find(Position position, TableName target)
    {
        if (position.LoadsWithoutTable > 0)
            throw Error.TargetGone(target, dataset.Name, position.LoadsWithoutTable);
    }

    // A file, or a whole table, of which nothing could be loaded is no success, though its rows are kept.
    private IEnumerable<HeadraceException> SetAside(ChangeSet changes, LoadResult result)
    {
        if (!result.IsCommitted)
            yield break;
        if (changes.Cursor is not null)
        {
            if (
                changes.From.Generation == 0
                && result is { Quarantined: > 0, Unfit: > 0 }
                && result.Inserted + result.Updated + result.Unchanged == 0
            )
                yield return Error.AllSetAside(
                    flow.Source.Address,
                    result.Quarantined,
                    result.Sample,
                    null,
                    flow.Name,
                    null
                );
            yield break;
        }

        foreach (var (key, rows) in result.SetAside)
            yield return Error.AllSetAside(
                key,
                rows,
                result.Sample.Where(row => row.File == key),
                changes.Files.FirstOrDefault(file => file.File.Key == key)?.Hint,
                flow.Name,
                key
            );
    }

    /// <summary>The first error is the run's, the others are said beside it.</summary>
    private void Fail(IEnumerable<HeadraceException> errors)
    {
        foreach (var error in errors)
            Run = Run.Error is null
                ? Run with
                {
                    Error = RunError.Of(error.With("dataset", dataset.Name)),
                    Outcome = error.Outcome,
                }
                : Run with
                {
                    Warnings = [.. Run.Warnings, error.Message],
                };
    }

    private async Task NoteAsync(IReadOnlyList<FileNote> notes, TableName target, CancellationToken cancel)
    {
        if (notes.Count == 0)
            return;
        foreach (var note in notes)
        {
            stage.Tried.Add(note.File.Key);
            stage.HasRefused |= note.Error is not null;
            if (note.Error is { } error)
                Run = Run.Error is null
                    ? Run with
                    {
                        Error = RunError.Of(error.With("dataset", dataset.Name)),
                        Outcome = error.Outcome,
                    }
                    : Run with
                    {
                        Warnings = [.. Run.Warnings, $"{note.File.Key}: {error.Message}"],
                    };
        }

        if (!options.IsPlan)
            await flow.Warehouse.RecordAsync(
                dataset,
                target,
                [.. notes.Select(note => note with { Note = note.Note is null ? null : redact(note.Note) })],
                load,
                cancel
            );
    }
}
