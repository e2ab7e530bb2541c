using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>A listed column of a flow: <c>price: decimal(10,2)</c>, or with its keys.</summary>
[ShortFor("type")]
[Description("A column: its type, or keys.")]
public sealed record FlowColumn
{
    [Description("The column's type in the table; needed unless it is dropped.")]
    public ColumnType? Type { get; init; }

    [Description("The column's name in the source; the same when it is not said.")]
    public string? From { get; init; }

    [Description(
        "Whether NULL is allowed; a row with NULL in a column that does not allow it is a bad row. It is "
            + "allowed when it is not said; when it is said that it is, files may lack the column from the start."
    )]
    public bool? Nullable { get; init; }

    [Description(
        "What the column is made of, in DuckDB's SQL over the other columns of the row, which it sees masked. See "
            + "docs/masks.md for what it may have."
    )]
    public string? Expression { get; init; }

    [Description("The value instead of NULL, written as a file would have it.")]
    public string? Default { get; init; }

    [Description("Whether the column of the source does not go to the table; expressions and `where` see it.")]
    public bool Drop { get; init; }

    [Description(
        "What a number that is a time counts, from 1970-01-01 00:00 UTC on: s (seconds), ms, us or ns. For the types "
            + "date, timestamp and timestamptz."
    )]
    public TimeUnit? Unit { get; init; }

    /// <summary>The name under which it stands: the column's name in the table.</summary>
    [NotAKey]
    public string Name { get; init; } = "";
}
