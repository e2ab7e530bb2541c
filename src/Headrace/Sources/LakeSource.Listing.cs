namespace Headrace.Sources;

/// <summary>The listing of the lake, once the files in it are no longer written.</summary>
public abstract partial class LakeSource
{
    // A run waits for files that just landed, but not longer than this; they are taken by the next run then.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    // A timer may end a little early.
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(20);

    /// <summary>Sentences on files that somebody may have put in the wrong place.</summary>
    protected virtual Task<IReadOnlyList<string>> MisplacedAsync(
        ILake lake,
        PathPattern pattern,
        CancellationToken cancel
    ) => Task.FromResult<IReadOnlyList<string>>([]);

    private async Task<IReadOnlyList<LakeFile>> ListSettledAsync(CancellationToken cancel)
    {
        var misplaced = await MisplacedAsync(Lake, pattern, cancel);
        var seen = new Dictionary<string, (string Stamp, DateTimeOffset At, bool IsChanged)>(StringComparer.Ordinal);
        var started = clock.GetUtcNow();
        TimeSpan? most = null;
        for (var hasWaited = false; ; hasWaited = true)
        {
            warnings.Clear();
            warnings.AddRange(misplaced);
            var listed = await Lake.ListAsync(pattern, Skipped, cancel);
            if (Beside is { } beside)
                listed = [.. listed.Where(file => !IsBeside(file)), .. await Lake.ListAsync(beside, Skipped, cancel)];
            var now = clock.GetUtcNow();
            foreach (var file in listed)
                if (!seen.TryGetValue(file.Key, out var before) || before.Stamp != file.Stamp)
                    seen[file.Key] = (file.Stamp, now, hasWaited);
            var open = listed.Where(file => Remaining(file) > TimeSpan.Zero).ToList();
            most ??= Wait is null
                ? LongestWait
                : Shorter(Wait == Timeout.InfiniteTimeSpan ? Flow.Settle : Wait.Value, Flow.Timeout);

            // What will not have settled by then is nothing to wait for.
            var left = started + most.Value - now;
            var pause = open.Select(Remaining)
                .Where(remaining => remaining <= left)
                .DefaultIfEmpty(TimeSpan.Zero)
                .Max();
            if (pause > TimeSpan.Zero && (!hasWaited || Wait is not null))
            {
                await Task.Delay(pause + Slack, clock, cancel);
                continue;
            }

            unsettled.AddRange(open.Select(file => (Name(file), file)));
            if (listed.Count == 0)
                warnings.Add($"nothing matches {Flow.Source.Path} in {Lake.Address}");
            return open.Count == 0 ? listed : [.. listed.Except(open)];

            // A time of landing in the future (another machine's clock) counts from when it was seen, and so does a
            // change.
            TimeSpan Remaining(LakeFile file) =>
                seen[file.Key] switch
                {
                    var (_, at, isChanged) => (isChanged || file.LandedAt > at ? at : file.LandedAt)
                        + Flow.Settle
                        - now,
                };
        }
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan? other) => other < one ? other.Value : one;

    private string Waiting(List<LakeFile> open)
    {
        var now = clock.GetUtcNow();
        var until = open.Max(file => file.LandedAt > now ? now : file.LandedAt) + Flow.Settle;
        return $"{Named(open)} still being written or {(open.Count == 1 ? "has" : "have")} just landed; "
            + $"{(open.Count == 1 ? "it waits" : "they wait")} until {until:u}, when "
            + $"{(open.Count == 1 ? "it has" : "they have")} been unchanged for "
            + $"{Configuration.Binding.Quantity.Text(Flow.Settle)}: headrace run {Shell.Word(Flow.Name)} --wait";
    }

    private static string Named(List<LakeFile> files) =>
        files.Count switch
        {
            1 => $"{files[0].Key} is",
            <= 3 => $"{string.Join(", ", files.Select(file => file.Key))} are",
            _ => $"{files.Count} files ({string.Join(", ", files.Take(2).Select(file => file.Key))}, …) are",
        };

    // What the listing met belongs to no dataset in particular; the first one to look says it.
    private List<string> TakeWarnings()
    {
        lock (warnings)
        {
            var taken = warnings.ToList();
            warnings.Clear();
            return taken;
        }
    }

    private void Skipped(string key, string reason) => warnings.Add($"{key} was left out: {reason}");
}
