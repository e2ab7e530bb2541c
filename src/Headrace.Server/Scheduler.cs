using Headrace.Configuration;
using Headrace.Hosting;

namespace Headrace.Server;

/// <summary>How a schedule stands.</summary>
/// <param name="Last">The last time that was due and was taken; null for none.</param>
/// <param name="Missed">Times at which nothing ran, when the server last looked back.</param>
internal sealed record ScheduleState(
    string Flow,
    Schedule Schedule,
    DateTimeOffset? Last,
    DateTimeOffset? Next,
    int Missed
);

/// <summary>
/// Runs flows when their schedules say so. Which time was taken last stands in the ledger: of several servers one alone
/// takes each time, and what was due while none ran is found when one does.
/// </summary>
internal sealed class Scheduler(
    SharedHost hosts,
    Jobs jobs,
    Func<IEnumerable<string>, IReadOnlyList<string>> followers,
    TimeProvider clock
)
{
    /// <summary>What the names of marks begin with.</summary>
    public const string Prefix = "schedule/";

    // A time that is taken later than this was missed.
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    // The clock may jump, and another server may take a time.
    private static readonly TimeSpan LongestSleep = TimeSpan.FromSeconds(30);

    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, ScheduleState> states = new(
        StringComparer.Ordinal
    );

    private readonly IReadOnlyList<Flow> flows =
    [
        .. hosts.Project.Flows.Values.Where(flow => flow is { Enabled: true, Schedule: not null }),
    ];

    /// <summary>Hears of a flow whose times were missed (how many), or were not (0).</summary>
    public Action<string, int>? Missed { get; set; }

    /// <summary>All schedules, by flow.</summary>
    public IReadOnlyList<ScheduleState> States =>
        [
            .. flows.Select(flow =>
                states.GetValueOrDefault(flow.Name)
                ?? new ScheduleState(flow.Name, flow.Schedule!, null, flow.Schedule!.Next(clock.GetUtcNow()), 0)
            ),
        ];

    /// <summary>What the ledger says against it; null while it answers.</summary>
    public HeadraceException? Trouble { get; private set; }

    /// <summary>Goes on until it is cancelled; what is in the way of one time does not end it.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (flows.Count > 0 && !cancel.IsCancellationRequested)
        {
            var sleep = LongestSleep;
            try
            {
                var next = await TickAsync(cancel);
                Trouble = null;
                if (next - clock.GetUtcNow() is { } left && left < sleep)
                    sleep = left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1);
            }
            catch (HeadraceException error)
            {
                Trouble = error;
                sleep = TimeSpan.FromSeconds(5);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }

            try
            {
                await Task.Delay(sleep, clock, cancel);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    // Takes what is due; says when there is more.
    private async Task<DateTimeOffset?> TickAsync(CancellationToken cancel)
    {
        DateTimeOffset? soonest = null;
        var marks = await MarksAsync(cancel);
        foreach (var flow in flows)
        {
            var (now, schedule, name) = (clock.GetUtcNow(), flow.Schedule!, $"{Prefix}{flow.Name}");
            DateTimeOffset? last =
                marks.TryGetValue(name, out var text) && UtcTime.TryRead(text, out var known) ? known : null;
            if (last is null)
            {
                // A schedule that is new begins now.
                if (await MarkAsync(name, text, UtcTime.Text(now), cancel))
                    last = now;
                else
                    continue;
            }

            var missed = 0;
            if (schedule.Due(last.Value, now) is { } due)
            {
                if (!await MarkAsync(name, text, UtcTime.Text(due.Last), cancel))
                    continue; // another server was first
                var isOnTime = now - due.Last <= Grace;
                missed = now - schedule.Next(last.Value) > Grace ? due.Count - (isOnTime ? 1 : 0) : 0;
                if ((isOnTime || schedule.Missed == MissedSchedule.Once) && !jobs.IsQueued(flow.Name))
                    jobs.Add(followers([flow.Name]), "schedule", cancel: CancellationToken.None);
                Missed?.Invoke(flow.Name, missed);
                last = due.Last;
            }
            else if (states.TryGetValue(flow.Name, out var before))
            {
                missed = before.Missed;
            }

            var next = schedule.Next(now);
            states[flow.Name] = new ScheduleState(flow.Name, schedule, last, next, missed);
            if (next is not null && (soonest is null || next < soonest))
                soonest = next;
        }

        return soonest;
    }

    private Task<IReadOnlyDictionary<string, string>> MarksAsync(CancellationToken cancel) =>
        hosts.UseAsync(host => host.Ledger.MarksAsync(Prefix, cancel));

    private Task<bool> MarkAsync(string name, string? from, string to, CancellationToken cancel) =>
        hosts.UseAsync(host => host.Ledger.MarkAsync(name, from, to, cancel));
}
