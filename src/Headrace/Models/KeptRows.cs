namespace Headrace.Models;

/// <summary>A table that keeps its rows until all models that read it have committed.</summary>
/// <param name="Flow">The flow that loads it.</param>
/// <param name="Others">The other models that read it.</param>
public sealed record KeptRows(string Flow, TableName Table, IReadOnlyList<string> Others);
