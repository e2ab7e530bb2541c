namespace Headrace.DuckDb;

/// <summary>A column that an expression may name: one of the target, or one that files alone have.</summary>
/// <param name="Name">As the flow calls it.</param>
/// <param name="From">As files call it.</param>
/// <param name="Column">Its place in the target; -1 for none.</param>
/// <param name="Listed">What the flow says of it; null for nothing.</param>
internal sealed record RowInput(string Name, string From, int Column, DeclaredColumn? Listed);

/// <summary>The columns of a row that the flow's expressions may name.</summary>
internal sealed class RowInputs
{
    private readonly List<RowInput> all = [];
    private readonly TableShape shape;
    private readonly LoadRules rules;

    public RowInputs(TableShape shape, LoadRules rules)
    {
        (this.shape, this.rules) = (shape, rules);
        for (var i = 0; i < shape.Columns.Count; i++)
            if (shape.Columns[i].Fact is null && shape.Listed(i) is not { Expression: not null } and var listed)
                all.Add(new RowInput(shape.Columns[i].Name, listed?.From ?? shape.Columns[i].Name, i, listed));
        all.AddRange(rules.Dropped.Select(dropped => new RowInput(dropped.Name, dropped.From, -1, dropped)));

        // A column that is made of the one under its name in the file.
        foreach (var made in rules.Columns.Where(column => column.Expression is not null))
            if (Find(made.Name) is null && Column(made.Name) is not null)
                all.Add(new RowInput(made.Name, made.Name, -1, null));
    }

    public RowInput this[int number] => all[number];

    public IEnumerable<string> Names => all.Select(input => input.Name);

    /// <summary>The number of the column with this name; null when there is none.</summary>
    public int? Find(string name)
    {
        var found = all.FindIndex(input => Same(input.Name, name));
        if (found < 0)
            found = all.FindIndex(input => Same(input.From, name));
        return found < 0 ? null : found;
    }

    /// <summary>The type under which expressions of columns see it: masked.</summary>
    public ColumnType Type(RowInput input) =>
        input.Column >= 0 ? shape.Columns[input.Column].Type!.Value
        : MaskOf(input) is { MakesText: true } ? ColumnType.Text
        : input.Listed?.Type ?? Natural(input.From);

    /// <summary>The type with which its values came.</summary>
    public ColumnType Came(RowInput input) =>
        MaskOf(input) is not { MakesText: true } ? Type(input) : input.Listed?.Came ?? Natural(input.From);

    private Mask? MaskOf(RowInput input) => rules.Masks.FirstOrDefault(mask => mask.Hides(input.From));

    // What the source says of its type, where somebody does.
    private ColumnType Natural(string from) =>
        Column(from) switch
        {
            { Written: { } written } => written,
            { Holds: { } holds } => holds,
            { IsJson: true } => ColumnType.Json,
            { ParquetType: { } parquet } => DuckDbTypes.Holding(parquet),
            _ => ColumnType.Text,
        };

    private StagedColumn? Column(string from) =>
        shape.Files.SelectMany(file => file.Columns).FirstOrDefault(column => Same(column.Name, from));

    private static bool Same(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);
}
