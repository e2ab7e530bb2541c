using Headrace.Hosting;

namespace Headrace.Server;

/// <summary>
/// Looks after what no run can tell: what did not happen in time, times that were missed, and what stands in
/// quarantine. It says in the ledger that the server is there.
/// </summary>
/// <param name="name">The server's.</param>
internal sealed class Watchman(SharedHost hosts, TimeProvider clock, Action<string> say, Func<string> name)
{
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
                await BeatAsync(beats => beats.BeatAsync(name(), began, clock.GetUtcNow(), cancel));
                await TryAsync(host => StandingAsync(host, cancel));
                await Task.Delay(ServerBeats.Every, clock, cancel);
            }
        }
        catch (OperationCanceledException)
        {
            await BeatAsync(beats => beats.EndAsync(name(), CancellationToken.None));
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

    private async Task<IReadOnlyList<string>> StandingAsync(ProjectHost host, CancellationToken cancel)
    {
        var notifier = new Notifier(host);
        return await notifier.TellAsync(
            await new StandingIncidents(host, notifier.Wants, began).FindAsync(cancel),
            cancel
        );
    }

    private Task BeatAsync(Func<ServerBeats, Task> beat) =>
        TryAsync(async host =>
        {
            await beat(new ServerBeats(host.Ledger));
            return [];
        });

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
