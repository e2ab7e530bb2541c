using System.Diagnostics;
using System.Globalization;

namespace Headrace.Bench;

/// <summary>One whole process: wall seconds and the peak of its resident memory in MB.</summary>
internal readonly record struct Measured(double Seconds, double PeakMb);

/// <summary>Runs processes and watches their memory from outside, by <c>/proc/PID/status</c>.</summary>
internal static class Measure
{
    public static Measured Run(string program, IReadOnlyList<string> arguments) => Run(program, arguments, out _);

    public static Measured Run(string program, IReadOnlyList<string> arguments, out string written, int allowed = 0)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var clock = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        var peak = 0.0;
        while (!process.WaitForExit(10))
            peak = Math.Max(peak, Peak(process.Id));
        var seconds = clock.Elapsed.TotalSeconds;
        written = output.Result;
        return process.ExitCode == 0 || process.ExitCode == allowed
            ? new Measured(seconds, peak)
            : throw new InvalidOperationException(
                $"{program} {string.Join(' ', arguments)}: exit {process.ExitCode}\n{output.Result}{errors.Result}"
            );
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    private static double Peak(int process)
    {
        try
        {
            foreach (var line in File.ReadLines($"/proc/{process}/status"))
                if (line.StartsWith("VmHWM:", StringComparison.Ordinal))
                    return double.Parse(line[6..^2].Trim(), CultureInfo.InvariantCulture) / 1024;
        }
        catch (IOException)
        {
            // It has just ended.
        }

        return 0;
    }
}
