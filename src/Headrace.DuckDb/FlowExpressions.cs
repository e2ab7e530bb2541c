namespace Headrace.DuckDb;

/// <summary>
/// What a flow says of its rows beyond types, settled before any row is looked at: expressions, the condition, values
/// for NULL, masks of dates.
/// </summary>
internal sealed class FlowExpressions(
    DuckDbConnection db,
    TableShape shape,
    ChangeSet changes,
    CancellationToken cancel
)
{
    /// <summary>What names of columns begin with: for expressions, and as they came for conditions.</summary>
    public const string Masked = "x",
        Came = "w";

    /// <exception cref="HeadraceException">HDR-221, HDR-222, HDR-223.</exception>
    public void Settle()
    {
        var rules = changes.Rules;
        if (
            rules is { Masks.Count: 0, Where: null }
            && !rules.Columns.Any(column => column is { Expression: not null } or { Default: not null })
        )
            return;
        var inputs = new RowInputs(shape, rules);
        for (var i = 0; i < shape.Columns.Count; i++)
        {
            if (shape.Listed(i) is { Default: { } value } && !Fits(value, shape.Columns[i].Type!.Value))
                throw Error.DefaultUnfit(shape.Columns[i].Name, value, shape.Columns[i].Type!.Value);
            if (shape.Listed(i) is { Expression: { } expression } made)
                shape.Made[i] = Read($"the expression of '{made.Name}'", expression, inputs, Masked, inputs.Type);
        }

        foreach (var mask in rules.Masks.Where(mask => mask.Truncates))
            if (
                inputs.Find(mask.Column) is { } number
                && inputs.Type(inputs[number]) is var type
                && !type.HasDate
                && shape.Files.FirstOrDefault(file =>
                    file.File.Records != 0 && file.Columns.Any(column => mask.Hides(column.Name))
                )
                    is { } file
            )
                throw Error.MaskUnfit(file.File.File.Key, inputs[number].Name, type, isText: false);
        if (rules.Where is not { } where)
            return;
        shape.Wanted = Read("the condition of where", where, inputs, Came, inputs.Came);
        if (shape.Wanted.Type != "BOOLEAN")
            throw Error.ExpressionRefused(
                "the condition of where",
                where,
                $"it is {shape.Wanted.Type.ToLowerInvariant()}, and neither true nor false",
                "write a condition, for example \"country <> 'XX'\""
            );
    }

    private bool Fits(string value, ColumnType type) =>
        db.Scalar<bool>($"SELECT coalesce({DuckDbTypes.Fits(Sql.Literal(value), type, null)}, false)", cancel);

    private EngineExpression Read(
        string what,
        string text,
        RowInputs inputs,
        string prefix,
        Func<RowInput, ColumnType> type
    ) =>
        new ExpressionSql(
            db,
            what,
            inputs.Names,
            name =>
                inputs.Find(name) is { } number
                    ? (SnapshotColumns.Text($"{prefix}{number}"), DuckDbTypes.Name(type(inputs[number])))
                    : null,
            cancel
        ).Read(text);
}
