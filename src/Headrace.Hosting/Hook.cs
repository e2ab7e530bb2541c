using System.Diagnostics;
using System.Text;

namespace Headrace.Hosting;

/// <summary>
/// A command of the user's that learns what it is about by its environment and its standard input alone.
/// </summary>
internal static class Hook
{
    private const int LongestEnd = 1000;

    /// <summary>Runs a command to its end; what went wrong, or null when nothing did.</summary>
    /// <param name="command">A program with its arguments, or one text for the shell.</param>
    /// <param name="timeout">It is ended then.</param>
    public static async Task<string?> FaultAsync(
        IReadOnlyList<string> command,
        TimeSpan timeout,
        string folder,
        IEnumerable<KeyValuePair<string, string>> variables,
        string input,
        CancellationToken cancel
    )
    {
        var start = command is [var text]
            ? new ProcessStartInfo("/bin/sh", ["-c", text])
            : new ProcessStartInfo(command[0], command.Skip(1));
        start.WorkingDirectory = folder;
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var output = new StringBuilder();
        try
        {
            using var process = Process.Start(start)!;
            process.OutputDataReceived += (_, line) => Keep(output, line.Data);
            process.ErrorDataReceived += (_, line) => Keep(output, line.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            limit.CancelAfter(timeout);
            try
            {
                await WriteAsync(process, input, limit.Token);
                await process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                if (cancel.IsCancellationRequested)
                    throw;
                return $"it was ended after {timeout:c}{End(output)}";
            }

            return process.ExitCode == 0 ? null : $"exit status {process.ExitCode}{End(output)}";
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            return $"{command[0]} cannot be run: {error.Message}";
        }
    }

    // A command need not read what it is told.
    private static async Task WriteAsync(Process process, string input, CancellationToken cancel)
    {
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), cancel);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended, or closed its input.
        }
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
