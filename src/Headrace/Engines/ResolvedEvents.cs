namespace Headrace.Engines;

/// <summary>What a batch of changes does, found by what the target and its memory hold of the same rows.</summary>
/// <param name="Target">Changes of the target's rows.</param>
/// <param name="Key">The columns by which those are told apart.</param>
/// <param name="Memory">Changes of the memory's rows, told apart by <see cref="EventLayout.MemoryKey"/>.</param>
/// <param name="Marked">Of the updated rows of the target those that are marked as deleted.</param>
/// <param name="Older">Changes that had no effect, since the target holds a newer state of their rows.</param>
public sealed record ResolvedEvents(
    RowChanges Target,
    IReadOnlyList<string> Key,
    RowChanges Memory,
    long Marked,
    long Older
);
