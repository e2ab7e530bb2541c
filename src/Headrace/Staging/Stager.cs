namespace Headrace.Staging;

/// <summary>
/// Copies lake files into the spool, in one pass over their bytes: hash, decompression, limits, encoding, records.
/// Either a file is staged whole, or nothing of it is left behind.
/// </summary>
/// <param name="spool">A folder that belongs to this process alone; what it makes there is named by numbers, never by
/// keys.</param>
/// <param name="limits">What one file may cost.</param>
public sealed partial class Stager(string spool, FileLimits limits)
{
    private static readonly Lock MakingFolder = new();
    private int folders;
    private Unlinked? unlinked;

    /// <summary>Whether the stored bytes of files are hashed, so that a file is known again.</summary>
    public bool IsHashed { get; init; } = true;

    /// <summary>
    /// Masks of what is staged. With them no digests are kept, and what was staged is gone with
    /// <see cref="Release"/>.
    /// </summary>
    public IReadOnlyList<Mask> Masks { get; init; } = [];

    /// <summary>When a segment is full. Small only in tests.</summary>
    internal long SegmentBytes { get; init; } = 32 << 20;

    /// <summary>
    /// Stages one listed file; <paramref name="declared"/> names the columns of a CSV file without a header. With
    /// <paramref name="digesting"/> the digests of CSV records are kept. Throws the errors HDR-110 to HDR-139.
    /// </summary>
    public async Task<StagedFile> StageAsync(
        ILake lake,
        LakeFile file,
        FileFormat format,
        IReadOnlyList<string>? declared,
        CancellationToken cancel,
        DigestOptions? digesting = null
    )
    {
        var source = $"{lake.Address.TrimEnd('/')}/{file.Key}";
        await using var opened = await lake.OpenAsync(file, cancel);
        Failpoint.Hit("file_opened");
        var folder = MakeFolder();
        try
        {
            await using var stored = new StoredBytes(opened, source, IsHashed, file.Md5);
            var staged = await CopyAsync(stored, file, format, declared, folder, digesting, cancel);
            if (stored.Count != file.Size)
                throw Error.FileChanging(source);
            await lake.ConfirmAsync(file, cancel);
            Failpoint.Hit("file_staged");
            return staged;
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    private async Task<StagedFile> CopyAsync(
        StoredBytes stored,
        LakeFile file,
        FileFormat format,
        IReadOnlyList<string>? declared,
        string folder,
        DigestOptions? digesting,
        CancellationToken cancel
    )
    {
        await using var plain = await PlainBytes.OpenAsync(stored, limits, cancel);
        if (format.Kind == FormatKind.Parquet)
        {
            var path = await ParquetCopy.CopyAsync(plain, Path.Combine(folder, "1.parquet"), Hide(), cancel);
            return new StagedFile
            {
                File = file,
                Sha256 = await stored.Sha256Async(),
                Bytes = plain.Count,
                Records = -1,
                Columns = [],
                Masks = Masks,
                Segments = [path],
                IsParquet = true,
                Parquet = ParquetSchema.Open(path, stored.Source),
            };
        }

        using var digests =
            digesting is null || format.Kind != FormatKind.Csv || Masks.Count > 0
                ? null
                : new RowDigests(folder, digesting);
        using var rows = new SegmentWriter(folder, SegmentBytes, digests, Hide());
        using var rejects = new RejectWriter(folder, Masks.Count > 0);
        var dialect = format.Csv ?? new CsvDialect();
        IRecordCutter cutter =
            format.Kind != FormatKind.Csv
                ? new JsonRows(limits, stored.Source, rows, rejects)
                {
                    SkipsNull = format.SkipsNull,
                    Form = JsonForm.Of(format),
                }
                : new CsvCutter(dialect, limits, stored.Source, declared, rows, rejects, digests)
                {
                    IsHidden = Masks.Count > 0,
                };
        var text = await TextEncoding.OpenAsync(plain, dialect.Encoding, cancel);
        await using var picked = format.Table is { } table
            ? new TransactionRows(text, dialect, table, stored.Source, limits)
            : null;
        await using (var pump = new BlockPump(picked ?? text, stored.Source, cancel))
            await CutAsync(pump, cutter, cancel);
        rows.Close();
        rejects.Close();
        digests?.Close();
        cutter.Complete();
        return new StagedFile
        {
            File = file,
            Sha256 = await stored.Sha256Async(),
            Bytes = plain.Count,
            Records = rows.Records,
            LongestRecord = rows.Longest + cutter.Columns.Count, // columns that came later are filled up with commas
            Columns = cutter.Columns,
            IsBlank = cutter.IsBlank,
            IsJson = format.Kind != FormatKind.Csv,
            Others = picked?.Others ?? new Dictionary<string, long>(),
            Segments = rows.Paths,
            Rejects = rejects.Path,
            RejectCount = rejects.Count,
            Digests = digests?.Path,
            HasInlineDigests = digests is { IsInline: true },
            Masks = Masks,
            HasEmptyTexts = cutter.HasEmptyTexts,
            Delimiter = (cutter as CsvCutter)?.Delimiter,
            Hint = (cutter as CsvCutter)?.Hint,
        };
    }

    /// <summary>Gives up what is staged without a name; the folders are the caller's.</summary>
    public void Release() => unlinked?.Release();

    private Unlinked? Hide()
    {
        if (Masks.Count == 0 || Failpoint.Planted("mask-after-staging"))
            return null;
        lock (MakingFolder)
            return unlinked ??= new Unlinked();
    }

    private static async Task<long> CutAsync(BlockPump pump, IRecordCutter cutter, CancellationToken cancel)
    {
        using var window = new ByteWindow();
        var bytes = 0L;
        while (!window.IsFinal)
        {
            // A record that is not whole yet is scanned again only when there is twice as much of it.
            for (var enough = window.Bytes.Length * 2; !window.IsFinal; )
            {
                await pump.FillAsync(window, cancel);
                if (window.Bytes.Length >= enough)
                    break;
            }

            var cut = cutter.Cut(window.Bytes, window.IsFinal);
            window.Advance(cut);
            bytes += cut;
        }

        return bytes;
    }

    private string MakeFolder()
    {
        try
        {
            while (true)
            {
                var folder = Path.GetFullPath(Path.Combine(spool, $"{Interlocked.Increment(ref folders)}"));
                lock (MakingFolder)
                {
                    if (Path.Exists(folder))
                        continue;
                    if (OperatingSystem.IsWindows())
                        Directory.CreateDirectory(folder);
                    else
                        Directory.CreateDirectory(
                            folder,
                            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                        );
                    return folder;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Error.SpoolFailed(spool, e);
        }
    }
}
