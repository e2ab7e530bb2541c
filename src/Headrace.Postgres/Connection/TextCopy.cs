using Headrace.Engines;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>Rows as bytes between CSV files and PostgreSQL, both ways by COPY.</summary>
internal static class TextCopy
{
    private const int Buffer = 1 << 18;

    // Rows that the transaction has put into a table, its partitions and its heirs so far. COPY says how many it takes,
    // but Npgsql does not pass that on. NULL where PostgreSQL does not count them: in foreign tables, on the workers of
    // Citus, or when counting is off. What the triggers of a table do, TargetWriter finds and names.
    private const string Inserted = """
        WITH RECURSIVE parts AS (SELECT $1::text::regclass::oid AS oid UNION SELECT i.inhrelid FROM parts AS p
            JOIN pg_inherits AS i ON i.inhparent = p.oid)
        SELECT CASE WHEN current_setting('track_counts')::boolean
            AND to_regclass('pg_catalog.pg_dist_partition') IS NULL
            AND NOT bool_or(c.relkind = 'f' OR EXISTS (SELECT 1 FROM pg_trigger AS g WHERE g.tgrelid = c.oid
                AND NOT g.tgisinternal)) THEN sum(pg_stat_get_xact_tuples_inserted(p.oid))::bigint END
        FROM parts AS p JOIN pg_class AS c ON c.oid = p.oid
        """;

    /// <summary>Copies a file into a table of the open transaction.</summary>
    /// <param name="table">Qualified and quoted.</param>
    /// <param name="progress">Is told the bytes of each piece.</param>
    /// <exception cref="HeadraceException">HDR-334 when other rows arrive than were staged.</exception>
    public static async Task InAsync(
        NpgsqlConnection db,
        string table,
        RowsFile rows,
        Action<long>? progress,
        CancellationToken cancel
    )
    {
        var before = await db.ScalarAsync<long?>(Inserted, cancel, table);
        await using var file = rows.Open();
        var columns = string.Join(", ", rows.Columns.Select(PostgresSql.Identifier));
        var into = $"COPY {table} ({columns}) FROM STDIN";
        var stream = await Watch.AnswerAsync(
            db,
            async () =>
                rows.IsBinary
                    ? await db.BeginRawBinaryCopyAsync($"{into} (FORMAT binary)", cancel)
                    : (NpgsqlRawCopyStream)
                        (
                            (StreamWriter)await db.BeginTextImportAsync($"{into} (FORMAT csv, ENCODING 'UTF8')", cancel)
                        ).BaseStream
        ); // what is below the writer takes bytes
        try
        {
            var buffer = new byte[Buffer];
            for (; await file.ReadAsync(buffer, cancel) is > 0 and var read; progress?.Invoke(read))
                await Watch.AnswerAsync(db, () => stream.WriteAsync(buffer.AsMemory(0, read), cancel).AsTask());
        }
        catch
        {
            // Without this, disposing would tell the server that the rows are complete.
            await CancelAsync(stream);
            throw;
        }

        await Watch.AnswerAsync(db, () => stream.DisposeAsync().AsTask());
        var sent = rows.Stream is { } arriving ? await arriving.Whole : rows.Rows;
        if (
            before is not null
            && await db.ScalarAsync<long?>(Inserted, cancel, table) is { } after
            && after - before != sent
        )
            throw Error.RowsDiffer(table, sent, after - before.Value);
    }

    /// <summary>Copies the rows of a query into a CSV file.</summary>
    /// <returns>Bytes of the longest record.</returns>
    public static async Task<long> OutAsync(NpgsqlConnection db, string query, string path, CancellationToken cancel)
    {
        await using var stream = await OutAsync(db, query, isBinary: false, cancel);
        await using var file = new FileStream(
            path,
            FileMode.Create,
            FileAccess.Write,
            FileShare.None,
            1,
            useAsync: true
        );
        var (buffer, length, longest, isQuoted) = (new byte[Buffer], 0L, 0L, false);
        while (await stream.ReadAsync(buffer, cancel) is > 0 and var read)
        {
            await file.WriteAsync(buffer.AsMemory(0, read), cancel);
            Measure(buffer.AsSpan(0, read), ref length, ref longest, ref isQuoted);
        }

        return longest;
    }

    /// <summary>
    /// The rows of a query as bytes: CSV in UTF-8 without a header, or as PostgreSQL writes them for its like.
    /// </summary>
    public static async Task<Stream> OutAsync(
        NpgsqlConnection db,
        string query,
        bool isBinary,
        CancellationToken cancel
    ) =>
        new WatchedStream(
            db,
            await Watch.AnswerAsync(
                db,
                async () =>
                    isBinary
                        ? await db.BeginRawBinaryCopyAsync($"COPY ({query}) TO STDOUT (FORMAT binary)", cancel)
                        : (
                            (StreamReader)
                                await db.BeginTextExportAsync(
                                    $"COPY ({query}) TO STDOUT (FORMAT csv, ENCODING '{Encoding(db)}')",
                                    cancel
                                )
                        ).BaseStream
            )
        ); // text in .NET would be decoded only to be encoded again

    // A server that does not know its own encoding sends what it has, and who reads looks at it: else one bad value
    // would keep a whole table.
    private static string Encoding(NpgsqlConnection db) =>
        db.PostgresParameters.GetValueOrDefault("server_encoding") == "SQL_ASCII" ? "SQL_ASCII" : "UTF8";

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

    private static async Task CancelAsync(NpgsqlRawCopyStream stream)
    {
        try
        {
            await stream.CancelAsync(); // of a connection that was cut it returns at once
        }
        catch (Exception)
        {
            // The connection is lost; the transaction is, too.
        }
    }
}
