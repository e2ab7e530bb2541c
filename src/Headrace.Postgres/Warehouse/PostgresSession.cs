using System.Data;
using Headrace.Warehouses;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>
/// A connection to a database that speaks PostgreSQL's protocol; it is given back when the session ends.
/// </summary>
public sealed class PostgresSession(NpgsqlConnection db) : SqlSession
{
    private NpgsqlTransaction? transaction;

    /// <summary>The connection, for COPY and what else has no place in a session.</summary>
    public NpgsqlConnection Db => db;

    public override Task<long> ExecuteAsync(string sql, CancellationToken cancel) => db.ExecuteAsync(sql, cancel);

    public override Task<List<T>> RowsAsync<T>(string sql, Func<SqlRow, T> read, CancellationToken cancel) =>
        db.RowsAsync(sql, reader => read(new Row(reader)), cancel);

    public override async Task BeginAsync(CancellationToken cancel) =>
        transaction = await db.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancel);

    public override async Task BeginReadAsync(CancellationToken cancel) =>
        transaction = await db.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancel);

    public override async Task CommitAsync(CancellationToken cancel)
    {
        await db.CommitAsync(transaction!, cancel);
        await RollbackAsync();
    }

    public override async Task RollbackAsync()
    {
        if (transaction is not null)
            await transaction.DisposeAsync();
        transaction = null;
    }

    public override async ValueTask DisposeAsync()
    {
        await RollbackAsync();
        await db.DisposeAsync();
    }

    private sealed class Row(NpgsqlDataReader reader) : SqlRow
    {
        public override bool IsNull(int column) => reader.IsDBNull(column);

        public override string Text(int column) => reader.GetString(column);

        public override long Number(int column) =>
            reader.GetFieldType(column) == typeof(int) ? reader.GetInt32(column) : reader.GetInt64(column);

        public override bool Flag(int column) => reader.GetBoolean(column);

        public override DateTimeOffset Time(int column) => reader.Time(column);
    }
}
