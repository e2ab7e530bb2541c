using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>Where the rows of a flow come from.</summary>
[Description("Where the rows come from.")]
public sealed record Source
{
    [Description("The name of a connection of type folder, s3, postgres, redshift, kinesis or dynamodb.")]
    public required string Connection { get; init; }

    [Description(
        "The files, from the connection's folder or prefix: {name} captures a part, * stands for anything within one "
            + "folder, ** for several folders. Needed with files."
    )]
    public string Path { get; init; } = "";

    [Description(
        "The table or view, with its schema (public when it is not said): shop.orders. Needed with a "
            + "database, unless query is said, and with dynamodb."
    )]
    public string? Table { get; init; }

    [Description(
        "process_table: all tables that `headrace tables` lists for the connection, each a dataset of its own."
    )]
    public string? Tables { get; init; }

    [Description("A SELECT whose rows are read instead of a table's.")]
    public string? Query { get; init; }

    [Description(
        "With a stream of operations that Headrace published: the dataset whose operations are read; all of the "
            + "stream when it is not said."
    )]
    public string? Dataset { get; init; }

    [Description(
        "How the files are read; by the ending of their names when it is not said. json and ndjson are the "
            + "same as jsonl."
    )]
    public FormatKind? Format { get; init; }

    [Description("How CSV files are written.")]
    public CsvOptions Csv { get; init; } = new();

    [Description(
        "How long a file must be unchanged before it is read; goes before the flow's and the connection's settle."
    )]
    public TimeSpan? Settle { get; init; }

    [Description("With dynamodb: where the table is exported to, and how often.")]
    public ExportSettings? Export { get; init; }

    /// <summary>The format of one file; null when neither the flow nor the file's ending tells it.</summary>
    public FileFormat? FormatOf(string key) =>
        (Format ?? ByEnding(key)) switch
        {
            FormatKind.Csv => new FileFormat(FormatKind.Csv, Csv.ToDialect()),
            { } kind => new FileFormat(kind),
            null => null,
        };

    static FormatKind? ByEnding(string key)
    {
        var name = key.AsSpan(key.LastIndexOf('/') + 1);
        foreach (var packed in (ReadOnlySpan<string>)[".gz", ".gzip", ".zst", ".zstd"])
            if (name.EndsWith(packed, StringComparison.OrdinalIgnoreCase))
            {
                name = name[..^packed.Length];
                break;
            }

        return System.IO.Path.GetExtension(name).ToString().ToLowerInvariant() switch
        {
            ".csv" => FormatKind.Csv,
            ".jsonl" or ".ndjson" or ".json" => FormatKind.Jsonl,
            ".parquet" => FormatKind.Parquet,
            _ => null,
        };
    }
}
