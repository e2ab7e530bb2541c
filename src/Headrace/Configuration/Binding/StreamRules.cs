namespace Headrace.Configuration.Binding;

/// <summary>What must hold for a flow whose source is a stream.</summary>
internal sealed class StreamRules(Problems problems)
{
    /// <summary>Adds every broken rule to the problems.</summary>
    public void Check(Flow flow, FlowRules.Places place, string where)
    {
        if (flow.Read is not (null or ReadMode.Cdc))
            problems.Disagree(
                place.Of("read"),
                where,
                "a stream is read with read: cdc",
                "write `read: cdc`, with `cdc: { profile: headrace }` for operations that Headrace published"
            );
        if (flow.Read == ReadMode.Cdc && flow.Capture.Profile == CdcProfile.Dms)
            problems.Disagree(
                place.Of("cdc", "profile"),
                where,
                "cdc profile dms is for files",
                "write profile: headrace, debezium or none"
            );
        foreach (var key in (string[])["path", "table", "tables", "query", "csv"])
            if (place.Said("source", key) is { } said)
                problems.Disagree(
                    said,
                    where,
                    $"'{key}' does not go with a stream",
                    $"remove '{key}': each record of the stream is read"
                );
        if (flow.Source.Format is FormatKind.Csv or FormatKind.Parquet)
            problems.Disagree(
                place.Of("source", "format"),
                where,
                "the records of a stream are JSON",
                "remove 'format'"
            );
    }
}
