namespace Headrace.Configuration.Binding;

/// <summary>What must hold for what becomes of loaded files.</summary>
internal sealed class AfterLoadRules(Problems problems)
{
    private static readonly string[] OfLanding = ["year", "month"];

    public void Check(Flow flow, FlowRules.Places place, string where)
    {
        if (flow.AfterLoad is not { } after)
            return;
        if (flow.ReadsTable || flow.ReadsStream)
        {
            problems.Disagree(
                place.Of("after_load"),
                where,
                "'after_load' is for files, and the source is none",
                "remove 'after_load'"
            );
            return;
        }

        if (after.MoveTo is null)
        {
            if (after.DeleteAfter is not null)
                problems.Disagree(
                    place.Of("after_load", "delete_after"),
                    where,
                    "'delete_after' is for files that are moved, and 'move_to' is not said",
                    "add `move_to:`, or write `after_load: delete` to remove files at once"
                );
            return;
        }

        var at = place.Of("after_load", "move_to");
        if (place.Said("after_load", "action") is { } action)
            problems.Disagree(action, where, "'action' and 'move_to' are both said", "remove one of them");
        var to = after.MoveTo.EndsWith('/') ? after.MoveTo : $"{after.MoveTo}/";
        if (to.Trim() is "/" || to.StartsWith('/') || to.Contains('\\') || to.Split('/')[..^1].Any(IsNoFolder))
            problems.Refuse(
                at,
                where,
                "'move_to' names no folder inside the connection",
                "write for example \"archive/year={year}/month={month}/\", without .. and without / at its start"
            );
        else if (Captures.Fault(to) is { } fault)
            problems.Refuse(at, where, $"a capture of 'move_to' is wrong: {fault}", "correct 'move_to'");
        else if (
            Captures.Of(to).Except(OfLanding).Except(Captures.Of(flow.Source.Path)).FirstOrDefault() is { } unknown
        )
            problems.Refuse(
                at,
                where,
                $"'move_to' uses {{{unknown}}}, which the source's path does not capture",
                $"use {{year}}, {{month}} or a capture of the path, or add {{{unknown}}} to the path",
                unknown
            );
        else if (IsReadAgain(flow.Source.Path, to))
            problems.Refuse(
                at,
                where,
                "moved files would be read again: the source's path finds them under 'move_to'",
                "move them to a folder that the path does not match, for example one that begins with _"
            );
    }

    private static bool IsNoFolder(string part) => part is "" or "." or "..";

    // Told by a file of the simplest name; what it cannot tell is seen when a file is moved.
    private static bool IsReadAgain(string path, string to)
    {
        try
        {
            var pattern = PathPattern.Parse(path);
            var key = Sample(to) + Sample(path.EndsWith('/') ? $"{path}**" : path)[pattern.Prefix.Length..];
            return PathPattern.IsData(key) && pattern.TryMatch(key, out _);
        }
        catch (HeadraceException)
        {
            return false; // the rules of the path say what is wrong with it
        }
    }

    private static string Sample(string path)
    {
        var sample = path;
        foreach (var name in Captures.Of(path).Distinct())
            sample = Captures.Fill(sample, new Dictionary<string, string> { [name] = "1" });
        return sample.Replace("**", "*", StringComparison.Ordinal).Replace('*', '1').Replace('?', '1');
    }
}
