namespace Headrace.Cli;

/// <summary>
/// On a terminal one line that is overwritten; elsewhere nothing, since each dataset's end has its own line.
/// </summary>
internal sealed class ProgressLines(Screen screen, TimeProvider clock) : IDisposable
{
    private const int BarWidth = 24;

    private readonly Lock gate = new();
    private readonly Dictionary<string, string> active = [];
    private long shown;

    public void Observe(Run run, LoadProgress? progress)
    {
        lock (gate)
        {
            if (run.Duration > TimeSpan.Zero)
                active.Remove(run.Dataset);
            else
                active[run.Dataset] = progress is { } now
                    ? $"{now.Phase} {Bar(now.Share)}{(now.Rows > 0 ? Text.Rows(now.Rows) : "")}"
                    : "looks for what is new";
            if (clock.GetElapsedTime(shown) < TimeSpan.FromMilliseconds(50))
                return;
            shown = clock.GetTimestamp();
            var (dataset, state) = active.FirstOrDefault();
            screen.Status(
                dataset is null
                    ? ""
                    : $"  {dataset}  {state}{(active.Count > 1 ? $"  and {active.Count - 1} more" : "")}"
            );
        }
    }

    public void Dispose() => screen.Status("");

    private static string Bar(double? share)
    {
        if (share is not { } known)
            return "";
        var full = (int)(Math.Clamp(known, 0, 1) * BarWidth);
        return $"{new string('━', full)}{new string('─', BarWidth - full)} {known:P0}  ";
    }
}
