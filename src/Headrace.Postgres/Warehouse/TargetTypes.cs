using System.Globalization;
using System.Text.RegularExpressions;

namespace Headrace.Postgres;

/// <summary>
/// Column types as PostgreSQL has them in a target, and values on their way between the engine and PostgreSQL.
/// </summary>
internal static partial class TargetTypes
{
    /// <summary>Names in PostgreSQL have at most so many bytes; longer ones would be cut.</summary>
    public const int LongestName = 63;

    /// <summary>The type's name in PostgreSQL.</summary>
    public static string Name(ColumnType type) =>
        type.Kind switch
        {
            TypeKind.Decimal => string.Create(CultureInfo.InvariantCulture, $"numeric({type.Precision},{type.Scale})"),
            TypeKind.Double => "double precision",
            TypeKind.Bytes => "bytea",
            TypeKind.Json => "jsonb",
            _ => type.Kind.ToString().ToLowerInvariant(),
        };

    /// <summary>
    /// The column type of a target's column, with the most characters that it takes; null for what Headrace does not
    /// write: a type that would round or pad values without a word is among them.
    /// </summary>
    /// <param name="name">As <c>format_type</c> writes it.</param>
    public static (ColumnType Type, int? Length)? Parse(string name)
    {
        ColumnType? known = name switch
        {
            "boolean" => new(TypeKind.Boolean),
            "smallint" => new(TypeKind.SmallInt),
            "integer" => new(TypeKind.Integer),
            "bigint" => ColumnType.BigInt,
            "real" => new(TypeKind.Real),
            "double precision" => new(TypeKind.Double),
            "text" or "character varying" => ColumnType.Text,
            "bytea" => new(TypeKind.Bytes),
            "date" => new(TypeKind.Date),
            "time without time zone" or "time(6) without time zone" => new(TypeKind.Time),
            "timestamp without time zone" or "timestamp(6) without time zone" => new(TypeKind.Timestamp),
            "timestamp with time zone" or "timestamp(6) with time zone" => new(TypeKind.TimestampTz),
            "uuid" => new(TypeKind.Uuid),
            "json" or "jsonb" => ColumnType.Json,
            "numeric" => new(TypeKind.Decimal, 38, 12),
            _ => null,
        };
        if (known is { } type)
            return (type, null);
        if (VarcharPattern().Match(name) is { Success: true } varchar)
            return (ColumnType.Text, int.Parse(varchar.Groups[1].ValueSpan, CultureInfo.InvariantCulture));
        if (NumericPattern().Match(name) is not { Success: true } numeric)
            return null;
        var (precision, scale) = (
            int.Parse(numeric.Groups[1].ValueSpan, CultureInfo.InvariantCulture),
            int.Parse(numeric.Groups[2].ValueSpan, CultureInfo.InvariantCulture)
        );
        return scale < 0 || scale > Math.Min(precision, 38)
            ? null
            : (new ColumnType(TypeKind.Decimal, Math.Min(precision, 38), scale), null);
    }

    /// <inheritdoc cref="ValueLimits"/>
    public static (string Fits, string Reason)? Limit(ShapeColumn column, bool isParquet, string value) =>
        column.Type!.Value.Kind switch
        {
            TypeKind.Text when column.Length is { } most => (
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"length({value}) <= {most}{(isParquet ? $" AND {NoNul(value)}" : "")}"
                ),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"PostgreSQL's varchar({most}) takes no text this long, and no NUL"
                )
            ),
            TypeKind.Text when isParquet => (NoNul(value), "a text of PostgreSQL takes no NUL"),
            TypeKind.Json => (
                Json($"CAST({value} AS VARCHAR)", value),
                @"jsonb of PostgreSQL takes no \u0000, NaN, Infinity, trailing comma or exponent beyond 999, "
                    + @"and no property twice"
            ),
            TypeKind.Date => (
                $"{value} BETWEEN DATE '4713-01-01 (BC)' AND DATE '5874897-12-31'",
                "PostgreSQL has no such day"
            ),
            TypeKind.Timestamp => ($"{value} >= TIMESTAMP '4713-01-01 (BC) 00:00:00'", "PostgreSQL has no such time"),
            TypeKind.TimestampTz => (
                $"{value} >= TIMESTAMPTZ '4713-01-02 (BC) 00:00:00+00'",
                "PostgreSQL has no such time"
            ),
            _ => null,
        };

    private static string NoNul(string value) => $"NOT contains({value}, chr(0))";

    // The engine takes more for JSON than the standard allows; jsonb would refuse it with the whole batch, or keep the
    // last of two properties.
    private static string Json(string text, string value)
    {
        var bare = $"""regexp_replace({text}, '"([^"\\]|\\.)*"', 's', 'g')""";
        return $$"""
            NOT regexp_matches({{text}}, '(^|[^\\])(\\\\)*\\u0000')
                AND NOT regexp_matches({{bare}}, '(?i)nan|inf|,\s*[\]}]|e[+-]?[0-9]{4,}')
            AND (json_type({{value}}) IS DISTINCT FROM 'OBJECT'
                OR len(json_keys({{value}})) = len(list_distinct(json_keys({{value}}))))
            """;
    }

    [GeneratedRegex(@"^character varying\((\d+)\)$")]
    private static partial Regex VarcharPattern();

    [GeneratedRegex(@"^numeric\((\d+),(-?\d+)\)$")]
    private static partial Regex NumericPattern();
}
