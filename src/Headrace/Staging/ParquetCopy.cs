namespace Headrace.Staging;

/// <summary>Copies a Parquet file into the spool as it is; an engine reads it there.</summary>
internal static class ParquetCopy
{
    private static ReadOnlySpan<byte> Magic => "PAR1"u8;

    /// <summary>Returns where the copy is; throws when the file does not begin and end as Parquet does.</summary>
    public static async Task<string> CopyAsync(
        PlainBytes plain,
        string path,
        Unlinked? unlinked,
        CancellationToken cancel
    )
    {
        if (plain.IsCompressed)
            throw Error.Corrupt(
                plain.Source,
                "The Parquet file is compressed as a whole",
                found: "gzip or zstd around Parquet"
            );
        var head = await plain.PeekAsync(4, cancel);
        if (!head.Span.SequenceEqual(Magic))
            throw Error.Corrupt(
                plain.Source,
                "The file is not Parquet",
                found: $"first bytes {Convert.ToHexString(head.Span)}"
            );
        using var copy = new SpoolFile(path, new byte[64], unlinked); // every block passes by it
        var buffer = new byte[1 << 20];
        var tail = Array.Empty<byte>();
        for (int read; (read = await plain.ReadAsync(buffer, cancel)) > 0; )
        {
            copy.Write(buffer.AsSpan(0, read));
            tail = [.. tail.Concat(buffer[Math.Max(0, read - 4)..read]).TakeLast(4)];
        }

        if (plain.Count < 12 || !tail.AsSpan().SequenceEqual(Magic))
            throw Error.Corrupt(
                plain.Source,
                "The Parquet data end early",
                plain.Count,
                $"last bytes {Convert.ToHexString(tail)}"
            );
        copy.Close();
        Failpoint.Hit("segment_written");
        return copy.Path;
    }
}
