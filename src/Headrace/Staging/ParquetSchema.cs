using System.Buffers.Binary;

namespace Headrace.Staging;

/// <summary>
/// How the values of a Parquet column stand in the file, where an engine would read others than those that were
/// written.
/// </summary>
public enum ParquetForm
{
    /// <summary>As the engine reads it, or as a column of another name for the same.</summary>
    Plain,

    /// <summary>INT96: twelve bytes, the nanoseconds of the day and the Julian day.</summary>
    Int96,

    /// <summary>A moment of UTC in nanoseconds; the engine is given it as one without a zone.</summary>
    UtcNanoseconds,

    /// <summary>A time of day as a number since midnight.</summary>
    Clock,

    /// <summary>Nothing but NULL.</summary>
    Nothing,

    /// <summary>Text that is not all UTF-8, as bytes.</summary>
    Bytes,
}

/// <summary>A column of a Parquet file that is not simply read.</summary>
/// <param name="PerSecond">For <see cref="ParquetForm.Clock"/> the units of a second.</param>
/// <param name="Type">The type that the file gives to it; null when the engine's word counts.</param>
public sealed record ParquetColumn(ParquetForm Form, long PerSecond = 0, ColumnType? Type = null);

/// <summary>
/// What the footer of a Parquet file says of its columns. Where an engine would read other values than those that are
/// there, the footer of the copy in the spool is written anew, so that it reads them raw; the data stay as they are.
/// </summary>
/// <remarks>
/// DuckDB cuts INT96 and UTC nanoseconds to microseconds, wraps numbers that do not fit the width that the footer gives
/// to them, reads decimals of more than 38 digits as doubles, and knows some types only by the names that older writers
/// gave them.
/// </remarks>
public sealed class ParquetSchema
{
    private const int Int32 = 1,
        Int64 = 2,
        Int96 = 3,
        FixedBytes = 7;
    private const int Repeated = 2;
    private const int MostLevels = 100;
    private const short Type = 1,
        Length = 2,
        Repetition = 3,
        Name = 4,
        Children = 5,
        Converted = 6,
        Scale = 7,
        Precision = 8,
        Logical = 10;

    private readonly string path;
    private readonly string source;
    private readonly Dictionary<string, ParquetColumn> columns = new(StringComparer.Ordinal);
    private readonly Dictionary<int, int> types = []; // by the number of a leaf its new physical type
    private readonly List<Thrift> elements;
    private int next;
    private int leaf;
    private bool isChanged;

    private ParquetSchema(string path, string source, List<Thrift> elements)
    {
        this.path = path;
        this.source = source;
        this.elements = elements;
    }

    /// <summary>The columns that are not simply read, by name.</summary>
    public IReadOnlyDictionary<string, ParquetColumn> Columns => columns;

    /// <summary>True when texts were found that are not UTF-8, and all texts are read as bytes.</summary>
    public bool HasBytes { get; private set; }

    /// <summary>Reads the footer of a copy in the spool, and mends it where it has to be.</summary>
    /// <exception cref="HeadraceException">HDR-121 for a broken footer; HDR-126, HDR-131, HDR-132 for its
    /// columns.</exception>
    public static ParquetSchema Open(string path, string source)
    {
        var schema = new ParquetSchema(path, source, [.. Elements(Footer(path, source), source)]);
        schema.Look(isBytes: false);
        return schema;
    }

    /// <summary>Has texts read as bytes from now on, since some are not UTF-8; false when they are already.</summary>
    public bool ReadBytes()
    {
        if (HasBytes)
            return false;
        HasBytes = true;
        Look(isBytes: true);
        return true;
    }

    private static byte[] Footer(string path, string source)
    {
        using var file = File.OpenHandle(path);
        var size = RandomAccess.GetLength(file);
        Span<byte> tail = stackalloc byte[8];
        RandomAccess.Read(file, tail, size - 8);
        var length = BinaryPrimitives.ReadInt32LittleEndian(tail);
        if (length <= 0 || length > size - 12)
            throw Error.Corrupt(
                source,
                "The Parquet footer cannot be read",
                found: $"a footer of {length} bytes in a file of {size}"
            );
        var footer = new byte[length];
        var read = 0;
        while (
            read < length && RandomAccess.Read(file, footer.AsSpan(read), size - 8 - length + read) is > 0 and var more
        )
            read += more;
        return footer;
    }

    private static IReadOnlyList<Thrift> Elements(byte[] footer, string source) =>
        Read(footer, source, last: 2).Parts(2) is { Count: > 0 } elements
            ? elements
            : throw Error.Corrupt(source, "The Parquet footer cannot be read", found: "no schema");

    private static Thrift Read(byte[] footer, string source, short last = short.MaxValue)
    {
        try
        {
            return Thrift.Read(footer, last);
        }
        catch (Exception e) when (e is InvalidDataException or OverflowException)
        {
            throw Error.Corrupt(source, "The Parquet footer cannot be read", found: e.Message, inner: e);
        }
    }

    private void Look(bool isBytes)
    {
        (next, leaf, isChanged) = (0, 0, false);
        var root = elements[next++];
        Group(root, "", 0, isBytes);
        if (isChanged)
            Rewrite();
    }

    private void Group(Thrift group, string above, int level, bool isBytes)
    {
        if (level > MostLevels)
            throw Error.Corrupt(
                source,
                "The Parquet footer cannot be read",
                found: $"more than {MostLevels} levels of columns within columns"
            );
        var isTop = level == 0;
        var names = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (var child = 0; child < (group.Number(Children) ?? 0); child++)
        {
            if (next >= elements.Count)
                throw Error.Corrupt(source, "The Parquet footer cannot be read", found: "fewer columns than it names");
            var element = elements[next++];
            var name = element.Text(Name) ?? "";
            if (isTop && string.IsNullOrWhiteSpace(name))
                throw Error.EmptyColumn(source, child + 1, null, null, []);
            if (!names.TryAdd(name, name))
                throw Error.DuplicateColumn(source, above + names[name], above + name, null);
            NameType(element);
            if ((element.Number(Children) ?? 0) > 0)
                Group(element, $"{above}{name}.", level + 1, isBytes);
            else if (element.Number(Type) is not null)
                Leaf(element, $"{above}{name}", isTop && element.Number(Repetition) != Repeated, isBytes);
        }
    }

    private void Leaf(Thrift element, string name, bool isColumn, bool isBytes)
    {
        var (logical, type) = (element.Part(Logical), element.Number(Type));
        var kind = logical?.Numbers.FirstOrDefault() ?? 0;
        var isDecimal = kind == 5 || element.Number(Converted) == 5;
        var (scale, precision) =
            kind == 5
                ? (logical!.Part(5)?.Number(1) ?? 0, logical.Part(5)?.Number(2) ?? 0)
                : (element.Number(Scale) ?? 0, element.Number(Precision) ?? 0);
        if (isDecimal && (precision is < 1 or > 38 || scale < 0 || scale > precision))
            throw Error.ParquetColumn(source, name, $"decimal({precision},{scale})");
        var unit = logical?.Part(kind)?.Part(2)?.Numbers.FirstOrDefault() ?? 0; // 1 to 3: milli-, micro-, nanoseconds
        var isUtcNanoseconds = kind == 8 && unit == 3 && logical!.Part(8)!.IsTrue(1);
        if (!isColumn && (type == Int96 || isUtcNanoseconds))
            throw Error.ParquetColumn(
                source,
                name,
                type == Int96 ? "INT96 within another column" : "nanoseconds of UTC within another column"
            );

        if (isColumn && type == Int96)
            Set(element, name, new ParquetColumn(ParquetForm.Int96), FixedBytes, 12);
        else if (isColumn && isUtcNanoseconds)
        {
            Set(element, name, new ParquetColumn(ParquetForm.UtcNanoseconds));
            logical!.Part(8)!.Put(1, Thrift.False, null);
            element.Put(Logical, Thrift.Struct, logical);
        }
        else if (isColumn && (kind == 7 || element.Number(Converted) is 7 or 8))
            Set(
                element,
                name,
                new ParquetColumn(
                    ParquetForm.Clock,
                    unit switch
                    {
                        2 => 1_000_000,
                        3 => 1_000_000_000,
                        1 => 1000,
                        _ => element.Number(Converted) == 7 ? 1000 : 1_000_000,
                    }
                )
            );
        else if (isColumn && kind == 11)
            Set(element, name, new ParquetColumn(ParquetForm.Nothing));
        else if (isColumn && element.Number(Converted) is 11 or 15 or 12 or 16 && type == Int32)
            Set(
                element,
                name,
                new ParquetColumn(
                    ParquetForm.Plain,
                    Type: new ColumnType(element.Number(Converted) == 12 ? TypeKind.Integer : TypeKind.SmallInt)
                )
            );
        else if (isColumn && isDecimal && ((type == Int32 && precision < 5) || (type == Int64 && precision < 10)))
        {
            Set(
                element,
                name,
                new ParquetColumn(ParquetForm.Plain, Type: new ColumnType(TypeKind.Decimal, (int)precision, (int)scale))
            );
            element.Put(Converted, Thrift.Int, 5L);
            element.Put(Scale, Thrift.Int, scale);
            element.Put(Precision, Thrift.Int, type == Int32 ? 9L : 18L);
        }
        else if (isColumn && element.Number(Converted) == 19)
        {
            Set(element, name, new ParquetColumn(ParquetForm.Plain, Type: ColumnType.Json));
            element.Put(Converted, Thrift.Int, 0L);
        }
        else if (isColumn && isBytes && element.Number(Converted) is 0 or 4)
            Set(
                element,
                name,
                new ParquetColumn(
                    ParquetForm.Bytes,
                    Type: columns.TryGetValue(name, out var text) ? text.Type : ColumnType.Text
                )
            );
        leaf++;
    }

    // The engine reads the column without what the footer says of it.
    private void Set(Thrift element, string name, ParquetColumn column, int? type = null, int length = 0)
    {
        columns[name] = column;
        isChanged = true;
        element.Remove(Converted, Scale, Precision, Logical);
        types[leaf] = type ?? (int)element.Number(Type)!;
        if (type is not { } physical)
            return;
        element.Put(Type, Thrift.Int, (long)physical);
        element.Put(Length, Thrift.Int, (long)length);
    }

    // What has only the newer name of its type gets the older one, too.
    private void NameType(Thrift element)
    {
        if (element.Number(Converted) is not null || element.Part(Logical) is not { } logical)
            return;
        var part = logical.Part(10);
        long? older = logical.Numbers.FirstOrDefault() switch
        {
            1 => 0,
            2 => 1,
            3 => 3,
            4 => 4,
            6 => 6,
            10 when part?.Number(1) is { } bits => (part.IsTrue(2) ? 15 : 11)
                + (
                    bits switch
                    {
                        8 => 0,
                        16 => 1,
                        32 => 2,
                        _ => 3,
                    }
                ),
            12 => 19,
            13 => 20,
            _ => null,
        };
        if (older is null)
            return;
        element.Put(Converted, Thrift.Int, older);
        isChanged = true;
    }

    private void Rewrite()
    {
        var bytes = Footer(path, source);
        var footer = Read(bytes, source);
        footer.Put(2, Thrift.List, new ThriftList(Thrift.Struct, [.. elements]));
        foreach (var group in footer.Parts(4))
        {
            var chunks = group.Parts(1);
            foreach (var (number, type) in types)
            {
                if (number >= chunks.Count || chunks[number].Part(3) is not { } meta)
                    throw Error.Corrupt(
                        source,
                        "The Parquet footer cannot be read",
                        found: "a row group without one of the columns"
                    );
                chunks[number].Remove(4, 5, 6, 7); // where indexes are
                meta.Put(1, Thrift.Int, (long)type);
                meta.Remove(12, 14, 15, 16); // statistics and filters
            }
        }

        using var written = new MemoryStream();
        footer.Write(written);
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
            file.SetLength(file.Length - 8 - bytes.Length);
            file.Seek(0, SeekOrigin.End);
            written.WriteTo(file);
            Span<byte> tail = stackalloc byte[8];
            BinaryPrimitives.WriteInt32LittleEndian(tail, (int)written.Length);
            "PAR1"u8.CopyTo(tail[4..]);
            file.Write(tail);
        }
        catch (IOException e)
        {
            throw Error.SpoolFailed(path, e);
        }
    }
}
