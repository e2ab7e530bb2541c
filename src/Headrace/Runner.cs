using Polly;
using Polly.Retry;

namespace Headrace;

/// <summary>
/// Runs flows: find what is new, stage it, check it, apply it with its position in one transaction, write it down.
/// This file is the whole of that sentence; everything else is how.
/// </summary>
/// <param name="redact">Takes secrets out of a text before it is kept anywhere.</param>
public sealed class Runner(ILedger ledger, TimeProvider clock, Func<string, string> redact)
{
    /// <summary>What is said of a dataset that another run has.</summary>
    internal const string IsHeld = "another run holds the dataset";

    /// <summary>What is said where nothing more begins.</summary>
    public const string OverBudget = "the time budget is used up; the next run goes on from here";

    /// <summary>
    /// Brings every dataset of the flows up to date, several at once; one that fails stops only those that read it.
    /// </summary>
    public async Task<IReadOnlyList<Run>> RunAsync(
        IReadOnlyList<ReadyFlow> flows,
        RunOptions options,
        CancellationToken cancel
    )
    {
        var started = clock.GetTimestamp();
        var waves = new Waves(flows);
        while (waves.Next(IsOver() ? OverBudget : null, out var wave, out var blocked))
        {
            var skipped = blocked.Select(one =>
                Start(one.Flow, one.Flow.Name) with
                {
                    Outcome = Outcome.Skipped,
                    Warnings = [one.Reason],
                }
            );
            waves.Add(await RunAsync(wave, [.. skipped], options with { Pending = waves.Pending }, IsOver, cancel));
        }

        return waves.Runs;

        bool IsOver() => options.TimeBudget is { } budget && clock.GetElapsedTime(started) > budget;
    }

    private async Task<IReadOnlyList<Run>> RunAsync(
        IReadOnlyList<ReadyFlow> flows,
        List<Run> runs,
        RunOptions options,
        Func<bool> isOver,
        CancellationToken cancel
    )
    {
        var work = new List<(ReadyFlow Flow, Dataset Dataset)>();
        var rivals = new Rivals();
        HeadraceException? missing = null;
        foreach (var flow in flows)
        {
            try
            {
                var datasets = await Retry(flow)
                    .ExecuteAsync(async stop => await flow.Source.DatasetsAsync(stop), cancel);
                var only = options.OnlyOf(flow.Name);
                foreach (var dataset in datasets)
                {
                    rivals.Add(flow, dataset);
                    if (only.Count == 0 || only.Contains(dataset.Name))
                        work.Add((flow, dataset));
                }

                var known = datasets.Select(dataset => dataset.Name).ToList();
                if (only.Except(known).FirstOrDefault() is { } unknown)
                    missing = Error.NoSuchDataset(unknown, flow.Name, known);

                // What waits to be published does not wait for new files.
                if (flow.Delivery is not null && !options.IsPlan && only.Count == 0)
                    foreach (var name in (await flow.Warehouse.PendingAsync(flow.Name, cancel)).Except(known))
                        work.Add((flow, new Dataset(name, flow.Name, new Dictionary<string, string>())));
            }
            catch (Exception error) when (Named(error, flow, flow.Name, cancel) is { } named)
            {
                runs.Add(Start(flow, flow.Name) with { Outcome = named.Outcome, Error = RunError.Of(named) });
            }
        }

        if (missing is not null)
            throw missing;
        var gate = new Lock();
        try
        {
            await Parallel.ForEachAsync(
                work.GroupBy(item =>
                    item.Flow.Together is { } files && !options.IsPlan ? (files, item.Flow.Warehouse) : (object)item
                ),
                new ParallelOptions { MaxDegreeOfParallelism = options.Parallel, CancellationToken = cancel },
                async (items, cancel) =>
                {
                    bool isSpent;
                    lock (gate) // something is loaded however short the time is
                        isSpent = isOver() && runs.Exists(run => run.Batches > 0);
                    var ended = isSpent
                        ? [.. items.Select(item => NotBegun(item.Flow, item.Dataset))]
                        : await RunAsync([.. items], rivals, options, isOver, cancel);
                    lock (gate)
                        runs.AddRange(ended);
                }
            );
        }
        finally
        {
            // An interrupted command has runs that ended, too.
            runs.Sort((a, b) => string.CompareOrdinal(a.Dataset, b.Dataset));
            for (var i = 0; i < runs.Count; i++)
                runs[i] = runs[i].Redacted(redact);
            if (!options.IsPlan)
                await ledger.WriteAsync(runs, CancellationToken.None);
            Failpoint.Hit("ledger_written");
        }

        return runs;

        Run NotBegun(ReadyFlow flow, Dataset dataset) =>
            Start(flow, dataset.Name) with
            {
                Outcome = Outcome.Skipped,
                Warnings = [OverBudget],
            };
    }

    // Datasets that load files of transactions together are all held, and have loaded their other files, before that
    // begins.
    private async Task<IReadOnlyList<Run>> RunAsync(
        IReadOnlyList<(ReadyFlow Flow, Dataset Dataset)> items,
        Rivals rivals,
        RunOptions options,
        Func<bool> isOver,
        CancellationToken cancel
    )
    {
        var (ended, members) = (new Run?[items.Count], new List<DatasetRun>());
        await NextAsync(0, cancel);
        return
        [
            .. items.Select(
                (item, i) =>
                    ended[i]
                    ?? Start(item.Flow, item.Dataset.Name) with
                    {
                        Outcome = Outcome.Skipped,
                        Warnings = ["another dataset did not end with which it loads files of transactions"],
                    }
            ),
        ];

        async Task NextAsync(int i, CancellationToken cancel) =>
            ended[i] = await RunAsync(
                items[i].Flow,
                items[i].Dataset,
                rivals,
                options,
                isOver,
                items[i].Flow.Together is null || options.IsPlan
                    ? null
                    : (steps, cancel) => JoinAsync(i, steps, cancel),
                cancel
            );

        async Task JoinAsync(int i, DatasetRun steps, CancellationToken cancel)
        {
            members.Add(steps);
            if (i + 1 < items.Count)
            {
                await NextAsync(i + 1, cancel);
                if (members.Count < items.Count)
                    steps.Say([$"the files of transactions wait for '{items[members.Count].Dataset.Name}'"]);
                return;
            }

            try
            {
                await Retry(items[0].Flow)
                    .ExecuteAsync(
                        async cancel => await new TransactionRun(members, isOver).LoadAllAsync(cancel),
                        cancel
                    );
            }
            catch (Exception error) when (Named(error, items[i].Flow, steps.Dataset.Name, cancel) is { } named)
            {
                foreach (var member in members)
                    member.Run = member.Run.Add(named);
            }
        }
    }

    private async Task<Run> RunAsync(
        ReadyFlow flow,
        Dataset dataset,
        Rivals rivals,
        RunOptions options,
        Func<bool> isOver,
        Func<DatasetRun, CancellationToken, Task>? then,
        CancellationToken cancel
    )
    {
        var began = clock.GetTimestamp();
        var (table, target) = (flow.Source.Target(dataset), flow.Source.Target(dataset).ToString());
        var run = Start(flow, dataset.Name) with
        {
            Target = table.IsNone || target.Contains('{', StringComparison.Ordinal) ? null : target,
        }; // no file yet, so no table yet
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (flow.Timeout is { } longest)
            timeout.CancelAfter(longest);
        try
        {
            // Nothing is held for a plan: it must be free to look while a run is under way.
            await using var hold = options.IsPlan
                ? null
                : await ledger.HoldAsync(dataset, run with { Outcome = Outcome.Running }, cancel);
            if (hold is null && !options.IsPlan)
                return run with { Outcome = Outcome.Skipped, Warnings = [.. run.Warnings, IsHeld] };
            Failpoint.Hit("dataset_held");
            if (hold?.Died is { } before)
                await ledger.WriteAsync([before], cancel);
            options.Began?.Invoke(run);
            options.Observe?.Invoke(run, null);

            var steps = new DatasetRun(flow, dataset, rivals, options, redact, run, isOver);
            using var mine = CancellationTokenSource.CreateLinkedTokenSource(
                timeout.Token,
                hold?.Lost ?? CancellationToken.None
            );
            try
            {
                await Retry(flow).ExecuteAsync(async cancel => await steps.LoadAllAsync(cancel), mine.Token);
                if (then is not null)
                    await then(steps, mine.Token);
            }
            catch (OperationCanceledException)
                when (hold is { Lost.IsCancellationRequested: true } && !cancel.IsCancellationRequested)
            {
                var lost = Error.LeaseLost(dataset.Name);
                steps.Run = steps.Run with { Error = RunError.Of(lost), Outcome = lost.Outcome };
            }
            catch (Exception error) when (Named(error, flow, dataset.Name, cancel) is { } named)
            {
                steps.Run = steps.Run.Add(named);
            }
            finally
            {
                run = steps.Run with { Phases = steps.Phases };
                flow.Source.Release(dataset);
                Failpoint.Hit("spool_removed");
            }
        }
        catch (Exception error) when (Named(error, flow, dataset.Name, cancel) is { } named)
        {
            run = run with { Outcome = named.Outcome, Error = RunError.Of(named) };
        }

        run = run with { Duration = clock.GetElapsedTime(began) };
        options.Observe?.Invoke(run, null);
        return run;
    }

    private Run Start(ReadyFlow flow, string dataset) =>
        new()
        {
            Id = Id.New("r", clock),
            Flow = flow.Name,
            Dataset = dataset,
            StartedAt = clock.GetUtcNow(),
            Outcome = Outcome.UpToDate,
            Warnings = Failpoint.Notice is { } notice ? [notice] : [],
        };

    private ResiliencePipeline Retry(ReadyFlow flow) =>
        flow.Retries == 0
            ? ResiliencePipeline.Empty
            : new ResiliencePipelineBuilder { TimeProvider = clock }
                .AddRetry(
                    new RetryStrategyOptions
                    {
                        ShouldHandle = new PredicateBuilder()
                            .Handle<HeadraceException>(error => error.IsTransient)
                            .Handle<IOException>(error => !Disk.IsFull(error)),
                        MaxRetryAttempts = flow.Retries,
                        Delay = flow.RetryDelay,
                        BackoffType = DelayBackoffType.Exponential,
                        UseJitter = true,
                    }
                )
                .Build();

    /// <summary>
    /// The error's own name; null for the user's own cancellation, which is no failure of the dataset.
    /// </summary>
    private static HeadraceException? Named(
        Exception error,
        ReadyFlow flow,
        string dataset,
        CancellationToken cancel
    ) =>
        error switch
        {
            HeadraceException named => named.With("dataset", dataset),
            OperationCanceledException when cancel.IsCancellationRequested => null,
            OperationCanceledException => Error.TimedOut(dataset, flow.Timeout ?? TimeSpan.Zero),
            IOException full when Disk.IsFull(full) => Error.DiskFull(dataset, full),
            IOException or UnauthorizedAccessException => Error.Unexpected(dataset, error),
            _ => Error.Bug($"{error.GetType().Name}: {error.Message}", error),
        };
}
