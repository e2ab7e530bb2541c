using Headrace.Configuration;

namespace Headrace.Sources;

/// <summary>The exports of a dataset: their order, and whether each is whole.</summary>
public sealed partial class SnapshotFiles
{
    private List<Export> Exports(Dataset dataset)
    {
        var unsettled = Unsettled(dataset).Select(file => file.Captures["version"]).ToHashSet(StringComparer.Ordinal);
        var found = new List<Export>();
        foreach (var group in Settled(dataset).Concat(Unsettled(dataset)).GroupBy(file => file.Captures["version"]))
        {
            var files = group
                .Where(file => file.Key != MarkerOf(file))
                .OrderBy(file => file.Key, StringComparer.Ordinal)
                .ToList();
            if (files.Count > 0 && (date is null || date.Read(group.Key) is not null))
                found.Add(new Export(group.Key, files, !unsettled.Contains(group.Key)));
        }

        found.Sort((a, b) => Export.Compare((a.Version, a.LandedAt), (b.Version, b.LandedAt), Flow.VersionOrder, date));
        return found;
    }

    private bool IsLate(Export export, Position from) =>
        from.Version is not null
        && Export.Compare((export.Version, export.LandedAt), (from.Version, from.NewestRowsAt), Flow.VersionOrder, date)
            < 0;

    // An export that landed after the one that was applied may well be newer, whatever its name: that is said until
    // another one is applied.
    private static string? Passed(Export export, Position from) =>
        export.LandedAt <= from.NewestRowsAt
        || export.Files.Any(file => from.Files.GetValueOrDefault(file.Key) is { Outcome: FileOutcome.Loaded })
            ? null
            : $"export {export.Version} is older than {from.Version}, which was applied; it is skipped. Its "
                + "name says so, and it landed later: if it is newer, set version_order: natural "
                + "or version_order: landed, or for dates write their form in the path, such as {version:dd-MM-yyyy}";

    /// <summary>True when all that <c>complete_when</c> asks for is there; else it is said what is missing.</summary>
    private async Task<bool> IsCompleteAsync(
        Export export,
        StageAttempt attempt,
        List<FileNote> notes,
        List<string> warnings,
        CancellationToken cancel
    )
    {
        var parts = Flow.CompleteWhen.Parts ?? export.Files.Count;
        if (export.Files.Count > parts)
            Refuse(
                export,
                notes,
                Error.TooManyParts(Where(export.Files[0]), export.Version, parts, export.Files.Count)
            );
        else if (export.Files.Count < parts)
            Wait($"export {export.Version} is not complete: it has {export.Files.Count} of {parts} files");
        else if (MarkerOf(export.Files[0]) is { } marker && !await Lake.HasAsync(marker, cancel))
            Wait($"export {export.Version} is not complete: {marker} is not there");
        else
            return true;
        return false;

        void Wait(string why)
        {
            attempt.IsWaiting = true;
            warnings.Add(why);
        }
    }

    // One error for the export; its other files only say that they belong to it.
    private static void Refuse(
        Export export,
        List<FileNote> notes,
        HeadraceException error,
        IReadOnlyList<StagedFile>? staged = null
    )
    {
        for (var i = 0; i < export.Files.Count; i++)
            notes.Add(
                new FileNote(
                    export.Files[i],
                    staged?[i].Sha256 ?? "",
                    "load",
                    FileOutcome.Refused,
                    error.What,
                    i == 0 ? error : null
                )
                {
                    Version = export.Version,
                }
            );
    }

    // The marker stands in the folder whose name holds the version, or beside a file whose name does.
    private string? MarkerOf(LakeFile file)
    {
        if (Flow.CompleteWhen.Marker is not { } marker)
            return null;
        var first = Array.FindIndex(
            Flow.Source.Path.Split('/'),
            part => part.Contains("{version", StringComparison.Ordinal)
        );
        var segments = file.Key.Split('/');
        var depth = Array.FindIndex(
            segments,
            first,
            segment => segment.Contains(file.Captures["version"], StringComparison.Ordinal)
        );
        return string.Join(
            '/',
            [.. segments[..Math.Min(depth + 1, segments.Length - 1)], Captures.Fill(marker, file.Captures)]
        );
    }
}
