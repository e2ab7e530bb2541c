namespace Headrace;

/// <summary>How a run of one dataset ended.</summary>
public enum Outcome
{
    /// <summary>At least one batch was committed.</summary>
    Loaded,

    /// <summary>There was nothing new.</summary>
    UpToDate,

    /// <summary>A check or a limit stopped the load; nothing of the stopped batch was loaded.</summary>
    Stopped,

    /// <summary>An error ended the run, or a file was refused.</summary>
    Failed,

    /// <summary>Another run holds the dataset, or what it reads failed.</summary>
    Skipped,

    /// <summary>A plan found something to load; nothing was written.</summary>
    WouldLoad,

    /// <summary>It has begun and not ended.</summary>
    Running,
}
