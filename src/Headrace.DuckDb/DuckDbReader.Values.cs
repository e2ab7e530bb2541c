using System.Globalization;

namespace Headrace.DuckDb;

public sealed partial class DuckDbReader
{
    private const long TicksPerMicro = TimeSpan.TicksPerMicrosecond;
    private static readonly int Epoch = DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;

    /// <summary>
    /// Whether the value is NULL. Every Get… but <see cref="GetValue"/> and <see cref="GetText"/> fails on NULL.
    /// </summary>
    public bool IsNull(int column) =>
        row < 0
            ? throw new InvalidOperationException("There is no row: call Read first.")
            : columns[column].Id == TypeId.Null || vectors[column].IsNull(row);

    /// <summary>A VARCHAR, JSON or ENUM.</summary>
    public string GetString(int column) =>
        columns[column].Id switch
        {
            TypeId.Varchar => Text.Utf8.GetString(Some(column).Bytes(row)),
            TypeId.Enum => columns[column].Words[(int)Some(column).Integer(columns[column].Storage, row)],
            _ => throw Not(column, "text"),
        };

    public bool GetBoolean(int column) => Some(column, TypeId.Boolean).Get<byte>(row) != 0;

    /// <summary>Any integer, when it fits.</summary>
    public short GetInt16(int column) => checked((short)GetInt64(column));

    /// <inheritdoc cref="GetInt16"/>
    public int GetInt32(int column) => checked((int)GetInt64(column));

    /// <inheritdoc cref="GetInt16"/>
    public long GetInt64(int column) =>
        columns[column].Id == TypeId.BigInt ? Some(column).Get<long>(row) : checked((long)GetInt128(column));

    /// <inheritdoc cref="GetInt16"/>
    public Int128 GetInt128(int column) =>
        columns[column].Id switch
        {
            >= TypeId.TinyInt and <= TypeId.UBigInt or TypeId.HugeInt => Some(column).Integer(columns[column].Id, row),
            TypeId.UHugeInt => checked((Int128)Some(column).Get<Native.Huge>(row).Unsigned),
            _ => throw Not(column, "an integer"),
        };

    public float GetFloat(int column) => Some(column, TypeId.Float).Get<float>(row);

    /// <summary>A DOUBLE or a FLOAT.</summary>
    public double GetDouble(int column) =>
        columns[column].Id == TypeId.Float
            ? Some(column).Get<float>(row)
            : Some(column, TypeId.Double).Get<double>(row);

    /// <summary>
    /// A DECIMAL or an integer; more than 28 digits may not fit, and <see cref="GetText"/> has them all.
    /// </summary>
    /// <exception cref="OverflowException">It does not fit.</exception>
    public decimal GetDecimal(int column)
    {
        if (columns[column].Id != TypeId.Decimal)
            return (decimal)GetInt128(column);
        var unscaled = Some(column).Integer(columns[column].Storage, row);
        var scale = columns[column].Scale;
        // A scale .NET has no room for is no loss while the digits beyond it are zeros.
        for (; scale > 28 && unscaled % 10 == 0; scale--)
            unscaled /= 10;
        var digits = (UInt128)Int128.Abs(unscaled);
        if (scale > 28 || digits >> 96 != 0)
            throw new OverflowException(
                $"The DECIMAL in column {Name(column)} does not fit in a .NET decimal; read it as text."
            );
        return new decimal(
            (int)(uint)digits,
            (int)(uint)(digits >> 32),
            (int)(uint)(digits >> 64),
            unscaled < 0,
            (byte)scale
        );
    }

    /// <exception cref="OverflowException">It is infinite or outside the years 1 to 9999; <see cref="GetText"/> has
    /// it.</exception>
    public DateOnly GetDateOnly(int column)
    {
        var day = Some(column, TypeId.Date).Get<int>(row) + (long)Epoch;
        return day >= 0 && day <= DateOnly.MaxValue.DayNumber ? DateOnly.FromDayNumber((int)day) : throw Beyond(column);
    }

    /// <exception cref="OverflowException">It is 24:00:00.</exception>
    public TimeOnly GetTimeOnly(int column)
    {
        var ticks = Some(column, TypeId.Time).Get<long>(row) * TicksPerMicro;
        return ticks <= TimeOnly.MaxValue.Ticks ? new TimeOnly(ticks) : throw Beyond(column);
    }

    /// <summary>A TIMESTAMP of any precision, of no zone; nanoseconds are cut to .NET's 100.</summary>
    /// <exception cref="OverflowException">It is infinite or outside the years 1 to 9999; <see cref="GetText"/> has
    /// it.</exception>
    public DateTime GetTimestamp(int column) =>
        new(
            columns[column].Id switch
            {
                TypeId.Timestamp => Ticks(column, TicksPerMicro),
                TypeId.TimestampS => Ticks(column, TimeSpan.TicksPerSecond),
                TypeId.TimestampMs => Ticks(column, TimeSpan.TicksPerMillisecond),
                TypeId.TimestampNs => Nanos(column),
                _ => throw Not(column, "a timestamp"),
            }
        );

    /// <inheritdoc cref="GetTimestamp"/>
    public DateTimeOffset GetTimestampTz(int column) =>
        columns[column].Id == TypeId.TimestampTz
            ? new(Ticks(column, TicksPerMicro), TimeSpan.Zero)
            : throw Not(column, "a timestamp with time zone");

    public Guid GetGuid(int column) => Some(column, TypeId.Uuid).Uuid(row);

    public byte[] GetBytes(int column) => Some(column, TypeId.Blob).Bytes(row).ToArray();

    /// <summary>A list of VARCHAR.</summary>
    public IReadOnlyList<string?> GetStrings(int column)
    {
        if (columns[column] is not { Id: TypeId.List, Child.Id: TypeId.Varchar })
            throw Not(column, "a list of text");
        var vector = Some(column);
        var (offset, length) = vector.List(row);
        var child = vector.Child;
        var texts = new string?[length];
        for (var i = 0; i < length; i++)
            texts[i] = child.IsNull(offset + i) ? null : Text.Utf8.GetString(child.Bytes(offset + i));
        return texts;
    }

    /// <summary>The value as the .NET type nearest to its own; null for NULL.</summary>
    public object? GetValue(int column) =>
        IsNull(column)
            ? null
            : columns[column].Id switch
            {
                TypeId.Boolean => GetBoolean(column),
                TypeId.TinyInt => vectors[column].Get<sbyte>(row),
                TypeId.SmallInt => vectors[column].Get<short>(row),
                TypeId.Integer => vectors[column].Get<int>(row),
                TypeId.BigInt => vectors[column].Get<long>(row),
                TypeId.UTinyInt => vectors[column].Get<byte>(row),
                TypeId.USmallInt => vectors[column].Get<ushort>(row),
                TypeId.UInteger => vectors[column].Get<uint>(row),
                TypeId.UBigInt => vectors[column].Get<ulong>(row),
                TypeId.HugeInt => vectors[column].Get<Native.Huge>(row).Signed,
                TypeId.UHugeInt => vectors[column].Get<Native.Huge>(row).Unsigned,
                TypeId.Float => GetFloat(column),
                TypeId.Double => GetDouble(column),
                TypeId.Decimal => GetDecimal(column),
                TypeId.Varchar or TypeId.Enum => GetString(column),
                TypeId.Blob => GetBytes(column),
                TypeId.Date => GetDateOnly(column),
                TypeId.Time => GetTimeOnly(column),
                TypeId.Timestamp or TypeId.TimestampS or TypeId.TimestampMs or TypeId.TimestampNs => GetTimestamp(
                    column
                ),
                TypeId.TimestampTz => GetTimestampTz(column),
                TypeId.Uuid => GetGuid(column),
                TypeId.List => GetStrings(column),
                _ => throw Not(column, "read here"),
            };

    /// <summary>
    /// The value as DuckDB's cast to VARCHAR writes it, all its digits; a TIMESTAMPTZ as in UTC; null for NULL.
    /// </summary>
    /// <remarks>
    /// A FLOAT has the fewest digits that read back as the same; DuckDB writes more of them for one in some hundreds.
    /// </remarks>
    public string? GetText(int column) =>
        IsNull(column)
            ? null
            : columns[column].Id switch
            {
                TypeId.Varchar or TypeId.Enum => GetString(column),
                TypeId.Boolean => GetBoolean(column) ? "true" : "false",
                >= TypeId.TinyInt and <= TypeId.UBigInt or TypeId.HugeInt => GetInt128(column)
                    .ToString(CultureInfo.InvariantCulture),
                TypeId.UHugeInt => vectors[column]
                    .Get<Native.Huge>(row)
                    .Unsigned.ToString(CultureInfo.InvariantCulture),
                TypeId.Decimal => Render.Decimal(
                    vectors[column].Integer(columns[column].Storage, row),
                    columns[column].Width,
                    columns[column].Scale
                ),
                TypeId.Float => Render.Float(GetFloat(column)),
                TypeId.Double => Render.Double(GetDouble(column)),
                TypeId.Blob => Render.Blob(vectors[column].Bytes(row)),
                TypeId.Date => Render.Date(vectors[column].Get<int>(row)),
                TypeId.Time => Render.Time(vectors[column].Get<long>(row)),
                TypeId.Timestamp => Render.Timestamp(vectors[column].Get<long>(row), 6),
                TypeId.TimestampS => Render.Timestamp(vectors[column].Get<long>(row), 0),
                TypeId.TimestampMs => Render.Timestamp(vectors[column].Get<long>(row), 3),
                TypeId.TimestampNs => Render.Timestamp(vectors[column].Get<long>(row), 9),
                TypeId.TimestampTz => Render.Timestamp(vectors[column].Get<long>(row), 6, "+00"),
                TypeId.Uuid => GetGuid(column).ToString(),
                _ => throw Not(column, "rendered here"),
            };

    private long Ticks(int column, long perUnit)
    {
        var ticks = Some(column).Get<long>(row) * (Int128)perUnit + DateTime.UnixEpoch.Ticks;
        return ticks >= 0 && ticks <= DateTime.MaxValue.Ticks ? (long)ticks : throw Beyond(column);
    }

    private long Nanos(int column)
    {
        var nanos = Some(column).Get<long>(row);
        if (nanos is long.MaxValue or -long.MaxValue)
            throw Beyond(column);
        return DateTime.UnixEpoch.Ticks + (nanos >= 0 ? nanos : nanos - 99) / TimeSpan.NanosecondsPerTick;
    }

    private ref readonly Vector Some(int column, TypeId type)
    {
        if (columns[column].Id != type)
            throw Not(column, type.ToString().ToUpperInvariant());
        return ref Some(column);
    }

    private ref readonly Vector Some(int column)
    {
        if (IsNull(column))
            throw new InvalidCastException($"Column {Name(column)} is NULL in this row.");
        return ref vectors[column];
    }

    private InvalidCastException Not(int column, string what) =>
        new($"Column {Name(column)} of type {TypeName(column)} is not {what}; cast it in SQL.");

    private OverflowException Beyond(int column) =>
        new($"The {TypeName(column)} in column {Name(column)} is outside of what .NET can hold; read it as text.");
}
