using System.Collections.Concurrent;
using System.Diagnostics;

namespace Headrace.Torture;

/// <summary>What happened so far, counted over all lanes.</summary>
internal sealed class Tally
{
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private readonly ConcurrentDictionary<string, int> byFailpoint = new();
    private readonly ConcurrentDictionary<string, int> byFault = new();
    private readonly ConcurrentDictionary<string, string> ids = new();
    private int sequences,
        processes,
        kills,
        outside,
        stops,
        duels,
        errors,
        checks,
        wrong;

    public int Kills => kills;

    public int Processes => processes;

    public int Sequences => sequences;

    public int Wrong => wrong;

    public double Seconds => watch.Elapsed.TotalSeconds;

    public void Process() => Interlocked.Increment(ref processes);

    public void Check() => Interlocked.Increment(ref checks);

    public void Error() => Interlocked.Increment(ref errors);

    /// <summary>A process that SIGKILL ended; the failpoint is null when the signal came from outside.</summary>
    public void Kill(string? failpoint)
    {
        Interlocked.Increment(ref kills);
        if (failpoint is null)
            Interlocked.Increment(ref outside);
        else
            byFailpoint.AddOrUpdate(failpoint, 1, (_, count) => count + 1);
    }

    /// <summary>Something else that was done to a run of tables, or to what it talks to.</summary>
    public void Fault(string what) => byFault.AddOrUpdate(what, 1, (_, count) => count + 1);

    public int FaultsOf(string what) => byFault.GetValueOrDefault(what);

    /// <summary>The id that an operation had when it was first seen, in any sequence.</summary>
    public string IdOf(string operation, string id) => ids.GetOrAdd(operation, id);

    /// <summary>A process that stopped itself while a second one ran.</summary>
    public void Stop(bool metHolder)
    {
        Interlocked.Increment(ref stops);
        if (metHolder)
            Interlocked.Increment(ref duels);
    }

    public void Sequence(bool isRight)
    {
        Interlocked.Increment(ref sequences);
        if (!isRight)
            Interlocked.Increment(ref wrong);
    }

    public int KillsAt(string failpoint) => byFailpoint.GetValueOrDefault(failpoint);

    public void Print(TextWriter to, IReadOnlyList<string>? failpoints = null)
    {
        to.WriteLine(
            $"""

            sequences    {sequences}  ({checks} times compared with the model)
            processes    {processes}
            kills        {kills}  ({outside} from outside at a random moment)
            stops        {stops}  (in {duels} of them the second run met what the first one held)
            errors       {errors}  (thrown or disk full, at a failpoint)
            wrong        {wrong}  {(wrong == 0 ? "(0 lost, 0 doubled)" : "")}
            upper bound  {(kills == 0 ? 100 : 300.0 / kills):0.###} % per kill, {(
                sequences == 0 ? 100 : 300.0 / sequences
            ):0.###} % per sequence (95 % confidence, when none is wrong)
            seconds      {Seconds:0}  ({processes / Seconds:0.0} processes a second)
            """
        );
        failpoints ??= Failpoint.Names;
        foreach (var (what, count) in byFault.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            to.WriteLine($"{what, -40} {count, 5}");
        to.WriteLine("kills by failpoint");
        foreach (var name in failpoints)
            to.WriteLine($"  {name, -21} {KillsAt(name), 5}");
        foreach (
            var (name, count) in byFailpoint
                .Where(pair => !failpoints.Contains(pair.Key))
                .OrderBy(pair => pair.Key, StringComparer.Ordinal)
        )
            to.WriteLine($"  {name, -21} {count, 5}");
    }
}
