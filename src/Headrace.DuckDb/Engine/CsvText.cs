using System.Globalization;
using Headrace.Engines;

namespace Headrace.DuckDb;

/// <summary>Values and files in the CSV of a warehouse, in DuckDB's SQL.</summary>
internal static class CsvText
{
    // A character has at most four bytes.
    private const int BytesOfCharacter = 4;

    /// <summary>The name of a column of Headrace's own.</summary>
    public static string Name(int column) => SnapshotColumns.Text($"c{column}");

    /// <summary>
    /// A value as the warehouse reads it; what is not text DuckDB's CSV writes the way its cast does.
    /// </summary>
    public static string Written(this CsvLayout layout, string value, ColumnType type) =>
        type.Kind switch
        {
            TypeKind.Bytes => layout.BytesPrefix.Length == 0
                ? $"lower(hex({value}))"
                : $"{Sql.Literal(layout.BytesPrefix)} || lower(hex({value}))",
            TypeKind.Json => $"CAST({value} AS VARCHAR)",
            _ => value,
        };

    /// <summary>The value of the warehouse's text; NULL for one that DuckDB has no value for.</summary>
    public static string Read(this CsvLayout layout, string text, ColumnType type) =>
        type.Kind switch
        {
            TypeKind.Bytes => layout.BytesPrefix.Length == 0
                ? $"unhex({text})"
                : $"unhex({text}[{layout.BytesPrefix.Length + 1}:])",
            TypeKind.Json => $"{text}::JSON",
            _ => DuckDbTypes.WrittenCast(text, type),
        };

    /// <summary>A text to be looked at, which may be cut.</summary>
    public static string Cut(this CsvLayout layout, string text) =>
        layout.LongestText is not { } most
            ? text
            : string.Create(
                CultureInfo.InvariantCulture,
                $"CASE WHEN strlen({text}) <= {most} THEN {text} ELSE left({text}, {most / BytesOfCharacter}) END"
            );

    /// <summary>A text that is whole or NULL.</summary>
    public static string Whole(this CsvLayout layout, string text) =>
        layout.LongestText is not { } most
            ? text
            : string.Create(CultureInfo.InvariantCulture, $"CASE WHEN strlen({text}) <= {most} THEN {text} END");

    /// <summary>Writes the rows of a query into a file; says how many.</summary>
    /// <param name="quoted">Columns whose values stand in quotes: their texts may be empty, or look like NULL.</param>
    public static long Write(
        this CsvLayout layout,
        DuckDbConnection db,
        string query,
        IEnumerable<string> quoted,
        string path,
        CancellationToken cancel,
        params ReadOnlySpan<object?> values
    )
    {
        var force = string.Join(", ", quoted.Select(Sql.Identifier));
        return db.Execute(
            $"""
            COPY ({query}) TO {Sql.Literal(
                path
            )} (FORMAT csv, HEADER false, DELIMITER ',', QUOTE '"', ESCAPE '"', NULLSTR {Sql.Literal(layout.Null)}
                {(force.Length == 0 ? "" : $", FORCE_QUOTE ({force})")})
            """,
            cancel,
            values
        );
    }

    /// <summary>What the warehouse wrote, as rows with their types under their names.</summary>
    public static string From(CsvRows rows)
    {
        var values = rows.Columns.Select(
            (column, i) => $"{rows.Layout.Read(Name(i), column.Type)} AS {Sql.Identifier(column.Name)}"
        );
        return $"(SELECT {string.Join(", ", values)} FROM {Texts(rows)})";
    }

    // Texts c0….
    private static string Texts(CsvRows rows)
    {
        if (rows.Paths.Count == 0)
            return $"(SELECT {string.Join(", ", rows.Columns.Select((_, i) => $"NULL::VARCHAR AS {Name(i)}"))}"
                + " WHERE false)";
        var names = rows.Columns.Select((_, i) => (Name(i), "VARCHAR"));
        return !rows.IsGzip
            ? SpoolCsv.Read(rows.Paths, rows.LongestRecord, names)
            : SpoolCsv.Read(
                rows.Paths,
                rows.LongestRecord,
                names,
                $"compression = 'gzip', nullstr = {Sql.Literal(rows.Layout.Null)}"
            );
    }

    public static bool IsQuoted(ColumnType type) => type.Kind is TypeKind.Text or TypeKind.Json;
}
