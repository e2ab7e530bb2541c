namespace Headrace.Torture;

/// <summary>What every sequence is run with.</summary>
/// <param name="Plant">The planted bug of a canary; null for the product as it is.</param>
/// <param name="IsRelease">The program is as users have it: nothing is done to it but kills from outside.</param>
/// <param name="IsOnAws">
/// Files land in a bucket and operations go to a stream, which a second project reads; else both are folders.
/// </param>
internal sealed record Setting(
    string Program,
    bool Keep,
    string? Plant = null,
    bool IsRelease = false,
    bool IsOnAws = false
)
{
    /// <summary>The boundaries at which a run of the first project is killed.</summary>
    public IReadOnlyList<string> Failpoints { get; } =
        IsOnAws ? [.. Failpoint.Names.Where(name => name != "operations_written")] : Failpoint.Names;

    /// <summary>What must have been hit, as the tally names it.</summary>
    public IEnumerable<string> Hit =>
        [.. Failpoints, .. IsOnAws ? Replica.Points.Select(name => $"replica {name}") : []];
}
