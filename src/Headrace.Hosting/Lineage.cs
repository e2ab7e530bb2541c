using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using Headrace.Configuration;

namespace Headrace.Hosting;

/// <summary>
/// Sends the events of OpenLineage of some runs, one after the other and beside them. What is not taken is said in the
/// notes of the last run, and fails none.
/// </summary>
internal sealed class Lineage : IAsyncDisposable
{
    private const int MostWaiting = 10_000;

    private static readonly TimeSpan LongestSend = TimeSpan.FromSeconds(5);

    private readonly ProjectHost host;
    private readonly LineageSettings settings;
    private readonly LineageEvent events;
    private readonly ConcurrentDictionary<string, bool> begun = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource giveUp = new();
    private readonly Channel<string> waiting = Channel.CreateBounded<string>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite }
    );
    private readonly Task sending;
    private int lost;
    private string? why;

    public Lineage(ProjectHost host, LineageSettings settings)
    {
        (this.host, this.settings) = (host, settings);
        events = new LineageEvent(host.Project, settings.Namespace);
        sending = Task.Run(SendAllAsync);
    }

    /// <summary>A run begins.</summary>
    public void Began(Run run)
    {
        if (begun.TryAdd(run.Id, true))
            waiting.Writer.TryWrite(events.Start(run));
    }

    /// <summary>Runs have ended; those of a dataset that another run holds did not take place.</summary>
    public async Task<IReadOnlyList<Run>> EndedAsync(IReadOnlyList<Run> runs)
    {
        foreach (var run in runs.Where(run => run.Outcome != Outcome.Skipped))
        {
            Began(run);
            waiting.Writer.TryWrite(events.End(run));
        }

        waiting.Writer.TryComplete();
        await Task.WhenAny(sending, Task.Delay(LongestSend, host.Clock));
        await giveUp.CancelAsync();
        await sending;
        if (lost == 0 || runs.Count == 0)
            return runs;
        var note = host.Project.Secrets.Redact($"lineage: {lost} events were not taken: {why}");
        return [.. runs.SkipLast(1), runs[^1] with { Warnings = [.. runs[^1].Warnings, note] }];
    }

    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        await giveUp.CancelAsync();
        await sending;
        giveUp.Dispose();
    }

    private async Task SendAllAsync()
    {
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { Timeout = LongestSend };
        await foreach (var text in waiting.Reader.ReadAllAsync())
            try
            {
                // Where nobody answered, nobody is asked again and again.
                var fault = why is not null && settings.Url is not null ? why : await SendAsync(client, text);
                if (fault is not null)
                    (lost, why) = (lost + 1, why ?? fault);
            }
            catch (Exception error)
                when (error
                        is HttpRequestException
                            or IOException
                            or UnauthorizedAccessException
                            or OperationCanceledException
                )
            {
                (lost, why) = (lost + 1, why ?? Plain.Line(error.Message));
            }
    }

    // What was in the way; null when it was taken.
    private async Task<string?> SendAsync(HttpClient client, string text)
    {
        if (settings.File is { } file)
        {
            await File.AppendAllTextAsync(host.Project.FullPath(file), text + "\n", giveUp.Token);
            return null;
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, settings.Url)
        {
            Content = new StringContent(text, Encoding.UTF8, "application/json"),
        };
        if (settings.ApiKey is { } key)
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        using var response = await client.SendAsync(request, giveUp.Token);
        return response.IsSuccessStatusCode ? null : $"the answer was {(int)response.StatusCode}";
    }
}
