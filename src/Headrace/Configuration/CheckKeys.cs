using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>What <c>accepted_values</c> asks.</summary>
[Description("The values that a column may have; NULL is always one of them.")]
public sealed record AcceptedValues
{
    [Description("The column, by its name in the table.")]
    public required string Column { get; init; }

    [Description("The values, as texts of the column's type.")]
    public required IReadOnlyList<string> Values { get; init; }
}

/// <summary>What <c>range</c> asks.</summary>
[Description("The least and the largest value that a column of numbers or times may have.")]
public sealed record ValueRange
{
    [Description("The column, by its name in the table.")]
    public required string Column { get; init; }

    [Description("The least value; any when it is not said.")]
    public string? Min { get; init; }

    [Description("The largest value; any when it is not said.")]
    public string? Max { get; init; }
}

/// <summary>What <c>valid_date</c> asks.</summary>
[Description("The first and the last day that a column of dates or times may have.")]
public sealed record DayRange
{
    [Description("The column, by its name in the table; with scope: batch a text that is written as a date will do.")]
    public required string Column { get; init; }

    [Description("The first day as yyyy-MM-dd, or today (in UTC); any when it is not said.")]
    public string? Min { get; init; }

    [Description("The last day, written as the first.")]
    public string? Max { get; init; }
}

/// <summary>What <c>matches</c> asks.</summary>
[Description("A regular expression that is to be found in each text of a column.")]
public sealed record TextPattern
{
    [Description("The column, by its name in the table.")]
    public required string Column { get; init; }

    [Description("The regular expression; ^ and $ make it one for the whole text.")]
    public required string Pattern { get; init; }
}

/// <summary>What <c>relationships</c> asks.</summary>
[Description("A column whose values are all in a column of another table of the warehouse.")]
public sealed record Relationship
{
    [Description("The column, by its name in the table.")]
    public required string Column { get; init; }

    [Description("The other column, as schema.table.column.")]
    public required string To { get; init; }

    internal TableName Table => new(Parts[0], Parts[1]);

    internal string Key => Parts[2];

    /// <summary>True when it names a schema, a table and a column.</summary>
    internal bool IsWhole => Parts.Length == 3 && Array.TrueForAll(Parts, part => part.Length > 0);

    private string[] Parts => To.Split('.') is { Length: 3 } three ? three : [To, "", ""];
}

/// <summary>What <c>row_count</c> asks.</summary>
[Description("The least and the largest number of rows.")]
public sealed record RowRange
{
    [Description("The least number; any when it is not said.")]
    [AtLeast(0)]
    public int? Min { get; init; }

    [Description("The largest number; any when it is not said.")]
    [AtLeast(0)]
    public int? Max { get; init; }
}

/// <summary>What <c>freshness</c> asks.</summary>
[Description("How old the newest time of a column may be.")]
public sealed record AgeRange
{
    [Description("The column, by its name in the table.")]
    public required string Column { get; init; }

    [Description("The age beyond which the run's record says so.")]
    public TimeSpan? WarnAfter { get; init; }

    [Description("The age beyond which the check fails.")]
    public TimeSpan? ErrorAfter { get; init; }
}
