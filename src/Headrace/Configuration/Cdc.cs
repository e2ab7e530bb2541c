using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>How the files of a flow say what happened to each row (<c>read: cdc</c>).</summary>
[Description("How the files say what happened to each row (read: cdc).")]
public sealed record Cdc
{
    [Description(
        "Who wrote the files. dms: AWS DMS, full loads and then change files. debezium: events of Debezium as JSON. "
            + "headrace: operations that Headrace published. none: files with a column for the operation."
    )]
    public CdcProfile Profile { get; init; } = CdcProfile.Dms;

    [Description(
        "The column with the operation; what the profile has when it is not said, and Op with profile none. A file "
            + "without that column brings rows that are inserted."
    )]
    public string? Operation { get; init; }

    [Description(
        "Which values of the operation insert, update and delete a row; what the profile has when it is not said."
    )]
    public CdcValues? Values { get; init; }

    [Description(
        "The columns that say which of two changes of a row is newer, the most important one first. When they are "
            + "not said: the change sequence of DMS where the files have one, else the time of the file and the "
            + "place in it."
    )]
    public IReadOnlyList<string> OrderBy { get; init; } = [];

    [Description(
        "The names of files of the first copy, which come before every change: * stands for anything. LOAD* and "
            + "SEGMENT*_LOAD* with profile dms, none with others."
    )]
    public string? FullLoad { get; init; }

    /// <summary>True when the files are exports of DynamoDB, which say it in their own way.</summary>
    [NotAKey]
    public bool IsDynamoDb { get; init; }

    /// <summary>How objects hold the rows; null where they are the rows.</summary>
    [NotAKey]
    public Envelope? Envelope =>
        IsDynamoDb
            ? Envelope.DynamoDb
            : Profile switch
            {
                CdcProfile.Debezium => Envelope.Debezium,
                CdcProfile.Headrace => Envelope.Headrace,
                _ => null,
            };

    /// <summary>The column with the operation.</summary>
    [NotAKey]
    public string OperationColumn => Envelope is null ? Operation ?? "Op" : Envelope.OperationColumn;

    /// <summary>What its values mean.</summary>
    [NotAKey]
    public CdcValues Meaning =>
        Values
        ?? Profile switch
        {
            CdcProfile.Debezium => new CdcValues
            {
                Insert = ["c", "r"],
                Update = ["u"],
                Delete = ["d"],
            },
            CdcProfile.Headrace => new CdcValues
            {
                Insert = ["INSERT"],
                Update = ["UPDATE"],
                Delete = ["DELETE"],
            },
            _ => new CdcValues(),
        };

    [Description(
        "The files of whole transactions (PreserveTransactions of DMS), such as dms/cdc/CDC_TXN-*. Flows that name the "
            + "same files load them together: all rows of a file in one commit."
    )]
    public string? Transactions { get; init; }

    [Description("Whose rows of these files the flow takes: schema.table, as DMS writes them.")]
    public string? Table { get; init; }

    [Description("How long a change file waits for others that may belong before it; not at all when it is not said.")]
    public TimeSpan? Window { get; init; }

    [Description(
        "How long Headrace remembers the order of a row's changes after it applied them; for ever when it is not "
            + "said. A change that is older than that, and whose place cannot be told any more, is set aside."
    )]
    public TimeSpan? Late { get; init; }
}

/// <summary>Who wrote files of changes.</summary>
public enum CdcProfile
{
    /// <summary>AWS DMS with S3 as target.</summary>
    Dms,

    /// <summary>Events of Debezium as JSON lines.</summary>
    Debezium,

    /// <summary>Operations that Headrace published, as JSON lines.</summary>
    Headrace,

    /// <summary>Files with a column for the operation, as the flow describes them.</summary>
    None,
}

/// <summary>What the values of an operation mean; case matters.</summary>
[Description("What the values of the operation mean.")]
public sealed record CdcValues
{
    [Description("Values that insert a row.")]
    public IReadOnlyList<string> Insert { get; init; } = ["I", "r", "c"];

    [Description("Values that update a row.")]
    public IReadOnlyList<string> Update { get; init; } = ["U", "u"];

    [Description("Values that delete a row.")]
    public IReadOnlyList<string> Delete { get; init; } = ["D", "d"];
}
