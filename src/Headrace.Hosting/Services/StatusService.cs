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
/// <param name="Last">Its last run; null when there is none.</param>
/// <param name="Quarantined">Rows that wait.</param>
/// <param name="Warnings">What still holds of what the last run had to say.</param>
public sealed record DatasetStatus(
    string Flow,
    string Dataset,
    DatasetState State,
    Run? Last,
    long Quarantined,
    IReadOnlyList<string> Warnings
);

/// <summary>Says how each dataset stands.</summary>
public sealed class StatusService(ProjectHost host)
{
    /// <summary>Every dataset and model that ran, and every flow and model that never did.</summary>
    public async Task<IReadOnlyList<DatasetStatus>> StatusAsync(CancellationToken cancel)
    {
        var (flows, models) = (host.Project.Flows, host.Project.Models);
        var held = await HeldRows.CountAsync(host.Warehouses.All(isReadOnly: true), cancel);
        var known = (await host.Ledger.LatestAsync(cancel))
            .Where(run => flows.ContainsKey(run.Flow) || models.ContainsKey(run.Flow))
            .ToList();

        // A flow whose lake could not be listed ran under its own name; once its datasets run again, that is past.
        bool IsPast(Run run) =>
            run.Dataset == run.Flow && known.Exists(other => other.Flow == run.Flow && other.StartedAt > run.StartedAt);
        var latest = known.Where(run => !IsPast(run)).ToList();
        var never = flows
            .Values.Select(flow => (flow.Name, flow.Enabled))
            .Concat(models.Keys.Select(name => (Name: name, Enabled: true)))
            .Where(one => !latest.Exists(run => run.Flow == one.Name));
        return
        [
            .. latest.Select(run => Status(run, held.GetValueOrDefault(run.Dataset))),
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

    private static DatasetStatus Status(Run run, long held)
    {
        var state = run.Outcome switch
        {
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
