using System.Text;
using Headrace.Configuration;
using Headrace.Lake;

namespace Headrace.Server;

/// <summary>
/// Runs flows with <c>on_files: true</c> when files arrive in their lakes. The operating system tells of changes in
/// folders, and events of those in buckets; both are listed from time to time all the same, since some are forgotten.
/// </summary>
internal sealed class Arrivals(
    SharedHost hosts,
    Jobs jobs,
    Func<IEnumerable<string>, IReadOnlyList<string>> followers,
    TimeProvider clock
) : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(10);

    // Each listing of a bucket costs.
    private static readonly TimeSpan PollBucket = TimeSpan.FromMinutes(5);

    // Files often come in groups.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(200);

    private readonly SemaphoreSlim changed = new(1, 1);
    private readonly Dictionary<string, string> seen = new(StringComparer.Ordinal);

    private readonly Dictionary<string, DateTimeOffset> next = new(StringComparer.Ordinal);

    // The folder is null for a bucket.
    private readonly IReadOnlyList<(Flow Flow, string? Folder)> flows =
    [
        .. hosts
            .Project.Flows.Values.Where(flow => flow is { Enabled: true, Trigger.OnFiles: true })
            .Select(flow => (Flow: flow, Lake: hosts.Project.Connections[flow.Source.Connection]))
            .Where(one => one.Lake is FolderConnection or S3Connection)
            .Select(one =>
                (one.Flow, one.Lake is FolderConnection folder ? hosts.Project.FullPath(folder.Path) : null)
            ),
    ];

    /// <summary>Goes on until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        var watchers = flows
            .Select(one => one.Folder)
            .OfType<string>()
            .Distinct()
            .Select(Watch)
            .OfType<FileSystemWatcher>()
            .ToList();
        try
        {
            while (flows.Count > 0)
            {
                await WaitAsync(cancel);
                foreach (var (flow, folder) in flows)
                    if (folder is not null || IsDue(flow))
                        await LookAsync(flow, folder, cancel);
            }
        }
        catch (OperationCanceledException)
        {
            // The server ends.
        }
        finally
        {
            watchers.ForEach(watcher => watcher.Dispose());
        }
    }

    public void Dispose() => changed.Dispose();

    /// <summary>Looks again for flows of a job that left files since they were not settled.</summary>
    public void Ended(Job job)
    {
        foreach (var run in job.Result?.Runs.Where(run => run.IsWaiting) ?? [])
            if (flows.FirstOrDefault(one => one.Flow.Name == run.Flow).Flow is { } flow)
                _ = AgainAsync(flow);
    }

    private async Task AgainAsync(Flow flow)
    {
        await Task.Delay(flow.Settle > TimeSpan.FromSeconds(1) ? flow.Settle : TimeSpan.FromSeconds(1), clock);
        lock (seen)
        {
            seen.Remove(flow.Name);
            next.Remove(flow.Name);
        }

        Signal();
    }

    private bool IsDue(Flow bucket)
    {
        lock (seen)
        {
            var now = clock.GetUtcNow();
            if (next.TryGetValue(bucket.Name, out var at) && at > now)
                return false;
            next[bucket.Name] = now + PollBucket;
            return true;
        }
    }

    private async Task WaitAsync(CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var poll = Task.Delay(Poll, clock, limit.Token);
        if (await Task.WhenAny(changed.WaitAsync(limit.Token), poll) != poll)
            await Task.Delay(Gather, clock, cancel);
        await limit.CancelAsync();
        cancel.ThrowIfCancellationRequested();
    }

    private async Task LookAsync(Flow flow, string? folder, CancellationToken cancel)
    {
        string now;
        try
        {
            var text = new StringBuilder();
            var path = PathPattern.Parse(flow.Source.Path);
            var files = folder is null
                ? await hosts.UseAsync(host =>
                    host.Connections.Store(flow.Source.Connection).ListAsync(path, (_, _) => { }, cancel)
                )
                : await new FolderStore(folder).ListAsync(path, (_, _) => { }, cancel);
            foreach (var file in files)
                text.Append(file.Key).Append('\0').Append(file.Stamp).Append('\n');
            now = Convert.ToHexString(
                System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()))
            );
        }
        catch (Exception error) when (error is HeadraceException or IOException or UnauthorizedAccessException)
        {
            now = error.Message; // a run says it better
        }

        lock (seen)
        {
            if (seen.GetValueOrDefault(flow.Name) == now)
                return;
            seen[flow.Name] = now;
        }

        if (!jobs.IsQueued(flow.Name))
            jobs.Add(followers([flow.Name]), "files", cancel: CancellationToken.None);
    }

    private FileSystemWatcher? Watch(string folder)
    {
        try
        {
            var watcher = new FileSystemWatcher(folder) { IncludeSubdirectories = true };
            watcher.Created += (_, _) => Signal();
            watcher.Changed += (_, _) => Signal();
            watcher.Renamed += (_, _) => Signal();
            watcher.Error += (_, _) => Signal();
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception error) when (error is IOException or ArgumentException)
        {
            return null; // listing finds what arrives
        }
    }

    private void Signal()
    {
        try
        {
            if (changed.CurrentCount == 0)
                changed.Release();
        }
        catch (Exception error) when (error is SemaphoreFullException or ObjectDisposedException)
        {
            // It is signalled already, or nobody waits any more.
        }
    }
}
