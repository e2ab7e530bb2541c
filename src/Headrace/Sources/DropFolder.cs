using Headrace.Configuration;

namespace Headrace.Sources;

/// <summary>
/// <c>read: drop</c>: what a file does is told by the <c>{action}</c> of its path. Files of one table are applied in
/// the order of landing, then name; the schema document with the highest version rules. A refused file waits and blocks
/// nothing but, when it is a schema document, the rows beside it.
/// </summary>
public sealed partial class DropFolder(Flow flow, IObjectStore lake, string spool, TimeProvider clock)
    : LakeSource(flow, lake, spool, clock)
{
    // By dataset the document that this run could not read: it is not read twice, and what it holds back waits all the
    // same.
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, LakeFile> unreadable = new(
        StringComparer.Ordinal
    );

    public override bool MakesTables => true;

    protected override IReadOnlyList<string> Unnamed { get; } = ["action"];

    // People put files here by hand: one in the wrong folder would wait for ever without a word.
    protected override async Task<IReadOnlyList<string>> MisplacedAsync(
        ILake lake,
        PathPattern pattern,
        CancellationToken cancel
    )
    {
        var all = await lake.ListAsync(PathPattern.Parse($"{pattern.Prefix}**"), (_, _) => { }, cancel);
        return
        [
            .. all.Where(file => !pattern.TryMatch(file.Key, out _))
                .Select(file => $"{file.Key} is in no folder of the form {Flow.Source.Path}; it is not read"),
        ];
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
        if (OtherSpelling(dataset) is { } owner)
        {
            notes.AddRange(
                waiting.Select(file =>
                    Refuse(
                        file,
                        "",
                        Action(file),
                        Error.TableSpelledTwice(Where(file), Target(owner), dataset.Name, owner.Name)
                    )
                )
            );
            return null;
        }

        var data = waiting.Where(file => Action(file) != "schema").ToList();
        var schemas = await ReadSchemasAsync([.. waiting.Except(data)], from, notes, warnings, cancel);
        if (schemas.Unread is { } broken)
            unreadable[dataset.Name] = broken;
        schemas = schemas with { Unread = unreadable.GetValueOrDefault(dataset.Name) };
        data = LeaveHeld(dataset, data, schemas, from, warnings);
        var next = schemas.Next(data);
        var newest =
            next.Count == 0
                ? null
                : next.Aggregate((one, other) => other.IsPast(one.Document, one.File.LandedAt) ? one : other);

        // Rows that landed before a newer document go first, under the one that ruled then; without one they wait for
        // the first.
        IEnumerable<LakeFile> before =
            newest is null ? data
            : from.Schema is null ? []
            : data.Where(file => DroppedSchemas.IsBefore(file, newest.File));
        var chosen = new List<StagedFile>();
        var again = new List<string>();
        var contents = new Dictionary<string, string>(from.Contents, StringComparer.Ordinal);
        foreach (var file in before)
        {
            var isAgain = attempt.IsAgain(file.Key, from);
            if (
                newest is not null
                && from.Schema is { } now
                && !now.Document.Allows(Action(file))
                && newest.Document.Allows(Action(file))
            )
                continue; // it waits for the document that allows it
            if (Refusal(file, from, isAgain) is { } error)
            {
                notes.Add(Refuse(file, "", Action(file), error));
                continue;
            }

            var truncates = Action(file) == "truncate";
            if (IsSuperseded(file, from))
            {
                warnings.Add(
                    $"{file.Key} was refused before {from.ReplacedAt:u}, when newer rows replaced the table; "
                        + "it is not loaded any more"
                );
                notes.Add(
                    new FileNote(
                        file,
                        "",
                        Action(file),
                        FileOutcome.Superseded,
                        "newer rows have replaced the table",
                        null
                    )
                );
                continue;
            }

            if (chosen.Count > 0 && (truncates || (IsFull(chosen) && !attempt.IsPlan)))
                break;
            if (await StageAsync(dataset, file, Action(file), attempt, notes, warnings, cancel) is not { } staged)
                continue;
            if (
                newest is not null
                && HasColumns(staged, newest.Document)
                && !HasColumns(staged, from.Schema!.Value.Document)
            )
                continue; // it waits for the document that it was made for
            // The same content again is nothing new while what it said still holds.
            var holds = truncates ? staged.Sha256 == from.LastContent : contents.ContainsKey(staged.Sha256);
            if (
                !isAgain
                && holds
                && from.Files.GetValueOrDefault(file.Key) is { } known
                && known.Sha256 == staged.Sha256
            )
            {
                if (attempt.Accepted.Contains(file.Key))
                    warnings.Add(SameAsBefore(file));
                notes.Add(new FileNote(file, staged.Sha256, Action(file), known.Outcome, null, null));
                continue;
            }

            if (!isAgain && !truncates && Alias(staged, contents) is { } first)
            {
                warnings.Add($"{file.Key} has the content of {first}, which was loaded already");
                notes.Add(new FileNote(file, staged.Sha256, "append", FileOutcome.Alias, first, null));
                continue;
            }

            if (!isAgain && !truncates && Changed(staged, from, attempt) is { } changed)
            {
                notes.Add(Refuse(file, staged.Sha256, "append", changed));
                continue;
            }

            if (
                !isAgain
                && !truncates
                && from.Files.GetValueOrDefault(file.Key) is { Outcome: FileOutcome.Loaded, Rows: 0 }
            )
                again.Add(file.Key); // of a version of which no row was loaded nothing stays when a new one comes
            contents[staged.Sha256] = file.Key;
            chosen.Add(staged);
            if (truncates)
                break;
        }

        Failpoint.Hit("changes_staged");
        return chosen.Count > 0
                ? Changes(dataset, from, chosen) with
                {
                    Again = [.. again, .. attempt.AgainWith(chosen, from)],
                }
            : newest is null ? null
            : Changes(dataset, from, newest, next, notes);
    }

    // Names of folders that differ only in case are one table's; the folder whose file landed first has it.
    private Dataset? OtherSpelling(Dataset dataset)
    {
        bool IsSpelled(Dataset other) =>
            other.Captures.All(capture =>
                capture.Value.Equals(
                    dataset.Captures.GetValueOrDefault(capture.Key),
                    StringComparison.OrdinalIgnoreCase
                )
            );
        var spelled = Datasets
            .Where(other =>
                other.Captures.Count == dataset.Captures.Count && IsSpelled(other) && Settled(other).Count > 0
            )
            .ToList();
        var first =
            spelled.Count < 2
                ? dataset
                : spelled.MinBy(
                    other => (Settled(other)[0].LandedAt, other.Name),
                    Comparer<(DateTimeOffset LandedAt, string Name)>.Create(
                        (a, b) =>
                            a.LandedAt != b.LandedAt
                                ? a.LandedAt.CompareTo(b.LandedAt)
                                : string.CompareOrdinal(a.Name, b.Name)
                    )
                )!;
        return first.Name == dataset.Name ? null : first;
    }

    protected override IReadOnlyList<string> ReadAgain(
        Dataset dataset,
        LakeFile file,
        KnownFile known,
        Position from,
        List<string> said
    )
    {
        if (Action(file) == "schema")
        {
            said.Add($"{file.Key} is not read again: a schema file is applied once; drop a new one");
            return [];
        }

        // Since the table was last truncated.
        if (!from.Contents.TryGetValue(known.Sha256, out var holder) || holder != file.Key)
        {
            said.Add($"{file.Key} is not read again: newer rows have replaced the table");
            return [];
        }

        if (Action(file) != "truncate")
            return AppendAgain(dataset, file, known);

        // Its rows replace those of files that were appended after it, so they are appended again.
        var rows = Settled(dataset)
            .Where(one => Action(one) != "schema")
            .Select(one => one.Key)
            .ToHashSet(StringComparer.Ordinal);
        var schema = Settled(dataset)
            .Where(one => Action(one) == "schema")
            .Select(one => one.Key)
            .Append(from.Schema?.Key);
        return from.Contents.Values.Except(rows).Except(schema).ToList() is { Count: > 0 } gone
            ? throw Error.PartsGone(Where(file), Target(dataset), gone!)
            :
            [
                .. from
                    .Contents.Values.Concat(WithLater(dataset, file, from))
                    .Where(rows.Contains)
                    .Where(key => from.Files.GetValueOrDefault(key)?.LoadId is not null)
                    .Distinct(),
            ];
    }

    private ChangeSet Changes(Dataset dataset, Position from, List<StagedFile> chosen) =>
        new()
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

    private HeadraceException? Refusal(LakeFile file, Position from, bool isAgain)
    {
        var action = Action(file);
        if (!SchemaDocument.Actions.Contains(action))
            return Error.UnknownAction(Where(file), action);
        if (from.Schema is { } schema && !schema.Document.Allows(action))
            return Error.ActionNotAllowed(Where(file), action, schema.Document);
        if (from.Schema is null && !Flow.Infer && Flow.Columns.Count == 0)
            return Error.NoSchema(Where(file), Flow.Name);
        return action == "truncate" && from.NewestRowsAt > file.LandedAt && !isAgain
            ? Error.LateTruncate(Where(file), file.LandedAt, from.NewestRowsAt.Value)
            : null;
    }

    // It was seen before rows replaced the table, so in the order of landing its rows would have been replaced too.
    private static bool IsSuperseded(LakeFile file, Position from) =>
        from.Refused.TryGetValue(file.Key, out var refused)
        && refused.Stamp == file.Stamp
        && file.LandedAt < from.ReplacedAt;

    private string? Alias(StagedFile staged, Dictionary<string, string> contents) =>
        Flow.SameContent == SameContent.Skip
        && contents.TryGetValue(staged.Sha256, out var first)
        && first != staged.File.Key
            ? first
            : null;

    private HeadraceException? Changed(StagedFile staged, Position from, StageAttempt attempt) =>
        from.Files.GetValueOrDefault(staged.File.Key) is { Outcome: FileOutcome.Loaded, Rows: > 0 } known
        && from.Contents.ContainsKey(known.Sha256)
        && !attempt.Accepted.Contains(staged.File.Key)
        && Flow.ChangedFiles != ChangedFiles.Append
            ? Error.FileChanged(Where(staged.File), Flow.Name, staged.File.Key)
            : null;

    private static string Action(LakeFile file) => file.Captures["action"].ToLowerInvariant();
}
