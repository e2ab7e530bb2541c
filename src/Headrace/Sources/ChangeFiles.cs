using System.Globalization;
using System.IO.Enumeration;
using System.Text.RegularExpressions;
using Headrace.Configuration;
using Headrace.Staging;

namespace Headrace.Sources;

/// <summary>
/// <c>read: cdc</c>: files of a first copy, then files of changes in their order. Each file is read once, whenever it
/// comes: what is older than what the target holds is told row by row. <c>read: incremental</c> with <c>write: scd2</c>
/// is the same without deletes: each row says how it is.
/// </summary>
/// <remarks>
/// Names of AWS DMS: https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.S3.html. The counter of a full load
/// is hexadecimal with eight digits, so that its texts sort.
/// </remarks>
public sealed partial class ChangeFiles(Flow flow, ILake lake, string spool, TimeProvider clock)
    : LakeSource(flow, lake, spool, clock),
        ITransactionSource
{
    private static readonly string[] DmsFullLoads = ["LOAD*", "SEGMENT*_LOAD*"];

    /// <summary>Files of PreserveTransactions, with rows of all tables.</summary>
    private const string DmsTransactions = "CDC_TXN-*";

    private readonly Operation operation = flow.Write == WriteMode.Append ? Operation.Append : Operation.Events;

    /// <inheritdoc/>
    public string Table => Flow.Capture.Table ?? "";

    protected override PathPattern? Beside { get; } =
        flow.Capture.Transactions is { } path ? PathPattern.Parse(path) : null;

    /// <inheritdoc/>
    public IReadOnlyList<(string Key, string Place)> Waiting(Dataset dataset, Position from, StageAttempt attempt) =>
        [.. NotLoaded(dataset, from, attempt).Where(IsBeside).Select(file => (file.Key, PlaceOf(file)))];

    protected override string? Leading => Rules.Events!.Operation;

    public override async Task<StagedFile?> StageAgainAsync(
        Dataset dataset,
        LoadedFile file,
        DigestOptions? digesting,
        CancellationToken cancel
    ) => await base.StageAgainAsync(dataset, file, digesting, cancel) is { } staged ? Placed(staged) : null;

    private StagedFile Placed(StagedFile staged) =>
        staged with
        {
            Place = PlaceOf(staged.File),
            Envelope = staged.IsJson ? Rules.Events!.Envelope : null,
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
        var chosen = new List<StagedFile>();
        var isRebuilt = false;
        foreach (
            var (file, place) in waiting
                .Where(file => attempt.IsPlan || (IsBeside(file) ? file.Key : null) == attempt.Transactions)
                .Select(file => (File: file, Place: PlaceOf(file)))
                .OrderBy(file => file.Place, StringComparer.Ordinal)
                .ThenBy(file => file.File.Key, StringComparer.Ordinal)
        )
        {
            if (Failpoint.Planted("late-event-dropped") && IsLate(dataset, place, from))
                continue;
            if (place.Length > 0 && Flow.Capture.Window is { } window && file.LandedAt + window > Now)
            {
                attempt.IsWaiting = true;
                warnings.Add($"{file.Key} waits for changes that may belong before it, for {window.TotalSeconds:0} s");
                continue;
            }

            if (chosen.Sum(staged => staged.Bytes) >= Flow.BatchBytes && !attempt.IsPlan && !isRebuilt)
                break;
            if (await StageAsync(dataset, file, "load", attempt, notes, warnings, cancel) is not { } staged)
                continue;
            if (
                !IsBeside(file)
                && IsDms(Flow)
                && FileSystemName.MatchesSimpleExpression(DmsTransactions, NameOf(file), ignoreCase: false)
            )
            {
                notes.Add(Refuse(file, staged.Sha256, "load", Error.TransactionFile(Where(file), Flow.Name)));
                continue;
            }

            if (!attempt.IsAgain(file.Key, from) && from.Files.GetValueOrDefault(file.Key) is { } known)
            {
                if (known.Sha256 == staged.Sha256)
                {
                    notes.Add(new FileNote(file, staged.Sha256, "load", known.Outcome, null, null)); // touched
                    continue;
                }

                if (place.Length == 0 && known is { Outcome: FileOutcome.Loaded, Rows: > 0 })
                {
                    if (!attempt.IsConfirmed || operation == Operation.Append)
                        throw Error.SecondFullLoad(Where(file), Flow.Name, dataset.Name);
                    isRebuilt = true;
                }
                else if (
                    operation == Operation.Append
                    && known is { Outcome: FileOutcome.Loaded, Rows: > 0 }
                    && Flow.ChangedFilesFor(operation) == ChangedFiles.Stop
                    && !attempt.Accepted.Contains(file.Key)
                )
                {
                    notes.Add(Refuse(file, staged.Sha256, "load", Error.FileChanged(Where(file), Flow.Name, file.Key)));
                    continue;
                }
            }

            chosen.Add(Placed(staged));
        }

        // The table is made anew of the whole first copy.
        var copy = isRebuilt ? Settled(dataset).Where(file => PlaceOf(file).Length == 0).ToList() : [];
        foreach (var file in copy.Where(file => !chosen.Any(staged => staged.File.Key == file.Key)))
            if (await StageAsync(dataset, file, "load", attempt, notes, warnings, cancel) is { } staged)
                chosen.Insert(0, Placed(staged));
            else
                return null;
        Failpoint.Hit("changes_staged");
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
                IsRebuilt = isRebuilt,
                Again =
                [
                    .. copy.Select(file => file.Key).Where(from.Files.ContainsKey),
                    .. attempt.AgainWith(chosen, from),
                ],
            };
    }

    protected override IReadOnlyList<string> ReadAgain(
        Dataset dataset,
        LakeFile file,
        KnownFile known,
        Position from,
        List<string> said
    ) => operation == Operation.Append ? AppendAgain(dataset, file, known) : [file.Key];

    // A change file that belongs before one that was loaded.
    private bool IsLate(Dataset dataset, string place, Position from) =>
        place.Length > 0
        && Settled(dataset)
            .Any(file => from.Files.ContainsKey(file.Key) && string.CompareOrdinal(PlaceOf(file), place) > 0);

    private string PlaceOf(LakeFile file) => PlaceOf(Flow, file);

    /// <summary>Where a file stands among those of its dataset; empty for the first copy.</summary>
    internal static string PlaceOf(Flow flow, LakeFile file)
    {
        if (flow.ReadsStream)
            return StreamPlace.Of(file.Key);
        if (flow.ReadsDynamoDb)
            return DynamoExports.PlaceOf(file.Key);
        var name = NameOf(file);
        string[] fullLoads =
            flow.Read != ReadMode.Cdc ? []
            : flow.Capture.FullLoad is { } said ? [said]
            : flow.Capture.Profile == CdcProfile.Dms ? DmsFullLoads
            : [];
        if (fullLoads.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false)))
            return "";
        var time =
            IsDms(flow) && ChangeTime().Match(name) is { Success: true } match
                ? match.Groups[1].Value + match.Groups[2].Value
                : file.LandedAt.UtcDateTime.ToString("yyyyMMddHHmmssffffff", CultureInfo.InvariantCulture);
        return $"{time.PadRight(20, '0')} {file.Key}";
    }

    private static bool IsDms(Flow flow) => flow is { Read: ReadMode.Cdc, Capture.Profile: CdcProfile.Dms };

    private static string NameOf(LakeFile file) => file.Key[(file.Key.LastIndexOf('/') + 1)..];

    // 20221023-013830913.csv, CDC_TXN-20221023013830913.csv; the digits behind the second are three or four.
    [GeneratedRegex(@"^(?:CDC_TXN-)?(\d{8})-?(\d{9,10})(?=\D|$)")]
    private static partial Regex ChangeTime();
}
