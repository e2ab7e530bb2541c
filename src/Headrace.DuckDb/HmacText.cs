using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Headrace.DuckDb;

/// <summary>HMAC-SHA-256 as a function of SQL. Statements name a key by a number, so that none holds it.</summary>
/// <remarks>https://duckdb.org/docs/stable/clients/c/api#scalar-functions</remarks>
internal static unsafe class HmacText
{
    private const string Function = "headrace_hmac";

    private static readonly ConcurrentDictionary<string, int> Numbers = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<int, byte[]> Keys = new();
    private static readonly Lock Adding = new();

    /// <summary>The lower-case hexadecimal of a text's HMAC, in SQL; NULL for NULL.</summary>
    public static string Of(string text, string key) =>
        string.Create(CultureInfo.InvariantCulture, $"{Function}({text}, {Number(key)})");

    private static int Number(string key)
    {
        lock (Adding)
        {
            if (!Numbers.TryGetValue(key, out var number))
            {
                Keys[number = Numbers.Count] = Encoding.UTF8.GetBytes(key);
                Numbers[key] = number;
            }

            return number;
        }
    }

    /// <summary>Makes the function known to a database.</summary>
    public static void Register(DuckDbConnection db)
    {
        var function = Native.CreateScalarFunction();
        Native.SetScalarName(function, Function);
        var (text, number) = (Native.CreateType((int)TypeId.Varchar), Native.CreateType((int)TypeId.Integer));
        Native.AddScalarParameter(function, text);
        Native.AddScalarParameter(function, number);
        Native.SetScalarReturn(function, text);
        Native.DestroyType(ref text);
        Native.DestroyType(ref number);
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
            var rows = (int)Native.ChunkSize(chunk);
            var (texts, numbers) = (new Vector(Native.ChunkVector(chunk, 0)), new Vector(Native.ChunkVector(chunk, 1)));
            Span<byte> digest = stackalloc byte[HMACSHA256.HashSizeInBytes];
            Span<byte> written = stackalloc byte[2 * HMACSHA256.HashSizeInBytes];
            ulong* validity = null;
            for (var row = 0; row < rows; row++)
            {
                if (texts.IsNull(row))
                {
                    if (validity is null)
                    {
                        Native.EnsureValidity(answers);
                        validity = Native.VectorValidity(answers);
                    }

                    validity[row >> 6] &= ~(1UL << (row & 63));
                    continue;
                }

                HMACSHA256.HashData(Keys[numbers.Get<int>(row)], texts.Bytes(row), digest);
                Convert.TryToHexStringLower(digest, written, out _);
                fixed (byte* bytes = written)
                    Native.AssignText(answers, (ulong)row, bytes, (ulong)written.Length);
            }
        }
        catch (Exception error)
        {
            // No exception may leave through DuckDB.
            Native.SetScalarError(info, $"a value cannot be masked: {error.GetType().Name}");
        }
    }
}
