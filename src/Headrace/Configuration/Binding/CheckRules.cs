using System.Globalization;
using Headrace.Checks;

namespace Headrace.Configuration.Binding;

/// <summary>What must hold between the keys of one check, and between the checks of a flow.</summary>
internal sealed class CheckRules(Problems problems)
{
    /// <summary>
    /// Adds every broken rule to the problems, and returns the checks, which know where they stand.
    /// </summary>
    /// <param name="flow">Null for those of a model, which look at its table.</param>
    public IReadOnlyList<FlowCheck> Check(
        IReadOnlyList<FlowCheck> written,
        Flow? flow,
        FlowRules.Places place,
        string where
    )
    {
        if (written.Count == 0 || place.Said("checks") is not ListNode list)
            return written;
        var checks = written.Select((one, i) => one with { At = problems.At(list.Items[i]) }).ToList();
        var names = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < checks.Count; i++)
        {
            var (at, which) = (list.Items[i], $"check {i + 1} of {where}");
            if (checks[i].FileExpected is { } expected)
            {
                Expected(checks[i], expected, flow, at, which);
                continue;
            }

            if (checks[i].ToCheck() is not { } check)
            {
                // What it names and cannot be read is told already.
                var kinds = string.Join(", ", checks[i].Kinds.Select(kind => kind.Kind));
                if (kinds.Length > 0 || !AsksAnything(at))
                    problems.Disagree(
                        at,
                        which,
                        kinds.Length == 0 ? "nothing is asked" : $"more than one thing is asked: {kinds}",
                        "write one kind for each check: not_null, unique, accepted_values, range, valid_date, matches, "
                            + "relationships, row_count, freshness or expression"
                    );
                continue;
            }

            if (!names.TryAdd(check.Name, i))
                problems.Disagree(
                    at,
                    which,
                    $"the name '{check.Name}' is that of check {names[check.Name] + 1}",
                    "give it another `name:`"
                );
            Together(flow, check, at, which);
            Kind(checks[i], at, which);
            foreach (
                var (key, sql) in ((string, string?)[])[("where", check.Where), ("expression", checks[i].Expression)]
            )
                if (sql is not null && WrittenSql.Fault(sql) is { } fault)
                    problems.Disagree(
                        (at as MapNode)?.Find(key)?.Value ?? at,
                        which,
                        $"'{key}' is no expression: {fault}",
                        "write one SQL expression, with texts in single quotes"
                    );
        }

        return checks;
    }

    private void Expected(FlowCheck check, FileExpected expected, Flow? flow, Node at, string which)
    {
        if (check.Kinds.Count > 0)
            problems.Disagree(at, which, "more than one thing is asked", "write file_expected as a check of its own");
        else if (flow is null || flow.ReadsTable || flow.ReadsStream)
            problems.Disagree(at, which, "file_expected is for flows that read files", "remove it");
        else if (expected.Fault is { } fault)
            problems.Disagree(
                at,
                which,
                $"file_expected cannot be used: {fault}",
                "write for example { every: 1d, by: \"07:00\", timezone: Europe/Berlin }"
            );
    }

    private static bool AsksAnything(Node check) =>
        check is MapNode map
        && map.Entries.Any(entry => entry.Key.Text is not ("name" or "where" or "on_fail" or "allow" or "scope"));

    private void Together(Flow? flow, Check check, Node at, string which)
    {
        if (check.OnFail == CheckAction.Quarantine)
        {
            var why =
                flow is null ? "the rows of a model are in its table, so that no row can be set aside"
                : check.Scope == CheckScope.Table ? "the table is checked as a whole, so that no row can be set aside"
                : !check.IsOfRows ? $"{check.Kind} is asked of all rows together, so that no row can be set aside"
                : flow.Read == ReadMode.Snapshot ? "with read: snapshot no row can be set aside by a check"
                : null;
            if (why is not null)
                problems.Disagree(at, which, why, "write on_fail: stop or on_fail: warn");
        }

        if (flow is not null && check is RelationshipsCheck && check.Scope == CheckScope.Batch)
            problems.Disagree(
                at,
                which,
                "relationships asks another table of the warehouse",
                "write scope: table, or leave it out"
            );
        if (check.Allow is not null && !check.IsOfRows)
            problems.Disagree(at, which, $"{check.Kind} has no share of rows to allow", "remove 'allow'");
        if (check.Scope == CheckScope.Table && flow is { IsPublishOnly: true })
            problems.Disagree(at, which, "the flow has no table to check", "write scope: batch");
        if (
            check
                .Columns.GroupBy(name => name, StringComparer.OrdinalIgnoreCase)
                .FirstOrDefault(one => one.Count() > 1) is
            { } twice
        )
            problems.Disagree(at, which, $"the column '{twice.Key}' is named twice", "name each column once");
    }

    private void Kind(FlowCheck check, Node at, string which)
    {
        void Needs(bool holds, string why, string next)
        {
            if (!holds)
                problems.Disagree(at, which, why, next);
        }

        static bool IsDay(string? text) =>
            text is null or ValidDateCheck.Today
            || DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
        if (check.AcceptedValues is { } accepted)
            Needs(accepted.Values.Count > 0, "accepted_values lists no value", "list the values under `values:`");
        if (check.Range is { } range)
            Needs(range.Min is not null || range.Max is not null, "range has no bound", "write `min:` or `max:`");
        if (check.ValidDate is { } day)
            Needs(
                IsDay(day.Min) && IsDay(day.Max),
                $"'{(IsDay(day.Min) ? day.Max : day.Min)}' is no day",
                "write a day as 2026-01-31, or today"
            );
        if (check.Matches is { } text)
            Needs(text.Pattern.Length > 0, "the pattern is empty", "write a regular expression");
        if (check.Relationships is { } to)
            Needs(to.IsWhole, $"'{to.To}' names no column of a table", "write to: schema.table.column");
        if (check.RowCount is { } rows)
        {
            Needs(rows.Min is not null || rows.Max is not null, "row_count has no bound", "write `min:` or `max:`");
            Needs(!(rows.Min > rows.Max), "min is more than max", "write the smaller number as min");
        }

        if (check.Freshness is { } age)
            Needs(
                age.WarnAfter is not null || age.ErrorAfter is not null,
                "freshness has no age",
                "write `warn_after:` or `error_after:`"
            );
    }
}
