namespace Headrace.Torture;

/// <summary>Compares a warehouse with the model after a run that ended by itself. Each difference is one line.</summary>
internal sealed class Oracle(Model model, Folder folder, Snapshot found, List<string> problems)
{
    public void Check(IReadOnlyList<RunRow> runs)
    {
        Runs(runs);
        foreach (var dataset in model.Items.Select(item => item.Dataset).Concat(found.Rows.Keys).Distinct())
            Same($"table of {dataset}", model.Of(dataset).Expected, found.Rows.GetValueOrDefault(dataset, []));
        Same("headrace.quarantine", model.Held.Select(row => $"{row.Dataset} {row.File} line {row.Line} {row.Status}"),
            found.Quarantine.Select(row => $"{row.Dataset} {row.File} line {row.Line} {row.Status}"));
        Same("headrace.files", model.Items.Where(IsOnRecord).Select(Expected).Select(Text), found.Files.Select(Text));
        Counts();
        Spool();
    }

    // A refused version that was mended or removed leaves no trace; neither was it ever loaded.
    private static bool IsOnRecord(LakeItem item) => item.IsPresent || item.Fate is not (Fate.Refused or Fate.Waiting);

    private static FileRow Expected(LakeItem item) => new(
        item.Dataset, item.Key, item.Action, item.Fate == Fate.Waiting ? "waiting" : item.Fate.ToString().ToLowerInvariant(),
        item.Fate is Fate.Loaded or Fate.Alias ? item.Sha256 : null, item.Bytes.Length,
        item.Fate == Fate.Loaded ? item.Rows.Count : 0, item.Fate == Fate.Loaded ? item.Bad.Count : 0, item.Fate == Fate.Refused ? item.ErrorCode : null);

    private static string Text(FileRow row) =>
        $"{row.Key} ({row.Action}) {row.Outcome}{(row.Error is null ? "" : " " + row.Error)}, {row.Size} bytes, sha256 {row.Sha256?[..12] ?? "none"}, {row.Rows} rows, {row.Quarantined} in quarantine";

    private void Runs(IReadOnlyList<RunRow> runs)
    {
        Same("datasets of run --json", model.Datasets, runs.Select(run => run.Dataset));
        foreach (var run in runs)
        {
            var mustFail = model.HasRefused(run.Dataset);
            if (run.Outcome is "skipped" or "stopped" || (run.Outcome == "failed") != mustFail)
                problems.Add($"{run.Dataset}: outcome {run.Outcome} {run.Error}{(mustFail ? ", though a file of it must be refused" : "")}");
            var loads = found.Loads.Where(load => load.RunId == run.Id).ToList();
            if (loads.Count != run.Batches || loads.Sum(load => load.Inserted) != run.Inserted || loads.Sum(load => load.Quarantined) != run.Quarantined)
                problems.Add($"{run.Dataset}: the run says {run.Batches} batches, {run.Inserted} rows, {run.Quarantined} in quarantine; headrace.loads says {loads.Count}, {loads.Sum(load => load.Inserted)}, {loads.Sum(load => load.Quarantined)}");
        }

        // The ledger may lag behind a warehouse after a crash; it never leads one.
        foreach (var id in found.LedgerLoaded.Except(found.Loads.Select(load => load.RunId)))
            problems.Add($"the ledger says that {id} loaded, and the warehouse knows nothing of it");
    }

    private void Counts()
    {
        Same("datasets of headrace.positions", found.Loads.Select(load => load.Dataset).Distinct(), found.Positions.Keys);
        foreach (var loads in found.Loads.GroupBy(load => load.Dataset))
        {
            var (generation, newest) = found.Positions.GetValueOrDefault(loads.Key);
            if (!loads.Select(load => load.Generation).SequenceEqual(Enumerable.Range(1, loads.Count()).Select(n => (long)n)) || generation != loads.Count() || newest != loads.Last().Id)
                problems.Add($"{loads.Key}: position is at batch {generation} ({newest}), headrace.loads has {loads.Count()}, the last {loads.Last().Id}");

            var released = model.Held.Count(row => row.Dataset == loads.Key && row.Status == "released");
            var rows = found.Rows.GetValueOrDefault(loads.Key, []).Count;
            var net = loads.Sum(load => load.Inserted - load.Deleted) + released;
            if (net != rows)
                problems.Add($"{loads.Key}: headrace.loads sums up to {net} rows ({released} of them released), the table has {rows}");
            var quarantined = found.Quarantine.Count(row => row.Dataset == loads.Key);
            if (loads.Sum(load => load.Quarantined) != quarantined)
                problems.Add($"{loads.Key}: headrace.loads counts {loads.Sum(load => load.Quarantined)} rows in quarantine, there are {quarantined}");
            var ofFiles = found.Files.Where(file => file.Dataset == loads.Key && file.Outcome == "loaded").Sum(file => file.Rows);
            var applied = loads.Sum(load => load.Inserted);
            if (loads.Key != "people" && ofFiles != applied)
                problems.Add($"{loads.Key}: headrace.files has {ofFiles} rows, headrace.loads {applied}");
        }
    }

    private void Spool()
    {
        if (!Directory.Exists(folder.Spool))
            return;
        foreach (var entry in Directory.EnumerateFileSystemEntries(folder.Spool, "*", SearchOption.AllDirectories))
            if (Path.GetRelativePath(folder.Spool, entry) is not ("run" or "temp"))
                problems.Add($"left in the spool: {Path.GetRelativePath(folder.Spool, entry)}");
    }

    private void Same(string what, IEnumerable<string> expected, IEnumerable<string> actual)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var one in expected)
        {
            counts[one] = counts.GetValueOrDefault(one) + 1;
            known.Add(one);
        }

        foreach (var one in actual)
            counts[one] = counts.GetValueOrDefault(one) - 1;
        foreach (var (one, count) in counts.Where(pair => pair.Value != 0))
            problems.Add($"{what}: {(count > 0 ? "lost" : known.Contains(one) ? "doubled" : "unexpected")}: {one.Replace("\n", "\\n", StringComparison.Ordinal)}");
    }
}
