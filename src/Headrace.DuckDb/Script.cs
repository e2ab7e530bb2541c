using System.Runtime.InteropServices;

namespace Headrace.DuckDb;

/// <summary>The statements of a text, parsed; each is prepared when the ones before have run.</summary>
internal sealed unsafe class Script : IDisposable
{
    private readonly ConnectionHandle connection;
    private nint extracted;

    private Script(ConnectionHandle connection, nint extracted, int count)
    {
        this.connection = connection;
        this.extracted = extracted;
        Count = count;
    }

    public int Count { get; }

    public static Script Parse(ConnectionHandle connection, string sql)
    {
        ArgumentNullException.ThrowIfNull(sql);
        if (!Text.IsWhole(sql))
            throw new ArgumentException("The SQL has a surrogate without its other half.", nameof(sql));
        var count = (int)Native.ExtractStatements(connection, Native.Whole(sql, nameof(sql)), out var extracted);
        if (
            count == 0
            && Marshal.PtrToStringUTF8((nint)Native.ExtractStatementsError(extracted)) is { Length: > 0 } error
        )
        {
            Native.DestroyExtracted(ref extracted);
            throw new DuckDbException(error);
        }

        return new Script(connection, extracted, count);
    }

    public StatementHandle Prepare(int index, ReadOnlySpan<object?> parameters)
    {
        var state = Native.PrepareExtracted(connection, extracted, (ulong)index, out var prepared);
        var statement = new StatementHandle();
        statement.Set(prepared);
        try
        {
            if (state != 0)
                throw new DuckDbException(
                    Marshal.PtrToStringUTF8((nint)Native.PrepareError(prepared)) ?? "Unknown Error: cannot prepare"
                );
            var expected = Native.ParameterCount(statement);
            if (expected != (ulong)parameters.Length)
                throw new ArgumentException(
                    $"The statement has {expected} parameters and was given {parameters.Length}.",
                    nameof(parameters)
                );
            for (var i = 0; i < parameters.Length; i++)
            {
                using var value = NativeValue.Of(parameters[i]);
                if (Native.BindValue(statement, (ulong)i + 1, value.Handle) != 0)
                    throw new DuckDbException(
                        Marshal.PtrToStringUTF8((nint)Native.PrepareError(prepared))
                            ?? $"Invalid Input Error: cannot bind parameter {i + 1}"
                    );
            }

            return statement;
        }
        catch
        {
            statement.Dispose();
            throw;
        }
    }

    public void Dispose() => Native.DestroyExtracted(ref extracted);
}
