using System.Diagnostics;
using System.Globalization;

namespace Headrace.Postgres;

/// <summary>What a server does for a process that says nothing.</summary>
internal enum Standing
{
    /// <summary>It works, or nobody can tell.</summary>
    Works,

    /// <summary>It waits for this side, which waits for it: one of them has not heard the other.</summary>
    Waits,

    /// <summary>The server does not answer, or the process is gone.</summary>
    Gone,
}

/// <summary>Asks after answers that are long in coming, for all connections to one database.</summary>
/// <param name="silence">How long a server may say nothing before it is asked on another connection.</param>
/// <param name="look">Asks; with true it ends the server's process, which nobody listens to any more and which may hold
/// locks. It never throws.</param>
internal sealed class Sentry(TimeSpan silence, Func<Watch, bool, CancellationToken, Task<Standing>> look)
    : IAsyncDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly Lock beginning = new();
    private Task? rounds;

    /// <summary>Begins its rounds, if it has not.</summary>
    public void Begin()
    {
        lock (beginning)
            rounds ??= Task.Run(RoundsAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        if (rounds is not null)
            await rounds;
        stop.Dispose();
    }

    private async Task RoundsAsync()
    {
        using var timer = new PeriodicTimer(silence / 4);
        try
        {
            while (await timer.WaitForNextTickAsync(stop.Token))
                await Task.WhenAll(
                    Watch
                        .Of(this)
                        .Where(watch => watch.Since is var since and not 0 && Stopwatch.GetElapsedTime(since) > silence)
                        .Select(AskAsync)
                );
        }
        catch (OperationCanceledException)
        {
            // The database is let go.
        }
    }

    private async Task AskAsync(Watch watch)
    {
        var since = watch.Since;
        var standing = await look(watch, false, stop.Token);
        if (watch.Since != since || standing == Standing.Works)
        {
            watch.Doubts = 0; // it has answered meanwhile, or will
            return;
        }

        if (++watch.Doubts < 2)
            return; // a server may be too busy once to let somebody in
        var does =
            standing == Standing.Gone
                ? "does not answer, or has ended the connection"
                : "no longer works on this connection";
        watch.Cut(
            string.Create(
                CultureInfo.InvariantCulture,
                $"no answer for {Stopwatch.GetElapsedTime(since).TotalSeconds:0} seconds, and the server {does}"
            )
        );
        await look(watch, true, stop.Token);
    }
}
