using System.IO.Compression;

namespace Headrace.Redshift;

/// <summary>
/// Cuts a CSV file between records into gzip files of similar size: Redshift reads several at once, and none of them in
/// parts.
/// </summary>
internal static class GzipPieces
{
    private const int Buffer = 1 << 18;

    /// <param name="piece">Bytes after which a piece ends with the record it is in.</param>
    /// <param name="take">Is given each piece; it is removed then.</param>
    public static async Task CutAsync(string path, long piece, Func<string, Task> take, CancellationToken cancel)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, useAsync: true);
        var (buffer, held, length, isQuoted, number) = (new byte[Buffer], 0, 0L, false, 0);
        while (true)
        {
            var part = $"{path}.{number++}.gz";
            var isEnd = false;
            await using (
                var gzip = new GZipStream(
                    new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16),
                    CompressionLevel.Fastest
                )
            )
                for (length = 0; !isEnd; )
                {
                    if (held == 0)
                        held = await file.ReadAsync(buffer, cancel);
                    if (held == 0)
                        break;
                    var taken = Take(buffer.AsSpan(0, held), piece - length, ref isQuoted, out isEnd);
                    await gzip.WriteAsync(buffer.AsMemory(0, taken), cancel);
                    length += taken;
                    buffer.AsSpan(taken, held - taken).CopyTo(buffer);
                    held -= taken;
                }

            if (length > 0)
                await take(part);
            File.Delete(part);
            if (!isEnd)
                return;
        }
    }

    // Up to the end of the record in which the piece is full. A line feed between two quotes ends no record.
    private static int Take(ReadOnlySpan<byte> bytes, long left, ref bool isQuoted, out bool isEnd)
    {
        isEnd = false;
        for (var at = 0; bytes[at..].IndexOfAny((byte)'"', (byte)'\n') is >= 0 and var next; )
        {
            at += next + 1;
            if (bytes[at - 1] == '"')
                isQuoted = !isQuoted;
            else if (!isQuoted && at >= left)
            {
                isEnd = true;
                return at;
            }
        }

        return bytes.Length;
    }
}
