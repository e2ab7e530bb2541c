namespace Headrace.Warehouses;

/// <summary>The statements that make or change a target table. What would lose or break data is refused.</summary>
/// <param name="address">Where the warehouse is.</param>
/// <param name="table">The table as it is; null when it is to be made.</param>
internal sealed class TableDdl(
    SqlSession db,
    SqlDialect dialect,
    string address,
    TableName target,
    TargetTable? table,
    LoadRules rules,
    CancellationToken cancel
)
{
    private readonly TableName name = table?.Name ?? target;

    /// <summary>Makes the table, and its schema when that is missing.</summary>
    public Task<IReadOnlyList<string>> CreateAsync(IReadOnlyList<Column> columns) =>
        CreateAsync(columns, dialect.CreateTable(target, columns, rules));

    /// <inheritdoc cref="CreateAsync(IReadOnlyList{Column})"/>
    public Task<IReadOnlyList<string>> CreateAsync(IReadOnlyList<TargetColumn> columns) =>
        CreateAsync(
            Known(columns),
            dialect.CreateTable(target, [.. columns.Select(column => (column.Name, column.TypeName))], rules)
        );

    private async Task<IReadOnlyList<string>> CreateAsync(IReadOnlyList<Column> columns, string create)
    {
        dialect.Check(target, [target.Schema, target.Table], columns);

        // Whoever may make no schemas may still make tables in one that is there.
        return dialect.CountSchemas(target.Schema) is { } count && await db.NumberAsync(count, cancel) > 0
            ? [create]
            : [dialect.CreateSchema(target.Schema), create];
    }

    /// <summary>Adds those of the columns that the table lacks.</summary>
    public IReadOnlyList<string> Add(IEnumerable<Column> columns)
    {
        var missing = columns.Where(column => table?.FindAny(column.Name) is null).ToList();
        dialect.Check(name, [], missing);
        return [.. missing.Select(column => dialect.AddColumn(name, column))];
    }

    /// <inheritdoc cref="Add(IEnumerable{Column})"/>
    public IReadOnlyList<string> Add(IEnumerable<TargetColumn> columns)
    {
        var missing = columns.Where(column => table?.FindAny(column.Name) is null).ToList();
        dialect.Check(name, [], Known(missing));
        return [.. missing.Select(column => dialect.AddColumn(name, column.Name, column.TypeName))];
    }

    private static IReadOnlyList<Column> Known(IEnumerable<TargetColumn> columns) =>
        [.. columns.Select(column => new Column(column.Name, column.Type ?? ColumnType.Text))];

    /// <summary>Fits the table to a schema document: columns added, types widened, NULL allowed or forbidden.</summary>
    /// <exception cref="HeadraceException">
    /// HDR-147 for what would lose or break data; what <see cref="SqlDialect.Refusal"/> has.
    /// </exception>
    public async Task<IReadOnlyList<string>> EvolveAsync(SchemaDocument document, string source)
    {
        if (table is null)
            return await CreateAsync(document.Columns);
        var statements = new List<string>();
        foreach (var column in table.Columns)
            statements.AddRange(
                await ChangeAsync(
                    column,
                    Find(document.Columns, column.Name)
                        ?? throw Error.SchemaLosesData(source, $"the column '{column.Name}' is not in the schema"),
                    source
                )
            );
        var added = document.Columns.Where(column => table.FindAny(column.Name) is null).ToList();
        dialect.Check(name, [], added);
        foreach (var column in added)
        {
            if (dialect.Refusal(address, name, null, column) is { } refusal)
                throw refusal;
            statements.Add(dialect.AddColumn(name, column with { Nullable = true }));
            if (column.Nullable)
                continue;
            if (await db.NumberAsync(dialect.Count(name), cancel) > 0)
                throw Error.SchemaLosesData(
                    source,
                    $"the new column '{column.Name}' may not be NULL, and the table has rows without it"
                );
            statements.Add(dialect.SetNotNull(name, column.Name));
        }

        return statements;
    }

    private async Task<List<string>> ChangeAsync(Column has, Column wanted, string source)
    {
        if (!wanted.Type.Holds(has.Type))
            throw Error.SchemaLosesData(
                source,
                $"the column '{has.Name}' is {has.Type}, and not every such value is a {wanted.Type}"
            );
        if (dialect.Refusal(address, name, has, wanted) is { } refusal)
            throw refusal;
        var statements = new List<string>();
        if (wanted.Type != has.Type || dialect.IsLimited(has))
            statements.Add(dialect.ChangeType(name, has, wanted.Type));
        if (wanted.Nullable && !has.Nullable)
            statements.Add(dialect.DropNotNull(name, has.Name));
        if (wanted.Nullable || !has.Nullable)
            return statements;
        var nulls = await db.NumberAsync($"{dialect.Count(name)} WHERE {dialect.Identifier(has.Name)} IS NULL", cancel);
        if (nulls > 0)
            throw Error.SchemaLosesData(source, $"the column '{has.Name}' may not be NULL, and is in {nulls} rows");
        return [.. statements, dialect.SetNotNull(name, has.Name)];
    }

    private static Column? Find(IReadOnlyList<Column> columns, string name) =>
        columns.FirstOrDefault(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
