namespace Headrace.DuckDb;

/// <summary>
/// The statements by which a schema document creates a table or evolves it: columns added, types widened, NULL
/// allowed or forbidden. What would lose or break data is refused (HDR-147).
/// </summary>
internal sealed class SchemaChange(
    DuckDbConnection db, TableName target, IReadOnlyList<Column>? table, SchemaDocument document, string source, CancellationToken cancel)
{
    public IReadOnlyList<string> Statements()
    {
        if (table is null)
            return TableChanges.Create(target, document.Columns);

        var name = HeadraceTables.Target(target);
        var statements = new List<string>();
        foreach (var column in table)
        {
            if (Find(document.Columns, column.Name) is not { } wanted)
                throw Error.SchemaLosesData(source, $"the column '{column.Name}' is not in the schema");
            var (quoted, isWider) = (Sql.Identifier(column.Name), wanted.Type.Holds(column.Type));
            if (!isWider)
                throw Error.SchemaLosesData(source, $"the column '{column.Name}' is {column.Type}, and not every such value is a {wanted.Type}");
            if (wanted.Type != column.Type)
                statements.Add($"ALTER TABLE {name} ALTER COLUMN {quoted} TYPE {DuckDbTypes.Name(wanted.Type)}");
            if (wanted.Nullable && !column.Nullable)
                statements.Add($"ALTER TABLE {name} ALTER COLUMN {quoted} DROP NOT NULL");
            if (!wanted.Nullable && column.Nullable)
                statements.Add(Forbid(quoted, column.Name, name));
        }

        foreach (var column in document.Columns)
        {
            if (Find(table, column.Name) is not null)
                continue;
            statements.Add(TableChanges.Add(target, column.Name, column.Type));
            if (column.Nullable)
                continue;
            if (db.Scalar<long>($"SELECT count(*) FROM {name}", cancel) > 0)
                throw Error.SchemaLosesData(source, $"the new column '{column.Name}' may not be NULL, and the table has rows without it");
            statements.Add($"ALTER TABLE {name} ALTER COLUMN {Sql.Identifier(column.Name)} SET NOT NULL");
        }

        return statements;
    }

    private string Forbid(string quoted, string column, string name)
    {
        var nulls = db.Scalar<long>($"SELECT count(*) FROM {name} WHERE {quoted} IS NULL", cancel);
        return nulls == 0
            ? $"ALTER TABLE {name} ALTER COLUMN {quoted} SET NOT NULL"
            : throw Error.SchemaLosesData(source, $"the column '{column}' may not be NULL, and is in {nulls} rows");
    }

    private static Column? Find(IReadOnlyList<Column> columns, string name) =>
        columns.FirstOrDefault(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
