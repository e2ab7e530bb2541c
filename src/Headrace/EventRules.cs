namespace Headrace;

/// <summary>What a flow says about rows that are changes of rows.</summary>
public sealed record EventRules
{
    /// <summary>The column of the files with the operation; null where each row says how it is.</summary>
    public string? Operation { get; init; }

    /// <summary>How JSON objects hold the rows; null where they are the rows.</summary>
    public Envelope? Envelope { get; init; }

    /// <summary>Values of the operation that empty the table, which Headrace does not do by itself.</summary>
    public IReadOnlyList<string> Truncations { get; init; } = [];

    /// <summary>Values of the operation that insert a row.</summary>
    public IReadOnlyList<string> Inserts { get; init; } = [];

    /// <summary>Values of the operation that update a row.</summary>
    public IReadOnlyList<string> Updates { get; init; } = [];

    /// <summary>Values of the operation that delete a row.</summary>
    public IReadOnlyList<string> Deletions { get; init; } = [];

    /// <summary>
    /// Columns of the target that say which of two changes of a row is newer; what they leave open the place of the
    /// file and the row in it decide.
    /// </summary>
    public IReadOnlyList<string> OrderBy { get; init; } = [];

    /// <summary>How long the order of changes is remembered after they were applied; null for ever.</summary>
    public TimeSpan? Late { get; init; }

    /// <summary>True when each change becomes a row of its own.</summary>
    public bool IsAppended { get; init; }

    public Deletes Deletes { get; init; }

    /// <summary>How the target keeps versions; null where it holds the rows as they are now.</summary>
    public HistoryRules? History { get; init; }

    /// <summary>Columns of the target that no file brings.</summary>
    public IReadOnlyList<string> Own =>
        History is { } history ? [history.From, history.To, history.Current]
        : Deletes == Deletes.Soft && !IsAppended ? [RowChanges.DeletedAt]
        : [];
}

/// <summary>How a target keeps the versions of its rows.</summary>
public sealed record HistoryRules
{
    /// <summary>The column of the target with the time of the event; null for the time of the load.</summary>
    public string? EffectiveAt { get; init; }

    /// <summary>Columns whose change opens a version; empty for all that are not told otherwise.</summary>
    public IReadOnlyList<string> Track { get; init; } = [];

    /// <summary>Columns whose change alone opens none.</summary>
    public IReadOnlyList<string> Ignore { get; init; } = [];

    /// <summary>The column with the start of a version.</summary>
    public required string From { get; init; }

    /// <summary>The column with its end; NULL while it is current.</summary>
    public required string To { get; init; }

    /// <summary>The column that says whether it is current.</summary>
    public required string Current { get; init; }
}
