using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Headrace.Torture;

/// <summary>How a process of the command line ended.</summary>
/// <param name="TimedOut">It had to be killed because it did not end.</param>
internal sealed record Ended(int ExitCode, string Output, string Messages, bool TimedOut)
{
    /// <summary>True when SIGKILL ended it, and not its own exit.</summary>
    public bool WasKilled => ExitCode == 128 + 9 && !TimedOut;
}

/// <summary>A process of the real command line, with the signals that the harness sends it.</summary>
internal sealed partial class HeadraceProcess : IDisposable
{
    private const int Kill9 = 9,
        Continue = 18;

    private static readonly ConcurrentDictionary<HeadraceProcess, bool> Running = new();

    private readonly Process process;
    private readonly Task<string> output;
    private readonly Task<string> messages;

    static HeadraceProcess()
    {
        // A stopped process would stay for ever if the harness were interrupted.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => KillAll();
        Console.CancelKeyPress += (_, _) => KillAll();
    }

    private HeadraceProcess(Process process)
    {
        this.process = process;
        output = process.StandardOutput.ReadToEndAsync();
        messages = process.StandardError.ReadToEndAsync();
        Running[this] = true;
    }

    /// <summary>The number that the system gave it.</summary>
    public int Id => process.Id;

    /// <summary>Starts <c>headrace ARGUMENTS</c> in a project's folder.</summary>
    /// <param name="failpoint"><c>name:hit:action</c>, or null.</param>
    /// <param name="plant">A bug to plant, or null.</param>
    public static HeadraceProcess Start(
        string program,
        string folder,
        IEnumerable<string> arguments,
        string? failpoint,
        string? plant
    )
    {
        var start = new ProcessStartInfo(program, [.. arguments, "-C", folder])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder,
        };
        foreach (
            var name in start
                .Environment.Keys.Where(name => name.StartsWith("HEADRACE_", StringComparison.Ordinal))
                .ToList()
        )
            start.Environment.Remove(name);
        start.Environment["NO_COLOR"] = "1";
        if (failpoint is not null || plant is not null)
            start.Environment["HEADRACE_ALLOW_FAILPOINTS"] = "1";
        if (failpoint is not null)
            start.Environment["HEADRACE_FAILPOINT"] = failpoint;
        if (plant is not null)
            start.Environment["HEADRACE_PLANT"] = plant;
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return new HeadraceProcess(process);
    }

    public async Task<Ended> WaitAsync(TimeSpan longest)
    {
        using var timeout = new CancellationTokenSource(longest);
        var timedOut = false;
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            timedOut = true;
            Kill();
            await process.WaitForExitAsync();
        }

        return new Ended(process.ExitCode, await output, await messages, timedOut);
    }

    /// <summary>Waits until it stopped itself; false when it ended instead.</summary>
    public async Task<bool> StoppedAsync(TimeSpan longest)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < longest; await Task.Delay(5))
        {
            if (process.HasExited)
                return false;
            if (State() == 'T')
                return true;
        }

        return false;
    }

    public void Kill() => Send(Kill9);

    public void Resume() => Send(Continue);

    public void Dispose()
    {
        Kill();
        Running.TryRemove(this, out _);
        process.Dispose();
    }

    private static void KillAll()
    {
        foreach (var process in Running.Keys)
            process.Kill();
    }

    private void Send(int signal)
    {
        if (!process.HasExited)
            _ = Signal(process.Id, signal);
    }

    private char State()
    {
        try
        {
            // "4711 (dotnet) T …"
            var text = File.ReadAllText($"/proc/{process.Id}/stat");
            return text[text.LastIndexOf(')') + 2];
        }
        catch (IOException)
        {
            return '?';
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Signal(int process, int signal);
}
