using System.Runtime.InteropServices;

namespace Headrace.DuckDb;

/// <summary>An open database; DuckDB closes the file when the last connection is gone too.</summary>
internal sealed class DatabaseHandle() : Handle
{
    protected override void Release(ref nint value) => Native.Close(ref value);
}

/// <summary>A connection. Safe to interrupt from another thread while it is being disposed.</summary>
internal sealed class ConnectionHandle() : Handle
{
    protected override void Release(ref nint value) => Native.Disconnect(ref value);
}

/// <summary>A prepared statement.</summary>
internal sealed class StatementHandle() : Handle
{
    protected override void Release(ref nint value) => Native.DestroyPrepare(ref value);
}

/// <summary>A result, in memory of its own since the C API wants both its address and a copy of it.</summary>
internal sealed unsafe class ResultHandle() : Handle
{
    public static ResultHandle Create()
    {
        var handle = new ResultHandle();
        handle.Set((nint)NativeMemory.AllocZeroed((nuint)sizeof(Native.Result)));
        return handle;
    }

    public Native.Result* Pointer => (Native.Result*)DangerousGetHandle();

    protected override void Release(ref nint value)
    {
        Native.DestroyResult((Native.Result*)value);
        NativeMemory.Free((void*)value);
    }
}

/// <summary>A handle that DuckDB frees through a pointer to it.</summary>
internal abstract class Handle() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    /// <summary>Takes over a handle that DuckDB gave out.</summary>
    public void Set(nint value) => SetHandle(value);

    protected abstract void Release(ref nint value);

    protected override bool ReleaseHandle()
    {
        var value = handle;
        Release(ref value);
        return true;
    }
}
