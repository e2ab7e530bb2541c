using System.Globalization;

namespace Headrace.DuckDb;

/// <summary>How far the running statement is.</summary>
/// <param name="Percentage">0 to 100; -1 when DuckDB does not know.</param>
/// <param name="Rows">Rows processed.</param>
/// <param name="TotalRows">Rows to process, estimated.</param>
public readonly record struct QueryProgress(double Percentage, long Rows, long TotalRows);

/// <summary>
/// A connection, for one thread at a time. Transactions are plain SQL. Each call ends with
/// <see cref="OperationCanceledException"/> soon after its token is cancelled, and the connection can go on to be used;
/// a transaction that was open is then to be rolled back.
/// </summary>
/// <remarks>
/// Parameters are <c>?</c> or <c>$1</c> in the SQL. They are null, bool, the integers and <see cref="Int128"/>, float,
/// double, decimal, string, byte[], <see cref="DateOnly"/>, <see cref="TimeOnly"/>, <see cref="DateTime"/> (TIMESTAMP,
/// not Local), <see cref="DateTimeOffset"/> (TIMESTAMPTZ), <see cref="Guid"/>, and lists of string or long. Times are
/// cut to microseconds. A string[] alone would be taken for the parameters themselves: cast it to object.
/// </remarks>
public sealed class DuckDbConnection : IDisposable
{
    private readonly ConnectionHandle handle;
    private DuckDbReader? reading;

    internal DuckDbConnection(ConnectionHandle handle) => this.handle = handle;

    internal ConnectionHandle Handle => handle;

    /// <summary>See <see cref="DuckDbDatabase.PartBytes"/>.</summary>
    internal long? PartBytes { get; init; }

    /// <summary>How far the statement is that another thread runs on this connection.</summary>
    public QueryProgress QueryProgress
    {
        get
        {
            var progress = Native.QueryProgress(handle);
            return new QueryProgress(progress.Percentage, (long)progress.Rows, (long)progress.TotalRows);
        }
    }

    /// <summary>
    /// Runs one statement, or several separated by <c>;</c> when there are no parameters; outside of a transaction each
    /// stands for itself.
    /// </summary>
    /// <returns>Rows inserted, updated, deleted or copied by all of them.</returns>
    public unsafe long Execute(string sql, CancellationToken cancel, params ReadOnlySpan<object?> parameters)
    {
        using var interruption = Begin(cancel);
        using var script = Script.Parse(handle, sql);
        if (script.Count != 1 && parameters.Length > 0)
            throw new ArgumentException("Parameters need exactly one statement.", nameof(sql));
        var changed = 0L;
        try
        {
            for (var i = 0; i < script.Count; i++)
            {
                cancel.ThrowIfCancellationRequested();
                using var statement = script.Prepare(i, parameters);
                using var result = ResultHandle.Create();
                if (Native.Execute(statement, result.Pointer) != 0)
                    throw Failure(result);
                changed += (long)Native.RowsChanged(result.Pointer);
            }
        }
        catch (DuckDbException error)
        {
            throw Rethrown(interruption, error);
        }

        return changed;
    }

    /// <summary>
    /// Runs one statement and reads its rows as they are made: a large result does not fill the memory. The reader must
    /// be read to its end or disposed before the connection is used again. The token holds for the reading as well.
    /// </summary>
    public unsafe DuckDbReader Query(string sql, CancellationToken cancel, params ReadOnlySpan<object?> parameters)
    {
        using var interruption = Begin(cancel);
        using var script = Script.Parse(handle, sql);
        if (script.Count != 1)
            throw new ArgumentException("A query is exactly one statement.", nameof(sql));
        ResultHandle? result = null;
        StatementHandle? statement = null;
        try
        {
            statement = script.Prepare(0, parameters);
            result = ResultHandle.Create();
            if (Native.ExecuteStreaming(statement, result.Pointer) != 0)
                throw Failure(result);
            return reading = new DuckDbReader(this, statement, result, cancel);
        }
        catch (Exception error)
        {
            result?.Dispose();
            statement?.Dispose();
            if (error is DuckDbException failure)
                throw Rethrown(interruption, failure);
            throw;
        }
    }

    /// <summary>The first column of the first row; default when there is no row or it is NULL.</summary>
    /// <typeparam name="T">The type <see cref="DuckDbReader.GetValue"/> gives, or one it converts to without
    /// loss.</typeparam>
    public T? Scalar<T>(string sql, CancellationToken cancel, params ReadOnlySpan<object?> parameters)
    {
        using var reader = Query(sql, cancel, parameters);
        if (!reader.Read() || reader.IsNull(0))
            return default;
        var target = Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T);
        var value = target == typeof(string) ? reader.GetText(0)! : reader.GetValue(0)!;
        return value is T same ? same : (T)Convert(value, target);
    }

    /// <summary>Closes the connection; an open transaction is rolled back.</summary>
    public void Dispose()
    {
        reading?.Dispose();
        handle.Dispose();
    }

    internal void Done(DuckDbReader reader)
    {
        if (reading == reader)
            reading = null;
    }

    /// <summary>
    /// Has DuckDB count its progress, which it does only for a progress bar; ours is not drawn by it.
    /// </summary>
    public void Watch()
    {
        try
        {
            Execute("SET enable_progress_bar_print = false; SET enable_progress_bar = true", CancellationToken.None);
        }
        catch (DuckDbException error) when (error.Kind == DuckDbErrorKind.InvalidInput)
        {
            // Somebody locked the configuration without DuckDbSettings: there is no progress to see, and nothing else
            // is lost.
        }
    }

    /// <summary>
    /// Ends a query that was not read to its end. DuckDB does so when the next statement comes, and until then keeps
    /// its transaction open: a checkpoint of another connection would wait for it.
    /// </summary>
    internal void Abandon()
    {
        if (handle.IsClosed)
            return;
        using var script = Script.Parse(handle, "SELECT 1");
        try
        {
            script.Prepare(0, []).Dispose();
        }
        catch (DuckDbException)
        {
            // In a transaction that failed nothing can be prepared; the query has ended all the same.
        }
    }

    internal static unsafe DuckDbException Failure(ResultHandle result)
    {
        var message = System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)Native.ResultError(result.Pointer));
        return new DuckDbException(
            message ?? "Unknown Error: the statement failed",
            (DuckDbErrorKind)Native.ResultErrorType(result.Pointer)
        );
    }

    private static Exception Rethrown(Interruption interruption, DuckDbException error) => interruption.Explain(error);

    private static object Convert(object value, Type target) =>
        value switch
        {
            Int128 huge when target == typeof(long) => (long)huge,
            Int128 huge when target == typeof(int) => checked((int)huge),
            IConvertible
            and not string when target.IsPrimitive && value is not (double or float or decimal or DateTime) => (
                (IConvertible)value
            ).ToType(target, CultureInfo.InvariantCulture),
            float narrow when target == typeof(double) => (double)narrow,
            _ => throw new InvalidCastException(
                $"A value of {value.GetType().Name} is no {target.Name}; cast it in SQL."
            ),
        };

    private Interruption Begin(CancellationToken cancel)
    {
        Free();
        return new Interruption(handle, cancel);
    }

    // A new statement ends the stream of the one before, and DuckDB's C API tells the end of a stream and its loss
    // alike: rows would go missing without a word.
    private void Free()
    {
        ObjectDisposedException.ThrowIf(handle.IsClosed, this);
        if (reading is not null)
            throw new InvalidOperationException(
                "A reader of this connection is open: read it to its end or dispose it first."
            );
    }
}
