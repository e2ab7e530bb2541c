using Npgsql;

namespace Headrace.Postgres;

/// <summary>Rows as bytes between CSV files and PostgreSQL, both ways by COPY.</summary>
internal static class TextCopy
{
    private const int Buffer = 1 << 18;

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
    public static async Task OutAsync(NpgsqlConnection db, string query, string path, CancellationToken cancel)
    {
        using var rows = await db.BeginTextExportAsync($"COPY ({query}) TO STDOUT (FORMAT csv, ENCODING 'UTF8')", cancel);
        await using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1, useAsync: true);
        await ((StreamReader)rows).BaseStream.CopyToAsync(file, Buffer, cancel);
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
