namespace Headrace.DuckDb;

/// <summary>A column of staged files as SQL: its values as they are there, and with a type.</summary>
/// <param name="Sql">The value in SQL.</param>
/// <param name="Dialect">Of the files; null for Parquet.</param>
/// <param name="HasEmptyTexts">An empty text may stand for no value.</param>
internal sealed record FileCell(
    string Sql,
    StagedColumn Column,
    StagedFile File,
    CsvDialect? Dialect,
    bool HasEmptyTexts
)
{
    /// <summary>The value as a CSV file would have it, so that nothing is lost and it can be read again.</summary>
    public string Text =>
        Column switch
        {
            { ParquetType: null } => Sql,
            { IsJson: true } => $"to_json({Sql})",
            { ParquetType: "BLOB" } => $"'\\x' || hex({Sql})",
            _ => $"CAST({Sql} AS VARCHAR)",
        };

    /// <summary>The value as it is shown to a person.</summary>
    public string Shown(ColumnType type) =>
        !File.IsParquet ? Given(type)
        : Column is { Read: not null, ParquetType: "VARCHAR" } ? $"ltrim({Sql}, {ParquetReading.NoValue})"
        : $"CAST({Text} AS VARCHAR)";

    /// <summary>
    /// The value as it is there; NULL for what stands for none, and for a text without a letter that is no value of the
    /// type.
    /// </summary>
    public string Given(ColumnType type) =>
        File.Envelope?.NoValue is { } none ? $"nullif({Sql}, {DuckDb.Sql.Literal(none)})"
        : File.IsParquet || type.HasEmpty || !HasEmptyTexts ? Sql
        : $"nullif({Sql}, '')";

    /// <summary>The value with a type, sound only where it fits.</summary>
    public string Value(ColumnType type) =>
        Column.IsAdded ? DuckDbTypes.Cast(Sql, type, null)
        : File.IsParquet ? ParquetValue(type)
        : IsWritten(type) ? DuckDbTypes.WrittenCast(Sql, type)
        : DuckDbTypes.Cast(Given(type), type, Dialect);

    /// <summary>The condition that a value which is not NULL fits a type; null when every value does.</summary>
    public string? Fits(ColumnType type, bool isKept) =>
        Column.IsAdded
            ? type.Kind == TypeKind.Text
                ? null
                : DuckDbTypes.Fits(Sql, type, null, isKept)
            : File.IsParquet
                ? ParquetFits(type, isKept)
                : type.Kind == TypeKind.Text
                    ? null
                    : IsWritten(type)
                        ? DuckDbTypes.WrittenFits(Sql, type)
                        : DuckDbTypes.Fits(Given(type), type, Dialect, isKept);

    /// <summary>True for values that a database wrote of exactly this type.</summary>
    public bool IsWritten(ColumnType type) => Column.Written == type;

    private string ParquetValue(ColumnType type) =>
        Column switch
        {
            { IsJson: true } => $"to_json({Sql})",
            { ParquetType: "VARCHAR" } => DuckDbTypes.Cast(Sql, type, null),
            _ => $"TRY_CAST({Sql} AS {DuckDbTypes.Name(type)})",
        };

    private string? ParquetFits(ColumnType type, bool isKept)
    {
        var isOwn = File.Parquet is null; // Headrace wrote it
        if (Column.IsJson)
            return isOwn ? null : IsJson($"CAST(to_json({Sql}) AS VARCHAR)");
        if (Column.ParquetType == "VARCHAR")
            return type.Kind != TypeKind.Text ? DuckDbTypes.Fits(Sql, type, null, isKept)
                : isOwn ? null
                : $"NOT contains({Sql}, chr(0))";

        // There and back again: a cast that loses something does not come back equal. Infinity does, and is no day.
        var isSame =
            Column.ParquetType == DuckDbTypes.Name(type)
                ? null
                : $"TRY_CAST({ParquetValue(type)} AS {Column.ParquetType}) IS NOT DISTINCT FROM {Sql}";
        var isFinite =
            Column.ParquetType!.StartsWith("TIMESTAMP", StringComparison.Ordinal) || Column.ParquetType == "DATE"
                ? $"isfinite({Sql})"
                : null;
        return isSame is null || isFinite is null ? isSame ?? isFinite : $"({isFinite} AND {isSame})";
    }

    // The engine writes NUL, NaN and Infinity into JSON, which has none of them.
    private static string IsJson(string text) =>
        $"""
            (CASE WHEN contains({text}, '\u0000') AND regexp_matches({text}, '(^|[^\\])(\\\\)*\\u0000') THEN false
                WHEN contains({text}, 'NaN') OR contains({text}, 'Infinity')
                    THEN NOT regexp_matches(regexp_replace({text}, '"([^"\\]|\\.)*"', 's', 'g'), 'NaN|Infinity')
                    ELSE true END)
            """;
}
