namespace Headrace.Configuration;

/// <summary>How a flow finds what is new at its source.</summary>
public enum ReadMode
{
    /// <summary>Each file once.</summary>
    Incremental,

    /// <summary>Each file once; its path says what it does: append, truncate or schema.</summary>
    Drop,

    /// <summary>Each export whole, compared with the one before by primary key.</summary>
    Snapshot,

    /// <summary>All rows of a table, each time.</summary>
    FullRefresh,

    /// <summary>Files whose rows say what happened to each row of a database.</summary>
    Cdc,
}

/// <summary>What a flow does with the rows of its table.</summary>
public enum WriteMode
{
    /// <summary>New rows are added.</summary>
    Append,

    /// <summary>New rows take the place of all rows.</summary>
    Replace,

    /// <summary>New rows are inserted or updated by primary key.</summary>
    Merge,

    /// <summary>Each change of a row opens a version of it; the one before ends.</summary>
    Scd2,
}

/// <summary>How long a table keeps the rows that were added to it.</summary>
public enum KeepRows
{
    /// <summary>Until the models that read it have committed.</summary>
    UntilModels,
}

/// <summary>What happens when the same bytes arrive under a second name.</summary>
public enum SameContent
{
    /// <summary>The second file is written down and not loaded.</summary>
    Skip,

    /// <summary>The second file is loaded as well.</summary>
    Load,
}

/// <summary>How exports follow one another.</summary>
public enum VersionOrder
{
    /// <summary>By the text of the version, byte by byte.</summary>
    Text,

    /// <summary>By the time at which the last of their files landed.</summary>
    Landed,

    /// <summary>By the text, with the numbers in it compared as numbers: v9 before v10.</summary>
    Natural,
}
