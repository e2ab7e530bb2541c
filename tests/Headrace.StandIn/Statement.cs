namespace Headrace.StandIn;

/// <summary>A statement of the client, looked at: refused ones do not come this far.</summary>
public sealed class Statement
{
    public required string Source { get; init; }

    /// <summary>Its first keyword, upper case.</summary>
    public required string Verb { get; init; }

    /// <summary>What PostgreSQL is asked instead.</summary>
    public required string Sql { get; init; }

    /// <summary>What the stand-in does by itself; null when the server does it.</summary>
    public Command? Command { get; init; }

    /// <summary>Not allowed in a transaction block or beside other statements; what the error calls it.</summary>
    public string? Alone { get; init; }

    /// <summary>The table that it writes, whose lock it takes to the end of its transaction.</summary>
    public Relation? Writes { get; init; }

    /// <summary>The relations that it reads.</summary>
    public IReadOnlyList<Relation> Reads { get; init; } = [];
}

/// <summary>A statement that the stand-in runs by itself.</summary>
public abstract record Command;

/// <summary>Commits what came before, then itself.</summary>
public sealed record TruncateCommand(Relation Table) : Command;

/// <summary>Does nothing to <paramref name="Table"/>, which must exist.</summary>
public sealed record NoCommand(string Tag, Relation? Table) : Command;

/// <summary>Moves all rows of one table to the end of another.</summary>
public sealed record AppendCommand(Relation Target, Relation Source) : Command;

/// <summary>Widens a VARCHAR column.</summary>
public sealed record WidenCommand(Relation Table, string Column, ColumnType Type) : Command;
