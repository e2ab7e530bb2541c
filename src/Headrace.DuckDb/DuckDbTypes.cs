using System.Globalization;

namespace Headrace.DuckDb;

/// <summary>
/// Column types in DuckDB's dialect, and what text is a value of each. DuckDB's own casts change data without a word
/// ('1.5' becomes the integer 2, '1.239' the decimal 1.24, 'infinity' a date, '+02:00' is dropped from a timestamp),
/// so text must first match a pattern that lets through only what the cast keeps.
/// </summary>
internal static class DuckDbTypes
{
    private const string Day = "[0-9]{4}-[0-9]{2}-[0-9]{2}";
    private const string Clock = @"([01][0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6}0*)?)?";
    private const string Zone = @"(Z|z|[+-][0-9]{2}(:?[0-9]{2})?)";

    /// <summary>The type's name in DuckDB.</summary>
    public static string Name(ColumnType type) =>
        type.Kind switch
        {
            TypeKind.Text => "VARCHAR",
            TypeKind.Bytes => "BLOB",
            TypeKind.TimestampTz => "TIMESTAMPTZ",
            TypeKind.Real => "FLOAT",
            TypeKind.Decimal => string.Create(CultureInfo.InvariantCulture, $"DECIMAL({type.Precision},{type.Scale})"),
            _ => type.Kind.ToString().ToUpperInvariant(),
        };

    /// <summary>
    /// The column type for a name that DuckDB's catalogue shows; null when Headrace does not write it.
    /// </summary>
    public static ColumnType? Parse(string name)
    {
        ColumnType? known = name switch
        {
            "VARCHAR" => ColumnType.Text,
            "BLOB" => new ColumnType(TypeKind.Bytes),
            "TIMESTAMP WITH TIME ZONE" => new ColumnType(TypeKind.TimestampTz),
            "FLOAT" => new ColumnType(TypeKind.Real),
            "HUGEINT" => new ColumnType(TypeKind.Decimal, 38, 0),
            _ => null,
        };
        return known ?? (ColumnType.TryParse(name, out var type) ? type : null);
    }

    /// <summary>
    /// The narrowest column type that holds every value of a type that a Parquet file may have; text when none does.
    /// </summary>
    public static ColumnType Holding(string name) =>
        Parse(name)
        ?? name switch
        {
            "TINYINT" or "UTINYINT" => new ColumnType(TypeKind.SmallInt),
            "USMALLINT" => new ColumnType(TypeKind.Integer),
            "UINTEGER" => ColumnType.BigInt,
            "UBIGINT" => new ColumnType(TypeKind.Decimal, 20, 0),
            "TIMESTAMP_S" or "TIMESTAMP_MS" => new ColumnType(TypeKind.Timestamp),
            _ => ColumnType.Text,
        };

    /// <summary>
    /// The pattern (RE2, whole text) of what is a value of the type; null when every text is, or a function decides.
    /// </summary>
    /// <param name="isKept">Nobody declared the type: a text that would come back as another one is no value
    /// (<c>007</c>, <c>+1</c>, <c>yes</c>, a <c>Z</c>).</param>
    public static string? Pattern(ColumnType type, bool isKept = false) =>
        type.Kind switch
        {
            TypeKind.SmallInt or TypeKind.Integer or TypeKind.BigInt => $@" *{Whole(isKept)}(\.0*)? *",
            TypeKind.Decimal when type.Scale == 0 => $@" *{Whole(isKept)}(\.0*)? *",
            TypeKind.Decimal => string.Create(
                CultureInfo.InvariantCulture,
                $@" *({Whole(isKept)}(\.[0-9]{{0,{type.Scale}}}0*)?|{Sign(isKept)}\.[0-9]{{1,{type.Scale}}}0*) *"
            ),
            TypeKind.Real or TypeKind.Double =>
                $@" *({Whole(isKept)}(\.[0-9]*)?|{Sign(isKept)}\.[0-9]+)([eE][+-]?[0-9]+)? *",
            TypeKind.Boolean => isKept ? "(?i)(true|false)" : "(?i)(true|false|t|f|yes|no|y|n|1|0)",
            TypeKind.Date => Day,
            TypeKind.Time => Clock,
            TypeKind.Timestamp => $"{Day}([ T]{Clock}{(isKept ? "" : "[Zz]?")})?",
            TypeKind.TimestampTz => $"{Day}[ T]{Clock} ?{Zone}",
            TypeKind.Uuid => "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
            TypeKind.Bytes => @"(\\x)?([0-9a-fA-F]{2})*",
            _ => null,
        };

    /// <summary>
    /// The SQL value of a text that passed <see cref="Pattern"/>; NULL when it still does not fit (too large, no such
    /// day).
    /// </summary>
    public static string Cast(string text, ColumnType type, CsvDialect? dialect) =>
        type.Kind switch
        {
            TypeKind.Text => text,

            // Of an IN list DuckDB makes a join, and a join loses the order of rows, in which the last one wins.
            TypeKind.Boolean => $"regexp_full_match({text}, '(?i)(true|t|yes|y|1)')",

            // unhex fails on what is no hexadecimal, and only CASE keeps it from being asked.
            TypeKind.Bytes => $@"(CASE WHEN regexp_full_match({text}, {Sql.Literal(Pattern(type)!)}) "
                + $@"THEN unhex(CASE WHEN starts_with({text}, '\x') THEN {text}[3:] ELSE {text} END) END)",
            TypeKind.Json => $"(CASE WHEN json_valid({text}) THEN {text}::JSON END)",
            TypeKind.Date when dialect?.Date is { } format =>
                $"TRY_CAST(try_strptime({text}, {Sql.Literal(format)}) AS DATE)",
            TypeKind.Timestamp when dialect?.Timestamp is { } format =>
                $"TRY_CAST(try_strptime({text}, {Sql.Literal(format)}) AS TIMESTAMP)",
            TypeKind.TimestampTz when dialect?.Timestamp is { } format =>
                $"TRY_CAST(try_strptime({text}, {Sql.Literal(format)}) AS TIMESTAMPTZ)",
            TypeKind.Real or TypeKind.Double => Finite(Number(text, dialect), type),
            TypeKind.Decimal => $"TRY_CAST({Number(text, dialect)} AS {Name(type)})",
            _ => $"TRY_CAST({text} AS {Name(type)})",
        };

    /// <summary>True (in SQL) for a text that is a value of the type.</summary>
    /// <param name="isKept"><inheritdoc cref="Pattern" path="/param[@name='isKept']"/></param>
    public static string Fits(string text, ColumnType type, CsvDialect? dialect, bool isKept = false)
    {
        if (type.Kind == TypeKind.Text)
            return "true";
        var hasFormat =
            (type.Kind == TypeKind.Date && dialect?.Date is not null)
            || (type.Kind is TypeKind.Timestamp or TypeKind.TimestampTz && dialect?.Timestamp is not null);
        var cast = $"{Cast(text, type, dialect)} IS NOT NULL";
        if (type.Kind == TypeKind.Decimal) // what is this short cannot be too large, and the cast takes long
            cast = string.Create(
                CultureInfo.InvariantCulture,
                $"CASE WHEN strlen({text}) <= {type.Precision - type.Scale} THEN true ELSE {cast} END"
            );
        if (isKept && type.Kind == TypeKind.Double)
            cast = $"{IsWholeInDouble(Number(text, dialect))} AND {cast}";
        return hasFormat || Pattern(type, isKept) is not { } pattern
            ? cast
            // A cast that fails is slow.
            : $"(CASE WHEN regexp_full_match({Number(text, type, dialect)}, {Sql.Literal(pattern)}) THEN {cast} "
                + "ELSE false END)";
    }

    /// <summary>
    /// The SQL value of a text that a database wrote for a value of the type (<see cref="StagedColumn.Written"/>), for
    /// which <see cref="WrittenFits"/> holds.
    /// </summary>
    public static string WrittenCast(string text, ColumnType type) =>
        type.Kind switch
        {
            TypeKind.Boolean => $"starts_with({text}, 't')",
            TypeKind.Bytes => $"unhex({text}[3:])",
            TypeKind.Text or TypeKind.Json => Cast(text, type, null),
            _ => $"TRY_CAST({text} AS {Name(type)})",
        };

    /// <summary>
    /// True (in SQL) for what a database wrote, unless it is beyond what the type has here; null when nothing is.
    /// </summary>
    public static string? WrittenFits(string text, ColumnType type) =>
        type.Kind switch
        {
            TypeKind.Json => Fits(text, type, null),
            TypeKind.Decimal => $"({text} <> 'NaN')",
            TypeKind.Real or TypeKind.Double => $"NOT regexp_full_match({text}, 'NaN|-?Infinity')",
            TypeKind.Date => $"(strlen({text}) = 10)",
            TypeKind.Time => $"({text} <> '24:00:00')",
            TypeKind.Timestamp or TypeKind.TimestampTz =>
                $"(strlen({text}) = 19 OR ({text}[5] = '-' AND NOT ends_with({text}, 'C')))", // BC
            _ => null,
        };

    private static string Sign(bool isKept) => isKept ? "-?" : "[+-]?";

    private static string Whole(bool isKept) => isKept ? "-?(0|[1-9][0-9]*)" : "[+-]?[0-9]+";

    /// <summary>
    /// True (in SQL) for a number that a double gives back with all its digits: 15 of them always, 17 when they are the
    /// shortest.
    /// </summary>
    public static string IsWholeInDouble(string number) =>
        $"(length(ltrim(regexp_replace({number}, '[eE].*$|[-+. ]', '', 'g'), '0')) <= 15 "
        + $"OR CAST(TRY_CAST({number} AS DOUBLE) AS VARCHAR) = {number})";

    // Infinity is what DuckDB makes of '1e999', and zero of '1e-999'.
    private static string Finite(string number, ColumnType type)
    {
        var cast = $"TRY_CAST({number} AS {Name(type)})";
        return $"(CASE WHEN isfinite({cast}) AND ({cast} <> 0 OR NOT regexp_matches({number}, '^[^eE]*[1-9]')) "
            + $"THEN {cast} END)";
    }

    private static string Number(string text, ColumnType type, CsvDialect? dialect) =>
        type.Kind is TypeKind.Decimal or TypeKind.Real or TypeKind.Double ? Number(text, dialect) : text;

    // With a decimal comma a point is no part of a number; ';' makes the pattern refuse it.
    private static string Number(string text, CsvDialect? dialect) =>
        dialect is { Decimal: ',' } ? $"translate({text}, ',.', '.;')" : text;
}
