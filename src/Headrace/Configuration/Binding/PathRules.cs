namespace Headrace.Configuration.Binding;

/// <summary>What must hold for the path of a flow's files, and for the target that takes its captures.</summary>
internal sealed class PathRules(Problems problems)
{
    /// <summary>Checks the path of the source's files.</summary>
    public void Path(Flow flow, FlowRules.Places place, string where)
    {
        if (TableRules.Only.FirstOrDefault(key => place.Said(key) is not null) is { } key)
            problems.Disagree(
                place.Of(key),
                where,
                $"'{key}' is for tables, and the source is files",
                $"remove '{key}': each file is read once"
            );
        if (flow.Read == ReadMode.FullRefresh)
            problems.Disagree(
                place.Of("read"),
                where,
                "read: full-refresh is for tables, and the source is files",
                "use read: incremental with write: replace"
            );
        if (place.Said("source", "dataset") is { } dataset)
            problems.Disagree(
                dataset,
                where,
                "'dataset' is for streams, and the source is files",
                "remove 'dataset': the path says which files are read"
            );
        var path = flow.Source.Path;
        var at = place.Of("source", "path");
        if (place.Said("source", "path") is null)
        {
            if (!flow.ReadsTable)
                problems.Add(
                    problems.At(at),
                    Error.MissingKey(
                        problems.At(at),
                        "path",
                        $"the source of {where}",
                        "add `path:` with the files to read, for example \"prices/*.csv\""
                    ),
                    "path"
                );
            return;
        }

        if (path.Trim().Length == 0 || path.StartsWith('/') || path.Contains('\\') || path.Split('/').Contains(".."))
            problems.Refuse(
                at,
                where,
                "the source's path does not stay inside the connection's folder",
                "write a path from the connection's folder with / between its parts, without .. and without "
                    + "/ at its start"
            );
        if (Captures.Fault(path) is { } fault)
        {
            problems.Refuse(at, where, $"a capture of the source's path is wrong: {fault}", "correct the path");
            return;
        }

        var captures = Captures.Of(path);
        if (captures.GroupBy(capture => capture).FirstOrDefault(group => group.Count() > 1) is { } twice)
            problems.Refuse(
                at,
                where,
                $"the source's path captures '{twice.Key}' twice",
                "give each capture a name of its own"
            );
        if (flow.Read == ReadMode.Drop)
            foreach (var needed in (string[])["action", "table"])
                if (!captures.Contains(needed))
                    problems.Refuse(
                        at,
                        where,
                        $"read: drop needs the capture {{{needed}}} in the source's path",
                        "write for example \"inbox/{database}/{action}/{table}/*\"",
                        needed
                    );
    }

    /// <summary>Checks the target's schema and table.</summary>
    public void Target(Flow flow, FlowRules.Places place, string where)
    {
        var captured = Captures.Of(flow.Source.Path);
        foreach (
            var (key, text) in (ReadOnlySpan<(string, string)>)
                [("schema", flow.Target.Schema), ("table", flow.Target.Table)]
        )
        {
            var at = place.Of("target", key);
            if (text.Trim().Length == 0)
                problems.Refuse(at, where, $"the target's {key} has no name", $"write a name after '{key}:'", key);
            else if (Captures.Fault(text) is { } fault)
                problems.Refuse(
                    at,
                    where,
                    $"a capture of the target's {key} is wrong: {fault}",
                    $"correct the {key}",
                    key
                );
            foreach (var unknown in Captures.Of(text).Except(captured))
                problems.Refuse(
                    at,
                    where,
                    $"the target's {key} uses {{{unknown}}}, which the source's path does not capture",
                    captured.Count == 0
                        ? $"add {{{unknown}}} to the path"
                        : Suggestion.Ask(
                            unknown,
                            captured,
                            $"use one of {string.Join(", ", captured.Select(name => $"{{{name}}}"))}, or add "
                                + $"{{{unknown}}} to the path"
                        ),
                    unknown
                );
        }

        if (flow.Target.Schema.Equals("headrace", StringComparison.OrdinalIgnoreCase))
            problems.Disagree(
                place.Of("target", "schema"),
                where,
                "the schema 'headrace' is where Headrace keeps its own tables",
                "name another schema"
            );
    }
}
