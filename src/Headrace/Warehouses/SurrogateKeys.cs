using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Headrace.Warehouses;

/// <summary>
/// Numbers for the keys of a model. Each key that ever came has its number in a table of schema <c>headrace</c>, which
/// is written in the model's transaction: a key that goes away and comes back has the same number, and no number is
/// given twice.
/// </summary>
internal sealed class SurrogateKeys(
    SqlWarehouse warehouse,
    SqlSession db,
    SqlDialect dialect,
    string model,
    CancellationToken cancel
)
{
    /// <summary>The target's column of the numbers.</summary>
    public static TargetColumn Column(SqlDialect dialect, string name) =>
        new(name, dialect.TypeName(ColumnType.BigInt), ColumnType.BigInt, null, true, false);

    /// <summary>Numbers the keys that are new, and returns the rows with the numbers of their keys.</summary>
    /// <param name="table">The target; null when it is yet to be made.</param>
    /// <param name="column">The target's column of the numbers.</param>
    public async Task<ModelRows> NumberAsync(ModelRows rows, TargetTable? table, string column)
    {
        var name = NameOf(rows);
        var numbers = dialect.State.Name(name.Table);
        var keys = rows.Keys.Select((_, k) => Text($"k{k}")).ToList();
        var isNumbered =
            table?.Find(column) is not null && rows.Keys.All(i => table.Find(rows.Columns[i].Name) is not null);
        if (await warehouse.FindAsync(db, name, cancel) is null)
        {
            var types = rows.Keys.Select((i, k) => $"{keys[k]} {rows.Columns[i].TypeName}");
            await db.ExecuteAsync($"CREATE TABLE {numbers} ({string.Join(", ", types)}, number bigint)", cancel);
            if (isNumbered)
                await db.ExecuteAsync(Known(rows, table!, column, numbers, keys), cancel);
            if (dialect.AddKey(name, keys) is { } index)
                await db.ExecuteAsync(index, cancel);
        }

        var last = await db.NumberAsync($"SELECT max(number) FROM {numbers}", cancel);
        if (isNumbered)
            last = Math.Max(
                last,
                await db.NumberAsync(
                    $"SELECT max({dialect.Identifier(column)}) FROM {dialect.Qualified(table!.Name)}",
                    cancel
                )
            );
        var on = string.Join(
            " AND ",
            rows.Keys.Select((i, k) => dialect.Same($"s.{ModelRows.Value(i)}", $"n.{keys[k]}", rows.Columns[i].Type))
        );
        var told = rows.Keys.Select(i => dialect.Tell($"s.{ModelRows.Value(i)}", rows.Columns[i].Type));
        var brought = rows.Keys.Select((i, k) => $"s.{ModelRows.Value(i)} AS {keys[k]}");
        var list = string.Join(", ", keys);
        await db.ExecuteAsync(
            Text(
                $"""
                INSERT INTO {numbers} ({list}, number)
                SELECT {list}, {last} + row_number() OVER (ORDER BY {list}) FROM (
                    SELECT {string.Join(", ", brought)} FROM {rows.Staged} AS s LEFT JOIN {numbers} AS n ON {on}
                    WHERE n.number IS NULL GROUP BY {string.Join(", ", told)}) AS fresh
                """
            ),
            cancel
        );
        var values = rows.Columns.Select((_, i) => $"s.{ModelRows.Value(i)}");
        return rows.With(
            table?.Find(column) ?? Column(dialect, column),
            $"(SELECT {string.Join(", ", values)}, n.number AS {ModelRows.Value(rows.Columns.Count)} "
                + $"FROM {rows.Staged} AS s JOIN {numbers} AS n ON {on})"
        );
    }

    // The numbers that a table has already.
    private string Known(ModelRows rows, TargetTable table, string column, string numbers, IReadOnlyList<string> keys)
    {
        var own = rows
            .Keys.Select(i => (Name: dialect.Identifier(rows.Columns[i].Name), rows.Columns[i].Type))
            .ToList();
        var there = string.Join(" AND ", own.Select(one => $"{one.Name} IS NOT NULL"));
        var number = dialect.Identifier(column);
        return $"INSERT INTO {numbers} ({string.Join(", ", keys)}, number) "
            + $"SELECT {string.Join(", ", own.Select(one => one.Name))}, min({number}) "
            + $"FROM {dialect.Qualified(table.Name)} "
            + $"WHERE {number} IS NOT NULL AND {there} "
            + $"GROUP BY {string.Join(", ", own.Select(one => dialect.Tell(one.Name, one.Type)))}";
    }

    // Other columns are another key, which has other numbers.
    private TableName NameOf(ModelRows rows)
    {
        var text = string.Join('\0', rows.Keys.Select(i => rows.Columns[i].Name.ToLowerInvariant()).Prepend(model));
        return new TableName(
            "headrace",
            $"keys_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16]}"
        );
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
