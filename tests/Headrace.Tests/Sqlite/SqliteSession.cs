using Headrace.Warehouses;
using Microsoft.Data.Sqlite;

namespace Headrace.Tests.Sqlite;

/// <summary>A session of SQLite, or one around it.</summary>
internal interface ISqliteSession
{
    /// <summary>The connection, for rows that come from a file and go into one.</summary>
    SqliteConnection Db { get; }
}

/// <summary>The one connection of a warehouse, while a session has its turn.</summary>
/// <param name="turn">What lets the next session go on.</param>
internal sealed class SqliteSession(SqliteConnection db, SemaphoreSlim turn) : SqlSession, ISqliteSession
{
    private bool isOver;

    public SqliteConnection Db => db;

    // A statement that failed may have taken the transaction back already; SQLite knows.
    private bool IsOpen => SQLitePCL.raw.sqlite3_get_autocommit(db.Handle) == 0;

    public override Task<long> ExecuteAsync(string sql, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        using var command = new SqliteCommand(sql, db);
        return Task.FromResult((long)command.ExecuteNonQuery());
    }

    public override Task<List<T>> RowsAsync<T>(string sql, Func<SqlRow, T> read, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        using var command = new SqliteCommand(sql, db);
        using var reader = command.ExecuteReader();
        var (rows, row) = (new List<T>(), new Row(reader));
        while (reader.Read())
            rows.Add(read(row));
        return Task.FromResult(rows);
    }

    // Whoever begins as a reader and writes later would be refused where another one writes meanwhile.
    public override Task BeginAsync(CancellationToken cancel) => ExecuteAsync("BEGIN IMMEDIATE", cancel);

    public override Task CommitAsync(CancellationToken cancel) => ExecuteAsync("COMMIT", cancel);

    public override Task RollbackAsync() =>
        IsOpen ? ExecuteAsync("ROLLBACK", CancellationToken.None) : Task.CompletedTask;

    public override async ValueTask DisposeAsync()
    {
        if (isOver)
            return;
        isOver = true;
        await RollbackAsync();
        turn.Release();
    }

    private sealed class Row(SqliteDataReader reader) : SqlRow
    {
        public override bool IsNull(int column) => reader.IsDBNull(column);

        public override string Text(int column) => reader.GetString(column);

        public override long Number(int column) => reader.GetInt64(column);

        public override bool Flag(int column) => reader.GetInt64(column) != 0;

        public override DateTimeOffset Time(int column) =>
            SqliteDialect.Time(reader.GetString(column)) ?? throw new FormatException(reader.GetString(column));
    }
}
