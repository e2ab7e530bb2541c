using System.Globalization;
using Headrace.Configuration;
using Headrace.Postgres;
using Npgsql;

namespace Headrace.Redshift;

/// <summary>
/// Describes what a flow reads from Redshift. Declared keys are not enforced there, so no two rows are taken to differ
/// by them.
/// </summary>
internal static class RedshiftSource
{
    // Results name their types by numbers; those that are not here come as text.
    private static readonly Dictionary<uint, string> Numbers = new()
    {
        [16] = "boolean",
        [20] = "bigint",
        [21] = "smallint",
        [23] = "integer",
        [700] = "real",
        [701] = "double precision",
        [1042] = "character",
        [1043] = "character varying",
        [1082] = "date",
        [1083] = "time without time zone",
        [1114] = "timestamp without time zone",
        [1184] = "timestamp with time zone",
        [1700] = "numeric",
        [4000] = "super",
        [6551] = "binary varying",
    };

    /// <exception cref="HeadraceException">HDR-152 when it is not there.</exception>
    public static async Task<SourceTable> DescribeAsync(
        NpgsqlConnection db,
        Source source,
        string address,
        CancellationToken cancel
    )
    {
        var place = (await db.RowsAsync(RedshiftSql.Place, row => $"{row.Text(0)}/{row.Text(1)}", cancel))[0];
        if (source.Query is { } query)
        {
            var rows = RedshiftSql.FromQuery(query);
            var (found, seen) = await LookAsync(db, rows, cancel);
            return new SourceTable("query", rows, place, found, -1, 0, false) { Layout = seen };
        }

        var dot = source.Table!.IndexOf('.', StringComparison.Ordinal);
        var named = new TableName(dot < 0 ? "public" : source.Table[..dot], source.Table[(dot + 1)..]);
        var columns = await db.RowsAsync(
            RedshiftSql.SourceColumns(named.Schema, named.Table),
            row =>
                (
                    Column: Column(
                        row.GetString(0),
                        row.GetString(1),
                        Number(row, 2),
                        Number(row, 3),
                        Number(row, 4)
                    ) with
                    {
                        IsNotNull = row.Text(5) == "NO",
                    },
                    Name: new TableName(row.GetString(6), row.GetString(7))
                ),
            cancel
        );
        if (columns.Count == 0)
            throw Error.SourceTableMissing(
                address,
                named.ToString(),
                "no table or view of this name that the user may see"
            );
        var name = columns[0].Name;
        var from = RedshiftSql.Qualified(name);
        var (_, layout) = await LookAsync(db, from, cancel);
        var number = await db.ScalarAsync<long>(RedshiftSql.TableNumber(name), cancel);
        return new SourceTable(
            named.ToString(),
            from,
            string.Create(CultureInfo.InvariantCulture, $"{place}/{(number == 0 ? name.ToString() : number)}"),
            [.. columns.Where(column => column.Name == name).Select(column => column.Column)],
            -1,
            0,
            false
        )
        {
            Layout = layout,
        };
    }

    /// <summary>The columns of what stands after FROM, and a text that is another one when they are.</summary>
    public static Task<(IReadOnlyList<SourceColumn> Columns, string Layout)> LookAsync(
        NpgsqlConnection db,
        string from,
        CancellationToken cancel
    ) =>
        db.ColumnsAsync(
            RedshiftSql.Layout(from),
            reader =>
            {
                var columns = new List<SourceColumn>();
                foreach (var column in reader.GetColumnSchema())
                    columns.Add(
                        Column(
                            column.ColumnName,
                            Numbers.GetValueOrDefault(column.TypeOID, "other"),
                            column.ColumnSize,
                            column.NumericPrecision,
                            column.NumericScale
                        )
                    );
                return (
                    (IReadOnlyList<SourceColumn>)columns,
                    string.Join(
                        '\n',
                        columns.Select(
                            (column, i) =>
                                string.Create(CultureInfo.InvariantCulture, $"{column.Name} {reader.GetDataTypeOID(i)}")
                        )
                    )
                );
            },
            cancel
        );

    private static SourceColumn Column(string name, string type, int? length, int? precision, int? scale)
    {
        var read = RedshiftTypes.Source(type, length, precision, scale);
        return new SourceColumn(name, type, ' ', false)
        {
            Type = read,
            Written = RedshiftTypes.IsWritten(type, read) ? read : null,
        };
    }

    private static int? Number(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt32(column);
}
