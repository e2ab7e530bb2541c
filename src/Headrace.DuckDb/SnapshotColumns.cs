using System.Globalization;
using System.Text.Json;

namespace Headrace.DuckDb;

/// <summary>The columns of an export as SQL: <c>c0…</c> in staged rows, <c>k0…</c> for those of the key.</summary>
internal sealed class SnapshotColumns
{
    private readonly IReadOnlyList<Column> columns;
    private readonly IReadOnlyList<string> compare;

    public SnapshotColumns(IReadOnlyList<Column> columns, LoadRules rules)
    {
        this.columns = columns;
        compare = rules.Snapshot!.Compare;
        Keys = [.. rules.PrimaryKey.Select(IndexOf)];
        foreach (var name in compare)
            if (IndexOf(name) < 0)
                throw Error.CompareMissing(name, columns.Select(column => column.Name));
    }

    /// <summary>The columns of the key, by their numbers.</summary>
    public IReadOnlyList<int> Keys { get; }

    public int Count => columns.Count;

    public Column this[int column] => columns[column];

    /// <summary><c>k0, k1</c>, for USING.</summary>
    public string KeyList => string.Join(", ", Keys.Select((_, i) => $"k{i}"));

    /// <summary>The same with their types, for a table of keys.</summary>
    public string KeyTypes =>
        string.Join(", ", Keys.Select((column, i) => Text($"k{i} {DuckDbTypes.Name(columns[column].Type)}")));

    /// <summary>The key's columns of staged rows: <c>c2, c0</c>.</summary>
    public string KeyColumns => string.Join(", ", Keys.Select(column => Text($"c{column}")));

    /// <summary>The key's columns of staged rows under their names in the memory: <c>c2 AS k0, c0 AS k1</c>.</summary>
    public string AsKeys => string.Join(", ", Keys.Select((column, i) => Text($"c{column} AS k{i}")));

    /// <summary>The key's columns of staged rows that are called <paramref name="alias"/>: <c>f.c2, f.c0</c>.</summary>
    public string KeysOf(string alias) => string.Join(", ", Keys.Select(column => Text($"{alias}.c{column}")));

    /// <summary><c>c0, c1, …</c>, each behind <paramref name="prefix"/>.</summary>
    public string List(string prefix = "c") => string.Join(", ", columns.Select((_, i) => Text($"{prefix}{i}")));

    /// <summary>
    /// The digest of a row's values: SHA-256, of which 128 bits are kept. Columns go by name and a NULL says nothing,
    /// so a new column without values changes no row.
    /// </summary>
    public string Digest(Func<int, string> value)
    {
        var parts = Enumerable
            .Range(0, columns.Count)
            .Where(IsCompared)
            .Select(i =>
            {
                var text = Canonical(value(i), columns[i].Type);
                var name = columns[i].Name.ToLowerInvariant();
                return $"CASE WHEN {value(i)} IS NULL THEN '' ELSE {Sql.Literal(Text($"{name.Length}:{name}="))} "
                    + $"|| strlen({text}) || ':' || {text} END";
            });
        return $"CAST(left(sha256(concat({string.Join(", ", parts.DefaultIfEmpty("''"))})), 32) AS UUID)";
    }

    /// <summary>A value as JSON text. What JSON has no number for is text.</summary>
    public string Json(string value, int column) =>
        columns[column].Type.Kind switch
        {
            TypeKind.Real => $"CASE WHEN isfinite({value}) THEN to_json(CAST(CAST({value} AS VARCHAR) AS DOUBLE)) "
                + $"ELSE to_json(CAST({value} AS VARCHAR)) END",
            TypeKind.Double =>
                $"CASE WHEN isfinite({value}) THEN to_json({value}) ELSE to_json(CAST({value} AS VARCHAR)) END",
            TypeKind.Decimal => $"CAST({value} AS VARCHAR)", // to_json makes a double of it
            // They stand between its parts only.
            TypeKind.Json => $"translate(CAST({value} AS VARCHAR), chr(10) || chr(13) || chr(9), '   ')",
            TypeKind.Bytes => $"to_json('\\x' || lower(hex({value})))",
            _ => $"to_json({value})",
        };

    /// <summary>The text of a JSON object of columns; NULL is there as null.</summary>
    public string JsonObject(IEnumerable<int> which, Func<int, string> value)
    {
        var members = which.Select(
            (i, n) =>
                Sql.Literal(
                    $"{(n == 0 ? "" : ",")}{JsonSerializer.Serialize(columns[i].Name, SnapshotJson.Default.String)}:"
                ) + $", coalesce(CAST({Json(value(i), i)} AS VARCHAR), 'null')"
        );
        return $"concat('{{', {string.Join(", ", members)}, '}}')";
    }

    public IEnumerable<int> All => Enumerable.Range(0, columns.Count);

    public int IndexOf(string name)
    {
        for (var i = 0; i < columns.Count; i++)
            if (columns[i].Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                return i;
        return -1;
    }

    /// <summary>True when rows may be equal and their values be written in several ways.</summary>
    public bool HasJson => columns.Any(column => column.Type.Kind == TypeKind.Json);

    public static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private bool IsCompared(int column) =>
        compare.Count == 0
        || Keys.Contains(column)
        || compare.Contains(columns[column].Name, StringComparer.OrdinalIgnoreCase);

    // One text for values that are equal, whatever files or tables they come from.
    private static string Canonical(string value, ColumnType type) =>
        type.Kind switch
        {
            TypeKind.Text => value,
            TypeKind.Bytes => $"hex({value})",
            // -0 is 0.
            TypeKind.Real or TypeKind.Double => $"CAST(CASE WHEN {value} = 0 THEN 0 ELSE {value} END AS VARCHAR)",
            TypeKind.Json => JsonText.Meaning(value),
            TypeKind.TimestampTz => $"CAST(epoch_us({value}) AS VARCHAR)",
            _ => $"CAST({value} AS VARCHAR)",
        };
}
