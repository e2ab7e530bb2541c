using System.Runtime.InteropServices;

namespace Headrace.DuckDb;

/// <summary>The types of DuckDB's C API by their numbers there.</summary>
internal enum TypeId
{
    Invalid = 0,
    Boolean = 1,
    TinyInt = 2,
    SmallInt = 3,
    Integer = 4,
    BigInt = 5,
    UTinyInt = 6,
    USmallInt = 7,
    UInteger = 8,
    UBigInt = 9,
    Float = 10,
    Double = 11,
    Timestamp = 12,
    Date = 13,
    Time = 14,
    Interval = 15,
    HugeInt = 16,
    Varchar = 17,
    Blob = 18,
    Decimal = 19,
    TimestampS = 20,
    TimestampMs = 21,
    TimestampNs = 22,
    Enum = 23,
    List = 24,
    Struct = 25,
    Map = 26,
    Uuid = 27,
    Union = 28,
    Bit = 29,
    TimeTz = 30,
    TimestampTz = 31,
    UHugeInt = 32,
    Array = 33,
    BigNum = 35,
    Null = 36,
    TimeNs = 39,
}

/// <summary>A column of a result: its name and all that is needed to read its vectors.</summary>
internal sealed unsafe class DuckDbColumn
{
    private DuckDbColumn(string name, nint type)
    {
        Name = name;
        Id = Storage = (TypeId)Native.TypeId(type);
        Alias = Native.Take(Native.TypeAlias(type));
        switch (Id)
        {
            case TypeId.Decimal:
                Width = Native.DecimalWidth(type);
                Scale = Native.DecimalScale(type);
                Storage = (TypeId)Native.DecimalStorage(type);
                break;
            case TypeId.Enum:
                Storage = (TypeId)Native.EnumStorage(type);
                Words = new string[Native.EnumSize(type)];
                for (var i = 0; i < Words.Length; i++)
                    Words[i] = Native.Take(Native.EnumValue(type, (ulong)i))!;
                break;
            case TypeId.List:
                var child = Native.ListChildType(type);
                Child = new DuckDbColumn(name, child);
                Native.DestroyType(ref child);
                break;
        }
    }

    public string Name { get; }

    public TypeId Id { get; }

    /// <summary>The type of the numbers that stand in the vector for a decimal or for the words of an enum.</summary>
    public TypeId Storage { get; }

    public string? Alias { get; }

    public int Width { get; }

    public int Scale { get; }

    public string[] Words { get; } = [];

    public DuckDbColumn? Child { get; }

    /// <summary>The type as DuckDB writes it; an alias such as JSON before what it stands for.</summary>
    public string TypeName =>
        Alias is { Length: > 0 }
            ? Alias
            : Id switch
            {
                TypeId.Decimal => $"DECIMAL({Width},{Scale})",
                TypeId.List => $"{Child!.TypeName}[]",
                TypeId.Enum => $"ENUM({string.Join(", ", Words.Select(Sql.Literal))})",
                TypeId.TimestampTz => "TIMESTAMP WITH TIME ZONE",
                TypeId.TimeTz => "TIME WITH TIME ZONE",
                TypeId.TimestampS => "TIMESTAMP_S",
                TypeId.TimestampMs => "TIMESTAMP_MS",
                TypeId.TimestampNs => "TIMESTAMP_NS",
                TypeId.Null => "\"NULL\"",
                _ => Id.ToString().ToUpperInvariant(),
            };

    public static DuckDbColumn Of(ResultHandle result, int index)
    {
        var type = Native.ColumnLogicalType(result.Pointer, (ulong)index);
        try
        {
            return new DuckDbColumn(
                Marshal.PtrToStringUTF8((nint)Native.ColumnName(result.Pointer, (ulong)index))!,
                type
            );
        }
        finally
        {
            Native.DestroyType(ref type);
        }
    }
}
