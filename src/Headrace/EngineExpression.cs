namespace Headrace;

/// <summary>An expression of the flow as an engine understood it.</summary>
/// <param name="Sql">Its SQL, over names of the engine's own.</param>
/// <param name="Type">The engine's name of the type of its result.</param>
/// <param name="Columns">The columns that it looks at, by the names that the flow gives to them.</param>
public sealed record EngineExpression(string Sql, string Type, IReadOnlyList<string> Columns);
