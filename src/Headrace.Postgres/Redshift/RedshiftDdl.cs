using System.Globalization;
using Npgsql;

namespace Headrace.Postgres.Redshift;

/// <summary>The statements that make or change a target table.</summary>
/// <param name="table">The table as it is; null when it has to be made.</param>
internal sealed class RedshiftDdl(NpgsqlConnection db, string address, ChangeSet changes, RedshiftTable? table, CancellationToken cancel)
{
    private readonly TableName target = table?.Name ?? changes.Target;

    /// <summary>Creates the table, and its schema when that is missing.</summary>
    /// <exception cref="HeadraceException">HDR-312, HDR-314, HDR-318, HDR-319.</exception>
    public async Task<IReadOnlyList<string>> CreateAsync(IReadOnlyList<Column> columns)
    {
        RedshiftTypes.Check(target, columns);
        string Known(string name) => columns.FirstOrDefault(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase))?.Name
            ?? throw Error.LayoutColumnMissing(target, name, columns.Select(column => column.Name));
        var (distribution, sort) = (changes.Rules.Distribution, changes.Rules.Sort.Select(Known).ToList());
        var create = RedshiftSql.CreateTable(target, columns, distribution is null or "auto" or "all" or "even" ? distribution : Known(distribution), sort);

        // Whoever may not create schemas may still create tables in one that is there.
        return await db.ScalarAsync<long>(RedshiftSql.SchemaExists(target.Schema), cancel) > 0 ? [create] : [RedshiftSql.CreateSchema(target.Schema), create];
    }

    /// <summary>Adds those of the columns that the table lacks.</summary>
    /// <exception cref="HeadraceException">HDR-312, HDR-314, HDR-318.</exception>
    public IReadOnlyList<string> Add(IEnumerable<Column> columns)
    {
        var missing = columns.Where(column => table?.FindAny(column.Name) is null).ToList();
        RedshiftTypes.Check(target, missing);
        return [.. missing.Select(column => RedshiftSql.AddColumn(target, column))];
    }

    /// <summary>Fits the table to a schema document. Redshift adds columns in a transaction, and changes none: of a varchar it changes the length, but commits.</summary>
    /// <exception cref="HeadraceException">HDR-147 for what would lose data; HDR-317 for what Redshift cannot change.</exception>
    public async Task<IReadOnlyList<string>> EvolveAsync(SchemaDocument document, string source)
    {
        if (table is null)
            return await CreateAsync(document.Columns);
        var columns = table.Columns;
        foreach (var column in columns)
        {
            if (Find(document.Columns, column.Name) is not { } wanted)
                throw Error.SchemaLosesData(source, $"the column '{column.Name}' is not in the schema");
            if (!wanted.Type.Holds(column.Type))
                throw Error.SchemaLosesData(source, $"the column '{column.Name}' is {column.Type}, and not every such value is a {wanted.Type}");
            if (wanted.Type != column.Type)
                throw Error.RedshiftCannot(address, target, $"make the column '{column.Name}', which is {column.Type}, a {wanted.Type}");
            if (column.Length is { } length && (column.Type.Kind == TypeKind.Text || length < RedshiftTypes.LongestBytes))
                throw Error.RedshiftCannot(address, target, string.Create(CultureInfo.InvariantCulture, $"lengthen the column '{column.Name}', which takes {length} bytes, in a transaction"),
                    column.Type.Kind == TypeKind.Text ? RedshiftSql.Lengthen(target, column) : null);
            if (wanted.Nullable != column.Nullable)
                throw Error.RedshiftCannot(address, target, $"{(wanted.Nullable ? "allow" : "forbid")} NULL in the column '{column.Name}', which is there");
        }

        var added = document.Columns.Where(column => table.FindAny(column.Name) is null).ToList();
        if (added.Find(column => !column.Nullable) is { } strict)
            throw Error.RedshiftCannot(address, target, $"add the column '{strict.Name}', which takes no NULL, without a default");
        return Add(added);
    }

    private static Column? Find(IReadOnlyList<Column> columns, string name) =>
        columns.FirstOrDefault(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
