namespace Headrace.Staging;

/// <summary>
/// Copies lake files into the spool, in one pass over their bytes: hash, decompression, limits, encoding, records.
/// Either a file is staged whole, or nothing of it is left behind.
/// </summary>
/// <param name="spool">A folder that belongs to this process alone; what it makes there is named by numbers, never by
/// keys.</param>
/// <param name="limits">What one file may cost.</param>
public sealed class Stager(string spool, FileLimits limits)
{
    // A value's text is not so many times as long as its binary form.
    private const int TextOfBinary = 8;

    private static readonly Lock MakingFolder = new();
    private int folders;

    /// <summary>Whether the stored bytes of files are hashed, so that a file is known again.</summary>
    public bool IsHashed { get; init; } = true;

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
            await using var stored = new StoredBytes(opened, source, IsHashed);
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

    /// <summary>
    /// Stages the rows that a database sends as CSV without a header: <c>,</c> between fields, <c>"</c> around and
    /// doubled, NULL where a field is unquoted and empty. Those of one call may be staged beside those of another.
    /// </summary>
    /// <param name="rows">What the <see cref="StagedFile.File"/> of the result says, with the name by which bad rows
    /// are told.</param>
    public async Task<StagedFile> StageRowsAsync(
        Stream text,
        LakeFile rows,
        IReadOnlyList<StagedColumn> columns,
        CancellationToken cancel,
        DigestOptions? digesting = null
    )
    {
        var folder = MakeFolder();
        try
        {
            using var digests = digesting is null ? null : new RowDigests(folder, digesting);
            using var segments = new SegmentWriter(folder, SegmentBytes, digests);
            using var rejects = new RejectWriter(folder);
            var cutter = new CsvCutter(
                new CsvDialect { Header = false },
                limits,
                rows.Key,
                [.. columns.Select(column => column.Name)],
                segments,
                rejects,
                digests
            )
            {
                IsTable = true,
            };
            long bytes;
            await using (var pump = new BlockPump(text, rows.Key, cancel))
                bytes = await CutAsync(pump, cutter, cancel);
            segments.Close();
            rejects.Close();
            digests?.Close();
            return new StagedFile
            {
                File = rows with { Size = bytes },
                Sha256 = "",
                Bytes = bytes,
                Records = segments.Records,
                LongestRecord = segments.Longest + columns.Count,
                Columns = columns,
                Segments = segments.Paths,
                Rejects = rejects.Path,
                RejectCount = rejects.Count,
                Digests = digests?.Path,
                HasInlineDigests = digests is { IsInline: true },
            };
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    /// <summary>
    /// Stages a file of rows that a database wrote as CSV without a header, compressed or not; NULL is a text that no
    /// value can be.
    /// </summary>
    /// <param name="rows">What the <see cref="StagedFile.File"/> of the result says, with the name by which bad rows
    /// are told.</param>
    /// <param name="nothing">What stands for NULL: letters, digits and hyphens.</param>
    public async Task<StagedFile> StageUnloadedAsync(
        string path,
        LakeFile rows,
        IReadOnlyList<StagedColumn> columns,
        string nothing,
        CancellationToken cancel,
        DigestOptions? digesting = null
    )
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, useAsync: true);
        await using var stored = new StoredBytes(file, rows.Key, isHashed: false);
        await using var plain = await PlainBytes.OpenAsync(
            stored,
            limits with
            {
                MaxFileBytes = long.MaxValue,
                MaxRatio = int.MaxValue,
            },
            cancel
        ); // no stranger sent it
        await using var text = new MarkedNulls(plain, nothing);
        return await StageRowsAsync(text, rows, columns, cancel, digesting);
    }

    /// <summary>Stages rows as PostgreSQL's COPY sends them with FORMAT binary, as they are.</summary>
    /// <param name="begun">Is given the file as soon as some of its rows are there, while the others arrive.</param>
    public async Task<StagedFile> StageBinaryAsync(
        Stream bytes,
        LakeFile rows,
        IReadOnlyList<StagedColumn> columns,
        CancellationToken cancel,
        Action<StagedFile>? begun = null
    )
    {
        var folder = MakeFolder();
        var isBegun = false;
        try
        {
            using var copy = new SpoolFile(Path.Combine(folder, "1.copy"), new byte[64]); // every block passes by it
            var (counter, arriving) = (
                new BinaryRows(columns.Count, limits.MaxRecordBytes / TextOfBinary),
                new RowStream(copy.Path)
            );
            var staged = new StagedFile
            {
                File = rows,
                Sha256 = "",
                Bytes = 0,
                Records = -1,
                Columns = columns,
                Segments = [copy.Path],
                IsBinary = true,
                Stream = arriving,
            };
            var buffer = new byte[BinaryRows.BlockBytes];
            for (
                int length;
                (length = await bytes.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancel)) > 0;

            )
            {
                counter.Pass(buffer.AsSpan(0, length));
                if (counter.HasLong)
                {
                    arriving.Refuse();
                    throw new LongRowException();
                }

                copy.Write(buffer.AsSpan(0, length));
                arriving.Wrote(length);
                if (isBegun || begun is null || counter.Rows == 0)
                    continue;
                isBegun = true;
                begun(staged);
            }

            if (!counter.IsWhole)
                throw Error.Corrupt(rows.Key, "The rows end early", copy.Length);
            copy.Close();
            Failpoint.Hit("segment_written");
            arriving.End(counter.Rows);
            return staged with { File = rows with { Size = copy.Length }, Bytes = copy.Length, Records = counter.Rows };
        }
        catch when (!isBegun)
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
            var path = Path.Combine(folder, "1.parquet");
            var bytes = await ParquetCopy.CopyAsync(plain, path, cancel);
            return new StagedFile
            {
                File = file,
                Sha256 = await stored.Sha256Async(),
                Bytes = bytes,
                Records = -1,
                Columns = [],
                Segments = [path],
                IsParquet = true,
                Parquet = ParquetSchema.Open(path, stored.Source),
            };
        }

        using var digests =
            digesting is null || format.Kind != FormatKind.Csv ? null : new RowDigests(folder, digesting);
        using var rows = new SegmentWriter(folder, SegmentBytes, digests);
        using var rejects = new RejectWriter(folder);
        var dialect = format.Csv ?? new CsvDialect();
        IRecordCutter cutter =
            format.Kind == FormatKind.Jsonl
                ? new JsonRows(limits, stored.Source, rows, rejects) { SkipsNull = format.SkipsNull }
                : new CsvCutter(dialect, limits, stored.Source, declared, rows, rejects, digests);
        var text = await TextEncoding.OpenAsync(plain, dialect.Encoding, cancel);
        await using (var pump = new BlockPump(text, stored.Source, cancel))
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
            IsJson = format.Kind == FormatKind.Jsonl,
            Segments = rows.Paths,
            Rejects = rejects.Path,
            RejectCount = rejects.Count,
            Digests = digests?.Path,
            HasInlineDigests = digests is { IsInline: true },
            HasEmptyTexts = cutter.HasEmptyTexts,
            Delimiter = (cutter as CsvCutter)?.Delimiter,
            Hint = (cutter as CsvCutter)?.Hint,
        };
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
