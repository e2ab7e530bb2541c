using System.Globalization;

namespace Headrace.DuckDb;

/// <summary>The columns of staged rows: as they came, masked, and with a type.</summary>
internal sealed partial class StagedRows
{
    /// <summary>How many rows the flow does not want.</summary>
    public long CountUnwanted(DuckDbConnection db, CancellationToken cancel) =>
        HasRows && Unwanted is { } condition
            ? db.Scalar<long>($"SELECT count(*) FROM {Source} WHERE {condition}", cancel)
            : 0;

    // What was inferred is kept for later files, which must not be changed by it.
    private bool IsKept(int column) =>
        shape.Columns[column].IsKept
        && shaped.Columns[shaped.Indexes[column]] is { Written: null, Holds: null }
        && changes.Cursor is null;

    // What a value that does not fit should have been.
    private string Expected(int column)
    {
        var (index, type) = (shaped.Indexes[column], shape.Columns[column].Type!.Value);
        return UnitOf(column) is { } unit ? $"{type} in {unit.ToString().ToLowerInvariant()}"
            : index >= 0 && MaskOf(index) is { MakesText: true } ? $"{CameType(column)}"
            : $"{type}";
    }

    // The type with which the values of a masked column come.
    private ColumnType CameType(int column) =>
        shape.Listed(column)?.Came
        ?? (
            shaped.File.IsParquet
                ? inputs.Came(inputs[inputs.Find(shape.Columns[column].Name)!.Value])
                : ColumnType.Text
        );

    private TimeUnit? UnitOf(int column) => shape.Listed(column)?.Unit;

    private Mask? MaskOf(int index) => shaped.File.MaskOf(shaped.Columns[index]);

    // The column as it goes on: masked, where it has a mask.
    private FileCell CellOf(int index) =>
        MaskOf(index) is null
            ? Cell(Raw(index), shaped.Columns[index])
            : Cell(
                Raw(index),
                new StagedColumn(shaped.Columns[index].Name, ParquetType: shaped.File.IsParquet ? "VARCHAR" : null)
            );

    private FileCell CameCell(int index) =>
        Cell(MaskOf(index) is null ? Raw(index) : Came(index), shaped.Columns[index]);

    private FileCell Cell(string sql, StagedColumn column) => new(sql, column, shaped.File, dialect, hasEmptyTexts);

    private static string Typed(FileCell cell, ColumnType type, TimeUnit? unit) =>
        unit is { } one ? UnitSql.Value(cell.Text, one, type) : cell.Value(type);

    // What a masked column holds, with its type.
    private string Masked(int index, Mask mask, ColumnType type, TimeUnit? unit) =>
        mask.Truncates ? MaskSql.Truncated(mask, Typed(CameCell(index), type, unit), type)
        : mask.Kind == MaskKind.Null ? $"CAST(NULL AS {DuckDbTypes.Name(type)})"
        : Raw(index);

    // The text that is shown instead of a masked value; only here is the column as it came.
    private string Hidden(int index)
    {
        var mask = MaskOf(index)!;
        var cell = Cell(Raw(index), shaped.Columns[index]);
        var number = inputs.Find(shaped.Columns[index].Name);
        var column = Array.IndexOf([.. shaped.Indexes], index);
        if (!mask.Truncates)
            return MaskSql.Text(
                mask,
                shaped.File.IsParquet ? cell.Text : cell.Given(column >= 0 ? CameType(column) : ColumnType.Text)
            );
        var type = column >= 0 ? shape.Columns[column].Type!.Value : inputs.Type(inputs[number!.Value]);
        var unit = column >= 0 ? UnitOf(column) : null;
        var fits = unit is { } one ? UnitSql.Fits(cell.Text, one, type) : cell.Fits(type, false) ?? "true";
        return MaskSql.TruncatedText(mask, cell.Given(type), Typed(cell, type, unit), fits, type, dialect);
    }

    private string Masked(RowInput input)
    {
        if (input.Column >= 0)
            return Value(input.Column);
        var (index, type) = (IndexOf(input), inputs.Type(input));
        return index < 0 ? $"CAST(NULL AS {DuckDbTypes.Name(type)})"
            : MaskOf(index) is { } mask ? Masked(index, mask, type, input.Listed?.Unit)
            : Typed(CellOf(index), type, input.Listed?.Unit);
    }

    private string CameAs(RowInput input)
    {
        var (index, type) = (IndexOf(input), inputs.Came(input));
        return index < 0 ? $"CAST(NULL AS {DuckDbTypes.Name(type)})" : Typed(CameCell(index), type, input.Listed?.Unit);
    }

    // The condition that a value which does not go to the target came with its type; null when every value does.
    private string? CameFits(RowInput input)
    {
        var (index, type) = (IndexOf(input), inputs.Came(input));
        if (index < 0)
            return null;
        var cell = CameCell(index);
        var fits = input.Listed?.Unit is { } unit ? UnitSql.Fits(cell.Text, unit, type) : cell.Fits(type, false);
        return fits is null ? null : $"({cell.Given(type)} IS NULL OR {fits})";
    }

    private int IndexOf(RowInput input) =>
        input.Column >= 0
            ? shaped.Indexes[input.Column]
            : shaped
                .Columns.ToList()
                .FindIndex(column => column.Name.Equals(input.From, StringComparison.OrdinalIgnoreCase));

    // What checks look at: the value as it came, with its type.
    private string Unmasked(int column) =>
        shaped.Indexes[column] is >= 0 and var index && MaskOf(index) is not null
            ? CameAs(inputs[Number(shape.Columns[column].Name)])
            : Value(column);

    private int Number(string name) => inputs.Find(name) ?? throw Error.Bug($"an expression looks at '{name}'.");

    private static string Add(string rows, IEnumerable<string> columns) =>
        $"(SELECT *, {string.Join(", ", columns)} FROM {rows})";

    private static string Join<T>(IEnumerable<T> items, Func<T, string> text) => string.Join(", ", items.Select(text));

    private static string Text(string? value) => value is null ? "NULL::VARCHAR" : $"{Sql.Literal(value)}::VARCHAR";

    private static string Raw(int index) => Name("c", index);

    private static string Came(int index) => Name("r", index);

    private static string Name(string prefix, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{prefix}{number}");

    // What else there is to say of a value that does not fit, as branches of CASE.
    private string Why(int i, string value)
    {
        var (type, index, name) = (shape.Columns[i].Type!.Value, shaped.Indexes[i], shape.Columns[i].Name);
        if (index < 0 || UnitOf(i) is not null)
            return "";
        var (cell, column) = (CellOf(index), shaped.Columns[index]);
        if (cell.IsWritten(type))
            return "";
        if (
            shaped.File.IsParquet
            && column.Read is not null
            && shaped.File.Parquet!.Columns[column.Name].Form == Staging.ParquetForm.Bytes
        )
            return $" WHEN starts_with({Raw(index)}, {ParquetReading.NoValue}) THEN 'not valid UTF-8'";
        if (
            shaped.File.IsParquet
            && (column.IsJson || (column.ParquetType == "VARCHAR" && column.Read is null && type.Kind == TypeKind.Text))
        )
            return " WHEN true THEN "
                + Sql.Literal(
                    column.IsJson ? $"a NUL character, NaN or Infinity in '{name}'" : $"a NUL character in '{name}'"
                );
        var why = "";
        if (IsKept(i))
            why =
                $" WHEN {DuckDbTypes.Fits(value, type, dialect)} THEN '''' || left({value}, 200) || "
                + Sql.Literal(
                    $"' would change as {type}, a type that nobody declared: "
                        + "declare the column under columns:, as this type or as text"
                );
        return type.Kind != TypeKind.Decimal
            ? why
            : $"{why} WHEN {DuckDbTypes.Fits(value, new ColumnType(TypeKind.Decimal, 38, 19), dialect)}"
                + $" THEN '''' || left({value}, 200) || {Sql.Literal($"' has more digits than {type} holds")}";
    }
}
