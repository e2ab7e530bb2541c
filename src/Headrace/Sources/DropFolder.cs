using Headrace.Configuration;

namespace Headrace.Sources;

/// <summary>
/// <c>read: drop</c>: what a file does is told by the <c>{action}</c> of its path. Files of one table are applied in
/// the order of landing, then name; the newest schema document rules. A refused file waits and blocks nothing.
/// </summary>
public sealed class DropFolder(Flow flow, ILake lake, string spool, TimeProvider clock) : LakeSource(flow, lake, spool, clock)
{
    protected override IReadOnlyList<string> Unnamed { get; } = ["action"];

    // People put files here by hand: one in the wrong folder would wait for ever without a word.
    protected override async Task<IReadOnlyList<string>> MisplacedAsync(ILake lake, PathPattern pattern, CancellationToken cancel)
    {
        var all = await lake.ListAsync(PathPattern.Parse($"{pattern.Prefix}**"), (_, _) => { }, cancel);
        return [.. all.Where(file => !pattern.TryMatch(file.Key, out _)).Select(file => $"{file.Key} is in no folder of the form {Flow.Source.Path}; it is not read")];
    }

    protected override async Task<ChangeSet?> ChooseAsync(
        Dataset dataset, IReadOnlyList<LakeFile> waiting, Position from, StageAttempt attempt, List<FileNote> notes,
        List<string> warnings, CancellationToken cancel)
    {
        var schemas = waiting.Where(file => Action(file) == "schema").ToList();
        if (await NewestSchemaAsync(dataset, schemas, from, notes, warnings, cancel) is { } schema)
            return schema;

        var chosen = new List<StagedFile>();
        var contents = new Dictionary<string, string>(from.Contents, StringComparer.Ordinal);
        foreach (var file in waiting.Except(schemas))
        {
            if (Refusal(file, from) is { } error)
            {
                notes.Add(Refuse(file, "", Action(file), error));
                continue;
            }

            var truncates = Action(file) == "truncate";
            if (IsSuperseded(file, from))
            {
                warnings.Add($"{file.Key} was refused before {from.ReplacedAt:u}, when newer rows replaced the table; it is not loaded any more");
                notes.Add(new FileNote(file, "", Action(file), FileFate.Superseded, "newer rows have replaced the table", null));
                continue;
            }

            if (chosen.Count > 0 && (truncates || (chosen.Sum(staged => staged.Bytes) >= Flow.BatchBytes && !attempt.IsPlan)))
                break;
            if (await StageAsync(dataset, file, Action(file), attempt, notes, warnings, cancel) is not { } staged)
                continue;
            // The same content again is nothing new while what it said still holds.
            var holds = truncates ? staged.Sha256 == from.LastContent : contents.ContainsKey(staged.Sha256);
            if (holds && from.Files.GetValueOrDefault(file.Key) is { } known && known.Sha256 == staged.Sha256)
            {
                notes.Add(new FileNote(file, staged.Sha256, Action(file), known.Fate, null, null));
                continue;
            }

            if (!truncates && Alias(staged, contents) is { } first)
            {
                warnings.Add($"{file.Key} has the content of {first}, which was loaded already");
                notes.Add(new FileNote(file, staged.Sha256, "append", FileFate.Alias, first, null));
                continue;
            }

            if (!truncates && Changed(staged, from, attempt) is { } changed)
            {
                notes.Add(Refuse(file, staged.Sha256, "append", changed));
                continue;
            }

            contents[staged.Sha256] = file.Key;
            chosen.Add(staged);
            if (truncates)
                break;
        }

        Failpoint.Hit("changes_staged");
        return chosen.Count == 0 ? null : Changes(dataset, from, chosen);
    }

    private ChangeSet Changes(Dataset dataset, Position from, List<StagedFile> chosen) => new()
    {
        Id = NewLoadId(),
        Dataset = dataset,
        Target = Target(dataset),
        Operation = Action(chosen[0].File) == "truncate" ? Operation.Replace : Operation.Append,
        From = from,
        Files = chosen,
        Format = Format(chosen[0].File),
        Rules = Rules,
        Action = Action(chosen[0].File),
    };

    private async Task<ChangeSet?> NewestSchemaAsync(
        Dataset dataset, List<LakeFile> schemas, Position from, List<FileNote> notes, List<string> warnings, CancellationToken cancel)
    {
        ChangeSet? newest = null;
        foreach (var file in Enumerable.Reverse(schemas))
        {
            var isOlder = from.Schema is { } before
                && (file.LandedAt < before.LandedAt || (file.LandedAt == before.LandedAt && string.CompareOrdinal(file.Key, before.Key) < 0));
            var isPast = newest is not null || isOlder;
            try
            {
                var (bytes, sha) = await ReadAsync(file, cancel);
                var known = from.Files.GetValueOrDefault(file.Key);
                var isTouched = known is { Fate: FileFate.Superseded } ? isPast : known?.Sha256 == sha && (isPast || from.Schema?.Key == file.Key);
                if (isTouched)
                {
                    notes.Add(new FileNote(file, known!.Sha256, "schema", known.Fate, null, null)); // it rules, or is past, as before
                    continue;
                }

                if (isPast)
                {
                    notes.Add(new FileNote(file, "", "schema", FileFate.Superseded, "a newer schema rules", null));
                    continue;
                }

                if (from.Schema is { } current && !current.Document.Allows("schema"))
                    throw Error.ActionNotAllowed(Where(file), "schema", current.Document);
                newest = new ChangeSet
                {
                    Id = NewLoadId(),
                    Dataset = dataset,
                    Target = Target(dataset),
                    Operation = Operation.Schema,
                    From = from,
                    Schema = (SchemaDocument.Parse(bytes, Where(file)), file, sha),
                    Format = new FileFormat(FormatKind.Jsonl),
                    Rules = Rules,
                    Action = "schema",
                };
            }
            catch (HeadraceException error) when (error.IsTransient)
            {
                warnings.Add($"{file.Key} changed while it was read; the next run looks again");
            }
            catch (HeadraceException error)
            {
                notes.Add(Refuse(file, "", "schema", error));
            }
        }

        return newest;
    }

    private HeadraceException? Refusal(LakeFile file, Position from)
    {
        var action = Action(file);
        if (!SchemaDocument.Actions.Contains(action))
            return Error.UnknownAction(Where(file), action);
        if (from.Schema is { } schema && !schema.Document.Allows(action))
            return Error.ActionNotAllowed(Where(file), action, schema.Document);
        if (from.Schema is null && !Flow.Infer && Flow.Columns.Count == 0)
            return Error.NoSchema(Where(file), Flow.Name);
        return action == "truncate" && from.NewestRowsAt > file.LandedAt
            ? Error.LateTruncate(Where(file), file.LandedAt, from.NewestRowsAt.Value)
            : null;
    }

    // It was seen before rows replaced the table, so in the order of landing its rows would have been replaced too.
    private static bool IsSuperseded(LakeFile file, Position from) =>
        from.Refused.TryGetValue(file.Key, out var refused) && refused.Stamp == file.Stamp && file.LandedAt < from.ReplacedAt;

    private string? Alias(StagedFile staged, Dictionary<string, string> contents) =>
        Flow.SameContent == SameContent.Skip && contents.TryGetValue(staged.Sha256, out var first) && first != staged.File.Key ? first : null;

    private HeadraceException? Changed(StagedFile staged, Position from, StageAttempt attempt) =>
        from.Files.GetValueOrDefault(staged.File.Key) is { Fate: FileFate.Loaded } known && from.Contents.ContainsKey(known.Sha256)
        && !attempt.Accepted.Contains(staged.File.Key) && Flow.ChangedFiles != ChangedFiles.Append
            ? Error.FileChanged(Where(staged.File), Flow.Name, staged.File.Key)
            : null;

    private static string Action(LakeFile file) => file.Captures["action"].ToLowerInvariant();
}
