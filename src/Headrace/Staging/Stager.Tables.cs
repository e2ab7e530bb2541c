namespace Headrace.Staging;

/// <summary>The rows of databases.</summary>
public sealed partial class Stager
{
    // A value's text is not so many times as long as its binary form.
    private const int TextOfBinary = 8;

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
            using var digests = digesting is null || Masks.Count > 0 ? null : new RowDigests(folder, digesting);
            using var segments = new SegmentWriter(folder, SegmentBytes, digests, Hide());
            using var rejects = new RejectWriter(folder, Masks.Count > 0);
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
                Masks = Masks,
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
}
