using Headrace.Configuration;
using Headrace.Hosting;

namespace Headrace.Server;

/// <summary>
/// Looks after what no run can tell: flows that are late, times that were missed, and what stands in quarantine.
/// </summary>
internal sealed class Watchman(SharedHost hosts, TimeProvider clock, Action<string> say)
{
    private static readonly TimeSpan Round = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private readonly DateTimeOffset began = clock.GetUtcNow();

    /// <summary>How the datasets stood when something last ended.</summary>
    public IReadOnlyList<DatasetStatus> Datasets { get; private set; } = [];

    /// <summary>Goes on until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        try
        {
            while (true)
            {
                await TryAsync(host => LateAsync(host, cancel));
                await Task.Delay(Round, clock, cancel);
            }
        }
        catch (OperationCanceledException)
        {
            // The server ends.
        }
    }

    /// <summary>Looks again, once a job has ended.</summary>
    public async Task LookAsync() =>
        await TryAsync(async host =>
        {
            Datasets = await new StatusService(host).StatusAsync(CancellationToken.None);
            return [];
        });

    /// <summary>Tells that times of a schedule were missed, or that none was.</summary>
    public Task MissedAsync(string flow, int count) =>
        TryAsync(host =>
            new Notifier(host).TellAsync(
                [
                    new Incident(
                        "missed_schedule",
                        flow,
                        flow,
                        count > 0,
                        count > 0
                            ? $"{flow}: {count} of the times of its schedule {(count == 1 ? "was" : "were")} missed."
                            : $"{flow} runs by its schedule again."
                    ),
                ],
                CancellationToken.None
            )
        );

    private async Task<IReadOnlyList<string>> LateAsync(ProjectHost host, CancellationToken cancel)
    {
        var notifier = new Notifier(host);
        if (!notifier.Wants("late"))
            return [];
        var incidents = new List<Incident>();
        foreach (var flow in host.Project.Flows.Values.Where(flow => flow is { Enabled: true, Schedule: not null }))
        {
            var last = await LastGoodAsync(host, flow, cancel);
            var isLate = flow.Schedule!.Due(last ?? began, clock.GetUtcNow() - Grace) is { Count: >= 2 };
            incidents.Add(
                new Incident(
                    "late",
                    flow.Name,
                    flow.Name,
                    isLate,
                    !isLate ? $"{flow.Name} is up to date again."
                        : last is { } at ? $"{flow.Name} is late: it last ran well at {UtcTime.Text(at)}."
                        : $"{flow.Name} is late: it has not run well yet."
                )
            );
        }

        return await notifier.TellAsync(incidents, cancel);
    }

    private static async Task<DateTimeOffset?> LastGoodAsync(ProjectHost host, Flow flow, CancellationToken cancel)
    {
        DateTimeOffset? last = null;
        foreach (var outcome in (Outcome[])[Outcome.Loaded, Outcome.UpToDate])
        foreach (var run in await host.Ledger.RunsAsync(new RunQuery(flow.Name, 1) { Outcome = outcome }, cancel))
            last = last is null || run.StartedAt > last ? run.StartedAt : last;
        return last;
    }

    private async Task TryAsync(Func<ProjectHost, Task<IReadOnlyList<string>>> step)
    {
        try
        {
            foreach (var fault in await hosts.UseAsync(step))
                say(fault);
        }
        catch (HeadraceException error)
        {
            say(error.Message);
        }
    }
}
