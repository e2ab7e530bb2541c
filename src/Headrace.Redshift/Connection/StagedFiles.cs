using System.Buffers;
using System.Text.Json;
using Headrace.Engines;
using Headrace.Postgres;
using Headrace.Warehouses;
using Npgsql;

namespace Headrace.Redshift;

/// <summary>
/// The staged files of one load: gzip files, and a manifest for each COPY, which alone says what belongs to it.
/// </summary>
/// <param name="root">Where loads have their places, with / at its end.</param>
/// <param name="id">The load's.</param>
/// <param name="folder">An absolute folder of this load's own.</param>
internal sealed class StagedFiles(
    RedshiftDatabase database,
    StagingPlace staging,
    string root,
    string id,
    string folder,
    CancellationToken cancel
)
{
    private const long PieceBytes = 64L << 20;

    // Redshift's rows have at most 4 MB, and a quote in them may be doubled.
    private const int LongestLine = 8 << 20;

    private readonly List<(RowsFile Rows, List<(string Url, long Bytes)> Pieces)> put = [];
    private int keys;
    private int fetched;
    private bool hasPut;

    /// <summary>What stands for NULL. No value is like it, for nobody knows it before.</summary>
    public string Nothing => Layout.Null;

    /// <summary>How COPY reads the files, and UNLOAD writes them.</summary>
    public CsvLayout Layout { get; } = new($"null-{Guid.NewGuid():N}", "") { LongestText = RedshiftTypes.LongestText };

    private string Place => $"{root}{id}/";

    /// <summary>Puts a file where Redshift reads it.</summary>
    public async Task PutAsync(RowsFile rows)
    {
        hasPut = true;
        var pieces = new List<(string, long)>();
        await GzipPieces.CutAsync(
            rows.Path,
            PieceBytes,
            async part =>
            {
                var key = $"{Place}{keys++}.csv.gz";
                await staging.Store.PutAsync(key, part, isNew: false, cancel);
                pieces.Add((staging.Store.Url(key), new FileInfo(part).Length));
            },
            cancel
        );
        put.Add((rows, pieces));
    }

    /// <summary>True for rows that were put.</summary>
    public bool Has(RowsFile rows) => put.Any(one => one.Rows == rows);

    /// <summary>Copies files that were put into a table of the open transaction; says how many rows they are.</summary>
    /// <param name="table">Qualified and quoted, or the name of a temporary table.</param>
    /// <param name="files">Each with the same columns as the first.</param>
    /// <param name="columns">Their names in the table.</param>
    /// <exception cref="HeadraceException">HDR-315.</exception>
    public async Task<long> CopyAsync(
        NpgsqlConnection db,
        string table,
        IReadOnlyCollection<RowsFile> files,
        IReadOnlyList<string> columns
    )
    {
        var rows = files.Sum(file => file.Rows);
        var pieces = put.Where(one => files.Contains(one.Rows)).SelectMany(one => one.Pieces).ToList();
        if (pieces.Count == 0)
            return rows == 0 ? 0 : throw Error.RowsDiffer(table, rows, 0);
        var key = $"{Place}{keys++}.manifest";
        var path = Path.Combine(folder, "manifest.json");
        await File.WriteAllBytesAsync(path, Manifest(pieces), cancel);
        await staging.Store.PutAsync(key, path, isNew: false, cancel);
        try
        {
            await db.ExecuteAsync(
                RedshiftSql.Copy(
                    table,
                    columns,
                    staging.Store.Url(key),
                    database.IamRole,
                    Nothing,
                    staging.Store.Region
                ),
                cancel
            );
        }
        catch (PostgresException refused) when (!RedshiftWarehouse.IsPassing(refused))
        {
            throw RedshiftError.CopyRefused(
                database.Address,
                table,
                $"{refused.SqlState} {refused.MessageText}",
                await DetailsAsync(),
                refused
            );
        }

        var arrived = await db.ScalarAsync<long>(RedshiftSql.CopyCount, cancel);
        if (arrived != rows)
            throw Error.RowsDiffer(table, rows, arrived);
        return rows;
    }

    /// <summary>
    /// Removes what others left below the root that ended early. Whoever still stages was overtaken: the lock is ours.
    /// </summary>
    public async Task RemoveStaleAsync()
    {
        if (
            !staging.IsKept
            && (await KeysAsync(root, cancel)).Where(key => !key.StartsWith(Place, StringComparison.Ordinal)).ToList()
                is { Count: > 0 } stale
        )
            await staging.Store.DeleteAsync(stale, cancel);
    }

    /// <summary>Removes the files of this load. What cannot be removed now, the dataset's next run removes.</summary>
    public async Task RemoveAsync()
    {
        if (staging.IsKept || !hasPut)
            return;
        try
        {
            await staging.Store.DeleteAsync(await KeysAsync(Place, CancellationToken.None), CancellationToken.None);
        }
        catch (HeadraceException)
        {
            // The load has ended one way or the other, and how is what counts.
        }
    }

    /// <summary>Has Redshift write the rows of a query, and brings them here.</summary>
    public async Task<CsvRows> OutAsync(NpgsqlConnection db, string query, IReadOnlyList<Column> columns)
    {
        var paths = new List<string>();
        foreach (var key in await WriteAsync(db, query))
            paths.Add(await FetchAsync(key));
        return new CsvRows(paths, columns, Layout, LongestLine, IsGzip: true);
    }

    /// <summary>All rows of a table, or those whose keys are staged.</summary>
    public Task<CsvRows> ReadAsync(
        NpgsqlConnection db,
        TargetTable table,
        IReadOnlyList<(string Name, int Column, bool IsText)> keys
    ) => OutAsync(db, RedshiftSql.Rows(table, keys), table.Columns);

    /// <summary>
    /// Has Redshift write the rows of a query. What lies there then is all of it: the place was nobody's before.
    /// </summary>
    /// <returns>Keys of gzipped CSV files.</returns>
    public async Task<IReadOnlyList<string>> WriteAsync(NpgsqlConnection db, string query)
    {
        hasPut = true;
        var place = $"{Place}out{keys++}/";
        await db.ExecuteAsync(
            RedshiftSql.Unload(query, staging.Store.Url(place), database.IamRole, Nothing, staging.Store.Region),
            cancel
        );
        return [.. (await KeysAsync(place, cancel)).Order(StringComparer.Ordinal)];
    }

    /// <summary>Brings a file here.</summary>
    /// <returns>Its path.</returns>
    public async Task<string> FetchAsync(string key)
    {
        var path = Path.Combine(folder, $"unloaded{Interlocked.Increment(ref fetched)}.csv.gz");
        await staging.Store.GetAsync(key, path, cancel);
        return path;
    }

    private async Task<IReadOnlyList<string>> KeysAsync(string prefix, CancellationToken stop) =>
        [.. (await staging.Store.ListAsync(prefix, stop)).Select(file => file.Key)];

    private static byte[] Manifest(IReadOnlyList<(string Url, long Bytes)> pieces)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteStartArray("entries");
            foreach (var (url, length) in pieces)
            {
                json.WriteStartObject();
                json.WriteString("url", url);
                json.WriteBoolean("mandatory", true); // or a file that is missing would be passed over without a word
                json.WriteStartObject("meta");
                json.WriteNumber("content_length", length);
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    // On a connection of its own: the load's is lost with its transaction, and the record outlives it.
    private async Task<IReadOnlyList<string>> DetailsAsync()
    {
        try
        {
            await using var db = await database.OpenAsync(cancel);
            return await db.RowsAsync(
                RedshiftSql.LoadErrors(Place),
                row =>
                    $"{row.GetString(0)} line {row.GetInt64(1)}, {row.GetString(2)} ({row.GetString(3)}): "
                    + $"{row.GetInt32(4)} {row.GetString(5)}",
                cancel
            );
        }
        catch (Exception error) when (error is NpgsqlException or HeadraceException)
        {
            return [];
        }
    }
}
