namespace Headrace.Warehouses;

/// <summary>What a database has against a statement of a user's.</summary>
/// <param name="Found">In the database's words.</param>
/// <param name="Line">The line of the statement, from 1; null when the database does not say.</param>
/// <param name="Missing">What it names that is not there.</param>
public sealed record StatementFault(string Found, int? Line, MissingName Missing)
{
    /// <summary>The line of a place in a text.</summary>
    /// <param name="place">From 1.</param>
    public static int? LineOf(string statement, int place) =>
        place < 1 || place > statement.Length ? null : statement.AsSpan(0, place - 1).Count('\n') + 1;
}

/// <summary>What a statement names that is not there.</summary>
public enum MissingName
{
    Nothing,

    /// <summary>A column or a function of what is there.</summary>
    Column,

    /// <summary>A table or its schema.</summary>
    Table,
}
