using System.Runtime.InteropServices;

namespace Headrace.DuckDb;

/// <summary>
/// Appends rows to a table. Rows count when <see cref="Flush"/> or <see cref="Close"/> has written them, and then in the
/// transaction that is open, or each time in one of its own. A row that breaks a constraint fails the writing, and none
/// of the rows of that writing stays.
/// </summary>
/// <remarks>Disposed without <see cref="Close"/> it forgets what was not flushed: an exception on the way loads no half of a file.</remarks>
public sealed unsafe class DuckDbAppender : IDisposable
{
    private readonly AppenderHandle handle;

    private DuckDbAppender(AppenderHandle handle) => this.handle = handle;

    /// <summary>How many values make a row.</summary>
    public int ColumnCount => (int)Native.AppenderColumnCount(handle);

    internal static DuckDbAppender Create(ConnectionHandle connection, string schema, string table)
    {
        var state = Native.CreateAppender(connection, Native.Whole(schema, nameof(schema)), Native.Whole(table, nameof(table)), out var created);
        var handle = new AppenderHandle();
        handle.Set(created);
        var appender = new DuckDbAppender(handle);
        if (state == 0)
            return appender;
        using (appender)
            throw appender.Failure();
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

    /// <summary>Writes the rows so far.</summary>
    public void Flush() => Check(Native.FlushAppender(handle));

    /// <summary>Writes the rows that are left. Without it they are not written.</summary>
    public void Close() => Check(Native.CloseAppender(handle));

    /// <summary>Forgets the rows that were not written.</summary>
    public void Dispose() => handle.Dispose();

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
