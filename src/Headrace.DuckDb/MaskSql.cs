using System.Globalization;

namespace Headrace.DuckDb;

/// <summary>Masks in DuckDB's SQL.</summary>
internal static class MaskSql
{
    private static readonly string Shown = Sql.Literal(Mask.Shown);

    /// <summary>What a mask that makes texts, or nothing, makes of a text.</summary>
    public static string Text(Mask mask, string text) =>
        mask.Kind switch
        {
            MaskKind.Hmac => HmacText.Of(text, mask.Key!),
            // Of a value of a few characters all would be told.
            MaskKind.KeepLast => string.Create(
                CultureInfo.InvariantCulture,
                $"CASE WHEN length({text}) > {mask.Kept} THEN {Shown} || right({text}, {mask.Kept}) "
                    + $"WHEN {text} IS NOT NULL THEN {Shown} END"
            ),
            MaskKind.Redact => $"CASE WHEN {text} IS NOT NULL THEN {Shown} END",
            MaskKind.Null => "CAST(NULL AS VARCHAR)",
            _ => throw Error.Bug($"a mask {mask.Kind} of a text."),
        };

    /// <summary>What a mask of dates makes of a value of a type.</summary>
    public static string Truncated(Mask mask, string value, ColumnType type) =>
        $"CAST(date_trunc('{mask.Kind.ToString().ToLowerInvariant()}', {value}) AS {DuckDbTypes.Name(type)})";

    /// <summary>The same as a text that is read as the value was.</summary>
    /// <param name="given">The value as it is staged.</param>
    /// <param name="value">The same with its type, where it fits.</param>
    public static string TruncatedText(
        Mask mask,
        string given,
        string value,
        string fits,
        ColumnType type,
        CsvDialect? dialect
    )
    {
        var format = type.Kind == TypeKind.Date ? dialect?.Date : dialect?.Timestamp;
        var truncated = Truncated(mask, value, type);
        var text = format is null ? $"CAST({truncated} AS VARCHAR)" : $"strftime({truncated}, {Sql.Literal(format)})";
        return $"CASE WHEN {given} IS NULL THEN NULL WHEN {fits} THEN {text} ELSE {Shown} END";
    }
}
