using System.Globalization;
using System.Text;
using System.Text.Json;
using Headrace.Configuration;

namespace Headrace.Hosting;

/// <summary>
/// Tells people what needs them, by the project's <c>notifications</c>. Which incidents are open stands in the ledger:
/// each is told once by whichever process meets it first, and once more when it is over.
/// </summary>
internal sealed class Notifier(ProjectHost host)
{
    private const string Prefix = "incident/";
    private const int Usual = 20;
    private const int LeastUsual = 5;

    private static readonly TimeSpan LongestSend = TimeSpan.FromSeconds(10);

    /// <summary>Tells what some runs have shown; in their warnings what could not be told.</summary>
    public async Task<IReadOnlyList<Run>> RunsAsync(IReadOnlyList<Run> runs, CancellationToken cancel)
    {
        if (host.Project.Notifications.Count == 0)
            return runs;
        var told = new List<Run>();
        foreach (var run in runs)
        {
            var faults = new List<string>();
            try
            {
                faults.AddRange(await TellAsync(await IncidentsAsync(run, cancel), cancel));
            }
            catch (HeadraceException error)
            {
                faults.Add($"notifications: {error.Code}  {error.What}");
            }

            told.Add(faults.Count == 0 ? run : run with { Warnings = [.. run.Warnings, .. faults] });
        }

        return told;
    }

    /// <summary>Tells of incidents that were not told before; what could not be told.</summary>
    public async Task<IReadOnlyList<string>> TellAsync(IReadOnlyList<Incident> incidents, CancellationToken cancel)
    {
        var faults = new List<string>();
        var open = incidents.Count == 0 ? null : await host.Ledger.MarksAsync(Prefix, cancel);
        foreach (var incident in incidents)
        foreach (var channel in host.Project.Notifications.Values.Where(channel => Takes(channel, incident)))
        {
            var name = $"{Prefix}{channel.Name}/{incident.Condition}/{incident.Subject}";
            var since = open!.GetValueOrDefault(name);
            var now = incident.IsOpen ? UtcTime.Text(host.Clock.GetUtcNow()) : null;
            if (incident.IsOpen == since is not null || !await host.Ledger.MarkAsync(name, since, now, cancel))
                continue;
            if (await FaultAsync(channel, incident, cancel) is not { } fault)
                continue;
            await host.Ledger.MarkAsync(name, now, since, CancellationToken.None); // it is tried again
            faults.Add(host.Project.Secrets.Redact($"notification '{channel.Name}' was not sent: {fault}"));
        }

        return faults;
    }

    /// <summary>True when somebody wants to hear of a condition.</summary>
    public bool Wants(string condition) =>
        host.Project.Notifications.Values.Any(channel => channel.When.Contains(condition));

    private static bool Takes(Notification channel, Incident incident) =>
        channel.When.Contains(incident.Condition)
        && (channel.Flows.Count == 0 || channel.Flows.Contains(incident.Flow));

    private async Task<IReadOnlyList<Incident>> IncidentsAsync(Run run, CancellationToken cancel)
    {
        var incidents = new List<Incident>();
        void Add(string condition, bool isOpen, string text) =>
            incidents.Add(new Incident(condition, run.Flow, run.Dataset, isOpen, text) { Run = run });
        var isWell = run.Outcome is Outcome.Loaded or Outcome.UpToDate;
        if (run.Outcome == Outcome.Failed || isWell)
            Add("failed", !isWell, isWell ? $"{run.Dataset} runs again." : $"{run.Dataset} failed: {Why(run)}");
        if (run.Outcome == Outcome.Stopped || isWell)
            Add(
                "stopped",
                !isWell,
                isWell ? $"{run.Dataset} is loaded again." : $"{run.Dataset} was stopped: {Why(run)}"
            );
        if (run.Quarantined > 0)
            Add("quarantined", true, $"{run.Dataset} set {Rows(run.Quarantined)} aside.");
        else if (isWell && Wants("quarantined") && !await WaitsAsync(run.Dataset, cancel))
            Add("quarantined", false, $"{run.Dataset} has no rows in quarantine any more.");
        if (run.Outcome == Outcome.Loaded && Wants("unusual_size") && await UsualAsync(run, cancel) is { } usual)
        {
            var rows = Size(run);
            var isUnusual = rows * 4 < usual || rows > usual * 4;
            Add(
                "unusual_size",
                isUnusual,
                $"{run.Dataset} loaded {Rows(rows)}; {(isUnusual ? "" : "as usual, ")}{Rows(usual)} are usual."
            );
        }

        return incidents;
    }

    // Who runs has its warehouses open to write.
    private async Task<bool> WaitsAsync(string dataset, CancellationToken cancel) =>
        (await HeldRows.CountAsync(host.Warehouses.All(isReadOnly: false), cancel)).ContainsKey(dataset);

    // The median of the loads before; null while there are few.
    private async Task<long?> UsualAsync(Run run, CancellationToken cancel)
    {
        var sizes = (await host.Ledger.RunsAsync(new RunQuery(run.Dataset, Usual) { Outcome = Outcome.Loaded }, cancel))
            .Where(one => one.Dataset == run.Dataset && one.Id != run.Id)
            .Select(Size)
            .Order()
            .ToList();
        return sizes.Count < LeastUsual ? null : sizes[sizes.Count / 2];
    }

    private static long Size(Run run) => run.Inserted + run.Updated + run.Deleted;

    private static string Rows(long rows) =>
        rows == 1 ? "1 row" : $"{rows.ToString("N0", CultureInfo.InvariantCulture)} rows";

    private static string Why(Run run) => run.Error is { } error ? $"{error.Code}  {error.What}" : "see the run";

    // What kept it from being sent; null when it was.
    private async Task<string?> FaultAsync(Notification channel, Incident incident, CancellationToken cancel)
    {
        var views = Views.Without(host.Project.Secrets.Redact);
        var state = incident.IsOpen ? "open" : "recovered";
        var text = host.Project.Secrets.Redact(incident.Text);
        var document = JsonSerializer.Serialize(
            new IncidentView(
                incident.Condition,
                state,
                host.Project.Name,
                incident.Flow,
                incident.Subject,
                incident.Text,
                host.Clock.GetUtcNow(),
                incident.Run is null ? null : RunView.Of(incident.Run, isHistory: true)
            ),
            views.IncidentView
        );
        if (channel.Command.Count > 0)
            return await Hook.FaultAsync(
                channel.Command,
                LongestSend,
                host.Project.Folder,
                [
                    new("HEADRACE_CONDITION", incident.Condition),
                    new("HEADRACE_STATE", state),
                    new("HEADRACE_FLOW", incident.Flow),
                    new("HEADRACE_DATASET", incident.Subject),
                    new("HEADRACE_TEXT", Plain.Line(text)),
                ],
                document,
                cancel
            );
        var name = host.Project.Name is { } project ? $"{project}: " : "";
        return await PostAsync(
            (channel.Webhook ?? channel.Slack)!,
            channel.Webhook is not null
                ? document
                : JsonSerializer.Serialize(
                    new SlackView($"{(incident.IsOpen ? "⚠" : "✓")} {name}{text}"),
                    views.SlackView
                ),
            cancel
        );
    }

    private static async Task<string?> PostAsync(string url, string document, CancellationToken cancel)
    {
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { Timeout = LongestSend };
        try
        {
            using var content = new StringContent(document, Encoding.UTF8, "application/json");
            using var response = await client.PostAsync(new Uri(url), content, cancel);
            return response.IsSuccessStatusCode ? null : $"the answer was {(int)response.StatusCode}";
        }
        catch (HttpRequestException error)
        {
            return error.HttpRequestError == HttpRequestError.Unknown ? error.Message : $"{error.HttpRequestError}";
        }
        catch (TaskCanceledException) when (!cancel.IsCancellationRequested)
        {
            return $"there was no answer within {LongestSend.TotalSeconds:0} s";
        }
    }
}
