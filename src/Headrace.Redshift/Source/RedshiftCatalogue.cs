using System.Text.RegularExpressions;
using Headrace.Postgres;

namespace Headrace.Redshift;

/// <summary>
/// What the catalogue of Redshift proposes for the process table: primary keys, as declared, and the columns that look
/// like cursors.
/// </summary>
public sealed partial class RedshiftCatalogue(RedshiftDatabase database, string connection) : ICatalogue
{
    public Task<IReadOnlyList<TableEntry>> DiscoverAsync(CancellationToken cancel) =>
        database.AskAsync<IReadOnlyList<TableEntry>>(
            async db =>
            {
                var columns = await db.RowsAsync(
                    RedshiftSql.AllColumns,
                    row =>
                        (
                            Schema: row.GetString(0),
                            Table: row.GetString(1),
                            Name: row.GetString(2),
                            Type: row.GetString(3)
                        ),
                    cancel
                );
                var keys = (
                    await db.RowsAsync(
                        RedshiftSql.PrimaryKeys,
                        row => (Table: $"{row.GetString(0)}.{row.GetString(1)}", Definition: row.GetString(2)),
                        cancel
                    )
                ).ToDictionary(key => key.Table, key => KeyColumns(key.Definition));
                return
                [
                    .. columns
                        .GroupBy(column => $"{column.Schema}.{column.Table}")
                        .OrderBy(table => table.Key, StringComparer.Ordinal)
                        .Select(table => new TableEntry(
                            connection,
                            table.Key,
                            null,
                            keys.GetValueOrDefault(table.Key, []),
                            Cursor(table, CreatedPattern()),
                            Cursor(table, UpdatedPattern())
                        )),
                ];
            },
            cancel
        );

    private static string? Cursor(
        IEnumerable<(string Schema, string Table, string Name, string Type)> columns,
        Regex pattern
    ) =>
        columns
            .FirstOrDefault(column =>
                column.Type.StartsWith("timestamp", StringComparison.Ordinal) && pattern.IsMatch(column.Name)
            )
            .Name;

    // PRIMARY KEY (id, "a ""b""")
    internal static string[] KeyColumns(string definition) =>
        [
            .. NamePattern()
                .Matches(definition[(definition.IndexOf('(', StringComparison.Ordinal) + 1)..])
                .Select(match =>
                    match.Groups[1].Success
                        ? match.Groups[1].Value.Replace("\"\"", "\"", StringComparison.Ordinal)
                        : match.Value
                ),
        ];

    [GeneratedRegex("creat|insert|added", RegexOptions.IgnoreCase)]
    private static partial Regex CreatedPattern();

    [GeneratedRegex("updat|modif|chang|touch", RegexOptions.IgnoreCase)]
    private static partial Regex UpdatedPattern();

    [GeneratedRegex("\"((?:[^\"]|\"\")*)\"|[^\\s,()\"]+")]
    private static partial Regex NamePattern();
}
