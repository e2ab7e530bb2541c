using System.Text;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>The statements that make or change a target table.</summary>
/// <param name="table">The table as it is; null when it has to be made.</param>
internal sealed class TableDdl(NpgsqlConnection db, TableName target, TargetTable? table, CancellationToken cancel)
{
    private string Quoted => table?.Quoted ?? TargetTable.Quote(target);

    /// <summary>Creates the table, and its schema when that is missing.</summary>
    public async Task<IReadOnlyList<string>> CreateAsync(IReadOnlyList<Column> columns)
    {
        Check([target.Schema, target.Table, .. columns.Select(column => column.Name)]);
        CheckColumns(columns);
        var list = columns.Select(column => $"{PostgresSql.Identifier(column.Name)} {TargetTypes.Name(column.Type)}{(column.Nullable ? "" : " NOT NULL")}");
        var create = $"CREATE TABLE {Quoted} ({string.Join(", ", list)})";

        // Whoever may not create schemas may still create tables in one that is there.
        return await db.ScalarAsync<bool>("SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)", cancel, target.Schema)
            ? [create] : [$"CREATE SCHEMA IF NOT EXISTS {PostgresSql.Identifier(target.Schema)}", create];
    }

    /// <summary>The statement that has a table which was made for rows that are merged keep their keys: without its index each merge would read the whole table.</summary>
    /// <param name="keys">Names as the table has them.</param>
    public string Key(IEnumerable<string> keys) => $"ALTER TABLE {Quoted} ADD PRIMARY KEY ({string.Join(", ", keys.Select(PostgresSql.Identifier))})";

    /// <summary>Adds those of the columns that the table lacks.</summary>
    public IReadOnlyList<string> Add(IEnumerable<Column> columns)
    {
        var missing = columns.Where(column => table!.Find(column.Name) is null && !table.Computed.Contains(column.Name, StringComparer.OrdinalIgnoreCase)).ToList();
        Check(missing.Select(column => column.Name));
        CheckColumns(missing);
        return [.. missing.Select(Add)];
    }

    /// <summary>Fits the table to a schema document: columns added, types widened, NULL allowed or forbidden.</summary>
    /// <exception cref="HeadraceException">HDR-147 for what would lose or break data.</exception>
    public async Task<IReadOnlyList<string>> EvolveAsync(SchemaDocument document, string source)
    {
        if (table is null)
            return await CreateAsync(document.Columns);
        var (columns, statements) = (table.Columns, new List<string>());
        foreach (var column in columns)
        {
            if (Find(document.Columns, column.Name) is not { } wanted)
                throw Error.SchemaLosesData(source, $"the column '{column.Name}' is not in the schema");
            var (quoted, alter) = (PostgresSql.Identifier(column.Name), $"ALTER TABLE {Quoted} ALTER COLUMN {PostgresSql.Identifier(column.Name)}");
            if (!wanted.Type.Holds(column.Type))
                throw Error.SchemaLosesData(source, $"the column '{column.Name}' is {column.Type}, and not every such value is a {wanted.Type}");
            if (wanted.Type != column.Type || column.Length is not null)
                statements.Add($"{alter} TYPE {TargetTypes.Name(wanted.Type)} USING {quoted}::{TargetTypes.Name(wanted.Type)}");
            if (wanted.Nullable && !column.Nullable)
                statements.Add($"{alter} DROP NOT NULL");
            if (wanted.Nullable || !column.Nullable)
                continue;
            if (await db.ScalarAsync<long>($"SELECT count(*) FROM {Quoted} WHERE {quoted} IS NULL", cancel) is > 0 and var nulls)
                throw Error.SchemaLosesData(source, $"the column '{column.Name}' may not be NULL, and is in {nulls} rows");
            statements.Add($"{alter} SET NOT NULL");
        }

        foreach (var column in document.Columns.Where(column => Find(columns, column.Name) is null && !table.Computed.Contains(column.Name, StringComparer.OrdinalIgnoreCase)))
        {
            Check([column.Name]);
            statements.Add(Add(column));
            if (column.Nullable)
                continue;
            if (await db.ScalarAsync<bool>($"SELECT EXISTS (SELECT 1 FROM {Quoted})", cancel))
                throw Error.SchemaLosesData(source, $"the new column '{column.Name}' may not be NULL, and the table has rows without it");
            statements.Add($"ALTER TABLE {Quoted} ALTER COLUMN {PostgresSql.Identifier(column.Name)} SET NOT NULL");
        }

        return statements;
    }

    private string Add(Column column) => $"ALTER TABLE {Quoted} ADD COLUMN {PostgresSql.Identifier(column.Name)} {TargetTypes.Name(column.Type)}";

    private void Check(IEnumerable<string> names)
    {
        if (names.FirstOrDefault(name => Encoding.UTF8.GetByteCount(name) > TargetTypes.LongestName) is { } name)
            throw Error.NameTooLong(target.ToString(), name, TargetTypes.LongestName);
    }

    // In any table of PostgreSQL.
    private static readonly HashSet<string> Kept = new(StringComparer.Ordinal) { "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid" };

    private void CheckColumns(IEnumerable<Column> columns)
    {
        if (columns.FirstOrDefault(column => Kept.Contains(column.Name)) is { } kept)
            throw Error.SystemColumn(target, kept.Name, "PostgreSQL");
    }

    private static Column? Find(IReadOnlyList<Column> columns, string name) =>
        columns.FirstOrDefault(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
