using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>Where the rows of a flow go.</summary>
[Description("Where the rows go.")]
public sealed record Target
{
    [Description("The name of a connection of type duckdb, postgres or redshift.")]
    public string Connection { get; init; } = "";

    [Description("The schema; made when it is missing. May hold {captures} of the path.")]
    public string Schema { get; init; } = "main";

    [Description(
        "The table; made when it is missing. May hold {captures} of the path. When it is not said: the "
            + "flow's name, and {table} with read: drop."
    )]
    public string Table { get; init; } = "";

    [Description(
        "How a table that is made in Redshift is distributed: auto, all, even, or the column by which. auto "
            + "when it is not said."
    )]
    public string? Distribution { get; init; }

    [Description(
        "The columns by which a table that is made in Redshift is sorted; Redshift chooses when it is not said."
    )]
    public IReadOnlyList<string> Sort { get; init; } = [];
}
