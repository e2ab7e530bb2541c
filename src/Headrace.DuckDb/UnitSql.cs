namespace Headrace.DuckDb;

/// <summary>Numbers that are times, in DuckDB's SQL: what they count is told, and never guessed.</summary>
internal static class UnitSql
{
    // Of the years 0 to 9999.
    private const string IsMoment = "BETWEEN -62167219200000000 AND 253402300799999999";

    /// <summary>The time that a number written as text is; NULL when there is none.</summary>
    public static string Value(string text, TimeUnit unit, ColumnType type)
    {
        var moment = $"make_timestamp(CAST({Microseconds(text, unit)} AS BIGINT))";
        var value = type.Kind switch
        {
            TypeKind.Date => $"CAST({moment} AS DATE)",
            TypeKind.TimestampTz => $"timezone('UTC', {moment})",
            _ => moment,
        };
        return $"CASE WHEN {Fits(text, unit, type)} THEN {value} END";
    }

    /// <summary>The condition that a text is a number, and the type has all of the time that it is.</summary>
    public static string Fits(string text, TimeUnit unit, ColumnType type)
    {
        var microseconds = Microseconds(text, unit);
        var whole = type.Kind == TypeKind.Date ? $"{microseconds} % 86400000000 = 0" : $"{microseconds} % 1 = 0";
        return $"(CASE WHEN regexp_full_match({text}, ' *-?[0-9]{{1,20}}(\\.[0-9]{{1,6}}0*)? *') "
            + $"THEN {microseconds} {IsMoment} AND {whole} ELSE false END)";
    }

    // Digits enough for nanoseconds, and for the microseconds of any number that fits.
    private static string Microseconds(string text, TimeUnit unit) =>
        unit switch
        {
            TimeUnit.S => $"(TRY_CAST({text} AS DECIMAL(26,6)) * 1000000::DECIMAL(7,0))",
            TimeUnit.Ms => $"(TRY_CAST({text} AS DECIMAL(26,6)) * 1000::DECIMAL(4,0))",
            TimeUnit.Us => $"TRY_CAST({text} AS DECIMAL(26,6))",
            _ => $"(TRY_CAST({text} AS DECIMAL(26,6)) * 0.001::DECIMAL(4,3))",
        };
}
