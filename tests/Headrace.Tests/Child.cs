using System.Diagnostics;
using Xunit;

namespace Headrace.Tests;

/// <summary>A process that a test started; killed when it is disposed.</summary>
public sealed class Child : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(90);

    private readonly Process process;
    private readonly Task<string> output;
    private readonly Task<string> messages;

    public Child(Process process)
    {
        this.process = process;
        output = process.StandardOutput.ReadToEndAsync();
        messages = process.StandardError.ReadToEndAsync();
    }

    /// <summary>How long ago it started.</summary>
    public TimeSpan Age => DateTime.Now - process.StartTime;

    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Waits until the process has been stopped (by a failpoint, or by a signal).</summary>
    public Task Stopped() =>
        Until(() =>
            File.ReadAllText($"/proc/{process.Id}/stat") is var stat
            && stat[(stat.LastIndexOf(')') + 2)..].StartsWith('T')
        );

    /// <summary>Waits until something is true.</summary>
    public async Task Until(Func<bool> isTrue)
    {
        var started = Stopwatch.StartNew();
        while (!isTrue())
        {
            if (process.HasExited)
                Assert.Fail($"The process ended with {process.ExitCode}.\n{await output}\n{await messages}");
            if (started.Elapsed > Longest)
                Assert.Fail("The process did not come so far.");
            await Task.Delay(10);
        }
    }

    /// <summary>Waits for its end.</summary>
    public async Task<Answer> Ended()
    {
        using var deadline = new CancellationTokenSource(Longest);
        await process.WaitForExitAsync(deadline.Token);
        return new Answer(process.ExitCode, await output, await messages);
    }

    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        process.Dispose();
    }
}
