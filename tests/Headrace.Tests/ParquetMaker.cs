using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Headrace.Staging;

namespace Headrace.Tests;

/// <summary>A column for <see cref="ParquetMaker"/>.</summary>
/// <param name="Physical">1 INT32, 2 INT64, 3 INT96, 5 DOUBLE, 6 BYTE_ARRAY, 7 FIXED_LEN_BYTE_ARRAY.</param>
/// <param name="Values">The bytes of each value; null for NULL.</param>
/// <param name="Note">What else the footer says of it.</param>
/// <param name="Within">The group that it is part of; null for none.</param>
internal sealed record MadeColumn(
    string Name,
    int Physical,
    byte[]?[] Values,
    Action<Thrift>? Note = null,
    string? Within = null
);

/// <summary>Writes Parquet files by hand: one row group, plain pages, each column as it is told.</summary>
internal static class ParquetMaker
{
    public static byte[] File(params MadeColumn[] columns)
    {
        using var file = new MemoryStream();
        file.Write("PAR1"u8);
        var rows = columns[0].Values.Length;
        var chunks = new List<object>();
        foreach (var column in columns)
        {
            using var page = new MemoryStream();
            var levels = new MemoryStream();
            foreach (var value in column.Values) // each level a run of one
                levels.Write([2, (byte)((column.Within is null ? 0 : 1) + (value is null ? 0 : 1))]);
            page.Write(Int32((int)levels.Length));
            levels.WriteTo(page);
            foreach (var value in column.Values.OfType<byte[]>())
                page.Write(column.Physical == 6 ? [.. Int32(value.Length), .. value] : value);
            var start = file.Length;
            Struct((1, 0), (2, (int)page.Length), (3, (int)page.Length), (5, Struct((1, rows), (2, 0), (3, 3), (4, 3))))
                .Write(file);
            page.WriteTo(file);
            var meta = Struct(
                (1, column.Physical),
                (4, 0),
                (5, (long)rows),
                (6, file.Length - start),
                (7, file.Length - start),
                (9, start)
            );
            meta.Put(2, Thrift.List, new ThriftList(Thrift.Int, [0L, 3L]));
            meta.Put(3, Thrift.List, new ThriftList(Thrift.Binary, [.. Path(column).Select(Bytes)]));
            chunks.Add(Struct((2, start), (3, meta)));
        }

        var top = columns
            .Select(column => column.Within ?? column.Name)
            .Aggregate(
                new List<string>(),
                (names, name) =>
                    names.Count > 0 && names[^1] == name && columns.Any(column => column.Within == name)
                        ? names
                        : [.. names, name]
            );
        var elements = new List<object> { Struct((4, Bytes("schema")), (5, top.Count)) };
        var groups = new HashSet<string>();
        foreach (var column in columns)
        {
            if (column.Within is { } group && groups.Add(group))
                elements.Add(Struct((3, 1), (4, Bytes(group)), (5, columns.Count(one => one.Within == group))));
            var element = Struct((1, column.Physical), (3, 1), (4, Bytes(column.Name)));
            if (column.Physical == 7)
                element.Put(2, Thrift.Int, (long)column.Values.OfType<byte[]>().First().Length);
            column.Note?.Invoke(element);
            elements.Add(element);
        }

        var rowGroup = Struct((2, file.Length), (3, (long)rows));
        rowGroup.Put(1, Thrift.List, new ThriftList(Thrift.Struct, chunks));
        var footer = Struct((1, 2), (3, (long)rows));
        footer.Put(2, Thrift.List, new ThriftList(Thrift.Struct, elements));
        footer.Put(4, Thrift.List, new ThriftList(Thrift.Struct, [rowGroup]));
        var before = file.Length;
        footer.Write(file);
        file.Write([.. Int32((int)(file.Length - before)), .. "PAR1"u8]);
        return file.ToArray();
    }

    /// <summary>A column of the numbers from 1.</summary>
    public static MadeColumn Ids(int rows) => new("id", 1, [.. Enumerable.Range(1, rows).Select(Int32)]);

    public static Action<Thrift> Decimal(int precision, int scale) =>
        element =>
        {
            element.Put(6, Thrift.Int, 5L);
            element.Put(7, Thrift.Int, (long)scale);
            element.Put(8, Thrift.Int, (long)precision);
            Logical(5, Struct((1, scale), (2, precision)))(element);
        };

    /// <param name="unit">1 for milliseconds, 2 for microseconds, 3 for nanoseconds.</param>
    public static Action<Thrift> Timestamp(bool isUtc, short unit) => Logical(8, Zoned(isUtc, unit));

    /// <inheritdoc cref="Timestamp"/>
    public static Action<Thrift> Time(bool isUtc, short unit) => Logical(7, Zoned(isUtc, unit));

    /// <summary>An annotation that has only the newer name.</summary>
    public static Action<Thrift> Logical(short kind, Thrift? value = null) =>
        element =>
        {
            var union = new Thrift();
            union.Put(kind, Thrift.Struct, value ?? new Thrift());
            element.Put(10, Thrift.Struct, union);
        };

    /// <summary>An annotation by its older name: 0 text, 11 to 18 integers, 19 JSON.</summary>
    public static Action<Thrift> Converted(int kind) => element => element.Put(6, Thrift.Int, (long)kind);

    public static byte[] Int32(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }

    public static byte[] Int64(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes;
    }

    public static byte[] Int96(DateTime day, long nanoseconds) =>
        [.. Int64(nanoseconds), .. Int32((int)(day - DateTime.UnixEpoch).TotalDays + 2440588)];

    /// <summary>A decimal's unscaled value.</summary>
    public static byte[] Big(BigInteger value, int width)
    {
        var bytes = value.ToByteArray(isBigEndian: true);
        return [.. Enumerable.Repeat((byte)(value.Sign < 0 ? 255 : 0), width - bytes.Length), .. bytes];
    }

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static IEnumerable<string> Path(MadeColumn column) =>
        column.Within is null ? [column.Name] : [column.Within, column.Name];

    private static Thrift Zoned(bool isUtc, short unit)
    {
        var (zoned, units) = (new Thrift(), new Thrift());
        units.Put(unit, Thrift.Struct, new Thrift());
        zoned.Put(1, isUtc ? Thrift.True : Thrift.False, null);
        zoned.Put(2, Thrift.Struct, units);
        return zoned;
    }

    private static Thrift Struct(params (short Number, object Value)[] fields)
    {
        var made = new Thrift();
        foreach (var (number, value) in fields)
            made.Put(
                number,
                value switch
                {
                    int => Thrift.Int,
                    long => Thrift.Long,
                    byte[] => Thrift.Binary,
                    _ => Thrift.Struct,
                },
                value is int small ? (long)small : value
            );
        return made;
    }
}
