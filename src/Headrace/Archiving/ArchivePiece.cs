using System.Buffers;
using System.IO.Compression;
using System.Text;

namespace Headrace.Archiving;

/// <summary>
/// One file of an archive: a header of the column names, and the rows of one segment as they were read, without the
/// line and the digests that the spool has before them. NULL is an unquoted empty field and an empty text a quoted one,
/// as lake files have it.
/// </summary>
internal static class ArchivePiece
{
    private const int BlockBytes = 1 << 18;

    /// <param name="file">Whose columns the rows have.</param>
    /// <param name="segment">The segment; null for a file with a header and no rows.</param>
    /// <param name="to">An absolute path.</param>
    /// <param name="name">What the file is called inside; two files with the same rows are no copies of one
    /// another.</param>
    public static void Write(StagedFile file, string? segment, string to, string name, CancellationToken cancel)
    {
        var stored = new FileStream(to, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16);
        using var gzip = new GZipStream(new NamedGzip(stored, name), CompressionLevel.Fastest);
        gzip.Write(Encoding.UTF8.GetBytes($"{string.Join(',', file.Columns.Select(column => Quoted(column.Name)))}\n"));
        if (segment is null)
            return;
        using var rows = new FileStream(segment, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        var buffer = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            var skip = file.HasInlineDigests ? 3 : 1;
            if (file.Masks.Count > 0)
            {
                var masked = new MaskedFields(file, skip, gzip);
                for (int read; (read = rows.Read(buffer)) > 0; cancel.ThrowIfCancellationRequested())
                    masked.Pass(buffer.AsSpan(0, read));
                return;
            }

            var own = new OwnFields(skip);
            for (int read; (read = rows.Read(buffer)) > 0; cancel.ThrowIfCancellationRequested())
                gzip.Write(buffer, 0, own.Remove(buffer.AsSpan(0, read)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static string Quoted(string name) =>
        name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')
            ? name
            : $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>Takes the first fields of each record out of a text that comes in blocks.</summary>
    private sealed class OwnFields
    {
        private readonly int count;
        private int left;
        private bool isQuoted;

        /// <param name="count">How many; they are numbers, without quotes.</param>
        public OwnFields(int count) => this.count = left = count;

        /// <summary>Moves what stays to the front; says how much that is.</summary>
        public int Remove(Span<byte> block)
        {
            var (at, kept) = (0, 0);
            while (at < block.Length)
            {
                if (left > 0)
                {
                    var comma = block[at..].IndexOf((byte)',');
                    at = comma < 0 ? block.Length : at + comma + 1;
                    left -= comma < 0 ? 0 : 1;
                    continue;
                }

                var stop = block[at..].IndexOfAny((byte)'"', (byte)'\n');
                var end = stop < 0 ? block.Length : at + stop + 1;
                block[at..end].CopyTo(block[kept..]);
                kept += end - at;
                at = end;
                if (stop < 0)
                    continue;
                if (block[kept - 1] == '"')
                    isQuoted = !isQuoted; // a doubled quote turns it twice
                else if (!isQuoted)
                    left = count; // a line feed between two quotes ends no record
            }

            return kept;
        }
    }
}
