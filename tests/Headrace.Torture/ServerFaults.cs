namespace Headrace.Torture;

/// <summary>
/// What is done to a PostgreSQL that files are loaded into, or to the connection to it, while a run is under way.
/// </summary>
/// <param name="start">Starts a run.</param>
internal sealed class ServerFaults(Postgres postgres, Folder folder, Random random, Func<HeadraceProcess> start)
{
    public const string Crash = "server crashed (pg_ctl immediate)",
        CutBeforeCommit = "connection cut before COMMIT",
        CutAfterCommit = "connection cut after COMMIT",
        CutAnywhere = "connection cut anywhere",
        Late = "killed before a COMMIT that the server does later";

    public static readonly IReadOnlyList<string> All = [Crash, CutBeforeCommit, CutAfterCommit, CutAnywhere, Late];

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(120);

    /// <summary>Does it; says whether it came to that, and how the runs ended.</summary>
    public Task<(bool Happened, IReadOnlyList<Ended> Ends)> DoAsync(string fault) =>
        fault switch
        {
            Crash => CrashAsync(),
            CutBeforeCommit => CutAsync(Cut.BeforeCommit),
            CutAfterCommit => CutAsync(Cut.AfterCommit),
            CutAnywhere => CutAsync(Cut.Anywhere),
            _ => LateAsync(),
        };

    private async Task<(bool, IReadOnlyList<Ended>)> CrashAsync()
    {
        using var process = start();
        var ending = process.WaitAsync(Longest);
        await Task.WhenAny(ending, Task.Delay(random.Next(50, 500)));
        var happened = !ending.IsCompleted;
        await postgres.Cluster.CrashAsync();
        return (happened, [await ending]);
    }

    private async Task<(bool, IReadOnlyList<Ended>)> CutAsync(Cut cut)
    {
        await using var proxy = new CommitProxy(
            postgres.Cluster.Port,
            cut,
            cut == Cut.Anywhere ? random.Next(1, 20) : random.Next(1, 8)
        );
        folder.Connect(postgres.At(proxy.Port));
        using var process = start();
        var ended = await process.WaitAsync(Longest);
        folder.Connect(postgres.Yaml);
        return (proxy.HasCut, [ended]);
    }

    // The next run begins while the server still has the transaction of the one that was killed.
    private async Task<(bool, IReadOnlyList<Ended>)> LateAsync()
    {
        await using var proxy = new CommitProxy(postgres.Cluster.Port, Cut.Late, random.Next(1, 8));
        folder.Connect(postgres.At(proxy.Port));
        Ended ended;
        using (var process = start())
        {
            var ending = process.WaitAsync(Longest);
            while (!proxy.HasCut && !ending.IsCompleted)
                await Task.Delay(5);
            process.Kill();
            ended = await ending;
        }

        folder.Connect(postgres.Yaml);
        if (!proxy.HasCut)
            return (false, [ended]);
        using var second = start();
        var next = second.WaitAsync(Longest);
        await Task.WhenAny(next, Task.Delay(random.Next(1500)));
        proxy.Release();
        return (ended.WasKilled, [ended, await next]);
    }
}
