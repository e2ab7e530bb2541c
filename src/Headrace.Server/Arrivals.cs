using System.Text;
using Headrace.Configuration;
using Headrace.Lake;

namespace Headrace.Server;

/// <summary>
/// Runs flows with <c>on_files: true</c> when files arrive in their folders. The operating system tells of changes; the
/// folders are listed from time to time all the same, since it forgets some.
/// </summary>
internal sealed class Arrivals(
    SharedHost hosts,
    Jobs jobs,
    Func<IEnumerable<string>, IReadOnlyList<string>> followers,
    TimeProvider clock
) : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(10);

    // Files often come in groups.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(200);

    private readonly SemaphoreSlim changed = new(1, 1);
    private readonly Dictionary<string, string> seen = new(StringComparer.Ordinal);

    private readonly IReadOnlyList<(Flow Flow, string Folder)> flows =
    [
        .. hosts
            .Project.Flows.Values.Where(flow => flow is { Enabled: true, Trigger.OnFiles: true })
            .Where(flow => hosts.Project.Connections[flow.Source.Connection] is FolderConnection)
            .Select(flow =>
                (
                    flow,
                    hosts.Project.FullPath(((FolderConnection)hosts.Project.Connections[flow.Source.Connection]).Path)
                )
            ),
    ];

    /// <summary>Goes on until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        var watchers = flows.Select(one => one.Folder).Distinct().Select(Watch).OfType<FileSystemWatcher>().ToList();
        try
        {
            while (flows.Count > 0)
            {
                await WaitAsync(cancel);
                foreach (var (flow, folder) in flows)
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
            seen.Remove(flow.Name);
        Signal();
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

    private async Task LookAsync(Flow flow, string folder, CancellationToken cancel)
    {
        string now;
        try
        {
            var text = new StringBuilder();
            foreach (
                var file in await new FolderStore(folder).ListAsync(
                    PathPattern.Parse(flow.Source.Path),
                    (_, _) => { },
                    cancel
                )
            )
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
