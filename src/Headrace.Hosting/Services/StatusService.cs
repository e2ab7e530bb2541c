namespace Headrace.Hosting;

/// <summary>How a dataset stands.</summary>
public enum DatasetState
{
    /// <summary>Its last run found nothing wrong.</summary>
    Ok,

    /// <summary>Files are there that are not settled.</summary>
    Waiting,

    /// <summary>Rows of it wait in quarantine.</summary>
    Quarantine,

    /// <summary>Another run held it.</summary>
    Skipped,

    /// <summary>A run of it is under way.</summary>
    Running,

    /// <summary>Checks or limits stopped its last run.</summary>
    Stopped,

    /// <summary>Its last run failed.</summary>
    Failed,

    /// <summary>A flow that never ran.</summary>
    NeverRun,

    /// <summary>A flow that never ran and is not enabled.</summary>
    Off,
}

/// <summary>A dataset, or a flow that never ran.</summary>
/// <param name="Last">Its last run, which may be under way; null when there is none.</param>
/// <param name="Quarantined">Rows that wait; null when that is not known.</param>
/// <param name="Warnings">What still holds of what the last run had to say.</param>
public sealed record DatasetStatus(
    string Flow,
    string Dataset,
    DatasetState State,
    Run? Last,
    long? Quarantined,
    IReadOnlyList<string> Warnings
)
{
    /// <summary>Its last run that went well; null when there is none.</summary>
    public Run? LastGood { get; init; }

    /// <summary>Its last run that loaded something; null when there is none.</summary>
    public Run? LastLoad { get; init; }
}

/// <summary>Says how each dataset stands.</summary>
public sealed class StatusService(ProjectHost host)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly Outcome[] Good = [Outcome.Loaded, Outcome.UpToDate];

    /// <summary>Why it is not known what waits in quarantine; null when it is.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Every dataset and model that ran, and every flow and model that never did.</summary>
    public async Task<IReadOnlyList<DatasetStatus>> StatusAsync(CancellationToken cancel)
    {
        var (flows, models) = (host.Project.Flows, host.Project.Models);
        var held = await HeldAsync(cancel);
        var good = await LatestAsync(Good, cancel);
        var loads = await LatestAsync([Outcome.Loaded], cancel);
        var known = await LatestAsync([], cancel);
        foreach (var begun in (await host.Ledger.UnderWayAsync(cancel)).Reverse())
            if (
                begun.Outcome == Outcome.Running
                || known.GetValueOrDefault(begun.Dataset) is not { } ended
                || ended.StartedAt < begun.StartedAt
            )
                known[begun.Dataset] = begun;

        // A flow whose lake could not be listed ran under its own name; once its datasets run again, that is past.
        var latest = known
            .Values.Where(run => flows.ContainsKey(run.Flow) || models.ContainsKey(run.Flow))
            .GroupBy(run => run.Flow)
            .SelectMany(runs =>
                runs.Where(run =>
                    run.Dataset != run.Flow || runs.All(other => other == run || other.StartedAt <= run.StartedAt)
                )
            )
            .OrderBy(run => run.Dataset, StringComparer.Ordinal)
            .ToList();
        var ran = latest.Select(run => run.Flow).ToHashSet(StringComparer.Ordinal);
        var never = flows
            .Values.Select(flow => (flow.Name, flow.Enabled))
            .Concat(models.Keys.Select(name => (Name: name, Enabled: true)))
            .Where(one => !ran.Contains(one.Name));
        return
        [
            .. latest.Select(run =>
                Status(run, held is null ? null : held.GetValueOrDefault(run.Dataset)) with
                {
                    LastGood = good.GetValueOrDefault(run.Dataset),
                    LastLoad = loads.GetValueOrDefault(run.Dataset),
                }
            ),
            .. never.Select(flow => new DatasetStatus(
                flow.Name,
                flow.Name,
                flow.Enabled ? DatasetState.NeverRun : DatasetState.Off,
                null,
                0,
                []
            )),
        ];
    }

    private async Task<Dictionary<string, Run>> LatestAsync(Outcome[] outcomes, CancellationToken cancel) =>
        (await host.Ledger.LatestAsync(outcomes, cancel)).ToDictionary(run => run.Dataset, StringComparer.Ordinal);

    // The ledger knows how runs went, also while somebody else has the warehouse.
    private async Task<IReadOnlyDictionary<string, long>?> HeldAsync(CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        try
        {
            return await HeldRows.CountAsync(host.Warehouses.All(isReadOnly: true), limit.Token);
        }
        catch (HeadraceException error)
        {
            Trouble = $"{error.Code}  {error.What}";
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            Trouble = $"a warehouse did not answer within {Patience.TotalSeconds:0} s, or another process has it";
        }

        return null;
    }

    private static DatasetStatus Status(Run run, long? held)
    {
        var state = run.Outcome switch
        {
            Outcome.Running => DatasetState.Running,
            Outcome.Failed => DatasetState.Failed,
            Outcome.Stopped => DatasetState.Stopped,
            Outcome.Skipped => DatasetState.Skipped,
            _ when held > 0 => DatasetState.Quarantine,
            _ => run.IsWaiting ? DatasetState.Waiting : DatasetState.Ok,
        };

        // What a load had to say is past; what kept one from being made is not.
        var holds = run.IsWaiting || run.Outcome is Outcome.UpToDate or Outcome.Skipped;
        return new DatasetStatus(run.Flow, run.Dataset, state, run, held, holds ? run.Warnings : []);
    }
}
