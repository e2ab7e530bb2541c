using System.Collections.Concurrent;
using System.Security.Cryptography;
using Headrace.Configuration;
using Headrace.Lake;
using Headrace.Staging;

namespace Headrace.Sources;

/// <summary>
/// What the ways in from lake files share: list once, wait for files still being written, group by captured path
/// values, stage. What a group of new files means is left to the way in.
/// </summary>
public abstract partial class LakeSource : ISource, IFileSource
{
    private static readonly HashSet<string> ReservedSchemas = new(
        ["headrace", "information_schema", "pg_catalog", "pg_temp", "temp"],
        StringComparer.OrdinalIgnoreCase
    );

    // Each of these files is held open.
    private const int MostUnlinked = 1000;

    private readonly PathPattern pattern;
    private readonly LoadedFiles? loaded; // null for a stream, whose records nobody moves
    private readonly string spool;
    private readonly TimeProvider clock;
    private readonly Dictionary<string, List<LakeFile>> files = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Stager> stagers = new(StringComparer.Ordinal);
    private readonly List<string> warnings = [];
    private IReadOnlyList<Dataset> listed = [];
    private readonly List<(Dataset Dataset, LakeFile File)> unsettled = [];

    protected LakeSource(Flow flow, ILake lake, string spool, TimeProvider clock)
    {
        Flow = flow;
        Lake = lake;
        this.spool = spool;
        this.clock = clock;
        pattern = PathPattern.Parse(flow.Source.Path);
        loaded = lake is IObjectStore store ? new LoadedFiles(flow, store, pattern, clock) : null;
    }

    /// <summary>Files of several flows that are read too; null for none.</summary>
    protected virtual PathPattern? Beside => null;

    /// <summary>True for a file that has records of other flows too.</summary>
    protected bool IsBeside(LakeFile file) => Beside?.TryMatch(file.Key, out _) == true;

    public string Address => $"{Lake.Address}/{Flow.Source.Path}";

    public virtual bool MakesTables => false;

    public bool CaresForLoaded => loaded?.Moves == true;

    /// <summary>
    /// How long a run waits for files that are not settled; null for a few seconds, <see
    /// cref="Timeout.InfiniteTimeSpan"/> until those it saw first have settled.
    /// </summary>
    public TimeSpan? Wait { get; init; }

    protected Flow Flow { get; }

    protected ILake Lake { get; }

    /// <summary>Files of the dataset that are still being written.</summary>
    protected IEnumerable<LakeFile> Unsettled(Dataset dataset) =>
        unsettled.Where(file => file.Dataset.Name == dataset.Name).Select(file => file.File);

    /// <summary>Files of the dataset that may be read, known ones too.</summary>
    protected IReadOnlyList<LakeFile> Settled(Dataset dataset) => files.GetValueOrDefault(dataset.Name, []);

    /// <summary>All datasets of the flow.</summary>
    protected IReadOnlyList<Dataset> Datasets => listed;

    /// <summary>True when there may be something to say though no file is new.</summary>
    protected virtual bool LooksAtAll => false;

    /// <summary>Captures that name no dataset.</summary>
    protected virtual IReadOnlyList<string> Unnamed => [];

    public async Task<IReadOnlyList<Dataset>> DatasetsAsync(CancellationToken cancel)
    {
        files.Clear();
        warnings.Clear();
        unsettled.Clear();
        var found = await ListSettledAsync(cancel);
        Failpoint.Hit("lake_listed");

        var datasets = new SortedDictionary<string, Dataset>(StringComparer.Ordinal);
        foreach (var file in found)
        {
            var dataset = Name(file);
            datasets[dataset.Name] = dataset;
            if (!files.TryGetValue(dataset.Name, out var group))
                files[dataset.Name] = group = [];
            group.Add(file);
        }

        foreach (var group in files.Values)
            group.Sort(
                (a, b) =>
                    a.LandedAt != b.LandedAt ? a.LandedAt.CompareTo(b.LandedAt) : string.CompareOrdinal(a.Key, b.Key)
            );
        foreach (var (dataset, _) in unsettled)
            datasets.TryAdd(dataset.Name, dataset); // it has something to say, too
        if (datasets.Count == 0)
            datasets[Flow.Name] = new Dataset(Flow.Name, Flow.Name, new Dictionary<string, string>());
        return listed = [.. datasets.Values];
    }

    public TableName Target(Dataset dataset) => Flow.IsPublishOnly ? TableName.None : Flow.TableFor(dataset.Captures);

    public Claim? ClaimOf(Dataset dataset) => Claim.Of(Flow, dataset);

    public virtual async Task<Found> NextAsync(
        Dataset dataset,
        Position from,
        StageAttempt attempt,
        CancellationToken cancel
    )
    {
        // A captured value may name any schema; a dropped file must not reach Headrace's own tables.
        if (ReservedSchemas.Contains(Target(dataset).Schema))
            throw Error.ReservedSchema(Target(dataset), dataset.Name);
        Release(dataset);
        var notes = new List<FileNote>();
        var said = TakeWarnings();
        if (Unsettled(dataset).ToList() is { Count: > 0 } open)
        {
            attempt.IsWaiting = true;
            said.Add(Waiting(open));
        }

        var refusals = attempt.Again is null ? Accept(dataset, from, attempt, said) : [];
        var waiting = NotLoaded(dataset, from, attempt);
        var changes =
            waiting.Count == 0 && !LooksAtAll
                ? null
                : await ChooseAsync(dataset, waiting, from, attempt, notes, said, cancel);
        return new Found(changes, notes, said) { Refusals = refusals };
    }

    /// <summary>Files of the dataset that are not loaded yet, or are to be read again.</summary>
    protected IReadOnlyList<LakeFile> NotLoaded(Dataset dataset, Position from, StageAttempt attempt) =>
        [
            .. Settled(dataset)
                .Where(file =>
                    !attempt.Tried.Contains(file.Key) && (!IsKnown(file, from) || attempt.IsAgain(file.Key, from))
                ),
        ];

    public void Release(Dataset dataset)
    {
        if (stagers.TryGetValue(dataset.Name, out var stager))
            stager.Release();
        if (Directory.Exists(Spool(dataset)))
            Directory.Delete(Spool(dataset), recursive: true);
    }

    public virtual async Task<StagedFile?> StageAgainAsync(
        Dataset dataset,
        LoadedFile file,
        DigestOptions? digesting,
        CancellationToken cancel
    )
    {
        if (Settled(dataset).FirstOrDefault(one => one.Key == file.Key) is not { } listed)
            return null;
        var staged = await StageAsync(
            dataset,
            listed,
            file.Action,
            new StageAttempt(new HashSet<string>(), IsPlan: true),
            [],
            [],
            cancel,
            digesting
        );
        return staged?.Sha256 == file.Sha256 ? staged : null;
    }

    public Task<IReadOnlyList<string>> CareAsync(Dataset dataset, Position position, CancellationToken cancel) =>
        loaded!.CareAsync(Settled(dataset).Where(file => !IsBeside(file)), position, cancel);

    public FileFormat FormatOf(LakeFile file) => Format(file);

    /// <summary>When a file landed; null when it is not there any more.</summary>
    public DateTimeOffset? LandedAt(Dataset dataset, string key) =>
        Settled(dataset).FirstOrDefault(file => file.Key == key)?.LandedAt;

    /// <summary>
    /// Makes the next change set of <paramref name="waiting"/> (in order of landing, then key), or none.
    /// </summary>
    protected abstract Task<ChangeSet?> ChooseAsync(
        Dataset dataset,
        IReadOnlyList<LakeFile> waiting,
        Position from,
        StageAttempt attempt,
        List<FileNote> notes,
        List<string> warnings,
        CancellationToken cancel
    );

    /// <summary>Stages a file; null when it cannot be loaded now, which is noted or said.</summary>
    protected async Task<StagedFile?> StageAsync(
        Dataset dataset,
        LakeFile file,
        string action,
        StageAttempt attempt,
        List<FileNote> notes,
        List<string> said,
        CancellationToken cancel,
        DigestOptions? digesting = null
    )
    {
        try
        {
            ILake watched = attempt.Progress is { } progress ? new WatchedLake(Lake, progress) : Lake;
            var added = AddedColumns.Of(Flow, file);
            if (digesting is not null && added.Count > 0)
                // The same text is another row with other values.
                digesting = digesting with
                {
                    Meaning = $"{digesting.Meaning};{string.Join(';', added)}",
                };
            var stager = stagers.GetOrAdd(
                dataset.Name,
                _ => new Stager(Spool(dataset), Flow.Limits.ToLimits()) { Masks = Rules.Masks }
            );
            return (await stager.StageAsync(watched, file, Format(file), DeclaredNames(file), cancel, digesting)).With(
                added
            );
        }
        catch (HeadraceException error) when (error.Kind == ErrorKind.FileChanging)
        {
            said.Add($"{file.Key} changed while it was read; the next run looks again");
            return null;
        }
        catch (HeadraceException error) when (error.Kind is not (ErrorKind.SpoolFailed or ErrorKind.StoreFailed))
        {
            // A full spool (HDR-125), a bucket that says nothing: not the file's fault; all else is said of the file.
            notes.Add(Refuse(file, "", action, error));
            return null;
        }
    }

    /// <summary>Reads a small file (a schema document) whole.</summary>
    protected async Task<(byte[] Bytes, string Sha256)> ReadAsync(LakeFile file, CancellationToken cancel)
    {
        const int most = 4 << 20;
        if (file.Size > most)
            throw Error.BadSchemaDocument($"{Lake.Address}/{file.Key}", "it is larger than 4 MB");
        await using var stream = await Lake.OpenAsync(file, cancel);
        var bytes = new byte[file.Size];
        await stream.ReadExactlyAsync(bytes, cancel);
        await Lake.ConfirmAsync(file, cancel);
        return (bytes, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    protected static FileNote Refuse(LakeFile file, string sha256, string action, HeadraceException error) =>
        new(file, sha256, action, FileOutcome.Refused, error.What, error);

    protected string Where(LakeFile file) => $"{Lake.Address}/{file.Key}";

    // A file whose ending says nothing is text of some kind; CSV is the likeliest, and its header will tell.
    protected FileFormat Format(LakeFile file)
    {
        if (IsBeside(file))
            return new FileFormat(FormatKind.Csv, Flow.Source.Csv.ToTransactionDialect())
            {
                Table = Flow.Capture.Table,
            };
        var format =
            Flow.Source.FormatOf(file.Key)
            ?? (
                Flow.ReadsStream || Flow is { Read: ReadMode.Cdc, Capture.Envelope: not null }
                    ? new FileFormat(FormatKind.Jsonl)
                    : new FileFormat(FormatKind.Csv, Flow.Source.Csv.ToDialect())
            );
        if (format.Kind == FormatKind.Jsonl && Flow is { Read: ReadMode.Cdc, Capture.Envelope: not null })
            return format with { SkipsNull = true, Envelope = Flow.Capture.Envelope };
        if (format.Kind == FormatKind.DynamodbExport)
            return format with { Paths = DeclaredNames() ?? [] };
        return Leading is null || format.Csv is null
            ? format
            : format with
            {
                Csv = format.Csv with { Leading = Leading },
            };
    }

    /// <summary>A column that files without a header may have before those that are listed; null for none.</summary>
    protected virtual string? Leading => null;

    protected LoadRules Rules => Flow.Rules();

    /// <summary>What a text of a file means to the flow: under another meaning it is another row.</summary>
    protected string Meaning =>
        $"{string.Join(';', Flow.DeclaredColumns())}{(Flow.Where is null ? "" : $";{Flow.Where}")}";

    /// <summary>True when a batch is to end before its next file.</summary>
    protected bool IsFull(IReadOnlyCollection<StagedFile> chosen) =>
        chosen.Sum(staged => staged.Bytes) >= Flow.BatchBytes || (Flow.Masks.Count > 0 && chosen.Count >= MostUnlinked);

    /// <summary>An identifier for the load of a change set.</summary>
    protected string NewLoadId() => Id.New("l", clock);

    protected DateTimeOffset Now => clock.GetUtcNow();

    private static bool IsKnown(LakeFile file, Position from) =>
        (from.Files.TryGetValue(file.Key, out var known) && known.Stamp == file.Stamp)
        || (Failpoint.Planted("latest-name") && from.Files.Keys.Any(key => string.CompareOrdinal(key, file.Key) > 0));

    // Each record of a file of transactions has its operation.
    private string[]? DeclaredNames(LakeFile file) =>
        IsBeside(file) && DeclaredNames() is { } names ? [Leading!, .. names] : DeclaredNames();

    private string[]? DeclaredNames() => Flow.FileColumns() is { Count: > 0 } names ? [.. names] : null;

    private Dataset Name(LakeFile file)
    {
        var named = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var capture in pattern.Captures)
            if (!Unnamed.Contains(capture))
                named[capture] = file.Captures[capture];
        return new Dataset(string.Join('/', [Flow.Name, .. named.Values]), Flow.Name, named);
    }

    // The folder's name is a hash: a captured value never becomes a path.
    protected string Spool(Dataset dataset) => Path.Combine(spool, Publishing.Outbox.Hash(dataset.Name));
}
