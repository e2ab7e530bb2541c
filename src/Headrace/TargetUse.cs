namespace Headrace;

/// <summary>What a flow or model does with a table of its warehouse.</summary>
/// <param name="ChangesRows">It updates or deletes rows, or replaces them; else it only adds some.</param>
/// <param name="HasOwnTable">Headrace keeps a table beside it: the order of changes, the numbers of keys.</param>
public sealed record TargetUse(TableName Table, bool ChangesRows, bool HasOwnTable);
