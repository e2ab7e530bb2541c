using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Headrace.DuckDb;

/// <summary><see cref="JsonMeaning"/> as a function of SQL.</summary>
/// <remarks>https://duckdb.org/docs/stable/clients/c/api#scalar-functions</remarks>
internal static unsafe class JsonText
{
    private const string Function = "headrace_json_meaning";

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? text;

    /// <summary>The meaning of a value in SQL; NULL for NULL.</summary>
    public static string Meaning(string value) => $"{Function}(CAST({value} AS VARCHAR))";

    /// <summary>
    /// The condition that a value differs from another one of the same type: for JSON by what they mean.
    /// </summary>
    public static string Differ(string one, string other, ColumnType? type) =>
        type?.Kind == TypeKind.Json
            ? $"{Meaning(one)} IS DISTINCT FROM {Meaning(other)}"
            : $"{one} IS DISTINCT FROM {other}";

    /// <summary>Makes the function known to a database.</summary>
    public static void Register(DuckDbConnection db)
    {
        var function = Native.CreateScalarFunction();
        Native.SetScalarName(function, Function);
        var type = Native.CreateType((int)TypeId.Varchar);
        Native.AddScalarParameter(function, type);
        Native.SetScalarReturn(function, type);
        Native.DestroyType(ref type);
        Native.SetScalarFunction(function, &Answer);
        var state = Native.RegisterScalarFunction(db.Handle, function);
        Native.DestroyScalarFunction(ref function);
        if (state != 0)
            throw Error.Bug($"DuckDB does not take the function {Function}.");
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Answer(nint info, nint chunk, nint answers)
    {
        try
        {
            text ??= new ArrayBufferWriter<byte>(4096);
            var rows = (int)Native.ChunkSize(chunk);
            var values = new Vector(Native.ChunkVector(chunk, 0));
            ulong* validity = null;
            for (var row = 0; row < rows; row++)
            {
                if (values.IsNull(row))
                {
                    if (validity is null)
                    {
                        Native.EnsureValidity(answers);
                        validity = Native.VectorValidity(answers);
                    }

                    validity[row >> 6] &= ~(1UL << (row & 63));
                    continue;
                }

                JsonMeaning.Write(values.Bytes(row), text);
                fixed (byte* bytes = text.WrittenCount > 0 ? text.WrittenSpan : "\0"u8)
                    Native.AssignText(answers, (ulong)row, bytes, (ulong)text.WrittenCount);
            }
        }
        catch (Exception error)
        {
            // No exception may leave through DuckDB.
            Native.SetScalarError(info, $"a JSON value cannot be read: {error.Message}");
        }
    }
}
