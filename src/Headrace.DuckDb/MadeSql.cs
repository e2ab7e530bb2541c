namespace Headrace.DuckDb;

/// <summary>
/// What an expression made for a row, in DuckDB's SQL: a struct with the value <c>v</c>, or NULL where the expression
/// fails.
/// </summary>
internal static class MadeSql
{
    /// <summary>The value with the column's type: cast as CAST does it, texts as those of files.</summary>
    public static string Value(string made, EngineExpression expression, ColumnType type)
    {
        var value = Made(made);
        if (expression.Type == "VARCHAR")
            return DuckDbTypes.Cast(value, type, null);
        if (type.Kind == TypeKind.Json && expression.Type != "JSON")
            return $"to_json({value})";
        var cast = $"TRY_CAST({value} AS {DuckDbTypes.Name(type)})";
        return
            type.Kind is TypeKind.Real or TypeKind.Double or TypeKind.Date or TypeKind.Timestamp or TypeKind.TimestampTz
            ? $"CASE WHEN isfinite({cast}) THEN {cast} END"
            : cast;
    }

    /// <summary>The condition that there is a value, and that it has the column's type.</summary>
    public static string Fits(string made, EngineExpression expression, ColumnType type, bool mayBeNull)
    {
        var fits =
            expression.Type == "VARCHAR"
                ? DuckDbTypes.Fits(Made(made), type, null)
                : $"{Value(made, expression, type)} IS NOT NULL";
        return mayBeNull
            ? $"({made} IS NOT NULL AND ({Made(made)} IS NULL OR {fits}))"
            : $"({made} IS NOT NULL AND {Made(made)} IS NOT NULL AND {fits})";
    }

    /// <summary>The value as it is shown to a person.</summary>
    public static string Shown(string made) => $"CAST({Made(made)} AS VARCHAR)";

    /// <summary>Why it does not fit.</summary>
    public static string Why(string made, string column, ColumnType type, string isNull) =>
        $"CASE WHEN {made} IS NULL THEN {Sql.Literal($"the expression of '{column}' fails on this row")} "
        + $"WHEN {Made(made)} IS NULL THEN {isNull} "
        + $"ELSE '''' || left({Shown(made)}, 200) || {Sql.Literal($"' is no {type}")} END";

    private static string Made(string made) => $"struct_extract({made}, 'v')";
}
