using System.Globalization;

namespace Headrace.DuckDb;

/// <summary>CSV files of the spool as SQL.</summary>
public static class SpoolCsv
{
    /// <summary>
    /// NULL as <see cref="StagedFile"/> and PostgreSQL's COPY write it: a field that is unquoted and empty.
    /// </summary>
    private const string EmptyIsNull = "nullstr = '', allow_quoted_nulls = false";

    private const long UsualRecord = 2 << 20;

    /// <summary>
    /// A table function over files without a header: <c>,</c> between fields, <c>"</c> around and doubled, LF after
    /// each record.
    /// </summary>
    /// <param name="longest">Bytes of the longest record; those of a few KB need not be counted.</param>
    /// <param name="columns">Their names, and their types in DuckDB's words.</param>
    /// <param name="nulls">The options that say what NULL is.</param>
    public static string Read(
        IEnumerable<string> paths,
        long longest,
        IEnumerable<(string Name, string Type)> columns,
        string nulls = EmptyIsNull
    )
    {
        // DuckDB takes a buffer for each file that it reads, however small the file is: of 32 MB if nobody says less,
        // which two loads side by side do not get from a small memory setting. Larger ones were no faster.
        var record = Math.Max(UsualRecord, longest + 128);
        return string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            read_csv([{{string.Join(", ", paths.Select(Sql.Literal))}}], auto_detect = false, header = false,
                delim = ',', quote = '"', escape = '"', new_line = '\n', {{nulls}},
                max_line_size = {{record}}, buffer_size = {{2 * record}}, columns = {
                    {{string.Join(
                ", ",
                columns.Select(column => $"{Sql.Literal(column.Name)}: {Sql.Literal(column.Type)}")
            )}} })
            """
        );
    }
}
