namespace Headrace.Checks;

/// <summary>What a check looks at.</summary>
public enum CheckScope
{
    /// <summary>The rows of a change set, before they are applied.</summary>
    Batch,

    /// <summary>The target, once the rows are applied and before the load is committed.</summary>
    Table,
}

/// <summary>What happens when a check fails.</summary>
public enum CheckAction
{
    /// <summary>Nothing of the batch is loaded.</summary>
    Stop,

    /// <summary>The rows that fail are set aside, the others go on.</summary>
    Quarantine,

    /// <summary>The rows are loaded, and the run's record says it.</summary>
    Warn,
}

/// <summary>What came of a check.</summary>
public enum CheckOutcome
{
    Passed,
    Warned,
    Quarantined,
    Stopped,
}
