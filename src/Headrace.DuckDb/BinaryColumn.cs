using System.Buffers.Binary;

namespace Headrace.DuckDb;

/// <summary>A column that PostgreSQL's binary values go into.</summary>
/// <param name="place">The place of its field in a row; -1 when rows do not bring it, and it is NULL.</param>
internal sealed unsafe class BinaryColumn(string name, ColumnType type, int place)
{
    private const int InlinedBytes = 12;
    private const long MicrosPerDay = 86_400_000_000;

    // PostgreSQL counts from 2000, DuckDB from 1970.
    private const int Days = 10_957;
    private const long Micros = Days * MicrosPerDay;

    private static readonly int FirstDay = (int)(DateTime.MinValue - DateTime.UnixEpoch).TotalDays;
    private static readonly int LastDay = (int)(DateTime.MaxValue - DateTime.UnixEpoch).TotalDays;

    private readonly int width = type.Kind switch
    {
        TypeKind.Boolean => 1,
        TypeKind.SmallInt => 2,
        TypeKind.Integer or TypeKind.Real or TypeKind.Date => 4,
        TypeKind.Text or TypeKind.Json or TypeKind.Bytes => -1,
        TypeKind.Uuid => 16,
        TypeKind.Decimal => -1,
        _ => 8,
    };

    private byte* data;
    private ulong* validity;
    private nint vector;

    public string Name => name;

    public int Field => place;

    /// <summary>The same for another thread.</summary>
    public BinaryColumn Copy() => new(name, type, place);

    /// <summary>
    /// Its type for a chunk; the caller destroys it. A document is text there, which the table's own type takes.
    /// </summary>
    public nint CreateType() =>
        type.Kind switch
        {
            TypeKind.Decimal => Native.CreateDecimalType((byte)type.Precision, (byte)type.Scale),
            _ => Native.CreateType(
                (int)(
                    type.Kind switch
                    {
                        TypeKind.Boolean => TypeId.Boolean,
                        TypeKind.SmallInt => TypeId.SmallInt,
                        TypeKind.Integer => TypeId.Integer,
                        TypeKind.BigInt => TypeId.BigInt,
                        TypeKind.Real => TypeId.Float,
                        TypeKind.Double => TypeId.Double,
                        TypeKind.Text or TypeKind.Json => TypeId.Varchar,
                        TypeKind.Bytes => TypeId.Blob,
                        TypeKind.Date => TypeId.Date,
                        TypeKind.Time => TypeId.Time,
                        TypeKind.Timestamp => TypeId.Timestamp,
                        TypeKind.TimestampTz => TypeId.TimestampTz,
                        _ => TypeId.Uuid,
                    }
                )
            ),
        };

    /// <summary>Takes the vector of an empty chunk.</summary>
    public void Begin(nint of)
    {
        vector = of;
        data = Native.VectorData(of);
        validity = null;
    }

    /// <summary>Sets the value of a row from the bytes that PostgreSQL wrote; of a length of -1 it is NULL.</summary>
    /// <exception cref="UnfitValueException"/>
    public void Set(int row, byte* bytes, int length)
    {
        if (length < 0)
        {
            SetNull(row);
            return;
        }

        if (width >= 0 && length != width)
            throw Error.Bug($"a value of {name} has {length} bytes where {width} are expected.");
        var value = new ReadOnlySpan<byte>(bytes, length);
        switch (type.Kind)
        {
            case TypeKind.Boolean:
                data[row] = *bytes;
                break;
            case TypeKind.SmallInt:
                ((short*)data)[row] = BinaryPrimitives.ReadInt16BigEndian(value);
                break;
            case TypeKind.Integer:
                ((int*)data)[row] = BinaryPrimitives.ReadInt32BigEndian(value);
                break;
            case TypeKind.BigInt:
                ((long*)data)[row] = BinaryPrimitives.ReadInt64BigEndian(value);
                break;
            case TypeKind.Real:
                var real = ((float*)data)[row] = BinaryPrimitives.ReadSingleBigEndian(value);
                Check(float.IsFinite(real));
                break;
            case TypeKind.Double:
                var number = ((double*)data)[row] = BinaryPrimitives.ReadDoubleBigEndian(value);
                Check(double.IsFinite(number));
                break;
            case TypeKind.Date:
                var day = BinaryPrimitives.ReadInt32BigEndian(value);
                Check(day >= FirstDay - Days && day <= LastDay - Days);
                ((int*)data)[row] = day + Days;
                break;
            case TypeKind.Time:
                var time = ((long*)data)[row] = BinaryPrimitives.ReadInt64BigEndian(value);
                Check(time < MicrosPerDay);
                break;
            case TypeKind.Timestamp or TypeKind.TimestampTz:
                var moment = BinaryPrimitives.ReadInt64BigEndian(value);
                Check(moment >= (FirstDay - Days) * MicrosPerDay && moment < (LastDay + 1 - Days) * MicrosPerDay);
                ((long*)data)[row] = moment + Micros;
                break;
            case TypeKind.Uuid:
                ((Native.Huge*)data)[row] = Native.Huge.Of(
                    BinaryPrimitives.ReadUInt128BigEndian(value) ^ (UInt128.One << 127)
                );
                break;
            case TypeKind.Decimal:
                SetDecimal(row, value);
                break;
            case TypeKind.Json:
                Check(length > 0 && *bytes == 1); // the version of jsonb's form
                SetText(row, bytes + 1, length - 1);
                break;
            default:
                SetText(row, bytes, length);
                break;
        }
    }

    private void SetNull(int row)
    {
        if (validity is null)
        {
            Native.EnsureValidity(vector);
            validity = Native.VectorValidity(vector);
        }

        validity[row >> 6] &= ~(1UL << (row & 63));
    }

    // duckdb_string_t: the length, then the text, or its first bytes and where it is.
    private void SetText(int row, byte* bytes, int length)
    {
        var entry = data + row * 16L;
        *(int*)entry = length;
        if (length > InlinedBytes)
        {
            *(int*)(entry + 4) = *(int*)bytes;
            *(byte**)(entry + 8) = bytes;
            return;
        }

        *(int*)(entry + 4) = 0;
        *(long*)(entry + 8) = 0;
        new ReadOnlySpan<byte>(bytes, length).CopyTo(new Span<byte>(entry + 4, InlinedBytes));
    }

    private void SetDecimal(int row, ReadOnlySpan<byte> value)
    {
        if (type.Precision <= 18)
        {
            Check(BinaryNumeric.TryRead(value, type.Scale, out long unscaled));
            switch (type.Precision)
            {
                case <= 4:
                    ((short*)data)[row] = (short)unscaled;
                    break;
                case <= 9:
                    ((int*)data)[row] = (int)unscaled;
                    break;
                default:
                    ((long*)data)[row] = unscaled;
                    break;
            }

            return;
        }

        Check(BinaryNumeric.TryRead(value, type.Scale, out Int128 wide));
        ((Native.Huge*)data)[row] = Native.Huge.Of(wide);
    }

    private void Check(bool fits)
    {
        if (!fits)
            throw new UnfitValueException(name);
    }
}
