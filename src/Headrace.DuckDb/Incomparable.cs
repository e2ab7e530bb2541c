using Headrace.Configuration;

namespace Headrace.DuckDb;

/// <summary>Tables that cannot be compared with the files that were loaded into them.</summary>
internal static class Incomparable
{
    /// <summary>Why a table cannot be compared; null when it can.</summary>
    public static string? Why(Flow flow, TableHistory history)
    {
        if (history.Others.Count > 0)
            return $"{history.Target} is loaded by {string.Join(", ", history.Others)} too; "
                + "its rows cannot be told apart";
        var isSnapshot = flow.Read == ReadMode.Snapshot;
        if (!isSnapshot && flow.Rules().Events is { History: { EffectiveAt: null } })
            return $"the versions of {history.Target} begin when they were loaded, which no file says";
        if (!isSnapshot && flow.Rules().Events is { History: not null } && history.Released.Count > 0)
            return $"changes were released from quarantine into {history.Target}, and no file says how";
        if (
            history.Files.FirstOrDefault(file =>
                (file.Operation == "changes") != isSnapshot && file.Document is null
            ) is
            { } other
        )
            return $"{other.Key} was loaded by read: {(isSnapshot ? "incremental" : "snapshot")}, "
                + "and the flow says another way now";
        var datasets = history.Files.Select(file => file.Dataset).Distinct().Count();
        return datasets > 1 && isSnapshot ? $"{datasets} datasets put their exports into {history.Target}" : null;
    }
}
