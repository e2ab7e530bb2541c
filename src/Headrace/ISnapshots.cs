using Headrace.Staging;

namespace Headrace;

/// <summary>
/// Remembers what the last export of each dataset held, as keys and digests, and finds what a new one changes. The
/// memory belongs to the load that made it (<see cref="Position.LoadId"/>): one that is lost or of another load is
/// never used.
/// </summary>
public interface ISnapshots
{
    /// <summary>
    /// Brings back the memory of the last export where it is gone: from the target table. False when there is no table
    /// to make it from; then <see cref="RememberAsync"/> can make it from the export's files.
    /// </summary>
    Task<bool> RecallAsync(Dataset dataset, TableName target, Position from, LoadRules rules, CancellationToken cancel);

    /// <summary>
    /// Makes the memory of the last export from its files, staged again. False when they do not tell all that it held.
    /// </summary>
    Task<bool> RememberAsync(ChangeSet export, DigestKey key, string folder, CancellationToken cancel);

    /// <summary>
    /// How the next export is to be digested: with the key of the last one's digests, or a new one when there are none.
    /// Whoever asks stages an export next, and meanwhile those digests are read.
    /// </summary>
    DigestOptions Prepare(Dataset dataset, Position from, CancellationToken cancel);

    /// <summary>
    /// What <paramref name="export"/> changes, with <see cref="ChangeSet.Rows"/>. Its memory is kept under its own id,
    /// and counts once its load is committed; so do its operations in the outbox.
    /// </summary>
    /// <param name="key">The key of the files' digests.</param>
    /// <param name="folder">Where it may put what it stages; an absolute path.</param>
    /// <param name="isPlan">Nothing is put into the outbox.</param>
    /// <exception cref="HeadraceException">HDR-103 to 108 for columns, HDR-201 to 205 when a check or a limit stops
    /// it.</exception>
    Task<ChangeSet> CompareAsync(ChangeSet export, DigestKey key, string folder, bool isPlan, CancellationToken cancel);

    /// <summary>
    /// Removes what other loads than that of <paramref name="from"/> left. A load that was killed may still be
    /// committed by its server, so this waits for it; when the position has moved nothing is removed. The dataset must
    /// be held.
    /// </summary>
    Task ForgetAsync(Dataset dataset, Position from, CancellationToken cancel);
}
