namespace Headrace.Torture;

/// <summary>
/// Compares a warehouse with the model after a run that ended by itself. Each difference is one line.
/// </summary>
internal sealed class Oracle(Model model, Folder folder, Snapshot found, List<string> problems)
{
    public void Check(IReadOnlyList<RunRow> runs)
    {
        Runs(runs);
        foreach (
            var dataset in model
                .Items.Select(item => item.Dataset)
                .Where(name => name != "feed")
                .Concat(found.Rows.Keys)
                .Except([Model.OfPeople])
        )
            Same($"table of {dataset}", model.Of(dataset).Expected, found.Rows.GetValueOrDefault(dataset, []));
        Same(
            "headrace.quarantine",
            model.Held.Select(row => $"{row.Dataset} {row.File} line {row.Line} {row.Status}"),
            found.Quarantine.Select(row => $"{row.Dataset} {row.File} line {row.Line} {row.Status}")
        );
        foreach (
            var rows in found
                .Quarantine.Where(row => row.Dataset != "feed")
                .GroupBy(row => row.Id)
                .Where(rows => rows.Count() > 1)
        ) // the feed's are in a file of their own
            problems.Add(
                $"headrace.quarantine: the number {rows.Key} stands for {rows.Count()} rows: "
                    + string.Join(", ", rows.Select(row => $"{row.Dataset} {row.File} line {row.Line}"))
            );
        Same("headrace.files", model.Items.Where(IsOnRecord).Select(Expected).Select(Text), found.Files.Select(Text));
        Counts();
        Spool();
        History();
    }

    // What a model keeps of the people has no times that the harness knows: its current versions are the people,
    // and the versions of each follow one another.
    private void History()
    {
        var versions = found.Rows.GetValueOrDefault(Model.OfPeople, []).Select(row => row.Split('|')).ToList();
        Same(
            $"current versions of {Model.OfPeople}",
            model.Of("people").Expected,
            versions.Where(version => version[^1] == "1").Select(version => string.Join('|', version[..^3]))
        );
        foreach (var key in versions.GroupBy(version => version[0]))
        {
            var all = key.OrderBy(version => version[^3], StringComparer.Ordinal).ToList();
            foreach (var (one, next) in all.Zip(all.Skip(1)))
                if (one[^2] == Content.Null || string.CompareOrdinal(one[^2], next[^3]) > 0)
                    problems.Add($"{Model.OfPeople}: two versions of {key.Key} at one time: {string.Join('|', next)}");
                else if (one[^2] == next[^3] && one.SkipLast(3).SequenceEqual(next.SkipLast(3)))
                    problems.Add(
                        $"{Model.OfPeople}: a version of {key.Key} that says nothing new: {string.Join('|', next)}"
                    );
            foreach (var one in all.Where(one => (one[^2] == Content.Null) != (one[^1] == "1")))
                problems.Add(
                    $"{Model.OfPeople}: a version of {key.Key} is open and not current: {string.Join('|', one)}"
                );
        }
    }

    // A refused version that was mended or removed leaves no trace; neither was it ever loaded.
    private static bool IsOnRecord(LakeItem item) =>
        item.IsPresent || item.Outcome is not (Outcome.Refused or Outcome.Waiting);

    private FileRow Expected(LakeItem item) =>
        new(
            item.Dataset,
            item.Key,
            item.Action,
            item.IsReplaced ? "superseded" : FateOf(item).ToString().ToLowerInvariant(),
            item.Outcome is Outcome.Loaded or Outcome.Alias
            || (item.Action == "schema" && FateOf(item) == Outcome.Superseded)
                ? item.Sha256
                : null,
            item.Bytes.Length,
            item.Outcome == Outcome.Loaded ? item.Rows.Count : 0,
            item.Outcome == Outcome.Loaded ? item.Bad.Count : 0,
            FateOf(item) == Outcome.Refused ? item.ErrorCode : null,
            item.Version
        );

    // Either of the two is right; but which one it is, a file and its run must say alike.
    private Outcome FateOf(LakeItem item) =>
        item.Outcome != Outcome.PassedOver ? item.Outcome
        : found.Files.Any(row => row.Dataset == item.Dataset && row.Key == item.Key && row.Outcome == "refused")
            ? Outcome.Refused
        : Outcome.Superseded;

    private static string Text(FileRow row) =>
        $"{row.Key} ({row.Action}{(row.Version is null ? "" : " " + row.Version)}) "
        + $"{row.Outcome}{(row.Error is null ? "" : " " + row.Error)}, {row.Size} bytes, "
        + $"sha256 {row.Sha256?[..12] ?? "none"}, {row.Rows} rows, {row.Quarantined} in quarantine";

    private void Runs(IReadOnlyList<RunRow> runs)
    {
        Same("datasets of run --json", model.Datasets, runs.Select(run => run.Dataset));
        foreach (var run in runs)
        {
            // Each run has to say that a file was refused; an export that cannot be read is stopped by its check.
            var refused = model.Present.FirstOrDefault(item =>
                item.Dataset == run.Dataset && FateOf(item) == Outcome.Refused
            );
            var bad = refused?.Version is null ? "failed" : "stopped";
            if (run.Error == "HDR-117") // a file of which no record is a row: what is good of the others is loaded
            {
                if (
                    !model.Present.Any(item =>
                        item.Dataset == run.Dataset && item.Rows.Count == 0 && item.Bad.Count > 0
                    )
                )
                    problems.Add($"{run.Dataset}: {run.Error} {run.Facts}, though each of its files has a good row");
            }
            else if (refused is null ? run.Outcome is not ("loaded" or "up_to_date") : run.Outcome != bad)
                problems.Add(
                    $"{run.Dataset}: outcome {run.Outcome} {run.Error} {run.Facts}"
                        + (refused is not null ? $", though a file of it must be refused: {bad}" : "")
                );
            var loads = found.Loads.Where(load => load.RunId == run.Id).ToList();
            if (
                loads.Count != run.Batches
                || loads.Sum(load => load.Inserted) != run.Inserted
                || loads.Sum(load => load.Quarantined) != run.Quarantined
            )
                problems.Add(
                    $"{run.Dataset}: the run says {run.Batches} batches, {run.Inserted} rows, "
                        + $"{run.Quarantined} in quarantine; headrace.loads says {loads.Count}, "
                        + $"{loads.Sum(load => load.Inserted)}, {loads.Sum(load => load.Quarantined)}"
                );
        }

        // The ledger may lag behind a warehouse after a crash; it never leads one.
        foreach (var id in found.LedgerLoaded.Except(found.Loads.Select(load => load.RunId)))
            problems.Add($"the ledger says that {id} loaded, and the warehouse knows nothing of it");
    }

    private void Counts()
    {
        Same(
            "datasets of headrace.positions",
            found.Loads.Select(load => load.Dataset).Distinct(),
            found.Positions.Keys
        );
        foreach (var loads in found.Loads.GroupBy(load => load.Dataset))
        {
            var isModel = loads.Key == Model.OfPeople;
            var (generation, newest) = found.Positions.GetValueOrDefault(loads.Key);

            // Each load has a number of its own; what is released or given up from quarantine takes one between them.
            var numbers = loads.Select(load => load.Generation).ToList();
            if (
                !numbers.SequenceEqual(numbers.Distinct().Order())
                || numbers[0] < 1
                || generation < numbers[^1]
                || newest != loads.Last().Id
            )
                problems.Add(
                    $"{loads.Key}: position is at batch {generation} ({newest}), "
                        + $"headrace.loads has {loads.Count()}, the last {loads.Last().Id}"
                );

            // Changes are released by a load; a row that is only marked as deleted counts as deleted there.
            var isOfChanges = Model.OfChanges.Contains(loads.Key);
            var isMarked = loads.Key == "customers" && model.IsSoft;
            var released = isOfChanges
                ? 0
                : model.Held.Count(row => row.Dataset == loads.Key && row.Status == "released");
            var rows = found.Rows.GetValueOrDefault(loads.Key, []).Count;
            var net = loads.Sum(load => load.Inserted - (isMarked ? 0 : load.Deleted)) + released;
            if (net != rows && loads.Key != "feed" && !isModel)
                problems.Add(
                    $"{loads.Key}: headrace.loads sums up to {net} rows ({released} of them released), "
                        + $"the table has {rows}"
                );
            var quarantined = found.Quarantine.Count(row => row.Dataset == loads.Key);
            var heldByLoads = loads.Where(load => load.RunId != "release").Sum(load => load.Quarantined);
            if (heldByLoads != quarantined)
                problems.Add(
                    $"{loads.Key}: headrace.loads counts {heldByLoads} rows in "
                        + $"quarantine, there are {quarantined}"
                );
            var ofFiles = found
                .Files.Where(file => file.Dataset == loads.Key && file.Outcome == "loaded")
                .Sum(file => file.Rows);
            var applied = loads.Sum(load => load.Inserted);
            if (
                loads.Key != "people"
                && !isOfChanges
                && !isModel
                && model.Of(loads.Key).Version is null
                && ofFiles != applied
            )
                problems.Add($"{loads.Key}: headrace.files has {ofFiles} rows, headrace.loads {applied}");
        }
    }

    private void Spool()
    {
        if (!Directory.Exists(folder.Spool))
            return;
        foreach (var entry in Directory.EnumerateFileSystemEntries(folder.Spool, "*", SearchOption.AllDirectories))
            problems.Add($"left in the spool: {Path.GetRelativePath(folder.Spool, entry)}");
    }

    /// <summary>Says what is in one list and not in the other, however they are ordered.</summary>
    private void Same(string what, IEnumerable<string> expected, IEnumerable<string> actual) =>
        Same(problems, what, expected, actual);

    public static void Same(
        List<string> problems,
        string what,
        IEnumerable<string> expected,
        IEnumerable<string> actual
    )
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
            problems.Add(
                $"{what}: {(count > 0 ? "lost" : known.Contains(one) ? "doubled" : "unexpected")}"
                    + $": {one.Replace("\n", "\\n", StringComparison.Ordinal)}"
            );
    }
}
