using System.Text.Json;
using System.Threading.Channels;
using Headrace.Hosting;
using Microsoft.AspNetCore.Http;

namespace Headrace.Server;

/// <summary>Runs what a command of this machine hands over, and tells it how it goes on: a line each.</summary>
internal sealed class HandOverAnswer(SharedHost hosts, Jobs jobs)
{
    // A command that reads slowly misses some of the progress; the result it gets.
    private const int MostLines = 200;

    public async Task AnswerAsync(HttpContext context)
    {
        var call = new Call(context, []);
        var lines = Channel.CreateBounded<HandOverLine>(
            new BoundedChannelOptions(MostLines) { FullMode = BoundedChannelFullMode.DropWrite }
        );
        context.Response.ContentType = "application/x-ndjson";
        try
        {
            var asked =
                await call.BodyAsync(HandOverJson.Default.HandedOver)
                ?? throw Error.BodyRefused("it is empty", "ask with headrace run");
            if (asked.Project != ServerFile.Fingerprint(hosts.Project))
                throw Error.ServerDiffers("this one");
            var options = new RunOptions
            {
                Accepted = asked.Accepted.ToHashSet(StringComparer.Ordinal),
                Confirmed = asked.Confirmed.ToHashSet(StringComparer.Ordinal),
                TakenOver = asked.TakenOver.ToHashSet(StringComparer.Ordinal),
                TimeBudget = asked.TimeBudget,
                Observe = (run, at) => lines.Writer.TryWrite(new HandOverLine { Run = run, Progress = at }),
            };

            // Interrupted, the command hangs up, and its run ends.
            var job = jobs.Add(asked.Names, "command", options, asked.Wait, context.RequestAborted);
            _ = job.Ended.ContinueWith(_ => lines.Writer.TryComplete(), TaskScheduler.Default);
            await foreach (var line in lines.Reader.ReadAllAsync(call.Cancel))
                await WriteAsync(context, line);
            if (job.Failure is { } failure)
                throw failure;
            await WriteAsync(context, new HandOverLine { Result = job.Result, Found = [.. options.Found.Keys] });
        }
        catch (HeadraceException error)
        {
            await WriteAsync(context, new HandOverLine { Error = RunError.Of(error) });
        }
    }

    private static async Task WriteAsync(HttpContext context, HandOverLine line)
    {
        await JsonSerializer.SerializeAsync(
            context.Response.Body,
            line,
            HandOverJson.Default.HandOverLine,
            context.RequestAborted
        );
        await context.Response.WriteAsync("\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
