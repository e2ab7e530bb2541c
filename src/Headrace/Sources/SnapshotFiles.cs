using Headrace.Configuration;

namespace Headrace.Sources;

/// <summary>
/// <c>read: snapshot</c>: all files under one <c>{version}</c> are one full export. Exports are taken in their order,
/// each once and whole, and compared with the one before; one that cannot be applied is passed over and holds up no
/// newer one.
/// </summary>
public sealed partial class SnapshotFiles(
    Flow flow,
    IObjectStore lake,
    string spool,
    TimeProvider clock,
    ISnapshots snapshots
) : LakeSource(flow, lake, spool, clock)
{
    // Two files at a time: each is decompressed by one core while another one cuts it.
    private const int FilesAtOnce = 2;

    // The form of {version} when it is a date.
    private readonly PathDate? date = PathDate.Of(flow.Source.Path, "version");

    protected override IReadOnlyList<string> Unnamed { get; } = ["version"];

    protected override bool LooksAtAll => true;

    // A version that is no date has no place among the others, and would wait for ever without a word.
    protected override async Task<IReadOnlyList<string>> MisplacedAsync(
        ILake lake,
        PathPattern pattern,
        CancellationToken cancel
    )
    {
        if (date is null)
            return [];
        var loose = PathPattern.Parse(
            Flow.Source.Path.Replace($"{{version:{date}}}", "{version}", StringComparison.Ordinal)
        );
        var all = await lake.ListAsync(loose, (_, _) => { }, cancel);
        return
        [
            .. all.Where(file =>
                    !pattern.TryMatch(file.Key, out var captures) || date.Read(captures["version"]) is null
                )
                .GroupBy(file => file.Captures["version"])
                .Select(files => $"version {files.Key} is no date of the form {date}; {files.First().Key} is not read"),
        ];
    }

    public override async Task<Found> NextAsync(
        Dataset dataset,
        Position from,
        StageAttempt attempt,
        CancellationToken cancel
    )
    {
        // Before anything is looked for: the memory that a load has replaced goes when nothing new is there, too.
        if (!attempt.IsPlan)
            await snapshots.ForgetAsync(dataset, from, cancel);
        return await base.NextAsync(dataset, from, attempt, cancel);
    }

    protected override async Task<ChangeSet?> ChooseAsync(
        Dataset dataset,
        IReadOnlyList<LakeFile> waiting,
        Position from,
        StageAttempt attempt,
        List<FileNote> notes,
        List<string> warnings,
        CancellationToken cancel
    )
    {
        var fresh = waiting.Select(file => file.Key).ToHashSet(StringComparer.Ordinal);
        foreach (var export in Exports(dataset))
        {
            var isApplied = export.Version == from.Version;
            var isLate = !isApplied && IsLate(export, from);

            // What was passed over is looked at again when the order of versions is another one now.
            var news = export
                .Files.Where(file =>
                    fresh.Contains(file.Key)
                    || (
                        !isApplied
                        && !isLate
                        && !attempt.Tried.Contains(file.Key)
                        && from.Files.GetValueOrDefault(file.Key) is { Outcome: FileOutcome.Superseded }
                    )
                )
                .ToList();
            if (isLate)
            {
                if (news.Exists(file => attempt.IsAgain(file.Key, from)))
                {
                    warnings.Add($"export {export.Version} is not read again: {from.Version} is newer and was applied");
                    attempt.Again!.Clear();
                    continue;
                }

                if (Passed(export, from) is { } passed)
                    warnings.Add(passed);
                else if (news.Exists(file => !from.Files.ContainsKey(file.Key)))
                    warnings.Add(
                        $"export {export.Version} is older than {from.Version}, which was applied; it is skipped"
                    );
                else if (news.Count > 0)
                    warnings.Add(
                        $"files of export {export.Version} were touched after {from.Version} was applied; "
                            + "they are not read again"
                    );
                notes.AddRange(
                    news.Select(file => new FileNote(
                        file,
                        "",
                        "load",
                        FileOutcome.Superseded,
                        $"export {from.Version} is newer and was applied",
                        null
                    )
                    {
                        Version = export.Version,
                    })
                );
                continue;
            }

            if (!export.IsSettled)
                break; // it will be whole soon, and it goes before the others
            if (
                news.Count == 0
                || (isApplied && !await MayRepeatAsync(dataset, export, news, from, attempt, notes, warnings, cancel))
            )
                continue;
            if (!await IsCompleteAsync(export, attempt, notes, warnings, cancel))
                continue;
            if (await TakeAsync(dataset, export, from, attempt, notes, warnings, cancel) is { } changes)
                return changes;
            if (!notes.Exists(note => note.Version == export.Version))
                break; // it is being written after all
        }

        return null;
    }

    /// <summary>
    /// The applied export has other files or other content now: touched files are noted; what is really new stops,
    /// unless the user accepted it.
    /// </summary>
    private async Task<bool> MayRepeatAsync(
        Dataset dataset,
        Export export,
        List<LakeFile> news,
        Position from,
        StageAttempt attempt,
        List<FileNote> notes,
        List<string> warnings,
        CancellationToken cancel
    )
    {
        var changed = new List<LakeFile>();
        foreach (var file in news)
        {
            if (attempt.Accepted.Contains(file.Key))
                return true;
            if (await StageAsync(dataset, file, "load", attempt, notes, warnings, cancel) is not { } staged)
                continue;
            if (from.Files.GetValueOrDefault(file.Key) is { } known && known.Sha256 == staged.Sha256)
                notes.Add(new FileNote(file, staged.Sha256, "load", known.Outcome, null, null));
            else
                changed.Add(file);
        }

        foreach (var file in changed)
            notes.Add(
                Refuse(file, "", "load", Error.ExportChanged(Where(file), export.Version, Flow.Name, file.Key)) with
                {
                    Version = export.Version,
                }
            );
        return false;
    }

    /// <summary>Stages an export and compares it; null, with a note on each file, when it cannot be applied.</summary>
    private async Task<ChangeSet?> TakeAsync(
        Dataset dataset,
        Export export,
        Position from,
        StageAttempt attempt,
        List<FileNote> notes,
        List<string> warnings,
        CancellationToken cancel
    )
    {
        Release(dataset);
        if (from.LoadId is not null && !await snapshots.RecallAsync(dataset, Target(dataset), from, Rules, cancel))
            await RememberAsync(dataset, from, attempt, cancel);
        var digesting = snapshots.Prepare(dataset, from, cancel);
        var (files, isWhole) = await StageAllAsync(dataset, export, attempt, digesting, notes, warnings, cancel);
        Failpoint.Hit("changes_staged");
        if (!isWhole)
            return null;

        // Beside other parts, or where no rows are all right, an empty part would look like deleted rows.
        if (
            files.FirstOrDefault(file => file.IsBlank) is { } blank
            && (Rules.MinRows == 0 || files.Any(file => !file.IsBlank))
        )
        {
            Refuse(
                export,
                notes,
                Error.ExportUnreadable(Where(blank.File), export.Version, Error.Blank(Where(blank.File), blank.IsJson)),
                files
            );
            return null;
        }

        var staged = Staged(dataset, export.Version, from, files);
        try
        {
            var compared = await snapshots.CompareAsync(staged, digesting.Key, Spool(dataset), attempt.IsPlan, cancel);
            Failpoint.Hit("export_compared");
            return compared;
        }
        catch (HeadraceException stop) when (stop.Kind == ErrorKind.OverLimit && IsConfirmed(stop))
        {
            warnings.Add($"confirmed: {stop.Happened}");
            var unbound = staged with
            {
                Rules = staged.Rules with { Snapshot = staged.Rules.Snapshot! with { MaxDeleted = 1, MaxChanged = 1 } },
            };
            return await snapshots.CompareAsync(unbound, digesting.Key, Spool(dataset), attempt.IsPlan, cancel);
        }
        catch (HeadraceException error) when (error.Stage is ErrorStage.Source or ErrorStage.Checks)
        {
            Refuse(export, notes, error.With("export", export.Version), files);
            return null;
        }

        // Only what was stopped before, with the same files and the same numbers, was seen by the user who confirms.
        bool IsConfirmed(HeadraceException stop) =>
            attempt.IsConfirmed
            && files.All(file =>
                from.Refused.TryGetValue(file.File.Key, out var refused)
                && refused.Sha256 == file.Sha256
                && refused.Note == stop.What
            );
    }

    private async Task<(IReadOnlyList<StagedFile> Files, bool IsWhole)> StageAllAsync(
        Dataset dataset,
        Export export,
        StageAttempt attempt,
        Staging.DigestOptions digesting,
        List<FileNote> notes,
        List<string> warnings,
        CancellationToken cancel
    )
    {
        var files = new StagedFile?[export.Files.Count];
        var broken = new List<FileNote>();
        var gate = new Lock();
        digesting = digesting with { Meaning = Meaning };
        await Parallel.ForAsync(
            0,
            files.Length,
            new ParallelOptions { MaxDegreeOfParallelism = FilesAtOnce, CancellationToken = cancel },
            async (i, cancel) =>
            {
                var (mine, said) = (new List<FileNote>(), new List<string>());
                files[i] = await StageAsync(dataset, export.Files[i], "load", attempt, mine, said, cancel, digesting);
                lock (gate)
                {
                    broken.AddRange(mine);
                    warnings.AddRange(said);
                }
            }
        );
        if (broken.Count > 0)
            Refuse(export, notes, Error.ExportUnreadable(Where(broken[0].File), export.Version, broken[0].Error!));
        return ([.. files.OfType<StagedFile>()], files.All(file => file is not null));
    }

    private async Task RememberAsync(Dataset dataset, Position from, StageAttempt attempt, CancellationToken cancel)
    {
        var loaded = from
            .Files.Values.Where(file => file.Outcome == FileOutcome.Loaded && file.Version == from.Version)
            .ToDictionary(file => file.Key);
        var there = Settled(dataset).Where(file => loaded.ContainsKey(file.Key)).ToList();
        var key = Staging.DigestKey.New();
        var (notes, said) = (new List<FileNote>(), new List<string>());
        var (files, isWhole) = await StageAllAsync(
            dataset,
            new Export(from.Version!, there, true),
            attempt,
            new Staging.DigestOptions(key, [], IsInline: true),
            notes,
            said,
            cancel
        );
        var isSame =
            there.Count > 0
            && there.Count == loaded.Count
            && isWhole
            && files.All(file => loaded[file.File.Key].Sha256 == file.Sha256);
        if (
            !isSame
            || !await snapshots.RememberAsync(Staged(dataset, from.Version!, from, files), key, Spool(dataset), cancel)
        )
            throw Error.SnapshotLost(dataset.Name, from.Version!);
        Release(dataset);
    }

    private ChangeSet Staged(Dataset dataset, string version, Position from, IReadOnlyList<StagedFile> files) =>
        new()
        {
            Id = NewLoadId(),
            Dataset = dataset,
            Target = Target(dataset),
            Operation = Operation.Changes,
            From = from,
            Files = files,
            Format = Format(files[0].File).Of(files[0]),
            Rules = Rules,
            Version = version,
        };
}
