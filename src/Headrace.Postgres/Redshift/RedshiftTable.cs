using Npgsql;

namespace Headrace.Postgres.Redshift;

/// <summary>A column of a target as Redshift has it.</summary>
/// <param name="TypeName">As statements write it.</param>
/// <param name="Type">Null for a type that Headrace does not write.</param>
internal sealed record RedshiftColumn(string Name, string TypeName, (ColumnType Type, int? Length)? Type, bool Nullable, bool HasDefault);

/// <summary>A target as Redshift has it; names are spelled as they are there, which is in lower case.</summary>
internal sealed record RedshiftTable(TableName Name, IReadOnlyList<RedshiftColumn> Found)
{
    /// <summary>Its columns by their column types.</summary>
    /// <exception cref="HeadraceException">HDR-307 for a type that has none.</exception>
    public IReadOnlyList<Column> Columns => [.. Found.Select(column => column.Type is { } type
        ? new Column(column.Name, type.Type, column.Nullable, column.HasDefault, type.Length) : throw Error.UnknownTargetType(Name, column.Name, column.TypeName))];

    /// <summary>The column of that name, without regard to case; null when there is none.</summary>
    public RedshiftColumn? Find(string name) => Found.FirstOrDefault(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    public bool IsSame(RedshiftTable? other) => other is not null && other.Name == Name && other.Found.SequenceEqual(Found);

    /// <summary>The table of that name, without regard to case; null when there is none.</summary>
    public static async Task<RedshiftTable?> FindAsync(NpgsqlConnection db, TableName name, CancellationToken cancel)
    {
        var rows = await db.RowsAsync(
            RedshiftSql.Columns(name),
            row =>
            {
                var (type, length, precision, scale) = (row.GetString(3), Number(row, 4), Number(row, 5), Number(row, 6));
                return (Name: new TableName(row.GetString(0), row.GetString(1)), Column: new RedshiftColumn(
                    row.GetString(2), type is "numeric" ? $"{type}({precision},{scale})" : length is not null ? $"{(type is "binary varying" ? "varbyte" : type)}({length})" : type,
                    RedshiftTypes.Parse(type, length, precision, scale), row.GetString(7) == "YES", !row.IsDBNull(8)));
            }, cancel);
        return rows.Count == 0 ? null : new RedshiftTable(rows[0].Name, [.. rows.Where(row => row.Name == rows[0].Name).Select(row => row.Column)]);
    }

    private static int? Number(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt32(column);
}
