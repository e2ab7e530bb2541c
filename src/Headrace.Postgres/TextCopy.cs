using Npgsql;

namespace Headrace.Postgres;

/// <summary>Rows as bytes between CSV files and PostgreSQL, both ways by COPY.</summary>
internal static class TextCopy
{
    private const int Buffer = 1 << 18;
    private const long UsualLine = 2_097_152;

    /// <summary>Copies a CSV file into a table of the open transaction.</summary>
    /// <param name="table">Qualified and quoted.</param>
    /// <param name="columns">Unquoted names, in the file's order.</param>
    public static async Task InAsync(NpgsqlConnection db, string table, IEnumerable<string> columns, string path, Action<long>? progress, CancellationToken cancel)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, useAsync: true);
        var writer = await db.BeginTextImportAsync($"COPY {table} ({string.Join(", ", columns.Select(PostgresSql.Identifier))}) FROM STDIN (FORMAT csv, ENCODING 'UTF8')", cancel);
        try
        {
            // The bytes below the writer: they are UTF-8 already.
            var stream = ((StreamWriter)writer).BaseStream;
            var buffer = new byte[Buffer];
            for (var sent = 0L; await file.ReadAsync(buffer, cancel) is > 0 and var read; progress?.Invoke(sent += read))
                await stream.WriteAsync(buffer.AsMemory(0, read), cancel);
        }
        catch
        {
            // Without this, disposing would tell the server that the rows are complete.
            await CancelAsync(writer);
            throw;
        }

        await writer.DisposeAsync();
    }

    /// <summary>Copies the rows of a query into a CSV file.</summary>
    /// <returns>Bytes of the longest record, which the engine must hold in memory; at least what it holds anyway.</returns>
    public static async Task<long> OutAsync(NpgsqlConnection db, string query, string path, CancellationToken cancel)
    {
        using var rows = await db.BeginTextExportAsync($"COPY ({query}) TO STDOUT (FORMAT csv, ENCODING 'UTF8')", cancel);
        await using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1, useAsync: true);
        var stream = ((StreamReader)rows).BaseStream;
        var (buffer, length, longest, isQuoted) = (new byte[Buffer], 0L, UsualLine, false);
        while (await stream.ReadAsync(buffer, cancel) is > 0 and var read)
        {
            await file.WriteAsync(buffer.AsMemory(0, read), cancel);
            Measure(buffer.AsSpan(0, read), ref length, ref longest, ref isQuoted);
        }

        return longest + 128;
    }

    // A line feed between two quotes ends no record; a quote that is doubled begins and ends at once.
    private static void Measure(ReadOnlySpan<byte> bytes, ref long length, ref long longest, ref bool isQuoted)
    {
        for (; bytes.IndexOfAny((byte)'"', (byte)'\n') is >= 0 and var at; bytes = bytes[(at + 1)..])
        {
            length += at + 1;
            if (bytes[at] == '"')
                isQuoted = !isQuoted;
            else if (!isQuoted)
                (longest, length) = (Math.Max(longest, length), 0);
        }

        length += bytes.Length;
    }

    private static async Task CancelAsync(TextWriter writer)
    {
        try
        {
            if (writer is NpgsqlCopyTextWriter copy)
                await copy.CancelAsync();
        }
        catch (Exception)
        {
            // The connection is lost; the transaction is, too.
        }
    }
}
