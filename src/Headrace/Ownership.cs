using Headrace.Configuration;

namespace Headrace;

/// <summary>What a dataset does to the table that it loads into.</summary>
/// <param name="Way"><c>append</c>, <c>merge</c>, <c>scd2</c>, <c>replace</c>, <c>snapshot</c> or <c>drop</c>.</param>
/// <param name="IsAlone">True when another dataset that loads into the table would be undone by it, or would undo
/// it.</param>
public sealed record Claim(string Way, bool IsAlone)
{
    /// <summary>
    /// What a flow does for a dataset; null when it writes to no table. Rows that are only added share a table, and so
    /// do rows whose key holds every capture of the path: no two datasets have one key then.
    /// </summary>
    public static Claim? Of(Flow flow, Dataset dataset) =>
        flow switch
        {
            { IsPublishOnly: true } => null,
            { Read: ReadMode.Drop } => new("drop", true),
            { Read: ReadMode.Snapshot } => new("snapshot", true),
            { Write: WriteMode.Append } => new("append", false),
            { Write: WriteMode.Scd2 } => new("scd2", true),
            { Write: WriteMode.Merge } => new("merge", !flow.KeyHolds(dataset.Captures.Keys)),
            _ => new("replace", true),
        };
}

/// <summary>A dataset that loads into a table.</summary>
public sealed record Owner(string Dataset, string Flow, Claim Claim)
{
    public override string ToString() => $"{Dataset} (flow {Flow}, {Claim.Way})";
}

/// <summary>Who may load into a table: many that only add to it, or one. Kept in <c>headrace.owners</c>.</summary>
public static class Ownership
{
    /// <summary>
    /// The name under which a table's owners are kept: names that differ only in case are one table in some warehouses.
    /// </summary>
    public static TableName Folded(TableName table) =>
        new(table.Schema.ToLowerInvariant(), table.Table.ToLowerInvariant());

    /// <summary>Why a dataset may not load into a table; null when it may.</summary>
    /// <param name="owners">Those that the warehouse has on record for the table, this one too when it is among
    /// them.</param>
    /// <param name="rivals">Others that are about to load into it and may not be on record.</param>
    public static HeadraceException? Refusal(
        TableName table,
        Dataset dataset,
        Claim claim,
        IReadOnlyList<Owner> owners,
        IReadOnlyList<Owner> rivals
    )
    {
        var others = Others(dataset, claim, owners);
        if (others.Count > 0)
            return Error.TableOwned(table, dataset, claim, others, isKnown: true);

        // Of those that nobody has on record none is the first: the order in which they run must decide nothing.
        var known = owners.Any(owner => owner.Dataset == dataset.Name);
        others = known ? [] : Others(dataset, claim, rivals);
        return others.Count > 0 ? Error.TableOwned(table, dataset, claim, others, isKnown: false) : null;
    }

    /// <summary>Those that cannot share a table with a dataset.</summary>
    public static IReadOnlyList<Owner> Others(Dataset dataset, Claim claim, IEnumerable<Owner> owners) =>
        [
            .. owners.Where(owner =>
                owner.Dataset != dataset.Name
                && (
                    owner.Claim.IsAlone
                    || claim.IsAlone
                    || (owner.Flow != dataset.Flow && (IsMerged(owner.Claim) || IsMerged(claim)))
                )
            ),
        ];

    // The captures in the key tell the datasets of one flow apart, and say nothing of another flow's.
    private static bool IsMerged(Claim claim) => claim.Way == "merge";
}
