using Headrace.Tests.Sqlite;
using Headrace.Warehouses;
using Microsoft.Data.Sqlite;

namespace Headrace.Tests.Protocol;

/// <summary>The connection broke.</summary>
public sealed class FaultException(string at) : Exception($"broken at: {at}");

/// <summary>Counts what sessions are asked, and breaks once.</summary>
/// <param name="at">The number of the step that breaks, from 1.</param>
/// <param name="only">The steps that are counted; null for all.</param>
internal sealed class Faults(int at, string? only = null)
{
    /// <summary>Rows that come from a file.</summary>
    public const string Rows = "rows from a file";

    private int steps;

    /// <summary>The step that broke; null while none did.</summary>
    public string? Broken { get; private set; }

    /// <summary>How many transactions were committed by then.</summary>
    public int Commits { get; set; }

    /// <summary>True when a transaction was committed and nobody was told.</summary>
    public bool IsAnswerLost { get; private set; }

    public void Step(string what, bool isAnswer = false)
    {
        if ((only is not null && what != only) || ++steps != at)
            return;
        (Broken, IsAnswerLost) = (what, isAnswer);
        throw new FaultException(what);
    }
}

/// <summary>A session of SQLite that breaks before a statement, or after a commit.</summary>
internal sealed class FaultySession(SqlSession inner, Faults faults) : SqlSession, ISqliteSession
{
    // Whoever takes the connection brings rows by it.
    public SqliteConnection Db
    {
        get
        {
            faults.Step(Faults.Rows);
            return ((ISqliteSession)inner).Db;
        }
    }

    public override Task<long> ExecuteAsync(string sql, CancellationToken cancel)
    {
        faults.Step(sql);
        return inner.ExecuteAsync(sql, cancel);
    }

    public override Task<List<T>> RowsAsync<T>(string sql, Func<SqlRow, T> read, CancellationToken cancel)
    {
        faults.Step(sql);
        return inner.RowsAsync(sql, read, cancel);
    }

    public override Task BeginAsync(CancellationToken cancel)
    {
        faults.Step("BEGIN");
        return inner.BeginAsync(cancel);
    }

    public override async Task CommitAsync(CancellationToken cancel)
    {
        faults.Step("COMMIT");
        await inner.CommitAsync(cancel);
        faults.Commits++;
        faults.Step("the answer to COMMIT", isAnswer: true);
    }

    public override Task RollbackAsync() => inner.RollbackAsync();

    public override ValueTask DisposeAsync() => inner.DisposeAsync();
}
