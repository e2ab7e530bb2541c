using Headrace.Configuration;

namespace Headrace.Hosting;

/// <summary>
/// What no run shows, since it is that nothing happened: flows that are late, data that lags, files that did not come,
/// servers that are not heard of.
/// </summary>
/// <param name="wants">Whether somebody wants to hear of a condition.</param>
/// <param name="began">
/// Since when a server looks; a flow that never ran is late from then on. Null for a command: nothing is expected of
/// what never ran.
/// </param>
internal sealed class StandingIncidents(ProjectHost host, Func<string, bool> wants, DateTimeOffset? began)
{
    // A run may take a moment to begin.
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private const int Searched = 100;

    private readonly DateTimeOffset now = host.Clock.GetUtcNow();

    /// <summary>What stands, and what does not.</summary>
    public async Task<IReadOnlyList<Incident>> FindAsync(CancellationToken cancel)
    {
        var incidents = new List<Incident>();
        if (wants("late") || wants("lag") || wants("missing_file"))
        {
            var latest = (await host.Ledger.LatestAsync([], cancel)).ToLookup(run => run.Flow);
            foreach (var flow in host.Project.Flows.Values.Where(flow => flow.Enabled))
            {
                var runs = latest[flow.Name].ToList();
                if (runs.Count > 1)
                    runs.RemoveAll(run => run.Dataset == flow.Name); // its lake could not be listed
                if (wants("late") && flow.Schedule is { } schedule)
                    incidents.Add(await LateAsync(flow, schedule, runs, cancel));
                if (wants("lag") && flow.MaxLag is { } most)
                    incidents.AddRange(await LagAsync(flow, most, runs, cancel));
                if (wants("missing_file"))
                    foreach (var expected in flow.Checks.Select(check => check.FileExpected).OfType<FileExpected>())
                        incidents.AddRange(await MissingAsync(flow, expected, runs, cancel));
            }
        }

        if (wants("server_down"))
            incidents.AddRange(await new ServerBeats(host.Ledger).DownAsync(now, cancel));
        return incidents;
    }

    private async Task<Incident> LateAsync(Flow flow, Schedule schedule, List<Run> latest, CancellationToken cancel)
    {
        DateTimeOffset? last = null;
        if (latest.Where(IsWell).ToList() is { Count: > 0 } well)
            last = well.Max(run => run.StartedAt);
        else
            foreach (var outcome in (Outcome[])[Outcome.Loaded, Outcome.UpToDate])
            foreach (var run in await host.Ledger.RunsAsync(new RunQuery(flow.Name, 1) { Outcome = outcome }, cancel))
                last = last is null || run.StartedAt > last ? run.StartedAt : last;
        var isLate = (last ?? began) is { } since && schedule.Due(since, now - Grace) is { Count: >= 2 };
        return new Incident(
            "late",
            flow.Name,
            flow.Name,
            isLate,
            !isLate ? $"{flow.Name} is up to date again."
                : last is { } at ? $"{flow.Name} is late: it last ran well at {UtcTime.Text(at)}."
                : $"{flow.Name} is late: it has not run well yet."
        );
    }

    private async Task<IReadOnlyList<Incident>> LagAsync(
        Flow flow,
        TimeSpan most,
        List<Run> latest,
        CancellationToken cancel
    )
    {
        var incidents = new List<Incident>();
        foreach (var run in latest)
        {
            var whole = IsWhole(run)
                ? run
                : (await host.Ledger.RunsAsync(new RunQuery(run.Dataset, Searched), cancel))
                    .Where(one => one.Dataset == run.Dataset)
                    .FirstOrDefault(IsWhole);
            Add(run.Dataset, whole?.StartedAt);
        }

        if (latest.Count == 0 && began is not null)
            Add(flow.Name, began);
        return incidents;

        // A run has read what was there when it began.
        void Add(string dataset, DateTimeOffset? since)
        {
            var isOpen = since is not { } at || now - at > most;
            incidents.Add(
                new Incident(
                    "lag",
                    flow.Name,
                    dataset,
                    isOpen,
                    !isOpen ? $"{dataset} is up to date again."
                        : since is { } known ? $"{dataset} lags: it holds what was there at {UtcTime.Text(known)}."
                        : $"{dataset} lags: no run of it has loaded all that was there."
                )
            );
        }
    }

    private async Task<IReadOnlyList<Incident>> MissingAsync(
        Flow flow,
        FileExpected expected,
        List<Run> latest,
        CancellationToken cancel
    )
    {
        var (after, due) = expected.Window(now);
        var datasets = latest.Select(run => run.Dataset).ToList();
        if (datasets.Count == 0)
            datasets.Add(flow.Name);
        IReadOnlyList<LakeFile>? listed = null;
        var incidents = new List<Incident>();
        foreach (var dataset in datasets)
        {
            // What is on record may have been moved away; what has just come is not on record.
            var query = new FileQuery
            {
                Dataset = dataset,
                From = after.AddTicks(1),
                Most = 1,
            };
            var came =
                (await new FilesService(host, isReadOnly: began is not null).FilesAsync(query, null, cancel))
                    .Files
                    .Count > 0;
            if (!came)
            {
                listed ??= await ListAsync(flow, cancel);
                came = listed.Any(file => file.LandedAt > after && IsOf(file, flow, dataset));
            }

            incidents.Add(
                new Incident(
                    "missing_file",
                    flow.Name,
                    dataset,
                    !came,
                    came
                        ? $"{dataset} has its file."
                        : $"{dataset} has no file that landed after {UtcTime.Text(after)}; one was due by "
                            + $"{UtcTime.Text(due)}."
                )
            );
        }

        return incidents;
    }

    private Task<IReadOnlyList<LakeFile>> ListAsync(Flow flow, CancellationToken cancel) =>
        host
            .Connections.Store(flow.Source.Connection)
            .ListAsync(PathPattern.Parse(flow.Source.Path), (_, _) => { }, cancel);

    // The values in a dataset's name are those of captures, in their order; not every capture names a dataset.
    private static bool IsOf(LakeFile file, Flow flow, string dataset)
    {
        var values = dataset.Split('/').Skip(1).ToList();
        var at = 0;
        foreach (var capture in PathPattern.Parse(flow.Source.Path).Captures)
            if (at < values.Count && file.Captures.GetValueOrDefault(capture) == values[at])
                at++;
        return at == values.Count;
    }

    private static bool IsWell(Run run) => run.Outcome is Outcome.Loaded or Outcome.UpToDate;

    private static bool IsWhole(Run run) => IsWell(run) && !run.IsWaiting;
}
