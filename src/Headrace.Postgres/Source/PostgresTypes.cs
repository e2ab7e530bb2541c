using System.Globalization;
using System.Text.RegularExpressions;

namespace Headrace.Postgres;

/// <summary>
/// What becomes of PostgreSQL's types: the column type in a warehouse, and the expression whose text is a value of it.
/// </summary>
/// <remarks>Names are those of <c>format_type</c>. docs/tables.md has the same list for users.</remarks>
internal static partial class PostgresTypes
{
    /// <summary>
    /// The type that holds every value of a PostgreSQL type that has an equal there. What has none (infinity, NaN,
    /// years beyond 9999 or BC, 24:00, a number with more digits) ends in quarantine, and never as another value.
    /// </summary>
    /// <param name="category"><c>typcategory</c>.</param>
    public static ColumnType Of(string name, char category) =>
        (name, category) switch
        {
            ("boolean", _) => new ColumnType(TypeKind.Boolean),
            ("smallint", _) => new ColumnType(TypeKind.SmallInt),
            ("integer", _) => new ColumnType(TypeKind.Integer),
            ("bigint" or "oid" or "xid", _) => ColumnType.BigInt,
            ("xid8", _) => new ColumnType(TypeKind.Decimal, 20, 0),
            ("real", _) => new ColumnType(TypeKind.Real),
            ("double precision", _) => new ColumnType(TypeKind.Double),
            ("bytea", _) => new ColumnType(TypeKind.Bytes),
            ("date", _) => new ColumnType(TypeKind.Date),
            ("uuid", _) => new ColumnType(TypeKind.Uuid),
            ("json" or "jsonb", _) => ColumnType.Json,
            (_, 'A' or 'C') => ColumnType.Json,
            _ when name.StartsWith("numeric", StringComparison.Ordinal) => Numeric(name),
            _ when name.StartsWith("time", StringComparison.Ordinal)
                    && name.EndsWith("without time zone", StringComparison.Ordinal) => new ColumnType(
                name.StartsWith("timestamp", StringComparison.Ordinal) ? TypeKind.Timestamp : TypeKind.Time
            ),
            _ when name.StartsWith("timestamp", StringComparison.Ordinal) => new ColumnType(TypeKind.TimestampTz),
            _ => ColumnType.Text,
        };

    /// <summary>
    /// The type of <see cref="Of"/> where PostgreSQL's has the same values, but for those that
    /// <see cref="StagedColumn.Written"/> names, and COPY writes and reads them alike wherever it is; else null.
    /// </summary>
    public static ColumnType? Written(string name, char category) =>
        Of(name, category) is var type
        && type.Kind switch
        {
            TypeKind.Text => name is "text" || name.StartsWith("character varying", StringComparison.Ordinal),
            TypeKind.Decimal => NumericPattern().IsMatch(name)
                && !name.Contains('-', StringComparison.Ordinal)
                && Numeric(name).Precision <= 38,
            TypeKind.Json => name is "jsonb",
            TypeKind.BigInt => name is "bigint",
            _ => true,
        }
            ? type
            : null;

    /// <summary>The expression of a column as it is copied.</summary>
    public static string Expression(string quoted, char category) =>
        category is 'A' or 'C' ? $"to_json({quoted})" : quoted;

    [GeneratedRegex(@"^numeric\((\d+),(-?\d+)\)$")]
    private static partial Regex NumericPattern();

    // Without a precision a number may have any digits: 26 before and 12 behind the point hold nearly all of them.
    private static ColumnType Numeric(string name)
    {
        if (NumericPattern().Match(name) is not { Success: true } match)
            return new ColumnType(TypeKind.Decimal, 38, 12);
        var precision = int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        var scale = int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture);
        var (digits, behind) = scale < 0 ? (precision - scale, 0) : (Math.Max(precision, scale), scale);
        return digits <= 38 ? new ColumnType(TypeKind.Decimal, digits, behind) : ColumnType.Text;
    }
}
