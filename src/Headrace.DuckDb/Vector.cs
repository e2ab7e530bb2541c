using System.Runtime.CompilerServices;

namespace Headrace.DuckDb;

/// <summary>The values of one column in one chunk, where DuckDB keeps them.</summary>
internal readonly unsafe struct Vector
{
    private const int InlinedBytes = 12;

    private readonly byte* data;
    private readonly ulong* validity;
    private readonly nint handle;

    public Vector(nint handle)
    {
        this.handle = handle;
        data = Native.VectorData(handle);
        validity = Native.VectorValidity(handle);
    }

    public Vector Child => new(Native.ListChild(handle));

    public bool IsNull(long row) => validity is not null && (validity[row >> 6] & (1UL << (int)(row & 63))) == 0;

    public T Get<T>(long row)
        where T : unmanaged => Unsafe.ReadUnaligned<T>(data + row * sizeof(T));

    public ReadOnlySpan<T> Span<T>(int rows)
        where T : unmanaged => new(data, rows);

    /// <summary>The bytes of a text or a blob: in place when they are few, behind a pointer otherwise.</summary>
    public ReadOnlySpan<byte> Bytes(long row)
    {
        var entry = data + row * 16;
        var length = *(int*)entry;
        return new ReadOnlySpan<byte>(length <= InlinedBytes ? entry + 4 : *(byte**)(entry + 8), length);
    }

    /// <summary>
    /// The number at <paramref name="row"/> for each type that is one; also what a decimal and an enum are stored as.
    /// </summary>
    public Int128 Integer(TypeId type, long row) =>
        type switch
        {
            TypeId.TinyInt => Get<sbyte>(row),
            TypeId.SmallInt => Get<short>(row),
            TypeId.Integer or TypeId.Date => Get<int>(row),
            TypeId.UTinyInt => Get<byte>(row),
            TypeId.USmallInt => Get<ushort>(row),
            TypeId.UInteger => Get<uint>(row),
            TypeId.UBigInt => Get<ulong>(row),
            TypeId.HugeInt => Get<Native.Huge>(row).Signed,
            _ => Get<long>(row),
        };

    /// <summary>
    /// The two halves of a UUID in the order of its text; DuckDB flips the first bit so that they sort as signed
    /// numbers.
    /// </summary>
    public Guid Uuid(long row)
    {
        Span<byte> bytes = stackalloc byte[16];
        var flipped = Get<Native.Huge>(row).Unsigned ^ (UInt128.One << 127);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, flipped);
        return new Guid(bytes, bigEndian: true);
    }

    public (long Offset, long Length) List(long row) => (((long*)data)[row * 2], ((long*)data)[row * 2 + 1]);
}
