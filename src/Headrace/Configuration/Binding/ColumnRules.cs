namespace Headrace.Configuration.Binding;

/// <summary>What must hold between the columns that a flow lists and those that it adds.</summary>
internal sealed class ColumnRules(Problems problems)
{
    /// <summary>Checks the columns that are listed, and the key.</summary>
    public void Columns(Flow flow, FlowRules.Places place, string where)
    {
        var seen = new Dictionary<string, ScalarNode>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, _) in (place.Said("columns") as MapNode ?? MapNode.Empty).Entries)
        {
            if (name.Text.Trim().Length == 0)
                problems.Disagree(name, where, "a column has no name", "give it one");
            else if (!seen.TryAdd(name.Text, name))
                problems.Add(
                    problems.At(name),
                    Error.DuplicateKey(problems.At(name), name.Text, seen[name.Text].Span.Line)
                );
        }

        if (
            flow
                .PrimaryKey.GroupBy(column => column, StringComparer.OrdinalIgnoreCase)
                .FirstOrDefault(group => group.Count() > 1) is
            { } twice
        )
            problems.Disagree(
                place.Of("primary_key"),
                where,
                $"primary_key names '{twice.Key}' twice",
                "name each column once"
            );
        if (flow.Infer)
            return;
        foreach (var name in flow.AddColumns.Keys)
            seen.TryAdd(name, place.Name);
        if (seen.Count == 0 && flow.Read is (ReadMode.Incremental or ReadMode.Snapshot))
            problems.Disagree(
                place.Of("infer"),
                where,
                "infer: false needs columns",
                "list them under 'columns', or remove 'infer'"
            );
        else if (flow.PrimaryKey.FirstOrDefault(column => seen.Count > 0 && !seen.ContainsKey(column)) is { } missing)
            problems.Disagree(
                place.Of("primary_key"),
                where,
                $"primary_key names '{missing}', which is not among the columns",
                Suggestion.Ask(missing, seen.Keys, "list it under 'columns'")
            );
    }

    /// <summary>Checks the columns that say what the paths of files do.</summary>
    public void AddedColumns(Flow flow, FlowRules.Places place, string where)
    {
        var seen = new Dictionary<string, ScalarNode>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, _) in (place.Said("add_columns") as MapNode ?? MapNode.Empty).Entries)
            if (name.Text.Trim().Length == 0)
                problems.Disagree(name, where, "a column has no name", "give it one");
            else if (!seen.TryAdd(name.Text, name))
                problems.Add(
                    problems.At(name),
                    Error.DuplicateKey(problems.At(name), name.Text, seen[name.Text].Span.Line)
                );
        IReadOnlyList<string> known = [.. Captures.Of(flow.Source.Path), .. AddedColumn.Facts];
        foreach (var column in flow.AddColumns.Values)
        {
            var at = place.Of("add_columns", column.Name);
            if (
                Captures.Fault(
                    AddedColumn.Facts.Aggregate(
                        column.Value,
                        (text, fact) => text.Replace($"{{{fact}}}", "", StringComparison.Ordinal)
                    )
                )
                    is { } fault
                && !Captures
                    .Of(column.Value)
                    .Any(name => name.StartsWith("file.", StringComparison.Ordinal) && !known.Contains(name))
            )
                problems.Refuse(
                    at,
                    where,
                    $"a capture of the added column '{column.Name}' is wrong: {fault}",
                    "correct it",
                    column.Name
                );
            else if (
                flow.Source.Path.Length > 0
                && Captures.Of(column.Value).FirstOrDefault(name => !known.Contains(name)) is { } unknown
            )
                problems.Refuse(
                    at,
                    where,
                    $"the added column '{column.Name}' uses {{{unknown}}}, which neither the source's path "
                        + "captures nor a file has",
                    Suggestion.Ask(
                        unknown,
                        known,
                        $"use one of {string.Join(", ", known.Select(name => $"{{{name}}}"))}, or add "
                            + $"{{{unknown}}} to the path"
                    ),
                    unknown
                );
        }
    }
}
