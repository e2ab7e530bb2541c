using System.Globalization;
using System.Text;

namespace Headrace.Redshift;

/// <summary>
/// Column types as Redshift has them in a target, and values on their way between the engine and Redshift.
/// docs/redshift.md has the list for users.
/// </summary>
internal static class RedshiftTypes
{
    /// <summary>Names in Redshift have at most so many bytes; longer ones would be cut.</summary>
    public const int LongestName = 127;

    /// <summary>Bytes of the longest text.</summary>
    public const int LongestText = 65535;

    /// <summary>
    /// Bytes of the longest JSON. It is one less than a text's, which tells such a column from one of text.
    /// </summary>
    public const int LongestJson = 65534;

    /// <summary>Bytes of the longest binary value; a row of COPY has 4 MB, and a byte takes two of them.</summary>
    public const int LongestBytes = 1_024_000;

    // A number of 19 digits is kept in 64 bits, which do not hold all of those.
    private const int DigitsOf64Bits = 19;

    private static readonly HashSet<string> SystemColumns = new(StringComparer.OrdinalIgnoreCase)
    {
        "oid",
        "tableoid",
        "xmin",
        "cmin",
        "xmax",
        "cmax",
        "ctid",
    };

    /// <summary>The type's name in Redshift.</summary>
    public static string Name(ColumnType type) =>
        type.Kind switch
        {
            TypeKind.Boolean => "boolean",
            TypeKind.SmallInt => "smallint",
            TypeKind.Integer => "integer",
            TypeKind.BigInt => "bigint",
            TypeKind.Decimal => string.Create(CultureInfo.InvariantCulture, $"decimal({type.Precision},{type.Scale})"),
            TypeKind.Real => "real",
            TypeKind.Double => "double precision",
            TypeKind.Text => $"varchar({LongestText})",
            TypeKind.Json => $"varchar({LongestJson})",
            TypeKind.Uuid => "char(36)",
            TypeKind.Bytes => $"varbyte({LongestBytes})",
            TypeKind.Date => "date",
            TypeKind.Time => "time",
            TypeKind.Timestamp => "timestamp",
            _ => "timestamptz",
        };

    /// <summary>
    /// The column type of a target's column, with the most bytes that it takes; null for what Headrace does not write:
    /// a type that would pad or change values without a word is among them.
    /// </summary>
    /// <param name="name">As <c>svv_columns</c> has it.</param>
    public static (ColumnType Type, int? Length)? Parse(string name, int? length, int? precision, int? scale) =>
        name switch
        {
            "boolean" => (new ColumnType(TypeKind.Boolean), null),
            "smallint" => (new ColumnType(TypeKind.SmallInt), null),
            "integer" => (new ColumnType(TypeKind.Integer), null),
            "bigint" => (ColumnType.BigInt, null),
            "numeric" when precision is { } digits && scale is { } behind => (
                new ColumnType(TypeKind.Decimal, digits, behind),
                null
            ),
            "real" => (new ColumnType(TypeKind.Real), null),
            "double precision" => (new ColumnType(TypeKind.Double), null),
            "character varying" when length == LongestJson => (ColumnType.Json, null),
            "character varying" => (ColumnType.Text, length == LongestText ? null : length),
            "character" when length == 36 => (new ColumnType(TypeKind.Uuid), null),
            "binary varying" or "varbyte" => (new ColumnType(TypeKind.Bytes), length),
            "date" => (new ColumnType(TypeKind.Date), null),
            "time without time zone" => (new ColumnType(TypeKind.Time), null),
            "timestamp without time zone" => (new ColumnType(TypeKind.Timestamp), null),
            "timestamp with time zone" => (new ColumnType(TypeKind.TimestampTz), null),
            _ => null,
        };

    /// <summary>
    /// The column type of a column of a query's result; null for what Headrace does not write.
    /// </summary>
    /// <param name="name">With its length or digits: <c>numeric(10,2)</c>.</param>
    public static ColumnType? Of(string name)
    {
        var (open, close) = (name.IndexOf('(', StringComparison.Ordinal), name.IndexOf(')', StringComparison.Ordinal));
        var numbers =
            open < 0 || close < open
                ? []
                : name[(open + 1)..close]
                    .Split(',')
                    .Select(number =>
                        int.TryParse(number, CultureInfo.InvariantCulture, out var one) ? one : (int?)null
                    )
                    .ToList();
        var plain = open < 0 ? name : $"{name[..open].Trim()}{name[(close + 1)..]}";
        return plain switch
        {
            "text" or "unknown" or "name" => ColumnType.Text,
            "numeric" when numbers is [{ } digits, { } behind] => new ColumnType(TypeKind.Decimal, digits, behind),
            "numeric" => new ColumnType(TypeKind.Decimal, 38, 12),
            "character varying" when numbers is not [LongestJson] => ColumnType.Text,
            "character" when numbers is not [36] => ColumnType.Text,
            _ => Parse(plain, numbers.FirstOrDefault(), null, null)?.Type,
        };
    }

    /// <summary>
    /// The column type of a source's column: one that holds every value, or text. docs/tables.md has the list for
    /// users.
    /// </summary>
    /// <param name="name">As <c>svv_columns</c> has it.</param>
    public static ColumnType Source(string name, int? length, int? precision, int? scale) =>
        name switch
        {
            "super" => ColumnType.Json,
            "numeric" when precision is null or 0 => new ColumnType(TypeKind.Decimal, 38, 12),
            "character" => ColumnType.Text,
            _ => Parse(name, length, precision, scale)?.Type ?? ColumnType.Text,
        };

    /// <summary>
    /// True where UNLOAD's text of each value is one of the column type, but for those that the type does not have
    /// (<see cref="StagedColumn.Written"/>).
    /// </summary>
    /// <param name="name">As <c>svv_columns</c> has it.</param>
    public static bool IsWritten(string name, ColumnType type) =>
        name is not ("real" or "other") && type.Kind is not (TypeKind.Json or TypeKind.Bytes);

    /// <inheritdoc cref="ValueLimits"/>
    public static (string Fits, string Reason)? Limit(ShapeColumn column, bool isParquet, string value)
    {
        var type = column.Type!.Value;
        switch (type.Kind)
        {
            case TypeKind.Text:
                var most = column.Length ?? LongestText;
                return (
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"strlen({value}) <= {most}{(isParquet ? $" AND NOT contains({value}, chr(0))" : "")}"
                    ),
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"Redshift's varchar({most}) takes no more bytes, and no NUL"
                    )
                );
            case TypeKind.Json:
                return (
                    $"strlen(CAST({value} AS VARCHAR)) <= {LongestJson}",
                    $"Redshift's varchar({LongestJson}) takes no more bytes"
                );
            case TypeKind.Bytes:
                return (
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"octet_length({value}) BETWEEN 1 AND {column.Length ?? LongestBytes}"
                    ), // an empty field is NULL to COPY
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"Redshift's varbyte({column.Length ?? LongestBytes}) takes no more bytes, "
                            + $"and COPY brings no empty value of it"
                    )
                );
            case TypeKind.Decimal when type.Precision == DigitsOf64Bits:
                var greatest = long.MaxValue.ToString(CultureInfo.InvariantCulture);
                greatest = type.Scale == 0 ? greatest : greatest.Insert(greatest.Length - type.Scale, ".");
                return (
                    $"{value} BETWEEN -{greatest} AND {greatest}",
                    $"Redshift keeps {type} in 64 bits, which do not hold the number"
                );
            case TypeKind.Real or TypeKind.Double:
                return ($"isfinite({value})", "a number of Redshift is finite");
            case TypeKind.Date:
                return (
                    $"{value} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'",
                    "the day has no year of four digits"
                );
            case TypeKind.Timestamp:
                return (
                    $"{value} BETWEEN TIMESTAMP '0001-01-01 00:00:00' AND TIMESTAMP '9999-12-31 23:59:59.999999'",
                    "the time has no year of four digits"
                );
            case TypeKind.TimestampTz:
                return (
                    $"{value} BETWEEN TIMESTAMPTZ '0001-01-01 00:00:00+00' "
                        + "AND TIMESTAMPTZ '9999-12-31 23:59:59.999999+00'",
                    "the time has no year of four digits"
                );
            case TypeKind.Time:
                return ($"{value} < TIME '24:00:00'", "Redshift has no time 24:00");
            default:
                return null;
        }
    }

    /// <summary>Throws for a name that Redshift would cut or refuse, and for a type that it lacks.</summary>
    /// <exception cref="HeadraceException">HDR-312, HDR-314, HDR-318.</exception>
    public static void Check(TableName target, IEnumerable<Column> columns)
    {
        foreach (var name in (string[])[target.Schema, target.Table])
            CheckLength(target, name);
        foreach (var column in columns)
        {
            CheckLength(target, column.Name);
            if (SystemColumns.Contains(column.Name))
                throw RedshiftError.ReservedColumn(target, column.Name);
            if (column.Type is { Kind: TypeKind.Decimal, Scale: > 37 } type)
                throw RedshiftError.NoType(target, column.Name, type);
        }
    }

    private static void CheckLength(TableName target, string name)
    {
        if (Encoding.UTF8.GetByteCount(name) > LongestName)
            throw Error.NameTooLong(target.ToString(), name, LongestName);
    }
}
