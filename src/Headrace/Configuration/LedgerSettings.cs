using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>A ledger that several machines share.</summary>
[Description("A ledger that several machines share.")]
public sealed record LedgerSettings
{
    [Description(
        "The connection, of type postgres or dynamodb; tables in its schema headrace, or the table, are made when they "
            + "are missing."
    )]
    public required string Connection { get; init; }

    [Description("With dynamodb the table.")]
    public string Table { get; init; } = "headrace";

    [Description("Where the project's own files lie, so that a machine may lose its disk: docs/state.md.")]
    public StatePlace? State { get; init; }

    [Description("How long a dataset stays with a machine that does not answer any more, by the server's clock.")]
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>Where the files of a project's state lie.</summary>
[Description("Where what waits to be published, what exports held and the positions of flows without a target lie.")]
public sealed record StatePlace
{
    [Description("The name of a connection of type s3, or of type folder for a disk that all machines have.")]
    public required string Connection { get; init; }

    [Description("Where in it; each project has its own.")]
    public string Path { get; init; } = "headrace/";
}
