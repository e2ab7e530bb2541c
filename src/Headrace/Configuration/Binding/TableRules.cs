namespace Headrace.Configuration.Binding;

/// <summary>What must hold between the keys of a flow whose source is a database.</summary>
internal sealed class TableRules(Problems problems)
{
    /// <summary>Keys of a flow that are for tables only.</summary>
    public static readonly IReadOnlyList<string> Only = ["create_key", "update_key", "lookback"];

    public void Check(Flow flow, FlowRules.Places place, string where)
    {
        foreach (var key in (ReadOnlySpan<string>)["path", "format", "csv"])
            if (place.Said("source", key) is { } said)
                problems.Disagree(
                    said,
                    where,
                    $"'{key}' is for files, and the source is a database",
                    $"remove '{key}'"
                );
        if (place.Said("add_columns") is { } added)
            problems.Disagree(
                added,
                where,
                "'add_columns' is for files, and the source is a database",
                "remove 'add_columns'"
            );
        if (flow.ReadsList)
        {
            Listed(flow, place, where);
            return;
        }

        if (flow.Source is { Table: not null, Query: not null })
            problems.Disagree(
                place.Of("source", "query"),
                where,
                "a source has both a table and a query",
                "remove one of them"
            );
        else if (!flow.ReadsTable)
            problems.Add(
                problems.At(place.Of("source")),
                Error.MissingKey(
                    problems.At(place.Of("source")),
                    "table",
                    $"the source of {where}",
                    "add `table:` with the table to read, for example public.orders, or `query:`"
                ),
                "table"
            );
        switch (flow.Read)
        {
            case ReadMode.Drop:
                problems.Disagree(
                    place.Of("read"),
                    where,
                    "read: drop is for files, and the source is a database",
                    "use read: incremental, full-refresh or snapshot"
                );
                break;
            case ReadMode.Incremental:
                Incremental(flow, place, where);
                break;
            case ReadMode.FullRefresh when flow.Write is WriteMode.Append or WriteMode.Merge:
                problems.Disagree(
                    place.Of("write"),
                    where,
                    "read: full-refresh needs write: replace",
                    "write `write: replace`; read: snapshot merges what changed"
                );
                break;
        }

        if (flow.Read is not ReadMode.Incremental)
            foreach (var key in Only)
                if (place.Said(key) is { } said)
                    problems.Disagree(
                        said,
                        where,
                        $"'{key}' needs read: incremental",
                        $"remove '{key}', or use read: incremental"
                    );
    }

    // What each table is read by, the process table says.
    private void Listed(Flow flow, FlowRules.Places place, string where)
    {
        if (flow.Source.Tables != "process_table")
            problems.Disagree(
                place.Of("source", "tables"),
                where,
                $"'tables' is '{flow.Source.Tables}'",
                "write `tables: process_table`; `table:` names one table"
            );
        foreach (var key in (ReadOnlySpan<string>)["table", "query"])
            if (place.Said("source", key) is { } said)
                problems.Disagree(said, where, $"'{key}' does not go with tables: process_table", $"remove '{key}'");
        foreach (var key in (ReadOnlySpan<string>)["primary_key", "create_key", "update_key", "columns"])
            if (place.Said(key) is { } said)
                problems.Disagree(
                    said,
                    where,
                    $"'{key}' does not go with tables: process_table, where each table has its own",
                    $"remove '{key}', and say it with headrace tables add"
                );
        if (place.Said("target", "table") is { } table)
            problems.Disagree(
                table,
                where,
                "all tables of the process table would go to one table",
                "remove the target's table: each goes to one of its own name"
            );
        if (flow.Read is not ReadMode.Incremental || flow.Write is not WriteMode.Merge)
            problems.Disagree(
                place.Of("read"),
                where,
                "tables: process_table needs read: incremental and write: merge",
                "write both; a table without a cursor is compared, one without a key is replaced"
            );
    }

    private void Incremental(Flow flow, FlowRules.Places place, string where)
    {
        if (flow.CreateKey is null && flow.UpdateKey is null)
            problems.Add(
                problems.At(place.Name),
                Error.MissingKey(
                    problems.At(place.Name),
                    "update_key",
                    where,
                    "add `update_key:` with the column that says when a row was last changed, or use read: snapshot"
                ),
                "update_key"
            );
        if (flow.Write == WriteMode.Replace)
            problems.Disagree(
                place.Of("write"),
                where,
                "write: replace would keep only the rows that are new",
                "use write: merge, or read: full-refresh with write: replace"
            );
    }
}
