using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>Where what is read from a database is kept.</summary>
[Description("Where what is read from a database is kept, as gzipped CSV: docs/tables.md.")]
public sealed record ArchiveSettings
{
    [Description("The name of a connection of type folder or s3.")]
    public required string Connection { get; init; }

    [Description("Where in it; the files are below, as {dataset}/{load id}/{n}.csv.gz.")]
    public string Path { get; init; } = "archive/";
}
