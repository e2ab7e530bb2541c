namespace Headrace.Configuration.Binding;

/// <summary>What must hold for a flow whose files say what happened to each row, and for a history.</summary>
internal sealed class ChangeRules(Problems problems)
{
    /// <summary>Adds every broken rule to the problems.</summary>
    public void Check(Flow flow, FlowRules.Places place, string where)
    {
        if (flow.Read == ReadMode.Cdc)
            Cdc(flow, place, where);
        else if (place.Said("cdc") is { } cdc)
            problems.Disagree(cdc, where, "'cdc' needs read: cdc", "remove 'cdc', or use read: cdc");
        if (flow.ReadsDynamoDb)
            DynamoDb(flow, place, where);
        if (flow.Write == WriteMode.Scd2)
            History(flow, place, where);
        else if (place.Said("scd2") is { } scd2)
            problems.Disagree(scd2, where, "'scd2' needs write: scd2", "remove 'scd2', or use write: scd2");
    }

    private void DynamoDb(Flow flow, FlowRules.Places place, string where)
    {
        if (flow.Read is not (null or ReadMode.Cdc))
            problems.Disagree(
                place.Of("read"),
                where,
                "exports of DynamoDB are read with read: cdc",
                "write `read: cdc`: a full export makes the table, and incremental ones change it"
            );
        foreach (var key in (string[])["profile", "operation", "values", "full_load", "order_by"])
            if (place.Said("cdc", key) is { } said)
                problems.Disagree(
                    said,
                    where,
                    $"cdc {key} does not go with exports of DynamoDB, which say it themselves",
                    $"remove '{key}'"
                );
    }

    private void Cdc(Flow flow, FlowRules.Places place, string where)
    {
        if (flow.ReadsTable)
            problems.Disagree(
                place.Of("read"),
                where,
                "read: cdc is for files, and the source is a table",
                "use read: incremental or read: snapshot"
            );
        if (flow.Write == WriteMode.Replace)
            problems.Disagree(
                place.Of("write"),
                where,
                "read: cdc does not go with write: replace",
                "use write: merge, write: scd2 or write: append"
            );
        if (
            !flow.Source.Csv.Header
            && flow.Columns.Count == 0
            && flow.Source.Format is null or FormatKind.Csv
            && flow.Capture.Envelope is null
        )
            problems.Disagree(
                place.Of("source", "csv", "header"),
                where,
                "files of changes without a header need columns",
                "list them under 'columns', without the operation: it is the field before them"
            );
        if (flow.Capture.Envelope is not null && flow.Source.Format is FormatKind.Csv or FormatKind.Parquet)
            problems.Disagree(
                place.Of("source", "format"),
                where,
                $"cdc profile {Choices.WordOf(flow.Capture.Profile)} is JSON",
                "remove 'format', or write format: jsonl"
            );
        if (flow.Columns.Keys.Contains(flow.Capture.OperationColumn, StringComparer.OrdinalIgnoreCase))
            problems.Disagree(
                place.Of("columns", flow.Capture.OperationColumn),
                where,
                $"'{flow.Capture.OperationColumn}' is the column of the operation",
                "remove it from 'columns', or name the operation's column under cdc: { operation }"
            );
        var values = flow.Capture.Meaning;
        if (
            values
                .Insert.Concat(values.Update)
                .Concat(values.Delete)
                .GroupBy(value => value)
                .FirstOrDefault(group => group.Count() > 1) is
            { } twice
        )
            problems.Disagree(
                place.Of("cdc", "values"),
                where,
                $"cdc values: '{twice.Key}' means two things",
                "name each value once"
            );
        if (flow is { Write: WriteMode.Append, Capture.Late: not null })
            problems.Disagree(
                place.Of("cdc", "late"),
                where,
                "cdc late does not go with write: append, which remembers no order",
                "remove 'late', or use write: merge or write: scd2"
            );
        if (flow.Capture.Transactions is not null || flow.Capture.Table is not null)
            Transactions(flow, place, where);
        Listed(flow, flow.Capture.OrderBy, place.Of("cdc", "order_by"), "cdc order_by", where);
    }

    private void Transactions(Flow flow, FlowRules.Places place, string where)
    {
        void Broken(Node at, string what, string next) => problems.Disagree(at, where, what, next);
        if (flow.Capture is { Transactions: null } or { Table: null })
            Broken(
                place.Of("cdc"),
                "cdc transactions and cdc table go together",
                "write `transactions: dms/cdc/CDC_TXN-*` and `table: schema.table`"
            );
        if (flow.Capture.Transactions is { } path && (path.StartsWith('/') || path.Split('/').Contains("..")))
            Broken(
                place.Of("cdc", "transactions"),
                "the path of cdc transactions does not stay inside the connection's folder",
                "write a path from the connection's folder, without .. and without / at its start"
            );
        if (flow.Capture.Profile != CdcProfile.Dms || flow.ReadsDynamoDb || flow.ReadsStream)
            Broken(place.Of("cdc", "transactions"), "cdc transactions are files of DMS", "use profile: dms");
        foreach (
            var (key, text) in ((Node, string?)[])
                [
                    (place.Of("source", "path"), flow.Source.Path),
                    (place.Of("cdc", "transactions"), flow.Capture.Transactions),
                ]
        )
            if (Captures.Of(text ?? "").Count > 0)
                Broken(
                    key,
                    "a flow with cdc transactions is for one table, and the path has captures",
                    "write the folder of the table, and a flow for each table"
                );
        if (flow.Columns.Count == 0)
            Broken(
                place.Of("cdc", "transactions"),
                "files of transactions have no header, so the flow needs columns",
                "list them under 'columns', without the operation: it is the field before them"
            );
        if (flow.After.Count > 0)
            Broken(
                place.Of("after"),
                "'after' does not go with cdc transactions: flows with the same files load together",
                "remove 'after'"
            );
    }

    private void History(Flow flow, FlowRules.Places place, string where)
    {
        if (flow.Read == ReadMode.FullRefresh)
            problems.Disagree(
                place.Of("write"),
                where,
                "write: scd2 does not go with read: full-refresh",
                "use read: snapshot: it finds what changed"
            );
        var (history, at) = (flow.History, place.Of("scd2"));
        History(history, flow.PrimaryKey, at, where);
        Listed(
            flow,
            [.. history.Track, .. history.Ignore, .. history.EffectiveAt is { } column ? (string[])[column] : []],
            at,
            "scd2",
            where
        );
        if (
            Own(history).FirstOrDefault(name => flow.Columns.Keys.Contains(name, StringComparer.OrdinalIgnoreCase)) is
            { } taken
        )
            problems.Disagree(
                place.Of("columns", taken),
                where,
                $"'{taken}' is a column of the history",
                "give the history's column another name: scd2: { columns: { from, to, current } }"
            );
    }

    /// <summary>Adds what disagrees in a history itself.</summary>
    public void History(Scd2 history, IReadOnlyList<string> primaryKey, Node at, string where)
    {
        if (history.Track.Intersect(history.Ignore, StringComparer.OrdinalIgnoreCase).FirstOrDefault() is { } both)
            problems.Disagree(at, where, $"scd2 tracks and ignores '{both}'", "name it under one of them");
        foreach (var name in history.Track.Where(name => primaryKey.Contains(name, StringComparer.OrdinalIgnoreCase)))
            problems.Disagree(
                at,
                where,
                $"scd2 tracks '{name}', which is of the primary_key",
                "remove it: a row with another key is another row"
            );
        if (Own(history).Distinct(StringComparer.OrdinalIgnoreCase).Count() < 3)
            problems.Disagree(at, where, "two of the scd2 columns have one name", "give each a name of its own");
    }

    private static IReadOnlyList<string> Own(Scd2 history) =>
        [history.Columns.From, history.Columns.To, history.Columns.Current];

    // Where all columns are listed a name that is not among them is a slip of the pen.
    private void Listed(Flow flow, IEnumerable<string> names, Node at, string key, string where)
    {
        var listed = flow.Columns.Keys.Concat(flow.AddColumns.Keys).ToList();
        if (flow.Columns.Count == 0 || (flow.Infer && flow.Source.Csv.Header))
            return;
        foreach (var name in names)
            if (!listed.Contains(name, StringComparer.OrdinalIgnoreCase))
                problems.Disagree(
                    at,
                    where,
                    $"{key} names '{name}', which is not among the columns",
                    Suggestion.Ask(name, listed, "list it under 'columns'")
                );
    }
}
