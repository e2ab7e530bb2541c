using Headrace.Configuration;

namespace Headrace.Sources;

/// <summary>
/// <c>read: incremental</c> for lake files: each file once; new content under an old name is a new version.
/// </summary>
public sealed class IncrementalFiles(Flow flow, IObjectStore lake, string spool, TimeProvider clock)
    : LakeSource(flow, lake, spool, clock)
{
    private readonly Operation operation = flow.Write switch
    {
        WriteMode.Replace => Operation.Replace,
        WriteMode.Merge => Operation.Merge,
        _ => Operation.Append,
    };

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
        // A replacement takes all there is at once; what it refused is not tried again without its other parts.
        if (operation == Operation.Replace && attempt.HasRefused)
            return null;

        var isNew = waiting.ToLookup(file => attempt.IsAgain(file.Key, from));
        if (operation == Operation.Replace && isNew[true].FirstOrDefault() is { } old && isNew[false].Any())
        {
            warnings.Add($"{old.Key} is not read again: newer files replace its rows");
            waiting = [.. isNew[false]];
        }

        var chosen = new List<StagedFile>();
        var again = new List<string>();
        var contents = new Dictionary<string, string>(from.Contents, StringComparer.Ordinal);
        var last = from.LastContent;
        foreach (var file in waiting)
        {
            var isAgain = attempt.IsAgain(file.Key, from);
            if (operation == Operation.Replace && file.LandedAt < from.NewestRowsAt && !isAgain)
            {
                notes.Add(
                    Refuse(file, "", "load", Error.LateTruncate(Where(file), file.LandedAt, from.NewestRowsAt.Value))
                );
                continue;
            }

            // The whole change set replaces the table, so it is never split.
            if (IsFull(chosen) && operation != Operation.Replace && !attempt.IsPlan)
                break;
            if (await StageAsync(dataset, file, "load", attempt, notes, warnings, cancel) is not { } staged)
                continue;
            if (chosen.Count > 0 && operation == Operation.Merge && !SameColumns(chosen[0], staged))
                break;
            if (!isAgain && Note(staged, from, contents, last, attempt) is { } note)
            {
                notes.Add(note);
                if (note is { Error: null, Note: null } && attempt.Accepted.Contains(file.Key))
                    warnings.Add(SameAsBefore(file));
                if (note.Outcome == FileOutcome.Alias)
                    warnings.Add($"{file.Key} has the content of {note.Note}, which was loaded already");
                continue;
            }

            // Of a version of which no row was loaded nothing stays when a new one comes.
            if (!isAgain && from.Files.GetValueOrDefault(file.Key) is { Outcome: FileOutcome.Loaded, Rows: 0 })
                again.Add(file.Key);
            contents[staged.Sha256] = file.Key;
            last = staged.Sha256;
            chosen.Add(staged);
            if (operation == Operation.Merge && file.LandedAt < from.NewestRowsAt && !isAgain)
                warnings.Add($"{file.Key} landed before rows that were merged already; its rows go over theirs");
        }

        Failpoint.Hit("changes_staged");
        if (
            operation == Operation.Replace
            && chosen.Count > 0
            && Missing(dataset, waiting, chosen, notes) is { Count: > 0 } missing
        )
        {
            // Some parts of a replacement, without the others, are not what the table should hold.
            warnings.Add(
                $"the table is replaced when all of its files can be loaded; it waits for {string.Join(", ", missing)}"
            );
            return null;
        }

        return chosen.Count == 0
            ? null
            : new ChangeSet
            {
                Id = NewLoadId(),
                Dataset = dataset,
                Target = Target(dataset),
                Operation = operation,
                From = from,
                Files = chosen,
                Format = Format(chosen[0].File),
                Rules = Rules,
                Again = [.. again, .. attempt.AgainWith(chosen, from)],
            };
    }

    protected override IReadOnlyList<string> ReadAgain(
        Dataset dataset,
        LakeFile file,
        KnownFile known,
        Position from,
        List<string> said
    )
    {
        if (operation == Operation.Append)
            return AppendAgain(dataset, file, known);
        if (operation == Operation.Merge)
        {
            // Rows of files that came later go over its rows again, so that the last one of a key wins as before.
            if (known.Rows > 0)
                said.Add(
                    $"{file.Key} is read again; rows that it brought before under keys that it does not have "
                        + $"now stay: headrace verify {Flow.Name} shows them"
                );
            return WithLater(dataset, file, from);
        }

        var parts = from
            .Files.Values.Where(one => one.Outcome == FileOutcome.Loaded && one.LoadId == known.LoadId)
            .Select(one => one.Key)
            .ToList();
        if (
            from.Files.Values.Any(one =>
                one.Outcome == FileOutcome.Loaded && one.Sha256 == from.LastContent && one.LoadId != known.LoadId
            )
        )
        {
            said.Add($"{file.Key} is not read again: newer files have replaced its rows");
            return [];
        }

        return parts.Except(Settled(dataset).Select(one => one.Key)).ToList() is { Count: > 0 } gone
            ? throw Error.PartsGone(Where(file), Target(dataset), gone)
            : parts;
    }

    /// <summary>Why the rows of a staged file are not to be loaded; null when they are.</summary>
    private FileNote? Note(
        StagedFile staged,
        Position from,
        Dictionary<string, string> contents,
        string? last,
        StageAttempt attempt
    )
    {
        var (file, sha) = (staged.File, staged.Sha256);
        var known = from.Files.GetValueOrDefault(file.Key);
        if (known?.Sha256 == sha)
            return new FileNote(file, sha, "load", known.Outcome, null, null); // touched: same content, new times

        if (
            known is { Outcome: FileOutcome.Loaded, Rows: > 0 }
            && !attempt.Accepted.Contains(file.Key)
            && Flow.ChangedFilesFor(operation) == ChangedFiles.Stop
        )
            return Refuse(file, sha, "load", Error.FileChanged(Where(file), Flow.Name, file.Key));

        // Rows that merge say how things are now: only what was applied last needs no second time. Rows that replace
        // are what the whole change set says, whatever other files brought before.
        var again = operation == Operation.Append || (operation == Operation.Merge && sha == last);
        return
            Flow.SameContent == SameContent.Skip
            && again
            && !Failpoint.Planted("alias-loaded")
            && contents.TryGetValue(sha, out var first)
            && first != file.Key
            ? new FileNote(file, sha, "load", FileOutcome.Alias, first, null)
            : null;
    }

    private List<string> Missing(
        Dataset dataset,
        IReadOnlyList<LakeFile> waiting,
        List<StagedFile> chosen,
        List<FileNote> notes
    ) =>
        [
            .. waiting
                .Select(file => file.Key)
                .Except(chosen.Select(staged => staged.File.Key))
                .Except(
                    notes
                        .Where(note => note.Outcome != FileOutcome.Refused || note.Error?.Code == "HDR-145")
                        .Select(note => note.File.Key)
                ),
            .. Unsettled(dataset).Select(file => file.Key),
        ];

    // Columns that a merge does not bring keep their values, so one batch brings the same ones.
    private static bool SameColumns(StagedFile a, StagedFile b) =>
        !a.IsParquet
        && !b.IsParquet
        && a.Columns.Select(column => column.Name)
            .Order()
            .SequenceEqual(b.Columns.Select(column => column.Name).Order());
}
