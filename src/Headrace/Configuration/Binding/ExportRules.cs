namespace Headrace.Configuration.Binding;

/// <summary>What must hold for a flow that exports a table of DynamoDB.</summary>
internal sealed class ExportRules(Problems problems, ConnectionRules links)
{
    /// <summary>
    /// Adds every broken rule to the problems, and returns the flow as one that reads the exports from where they go.
    /// </summary>
    public Flow Check(Flow flow, FlowRules.Places place, string where)
    {
        foreach (var key in (string[])["path", "tables", "query", "csv", "dataset", "format"])
            if (place.Said("source", key) is { } said)
                problems.Disagree(
                    said,
                    where,
                    $"'{key}' does not go with a table of DynamoDB",
                    $"remove '{key}': `export` says where the exports are"
                );
        foreach (var key in TableRules.Only)
            if (place.Said(key) is { } said)
                problems.Disagree(
                    said,
                    where,
                    $"'{key}' is for tables of databases, and the source is exports",
                    $"remove '{key}': an export says what changed"
                );
        if (flow.Source.Table is not { Length: > 0 } table)
            Missing("table", "add `table:` with the name of the DynamoDB table");
        else if (flow.Source.Export is not { } export)
            Missing("export", "add `export: { to: LAKE, path: exports/ }`; LAKE is a connection of type s3");
        else
            return Check(flow, export with { Connection = flow.Source.Connection, Table = table }, place, where);
        return flow;

        void Missing(string key, string next) =>
            problems.Add(
                problems.At(place.Of("source")),
                Error.MissingKey(problems.At(place.Of("source")), key, $"the source of {where}", next),
                key
            );
    }

    private Flow Check(Flow flow, ExportSettings export, FlowRules.Places place, string where)
    {
        links.Fits(export.To, [typeof(S3Connection)], place.Of("source", "export", "to"), $"the export of {where}");
        if (
            export.Path.Trim().Length == 0
            || export.Path.StartsWith('/')
            || export.Path.Contains('\\')
            || export.Path.Split('/').Contains("..")
            || Captures.Of(export.Path).Count > 0
        )
            problems.Refuse(
                place.Of("source", "export", "path"),
                $"the export of {where}",
                "the path does not stay inside the connection, or has captures",
                "write a path with / between its parts, without .., {} and / at its start"
            );
        if (export.Window < ExportSettings.Shortest || export.Window > ExportSettings.Longest)
            problems.Disagree(
                place.Of("source", "export", "window"),
                where,
                "DynamoDB exports windows of 15 minutes to 24 hours",
                "write window: 15m, 1h, or at most 24h"
            );
        return flow with
        {
            Source = flow.Source with
            {
                Connection = export.To,
                Path = export.Path,
                Table = null,
                Format = FormatKind.DynamodbExport,
                Export = export,
            },
        };
    }
}
