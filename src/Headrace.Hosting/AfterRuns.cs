using System.Diagnostics;
using System.Text;
using Headrace.Configuration;

namespace Headrace.Hosting;

/// <summary>
/// The commands that <c>after_run</c> names, of flows and of the project. Each learns of its runs by variables of its
/// environment alone: nothing that came from a lake is ever a word of a command.
/// </summary>
internal sealed class AfterRuns(ProjectHost host)
{
    private const int LongestEnd = 1000;

    /// <summary>Runs what is to run after these runs; says in their warnings what did not go well.</summary>
    public async Task<IReadOnlyList<Run>> RunAsync(
        IReadOnlyList<Flow> flows,
        IReadOnlyList<Run> runs,
        CancellationToken cancel
    )
    {
        foreach (var flow in flows)
            if (flow.AfterRun is { } command)
                runs = await RunAsync(command, runs, run => run.Flow == flow.Name, cancel);
        return host.Project.AfterRun is { } last ? await RunAsync(last, runs, _ => true, cancel) : runs;
    }

    private async Task<IReadOnlyList<Run>> RunAsync(
        AfterRun command,
        IReadOnlyList<Run> runs,
        Func<Run, bool> isOf,
        CancellationToken cancel
    )
    {
        var own = runs.Where(isOf).ToList();
        if (own.Exists(run => run.Error is not null) || !own.Exists(run => run.Outcome is not Outcome.Skipped))
            return runs;
        if (await FaultAsync(command, own, cancel) is not { } fault)
            return runs;
        var warning = host.Project.Secrets.Redact($"after_run: {fault}");
        return [.. runs.Select(run => run == own[^1] ? run with { Warnings = [.. run.Warnings, warning] } : run)];
    }

    // What went wrong; null when nothing did.
    private async Task<string?> FaultAsync(AfterRun command, List<Run> runs, CancellationToken cancel)
    {
        var start = command.Command is [var text]
            ? new ProcessStartInfo("/bin/sh", ["-c", text])
            : new ProcessStartInfo(command.Command[0], command.Command.Skip(1));
        start.WorkingDirectory = host.Project.Folder;
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        Tell(start.Environment, runs);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var output = new StringBuilder();
        try
        {
            using var process = Process.Start(start)!;
            process.OutputDataReceived += (_, line) => Keep(output, line.Data);
            process.ErrorDataReceived += (_, line) => Keep(output, line.Data);
            process.StandardInput.Close();
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            timeout.CancelAfter(command.Timeout);
            try
            {
                await process.WaitForExitAsync(timeout.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                if (cancel.IsCancellationRequested)
                    throw;
                return $"it was ended after {command.Timeout:c}{End(output)}";
            }

            return process.ExitCode == 0 ? null : $"exit status {process.ExitCode}{End(output)}";
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            return $"{command.Command[0]} cannot be run: {error.Message}";
        }
    }

    private static void Tell(IDictionary<string, string?> environment, List<Run> runs)
    {
        string Lines(Func<Run, string> value) => string.Join('\n', runs.Select(value).Distinct());
        environment["HEADRACE_FLOW"] = Lines(run => run.Flow);
        environment["HEADRACE_DATASET"] = Lines(run => run.Dataset);
        environment["HEADRACE_RUN"] = Lines(run => run.Id);
        environment["HEADRACE_OUTCOME"] = runs.Exists(run => run.Outcome == Outcome.Loaded) ? "loaded" : "up_to_date";
    }

    private static void Keep(StringBuilder output, string? line)
    {
        if (line is null)
            return;
        lock (output)
        {
            output.Append(line).Append('\n');
            if (output.Length > LongestEnd)
                output.Remove(0, output.Length - LongestEnd);
        }
    }

    private static string End(StringBuilder output)
    {
        lock (output)
        {
            var text = output.ToString().Trim();
            return text.Length == 0 ? "" : $"; it said: {text}";
        }
    }
}
