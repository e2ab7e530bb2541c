using System.Diagnostics;

namespace Headrace;

/// <summary>
/// Named boundaries of the protocol at which the crash harness kills, stops or fails the process. Off unless
/// <c>HEADRACE_ALLOW_FAILPOINTS=1</c>; then <c>HEADRACE_FAILPOINT=name:hit:action</c> with action
/// <c>kill | stop | throw | exit | enospc</c>, and <c>HEADRACE_PLANT=bug</c> plants one of the harness's bugs.
/// Only the build of the tests has them: what is published is compiled without the constant <c>FAILPOINTS</c>, and
/// knows none of these variables.
/// </summary>
public static class Failpoint
{
#if FAILPOINTS
    /// <summary>
    /// Every boundary, in the order in which a load passes them. The harness fails when one was never killed.
    /// </summary>
    public static readonly IReadOnlyList<string> Names =
    [
        "config_read",
        "dataset_held",
        "lake_listed",
        "position_read",
        "file_opened",
        "segment_written",
        "file_staged",
        "changes_staged",
        "state_written",
        "export_compared",
        "transaction_begun",
        "fenced",
        "table_ready",
        "rows_deleted",
        "rows_applied",
        "quarantine_written",
        "files_written",
        "before_commit",
        "after_commit",
        "operations_sent",
        "operations_written",
        "operations_published",
        "spool_removed",
        "ledger_written",
        "end",
    ];

    /// <summary>The boundaries that a load from a table passes, in their order.</summary>
    public static readonly IReadOnlyList<string> OfTables =
    [
        "config_read",
        "dataset_held",
        "position_read",
        "table_described",
        "horizon_asked",
        "snapshot_taken",
        "segment_written",
        "changes_staged",
        "transaction_begun",
        "fenced",
        "table_ready",
        "rows_applied",
        "files_written",
        "before_commit",
        "after_commit",
        "spool_removed",
        "ledger_written",
        "end",
    ];

    /// <summary>Bugs of reading tables that <c>HEADRACE_PLANT</c> can plant; the harness must find each.</summary>
    public static readonly IReadOnlyList<string> TableBugs =
    [
        "cursor-strict",
        "cursor-to-now",
        "horizon-after-snapshot",
        "naive-retry",
        "missing-fence",
    ];

    /// <summary>
    /// Every other bug that <c>HEADRACE_PLANT</c> can plant; the harness must find each, and is longest with the first.
    /// </summary>
    public static readonly IReadOnlyList<string> Bugs =
    [
        "ids-by-load",
        "lenient-gzip",
        "files-after-commit",
        "first-row-wins",
        "publish-forgotten",
        "alias-loaded",
        "publish-before-commit",
        "latest-name",
        "bad-rows-dropped",
        "state-by-name",
        "clean-unasked",
        "older-event-wins",
        "version-left-open",
        "late-event-dropped",
        "mask-after-staging",
    ];

    private static readonly bool Allowed = Environment.GetEnvironmentVariable("HEADRACE_ALLOW_FAILPOINTS") == "1";
    private static readonly string? Bug = Allowed ? Environment.GetEnvironmentVariable("HEADRACE_PLANT") : null;
    private static readonly string[]? Armed = Allowed
        ? Environment.GetEnvironmentVariable("HEADRACE_FAILPOINT")?.Split(':')
        : null;
    private static int hits;

    /// <summary>
    /// What is planted or armed in this process, to be said loudly and kept with each run; null for nothing.
    /// </summary>
    public static string? Notice { get; } =
        (Bug, Armed) switch
        {
            (null, null) => null,
            ({ } bug, null) => $"the bug '{bug}' is planted in this process: its results are wrong on purpose",
            (null, { } armed) => $"the failpoint '{string.Join(':', armed)}' is armed in this process",
            ({ } bug, { } armed) =>
                $"the bug '{bug}' is planted and the failpoint '{string.Join(':', armed)}' is armed in this "
                    + "process: its results are wrong on purpose",
        };

    /// <summary>Marks that the process is at the boundary <paramref name="name"/>.</summary>
    public static void Hit(string name)
    {
        if (Armed is null || Armed[0] != name)
            return;
        if (Interlocked.Increment(ref hits) != int.Parse(Armed[1], System.Globalization.CultureInfo.InvariantCulture))
            return;
        switch (Armed[2])
        {
            case "kill":
                Process.GetCurrentProcess().Kill();
                break;
            case "stop":
                using (var stop = Process.Start("kill", ["-STOP", $"{Environment.ProcessId}"]))
                    stop.WaitForExit();
                break;
            case "exit":
                Environment.Exit(99);
                break;
            case "enospc":
                throw new IOException("No space left on device", unchecked((int)0x80070070));
            default:
                throw new IOException($"failpoint {name}");
        }
    }

    /// <summary>
    /// True when the harness asked for the planted bug <paramref name="bug"/>; never in ordinary use.
    /// </summary>
    public static bool Planted(string bug) => Bug == bug;
#else
    /// <summary>Nothing can be planted or armed in this build.</summary>
    public static string? Notice => null;

    /// <summary>Nothing: this build has no failpoints.</summary>
    [Conditional("FAILPOINTS")]
    public static void Hit(string name) { }

    /// <summary>False: no bug can be planted in this build.</summary>
    public static bool Planted(string bug) => false;
#endif
}
