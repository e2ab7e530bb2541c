using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>A listed column of a flow: <c>price: decimal(10,2)</c>, or with its keys.</summary>
[ShortFor("type")]
[Description("A column: its type, or keys.")]
public sealed record FlowColumn
{
    [Description("The column's type in the table.")]
    public required ColumnType Type { get; init; }

    [Description("The column's name in the source; the same when it is not said.")]
    public string? From { get; init; }

    [Description(
        "Whether NULL is allowed; a row with NULL in a column that does not allow it is a bad row. It is "
            + "allowed when it is not said; when it is said that it is, files may lack the column from the start."
    )]
    public bool? Nullable { get; init; }

    /// <summary>The name under which it stands: the column's name in the table.</summary>
    [NotAKey]
    public string Name { get; init; } = "";
}
