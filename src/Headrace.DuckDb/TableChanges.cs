namespace Headrace.DuckDb;

/// <summary>The statements that make a target table fit a change set.</summary>
internal static class TableChanges
{
    public static IReadOnlyList<string> For(TableName target, TableShape shape)
    {
        if (!shape.HasTable)
            return [];
        if (shape.IsNew)
            return Create(target, [.. shape.Columns.Select(column => new Column(column.Name, column.Type!.Value, column.Nullable))]);
        return [.. shape.Columns.Where(column => column.IsNew).Select(column => Add(target, column.Name, column.Type!.Value))];
    }

    public static IReadOnlyList<string> Create(TableName target, IReadOnlyList<Column> columns)
    {
        var list = columns.Select(column => $"{Sql.Identifier(column.Name)} {DuckDbTypes.Name(column.Type)}{(column.Nullable ? "" : " NOT NULL")}");
        return
        [
            $"CREATE SCHEMA IF NOT EXISTS {HeadraceTables.Catalog}.{Sql.Identifier(target.Schema)}",
            $"CREATE TABLE {HeadraceTables.Target(target)} ({string.Join(", ", list)})",
        ];
    }

    /// <summary>A statement as somebody else would write it who has only the warehouse open.</summary>
    public static string Shown(string statement) => statement.Replace($" {HeadraceTables.Catalog}.\"", " \"", StringComparison.Ordinal);

    public static string Add(TableName target, string name, ColumnType type) =>
        $"ALTER TABLE {HeadraceTables.Target(target)} ADD COLUMN {Sql.Identifier(name)} {DuckDbTypes.Name(type)}";
}
