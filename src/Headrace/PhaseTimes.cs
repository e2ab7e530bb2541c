using System.Diagnostics;

namespace Headrace;

/// <summary>A part of a run: what it did, when that began, and how long it took over all batches.</summary>
/// <param name="Name"><c>read</c>, <c>load</c> or <c>publish</c>.</param>
/// <param name="After">From the run's begin to the first time.</param>
public readonly record struct RunPhase(string Name, TimeSpan After, TimeSpan Duration);

/// <summary>Measures the parts of a run by real time.</summary>
internal sealed class PhaseTimes
{
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private readonly List<RunPhase> all = [];

    /// <summary>In the order in which they began.</summary>
    public IReadOnlyList<RunPhase> All => [.. all];

    /// <summary>Does a part of the run, and adds the time that it took, whether it succeeds or not.</summary>
    public async Task<T> InAsync<T>(string name, Func<Task<T>> part)
    {
        var begin = watch.Elapsed;
        try
        {
            return await part();
        }
        finally
        {
            var (took, at) = (watch.Elapsed - begin, all.FindIndex(one => one.Name == name));
            if (at < 0)
                all.Add(new RunPhase(name, begin, took));
            else
                all[at] = all[at] with { Duration = all[at].Duration + took };
        }
    }
}
