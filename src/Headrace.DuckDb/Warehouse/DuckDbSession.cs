using Headrace.State;
using Headrace.Warehouses;

namespace Headrace.DuckDb;

/// <summary>A connection to a DuckDB warehouse. Its calls end on the thread that makes them.</summary>
/// <param name="turn">What lets the next writer go on; null for a session that only reads.</param>
/// <param name="stored">Where the file lies; null for this machine.</param>
internal sealed class DuckDbSession(DuckDbConnection db, SemaphoreSlim? turn, VersionedFile? stored = null) : SqlSession
{
    private bool isOver;

    public DuckDbConnection Db => db;

    public override Task<long> ExecuteAsync(string sql, CancellationToken cancel) =>
        Task.FromResult(db.Execute(sql, cancel));

    public override Task<List<T>> RowsAsync<T>(string sql, Func<SqlRow, T> read, CancellationToken cancel)
    {
        using var reader = db.Query(sql, cancel);
        var (rows, row) = (new List<T>(), new Row(reader));
        while (reader.Read())
            rows.Add(read(row));
        return Task.FromResult(rows);
    }

    public override Task BeginAsync(CancellationToken cancel) => ExecuteAsync("BEGIN", cancel);

    public override async Task CommitAsync(CancellationToken cancel)
    {
        db.Execute("COMMIT", cancel);
        if (stored is null)
            return;
        db.Execute($"CHECKPOINT {HeadraceTables.Catalog}", CancellationToken.None);
        await stored.KeepAsync();
    }

    public override Task RollbackAsync()
    {
        db.Rollback();
        return Task.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        if (isOver)
            return ValueTask.CompletedTask;
        isOver = true;
        db.Dispose();
        turn?.Release();
        return ValueTask.CompletedTask;
    }

    private sealed class Row(DuckDbReader reader) : SqlRow
    {
        public override bool IsNull(int column) => reader.IsNull(column);

        public override string Text(int column) => reader.GetString(column);

        public override long Number(int column) => reader.GetInt64(column);

        public override bool Flag(int column) => reader.GetBoolean(column);

        public override DateTimeOffset Time(int column) => reader.GetTimestampTz(column);
    }
}
