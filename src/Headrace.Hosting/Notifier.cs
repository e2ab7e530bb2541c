using Headrace.Configuration;

namespace Headrace.Hosting;

/// <summary>
/// Tells people what needs them, by the project's <c>notifications</c>. Which incidents are open stands in the ledger:
/// each is told once by whichever process meets it first, and once more when it is over.
/// </summary>
internal sealed class Notifier(ProjectHost host)
{
    private const string Prefix = "incident/";
    private const string Broken = "channel/";

    /// <summary>Tells what some runs have shown; in their warnings what could not be told.</summary>
    public async Task<IReadOnlyList<Run>> RunsAsync(IReadOnlyList<Run> runs, CancellationToken cancel)
    {
        if (host.Project.Notifications.Count == 0)
            return runs;
        var told = new List<Run>();
        var ofRuns = new RunIncidents(host, Wants);
        foreach (var run in runs)
            told.Add(Noted(run, await TryAsync(() => ofRuns.OfAsync(run, cancel), cancel)));
        var standing = await TryAsync(() => new StandingIncidents(host, Wants, began: null).FindAsync(cancel), cancel);
        if (told.Count > 0)
            told[^1] = Noted(told[^1], standing);
        return told;
    }

    /// <summary>Tells of incidents that were not told before; what could not be told.</summary>
    public async Task<IReadOnlyList<string>> TellAsync(IReadOnlyList<Incident> incidents, CancellationToken cancel)
    {
        var faults = new List<string>();
        var open = incidents.Count == 0 ? null : await host.Ledger.MarksAsync(Prefix, cancel);
        foreach (var incident in incidents)
        foreach (var settings in host.Project.Notifications.Values.Where(one => Takes(one, incident)))
        {
            var name = $"{Prefix}{settings.Name}/{incident.Condition}/{incident.Subject}";
            var since = open!.GetValueOrDefault(name);
            var now = incident.IsOpen ? UtcTime.Text(host.Clock.GetUtcNow()) : null;
            if (incident.IsOpen == since is not null || !await host.Ledger.MarkAsync(name, since, now, cancel))
                continue;
            var fault = await new IncidentChannel(host, settings).FaultAsync(incident, cancel);
            await RememberAsync(settings.Name, fault);
            if (fault is null)
                continue;
            await host.Ledger.MarkAsync(name, now, since, CancellationToken.None); // it is tried again
            faults.Add($"notification '{settings.Name}' was not sent: {fault}");
        }

        return faults;
    }

    /// <summary>True when somebody wants to hear of a condition.</summary>
    public bool Wants(string condition) =>
        host.Project.Notifications.Values.Any(channel => channel.When.Contains(condition));

    /// <summary>The ways on which nothing could be sent when it was last tried.</summary>
    public async Task<IReadOnlyList<BrokenChannel>> BrokenAsync(CancellationToken cancel)
    {
        if (host.Project.Notifications.Count == 0)
            return [];
        var marks = await host.Ledger.MarksAsync(Broken, cancel);
        return
        [
            .. host
                .Project.Notifications.Keys.Select(name => (Name: name, Mark: marks.GetValueOrDefault(Broken + name)))
                .Where(one => one.Mark is not null)
                .Select(one => (one.Name, Parts: one.Mark!.Split(' ', 2)))
                .Where(one => one.Parts.Length == 2 && UtcTime.TryRead(one.Parts[0], out _))
                .Select(one => new BrokenChannel(
                    one.Name,
                    UtcTime.TryRead(one.Parts[0], out var since) ? since : default,
                    one.Parts[1]
                )),
        ];
    }

    private async Task RememberAsync(string channel, string? fault)
    {
        var name = Broken + channel;
        var known = (await host.Ledger.MarksAsync(name, CancellationToken.None)).GetValueOrDefault(name);
        if (known is null == fault is null)
            return;
        var now = fault is null ? null : $"{UtcTime.Text(host.Clock.GetUtcNow())} {fault}";
        await host.Ledger.MarkAsync(name, known, now, CancellationToken.None);
    }

    private async Task<IReadOnlyList<string>> TryAsync(
        Func<Task<IReadOnlyList<Incident>>> find,
        CancellationToken cancel
    )
    {
        try
        {
            return await TellAsync(await find(), cancel);
        }
        catch (HeadraceException error)
        {
            return [$"notifications: {error.Code}  {error.What}"];
        }
    }

    private static Run Noted(Run run, IReadOnlyList<string> faults) =>
        faults.Count == 0 ? run : run with { Warnings = [.. run.Warnings, .. faults] };

    // What is about no flow is for all.
    private static bool Takes(Notification channel, Incident incident) =>
        channel.When.Contains(incident.Condition)
        && (channel.Flows.Count == 0 || incident.Flow.Length == 0 || channel.Flows.Contains(incident.Flow));
}
