using System.Globalization;
using System.Text;
using System.Text.Json;
using Headrace.Aws;
using Headrace.Configuration;

namespace Headrace.Hosting;

/// <summary>The way on which one notification tells people of incidents.</summary>
internal sealed class IncidentChannel(ProjectHost host, Notification settings)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <summary>Tells of an incident; what kept it from being told, or null when it was. It has no secrets.</summary>
    public async Task<string?> FaultAsync(Incident incident, CancellationToken cancel)
    {
        var fault = await SendAsync(incident, cancel);
        return fault is null ? null : host.Project.Secrets.Redact(fault);
    }

    private async Task<string?> SendAsync(Incident incident, CancellationToken cancel)
    {
        var redact = host.Project.Secrets.Redact;
        var state = incident.IsOpen ? "open" : "recovered";
        var text = redact(incident.Text);
        if (settings.Command.Count > 0)
            return await Hook.FaultAsync(
                settings.Command,
                Longest,
                host.Project.Folder,
                [
                    new("HEADRACE_CONDITION", incident.Condition),
                    new("HEADRACE_STATE", state),
                    new("HEADRACE_FLOW", incident.Flow),
                    new("HEADRACE_DATASET", incident.Subject),
                    new("HEADRACE_TEXT", Plain.Line(text)),
                ],
                Document(incident, state),
                cancel
            );
        var line = $"{(host.Project.Name is { } name ? $"{name}: " : "")}{Plain.Line(text)}";
        if (settings.Smtp is { } smtp)
            return await Mail.FaultAsync(smtp, line, Letter(incident, state, text), Longest, cancel);
        if (settings.Sns is { } sns)
            return await new SnsTopic(sns, host.Project.Secrets, host.Clock).FaultAsync(
                line,
                Document(incident, state),
                cancel
            );
        return settings.Webhook is { } webhook
            ? await PostAsync(webhook, Document(incident, state), cancel)
            : await PostAsync(
                settings.Slack!,
                JsonSerializer.Serialize(
                    new SlackView($"{(incident.IsOpen ? "⚠" : "✓")} {line}"),
                    Views.Without(redact).SlackView
                ),
                cancel
            );
    }

    private string Document(Incident incident, string state) =>
        JsonSerializer.Serialize(
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
            Views.Without(host.Project.Secrets.Redact).IncidentView
        );

    // What a person reads: the sentence, then what to look at.
    private string Letter(Incident incident, string state, string text)
    {
        var letter = new StringBuilder($"{Plain.Lines(text)}\n\n");
        foreach (
            var (name, value) in ((string, string?)[])
                [
                    ("condition", incident.Condition),
                    ("state", state),
                    ("flow", incident.Flow),
                    ("dataset", incident.Subject),
                    ("run", incident.Run?.Id),
                    ("next", incident.Run?.Error?.Next ?? (incident.Run is { } run ? $"headrace show {run.Id}" : null)),
                ]
        )
            if (value is { Length: > 0 })
                letter.Append(
                    CultureInfo.InvariantCulture,
                    $"{name, -10} {Plain.Line(host.Project.Secrets.Redact(value))}\n"
                );
        return letter.ToString();
    }

    private static async Task<string?> PostAsync(string url, string document, CancellationToken cancel)
    {
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { Timeout = Longest };
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
            return $"there was no answer within {Longest.TotalSeconds:0} s";
        }
    }
}
