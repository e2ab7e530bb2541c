using Headrace.Configuration;

namespace Headrace.Postgres;

/// <summary>The columns of a source table, as the flow declares them and as the catalogue has them.</summary>
internal sealed class TableColumns(Flow flow, string address, string name)
{
    /// <summary>Throws when columns that the flow names for their place or their key are not there.</summary>
    public void Check(SourceTable table)
    {
        if (
            table
                .Columns.GroupBy(column => column.Name, StringComparer.OrdinalIgnoreCase)
                .FirstOrDefault(group => group.Count() > 1) is
            { } twice
        )
            throw Error.ColumnsAlike(address, name, twice.First().Name, twice.Last().Name);
        foreach (var cursor in new[] { flow.UpdateKey, flow.CreateKey }.OfType<string>())
            if (table.Find(cursor) is null)
                throw Error.CursorUnfit(
                    address,
                    name,
                    cursor,
                    "is not there",
                    $"the columns are {string.Join(", ", table.Columns.Select(column => column.Name))}"
                );
        foreach (var mask in flow.SourceMasks())
        {
            if (new[] { flow.UpdateKey, flow.CreateKey }.Any(cursor => cursor is not null && mask.Hides(cursor)))
                throw Error.CursorUnfit(address, name, mask.Column, "has a mask", "its last value is the position");
            if (mask.Kind != MaskKind.Hmac && Keys(table).Any(mask.Hides))
                throw Error.CursorUnfit(
                    address,
                    name,
                    mask.Column,
                    "has a mask that makes different keys the same",
                    "it is in primary_key"
                );
        }

        foreach (var key in flow.PrimaryKey)
            if (
                !flow.Makes(key)
                && table.Find(flow.DeclaredColumns().FirstOrDefault(column => column.Name == key)?.From ?? key) is null
            )
                throw Error.CursorUnfit(
                    address,
                    name,
                    key,
                    "is not there, and primary_key names it",
                    $"the columns are {string.Join(", ", table.Columns.Select(column => column.Name))}"
                );
    }

    /// <summary>Throws when a declared column is neither in the table nor in the target.</summary>
    public void CheckThere(SourceTable table, Position from)
    {
        foreach (
            var column in flow.DeclaredColumns()
                .Where(column => column is { IsOptional: false, Expression: null } && table.Find(column.From) is null)
        )
            if (
                from.Table?.Any(there => there.Name.Equals(column.Name, StringComparison.OrdinalIgnoreCase)) != true
                && !from.Computed.Contains(column.Name, StringComparer.OrdinalIgnoreCase)
            )
                throw Error.ColumnNeverThere(
                    $"{address}/{name}",
                    column.From,
                    null,
                    [.. table.Columns.Select(there => there.Name)]
                );
    }

    /// <summary>All columns: what the flow declares goes before what the catalogue says.</summary>
    public IReadOnlyList<DeclaredColumn> Of(SourceTable table)
    {
        var declared = flow.DeclaredColumns();
        var columns = declared
            .Select(column =>
                column.Type is not null
                    ? column
                    : column with
                    {
                        Type = (
                            table.Find(column.From)
                            ?? throw Error.CursorUnfit(
                                address,
                                name,
                                column.From,
                                "is not there",
                                "correct columns: of the flow"
                            )
                        ).Type,
                    }
            )
            .ToList();
        if (flow.Infer)
            columns.AddRange(
                table
                    .Columns.Where(column =>
                        !declared.Any(known => known.From.Equals(column.Name, StringComparison.OrdinalIgnoreCase))
                        && !flow.Drops(column.Name)
                    )
                    .Select(column => new DeclaredColumn(column.Name, column.Name, column.Type))
            );
        var masks = flow.SourceMasks().Where(mask => mask.MakesText).ToList();
        return
        [
            .. columns.Select(column =>
                column.Expression is null && masks.Exists(mask => mask.Hides(column.From))
                    ? column with
                    {
                        Type = ColumnType.Text,
                        Came = column.Came ?? (column.Type is { Kind: not TypeKind.Text } came ? came : null),
                    }
                    : column
            ),
        ];
    }

    /// <summary>The columns of the table that make up its key.</summary>
    public IEnumerable<string> Keys(SourceTable table) =>
        flow.PrimaryKey.Select(key =>
            table.Find(flow.DeclaredColumns().FirstOrDefault(column => column.Name == key)?.From ?? key)?.Name ?? key
        );
}
