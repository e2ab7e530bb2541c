using System.Globalization;
using Headrace.Staging;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>
/// Copies rows of one snapshot into the spool, several readers at once: <c>COPY … TO STDOUT</c>, whose bytes go through
/// the cutter into segments. Rows never become objects.
/// </summary>
internal sealed class TableRead(
    PostgresDatabase database,
    SourceTable table,
    Stager stager,
    TimeProvider clock,
    Action<LoadProgress>? progress
)
{
    // A table smaller than this is read before a second reader has logged in.
    private const long WorthSlicing = 16L << 20;
    private const int PageBytes = 8192;

    private long rows;

    /// <summary>
    /// Conditions that cut the whole table into as many parts as there are readers: ranges of its pages.
    /// </summary>
    /// <param name="and">What else must hold.</param>
    public IReadOnlyList<string> Whole(string and = IncrementalStep.All)
    {
        // There is nothing to do with binary rows but to write them down.
        var readers = IsBinary && database.IsHere ? 1 : database.Readers;
        if (!IsSliced(table, readers))
            return [and];
        var pages = table.Bytes / PageBytes;
        var each = pages / readers + 1;
        return
        [
            .. Enumerable
                .Range(0, readers)
                .Select(i =>
                {
                    var (from, to) = (i * each, (i + 1) * each);
                    var below =
                        i == readers - 1
                            ? ""
                            : string.Create(CultureInfo.InvariantCulture, $" AND ctid < '({to},0)'::tid");
                    return string.Create(CultureInfo.InvariantCulture, $"ctid >= '({from},0)'::tid{below} AND {and}");
                }),
        ];
    }

    /// <summary>True for a table that several readers read whole.</summary>
    public static bool IsSliced(SourceTable table, int readers) =>
        table.Bytes >= WorthSlicing && table.HasPages && readers > 1;

    /// <summary>Whether rows are staged as PostgreSQL writes them for its like; else as text.</summary>
    public bool IsBinary { get; init; }

    /// <summary>
    /// Stages the rows for which one of the conditions holds, all as they are at one moment from now on.
    /// </summary>
    /// <param name="begun">Is given each file of binary rows, with its place, as soon as some of its rows are
    /// there.</param>
    public async Task<IReadOnlyList<StagedFile>> RunAsync(
        NpgsqlConnection db,
        IReadOnlyList<string> conditions,
        DigestOptions? digesting,
        CancellationToken cancel,
        Action<int, StagedFile>? begun = null
    )
    {
        await using var transaction = await db.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancel);
        await db.ExecuteAsync("SET TRANSACTION READ ONLY", cancel);
        if (await SourceTable.LayoutAsync(db, table.From, cancel) != table.Layout)
            throw Error.SourceChanged(database.Address, table.Name);
        Failpoint.Hit("snapshot_taken");
        var files = new StagedFile[conditions.Count];
        if (conditions.Count == 1)
            files[0] = await CopyAsync(db, 0);
        else
        {
            var snapshot = (await db.ScalarAsync<string>("SELECT pg_export_snapshot()", cancel))!;
            await Parallel.ForAsync(
                0,
                conditions.Count,
                new ParallelOptions { MaxDegreeOfParallelism = database.Readers, CancellationToken = cancel },
                async (i, cancel) =>
                {
                    if (i == 0)
                    {
                        files[0] = await CopyAsync(db, 0);
                        return;
                    }

                    await using var reader = await database.OpenAsync(cancel);
                    await using var reading = await reader.BeginTransactionAsync(
                        System.Data.IsolationLevel.RepeatableRead,
                        cancel
                    );
                    await reader.ExecuteAsync(
                        $"SET TRANSACTION READ ONLY; SET TRANSACTION SNAPSHOT {PostgresSql.Literal(snapshot)}",
                        cancel
                    );
                    files[i] = await CopyAsync(reader, i);
                }
            );
        }

        return files;

        Task<StagedFile> CopyAsync(NpgsqlConnection reader, int i) =>
            this.CopyAsync(reader, conditions[i], digesting, begun is null ? null : file => begun(i, file), cancel);
    }

    private async Task<StagedFile> CopyAsync(
        NpgsqlConnection db,
        string condition,
        DigestOptions? digesting,
        Action<StagedFile>? begun,
        CancellationToken cancel
    )
    {
        var columns = string.Join(
            ", ",
            table.Columns.Select(column => PostgresTypes.Expression(column.Quoted, column.Category))
        );
        var where = condition == "true" ? "" : $" WHERE {condition}";
        await using var rows = await TextCopy.OutAsync(
            db,
            $"SELECT {columns} FROM {table.From}{where}",
            IsBinary,
            cancel
        );
        var file = new LakeFile(table.Name, 0, clock.GetUtcNow(), "", new Dictionary<string, string>());
        var staged = IsBinary
            ? await stager.StageBinaryAsync(rows, file, table.Staged, cancel, begun)
            : await stager.StageRowsAsync(rows, file, table.Staged, cancel, digesting);
        progress?.Invoke(new LoadProgress("reads", Interlocked.Add(ref this.rows, staged.Records), null));
        return staged;
    }
}
