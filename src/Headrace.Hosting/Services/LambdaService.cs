using System.Text.Json;
using Headrace.Aws;
using Headrace.Configuration;

namespace Headrace.Hosting;

/// <summary>
/// Runs a project as a function of AWS Lambda: each invocation runs what one event document asks for, within the time
/// that is left, and calls the function again when work is left.
/// </summary>
/// <param name="self">The function itself.</param>
internal sealed class LambdaService(Project project, LambdaRuntime runtime, LambdaFunction self, TimeProvider clock)
{
    // A batch that began goes on to its end, so a part of the time is kept for it; the last of it for the way back.
    private const double Kept = 0.25;

    private static readonly TimeSpan WayBack = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Loads a project and takes invocations until it is cancelled; a project that is not right is told to Lambda.
    /// </summary>
    /// <param name="variables">The environment variables, those that Lambda sets among them.</param>
    /// <exception cref="HeadraceException">HDR-252, HDR-531, and what is wrong with the project.</exception>
    public static async Task RunAsync(
        Func<Task<LoadedProject>> load,
        Func<string, string?> variables,
        TimeProvider clock,
        Action<string> say,
        CancellationToken cancel
    )
    {
        using var runtime = new LambdaRuntime(
            variables("AWS_LAMBDA_RUNTIME_API")
                ?? throw Error.BadArgument(
                    "AWS_LAMBDA_RUNTIME_API",
                    "nothing",
                    "nothing yourself: AWS Lambda sets it, and this is the bootstrap of a function (docs/lambda.md)"
                )
        );
        var loaded = await load();
        if (loaded.Project is not { } project || loaded.Problems.Count > 0)
        {
            await runtime.FailAsync(loaded.Problems[0], cancel);
            throw loaded.Problems[0];
        }

        var self = new LambdaFunction(
            variables("AWS_LAMBDA_FUNCTION_NAME") ?? "",
            variables("AWS_ENDPOINT_URL_LAMBDA"),
            project.Secrets,
            clock
        );
        await new LambdaService(project, runtime, self, clock).RunAsync(say, cancel);
    }

    /// <summary>Takes invocations until it is cancelled.</summary>
    /// <param name="say">Hears of each invocation, a line.</param>
    /// <exception cref="HeadraceException">HDR-252.</exception>
    private async Task RunAsync(Action<string> say, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            var invocation = await runtime.NextAsync(cancel);
            try
            {
                var answer = await AnswerAsync(invocation, say, cancel);
                await runtime.AnswerAsync(invocation, answer, cancel);
            }
            catch (HeadraceException error) when (error.Kind != ErrorKind.RuntimeLost)
            {
                say($"{invocation.Id}: {error.Message}");
                await runtime.FailAsync(invocation, Plain(error), cancel);
            }
        }
    }

    private async Task<string> AnswerAsync(Invocation invocation, Action<string> say, CancellationToken cancel)
    {
        var arrival = Arrival.Of(project, invocation.Event, Error.InvocationUnread);
        var names = new Followers(project, cancel).Of(arrival.Flows);
        IReadOnlyList<Run> runs = [];
        IReadOnlyList<string> remains = [];
        if (names.Count > 0)
        {
            var result = await RunAsync(invocation, names, cancel);
            (runs, remains) = (result.Runs, result.Remains());
        }

        say(
            $"{invocation.Id}: {runs.Count} datasets, {runs.Count(run => run.Outcome == Outcome.Loaded)} loaded"
                + (remains.Count == 0 ? "" : $", work is left for {string.Join(", ", remains)}")
                + string.Concat(arrival.Notes.Select(note => $"; {note}"))
        );
        var undone = runs.Where(run =>
                run.Error is not null || (run.Outcome == Outcome.Skipped && !run.Warnings.Contains(Runner.OverBudget))
            )
            .ToList();
        if (undone.Count > 0)
            throw Error.EventUndone(undone);
        if (remains.Count > 0)
            await self.BeginAsync(EventDocument.Write(remains), cancel);
        return JsonSerializer.Serialize(
            RunsView.Of([.. runs.Select(run => RunView.Of(run))], arrival.Notes, remains),
            Views.Without(project.Secrets.Redact).RunsView
        );
    }

    private async Task<RunResult> RunAsync(Invocation invocation, IReadOnlyList<string> names, CancellationToken cancel)
    {
        var left = invocation.Deadline - clock.GetUtcNow();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        over.CancelAfter(left > WayBack ? left - WayBack : TimeSpan.Zero);
        try
        {
            // A sleeping function keeps no connection.
            await using var host = new ProjectHost(project, clock);
            return await new RunService(host).RunAsync(
                names,
                new RunOptions { TimeBudget = left * (1 - Kept) },
                wait: null,
                over.Token
            );
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw Error.InvocationTooShort(left);
        }
    }

    // What is answered leaves the process.
    private HeadraceException Plain(HeadraceException error) =>
        Error.Told(RunError.Of(error).Redacted(project.Secrets.Redact));
}
