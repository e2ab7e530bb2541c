using System.Text;
using Headrace.Hosting;
using Microsoft.AspNetCore.Http;

namespace Headrace.Server;

/// <summary>
/// Tells how requests go while they go: server-sent events (HTML standard, 9.2). Each event <c>state</c> is the whole
/// request as it stands; <c>end</c> is the last one. What changed while a reader was busy is told as one event, so
/// nothing is kept for slow readers, and one that takes nothing for a while is cut off.
/// </summary>
internal sealed class LiveRequests(Func<RequestView, string> json, TimeProvider clock, CancellationToken stop)
{
    private const int MostReaders = 100;

    private int readers;

    /// <summary>How long nothing is said at most: proxies cut what is silent.</summary>
    public static TimeSpan Heartbeat { get; } = TimeSpan.FromSeconds(15);

    /// <summary>How long after one event the next one comes.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a reader may take nothing.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Answers with the events of a request, up to its end.</summary>
    /// <exception cref="HeadraceException">HDR-607.</exception>
    public async Task AnswerAsync(HttpContext context, Job job)
    {
        if (Interlocked.Increment(ref readers) > MostReaders)
        {
            Interlocked.Decrement(ref readers);
            throw Error.TooMany("readers of events", 60);
        }

        try
        {
            context.Response.ContentType = "text/event-stream; charset=utf-8";
            context.Response.Headers["X-Accel-Buffering"] = "no"; // a proxy shall not keep events to itself
            if (!await SendAsync(job, context.Response.Body, context.RequestAborted))
                context.Abort();
        }
        finally
        {
            Interlocked.Decrement(ref readers);
        }
    }

    /// <summary>Writes the events of a job; false when its reader was too slow, or has left.</summary>
    public async Task<bool> SendAsync(Job job, Stream to, CancellationToken cancel)
    {
        try
        {
            try
            {
                using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel, stop);
                await FollowAsync(job, to, ending.Token);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested && !cancel.IsCancellationRequested)
            {
                if (job.EndedAt is null)
                    return true;
            }

            await WriteAsync(to, $"event: end\ndata: {json(job.View())}\n\n", cancel);
            return true;
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            return false;
        }
    }

    private async Task FollowAsync(Job job, Stream to, CancellationToken cancel)
    {
        for (var told = ""; ; )
        {
            var changed = job.Changed;
            var now = json(job.View());
            if (job.EndedAt is not null)
                return;
            if (now != told)
                await WriteAsync(to, $"event: state\ndata: {now}\n\n", cancel);
            told = now;
            await Task.Delay(Pause, clock, cancel);
            while (await Task.WhenAny(changed, Task.Delay(Heartbeat, clock, cancel)) != changed)
            {
                cancel.ThrowIfCancellationRequested();
                await WriteAsync(to, ": still here\n\n", cancel);
            }
        }
    }

    private async Task WriteAsync(Stream to, string text, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience); // of real time, whatever the project's clock says
        await to.WriteAsync(Encoding.UTF8.GetBytes(text), limit.Token);
        await to.FlushAsync(limit.Token);
    }
}
