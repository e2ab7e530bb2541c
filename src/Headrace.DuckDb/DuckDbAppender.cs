using System.Runtime.InteropServices;

namespace Headrace.DuckDb;

/// <summary>
/// Appends rows to a table, in the transaction that is open or else in one of its own, which <see cref="Close"/> commits:
/// all rows are there afterwards, or none. A row that breaks a constraint fails the writing.
/// </summary>
/// <remarks>
/// Disposed without <see cref="Close"/> it commits nothing, so that an exception on the way loads no half of a file. In a
/// transaction that was open before, some rows may be written by then: roll it back.
/// </remarks>
public sealed unsafe class DuckDbAppender : IDisposable
{
    private readonly DuckDbConnection connection;
    private readonly AppenderHandle handle = new();
    private bool owns;

    private DuckDbAppender(DuckDbConnection connection) => this.connection = connection;

    /// <summary>How many values make a row.</summary>
    public int ColumnCount => (int)Native.AppenderColumnCount(handle);

    /// <param name="catalog">The name under which the table's database is attached; null for the connection's own.</param>
    internal static DuckDbAppender Create(DuckDbConnection connection, string? catalog, string schema, string table)
    {
        Native.Whole(schema, nameof(schema));
        Native.Whole(table, nameof(table));
        var appender = new DuckDbAppender(connection);
        try
        {
            // DuckDB's own appender commits each 204,800 rows when no transaction is open.
            appender.owns = Begin(connection);
            var state = Native.CreateAppender(connection.Handle, catalog, schema, table, out var created);
            appender.handle.Set(created);
            appender.Check(state);
            return appender;
        }
        catch
        {
            appender.Dispose();
            throw;
        }
    }

    /// <summary>Adds a value of any type that a parameter may have; the column's type takes it or the call fails.</summary>
    public DuckDbAppender Append(object? value)
    {
        switch (value)
        {
            case null:
                Check(Native.AppendNull(handle));
                break;
            case string text:
                Append(text.AsSpan());
                break;
            case long number:
                Check(Native.AppendInt64(handle, number));
                break;
            case int number:
                Check(Native.AppendInt32(handle, number));
                break;
            case double number:
                Check(Native.AppendDouble(handle, number));
                break;
            case bool flag:
                Check(Native.AppendBool(handle, flag ? (byte)1 : (byte)0));
                break;
            default:
                using (var native = NativeValue.Of(value))
                    Check(Native.AppendValue(handle, native.Handle));
                break;
        }

        return this;
    }

    /// <inheritdoc cref="Append(object?)"/>
    public DuckDbAppender Append(long value)
    {
        Check(Native.AppendInt64(handle, value));
        return this;
    }

    /// <inheritdoc cref="Append(object?)"/>
    public DuckDbAppender Append(string? value) => value is null ? Append((object?)null) : Append(value.AsSpan());

    /// <inheritdoc cref="Append(object?)"/>
    public DuckDbAppender Append(ReadOnlySpan<char> text)
    {
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(Math.Max(1, Text.Utf8.GetMaxByteCount(text.Length)));
        try
        {
            var length = Text.Utf8.GetBytes(text, buffer);
            fixed (byte* data = buffer)
                Check(Native.AppendText(handle, data, (ulong)length));
            return this;
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Ends the row; it must have a value for each column.</summary>
    public void EndRow() => Check(Native.EndRow(handle));

    /// <summary>Writes the rows so far into the transaction.</summary>
    public void Flush() => Check(Native.FlushAppender(handle));

    /// <summary>Writes the rows that are left, and commits them when the transaction is its own.</summary>
    public void Close()
    {
        Check(Native.CloseAppender(handle));
        if (!owns)
            return;
        // A COMMIT that fails, for a conflict, has ended the transaction as well: there is nothing left to roll back.
        owns = false;
        connection.Execute("COMMIT", CancellationToken.None);
    }

    /// <summary>Forgets what was not committed by <see cref="Close"/>.</summary>
    public void Dispose()
    {
        handle.Dispose();
        if (!owns)
            return;
        owns = false;
        if (!connection.Handle.IsClosed)
            connection.Execute("ROLLBACK", CancellationToken.None);
    }

    // The C API does not tell whether a transaction is open, and a second BEGIN would spoil it. Without one, each statement
    // has a transaction of its own.
    private static bool Begin(DuckDbConnection connection)
    {
        const string Transaction = "SELECT txid_current()";
        var open = connection.Scalar<ulong>(Transaction, CancellationToken.None) == connection.Scalar<ulong>(Transaction, CancellationToken.None);
        if (!open)
            connection.Execute("BEGIN", CancellationToken.None);
        return !open;
    }

    private void Check(int state)
    {
        if (state != 0)
            throw Failure();
    }

    private DuckDbException Failure()
    {
        var error = Native.AppenderErrorData(handle.DangerousGetHandle());
        var failure = new DuckDbException(
            Marshal.PtrToStringUTF8((nint)Native.ErrorDataMessage(error)) ?? "Unknown Error: the appender failed",
            (DuckDbErrorKind)Native.ErrorDataType(error));
        Native.DestroyErrorData(ref error);
        return failure;
    }
}
