using Headrace.Configuration;
using Headrace.Staging;

namespace Headrace.Sources;

/// <summary>
/// Exports of DynamoDB in a lake: a full export makes the table, and each incremental one whose window begins where the
/// one before ended changes it. A change set is one export, whole: what its manifest names and nothing else.
/// </summary>
public sealed class DynamoExports(Flow flow, ILake lake, string spool, TimeProvider clock)
    : LakeSource(
        flow with
        {
            Source = flow.Source with { Path = $"{flow.Source.Path.TrimEnd('/')}/AWSDynamoDB/**".TrimStart('/') },
        },
        lake,
        spool,
        clock
    )
{
    // Incremental exports of a table share a folder of their own; a full one has its own.
    private const string Shared = "AWSDynamoDB/data/";

    private readonly Operation operation = flow.Write == WriteMode.Append ? Operation.Append : Operation.Events;

    /// <summary>Where a file stands among those of its dataset; empty for one of a full export.</summary>
    internal static string PlaceOf(string key) => key.Contains(Shared, StringComparison.Ordinal) ? "1" : "";

    public override async Task<StagedFile?> StageAgainAsync(
        Dataset dataset,
        LoadedFile file,
        DigestOptions? digesting,
        CancellationToken cancel
    ) =>
        DynamoExport.IsMark(file.Key) ? Empty(new LakeFile(file.Key, 0, Now, "", new Dictionary<string, string>()), "")
        : await base.StageAgainAsync(dataset, file, digesting, cancel) is { } staged ? Placed(staged)
        : null;

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
        var exports = new List<DynamoExport>();
        foreach (
            var manifest in waiting.Where(file =>
                file.Key.EndsWith($"/{DynamoExport.Summary}", StringComparison.Ordinal)
                && !DynamoExport.IsApplied(from, DynamoExport.FolderOf(file.Key))
            )
        )
            if (await ReadAsync(manifest, notes, cancel) is { } export)
                exports.Add(export);
        if (DynamoChain.Next(exports, DynamoExport.Reached(from), attempt.IsConfirmed, notes) is not { } next)
            return null;
        if (next.Fault is { } fault)
            throw Error.ExportsDoNotJoin(fault, next.Export.Span, next.Reached, Address, dataset.Name, Flow.Name);
        if (await StageAsync(dataset, next.Export, attempt, notes, warnings, cancel) is not { } files)
            return null;
        Failpoint.Hit("changes_staged");
        return new ChangeSet
        {
            Id = NewLoadId(),
            Dataset = dataset,
            Target = Target(dataset),
            Operation = operation,
            From = from,
            Files = files,
            Format = new FileFormat(FormatKind.Jsonl),
            Rules = Rules,
            IsRebuilt = next.Export.IsFull && next.Reached is not null && operation == Operation.Events,
        };
    }

    private async Task<DynamoExport?> ReadAsync(LakeFile manifest, List<FileNote> notes, CancellationToken cancel)
    {
        try
        {
            var (bytes, sha256) = await ReadAsync(manifest, cancel);
            return DynamoExport.Parse(manifest, bytes, sha256);
        }
        catch (FormatException error)
        {
            notes.Add(Refuse(manifest, "", "load", Error.BadManifest(Where(manifest), error.Message)));
            return null;
        }
        catch (HeadraceException error) when (error.Kind != ErrorKind.FileChanging)
        {
            notes.Add(Refuse(manifest, "", "load", error));
            return null;
        }
    }

    // All files of the export, and the mark that it was applied; null when it cannot be read whole.
    private async Task<IReadOnlyList<StagedFile>?> StageAsync(
        Dataset dataset,
        DynamoExport export,
        StageAttempt attempt,
        List<FileNote> notes,
        List<string> warnings,
        CancellationToken cancel
    )
    {
        try
        {
            var listed = Settled(dataset).ToDictionary(file => file.Key, StringComparer.Ordinal);
            var list = listed.GetValueOrDefault(export.ListKey) ?? throw Missing(export.ListKey);
            var staged = new List<StagedFile>();
            var items = 0L;
            foreach (var data in export.Files((await ReadAsync(list, cancel)).Bytes))
            {
                var file = (listed.GetValueOrDefault(data.Key) ?? throw Missing(data.Key)) with { Md5 = data.Md5 };
                if (await StageAsync(dataset, file, "load", attempt, notes, warnings, cancel) is not { } one)
                    return null;
                items += one.Records + one.RejectCount;
                if (data.Items >= 0 && data.Items != one.Records + one.RejectCount)
                    throw new FormatException(
                        $"{data.Key} has {one.Records + one.RejectCount} items, and the manifest says {data.Items}"
                    );
                staged.Add(Placed(one));
            }

            if (export.Items >= 0 && export.Items != items)
                throw new FormatException($"its files have {items} items, and the summary says {export.Items}");
            staged.Add(Empty(export.Manifest with { Key = export.Mark, Stamp = export.Sha256 }, export.Sha256));
            return staged;
        }
        catch (FormatException error)
        {
            notes.Add(
                Refuse(export.Manifest, export.Sha256, "load", Error.BadManifest(Where(export.Manifest), error.Message))
            );
            return null;
        }

        static FormatException Missing(string key) => new($"{key} is not there");
    }

    private StagedFile Placed(StagedFile staged) =>
        staged with
        {
            Place = PlaceOf(staged.File.Key),
            Envelope = Rules.Events!.Envelope,
        };

    private StagedFile Empty(LakeFile file, string sha256) =>
        new()
        {
            File = file,
            Sha256 = sha256,
            Bytes = 0,
            Records = 0,
            Columns = [],
            Segments = [],
            Place = "",
            Envelope = Rules.Events!.Envelope,
            IsJson = true,
            IsBlank = true,
        };
}
