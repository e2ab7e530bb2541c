namespace Headrace;

/// <summary>What is known of a change beside its values.</summary>
public enum EventFact
{
    /// <summary><c>I</c>, <c>U</c> or <c>D</c>.</summary>
    Operation,

    /// <summary>A text by which changes sort from the oldest to the newest.</summary>
    Order,

    /// <summary>The key of the file that brought it.</summary>
    File,
}

/// <summary>The columns of a table that holds each change as a row.</summary>
public static class EventFacts
{
    private static readonly IReadOnlyList<(string Name, EventFact Fact)> All =
    [
        ("_op", EventFact.Operation),
        ("_order", EventFact.Order),
        ("_file", EventFact.File),
    ];

    /// <summary>Those of a change set's target.</summary>
    public static IReadOnlyList<(string Name, EventFact Fact)> Columns(ChangeSet changes) =>
        changes.Rules.Events is { IsAppended: true } ? All : [];

    /// <summary>What a column of a change set's target holds; null for a column of the files.</summary>
    public static EventFact? Of(ChangeSet changes, Column column)
    {
        foreach (var (name, fact) in Columns(changes))
            if (name.Equals(column.Name, StringComparison.OrdinalIgnoreCase))
                return fact;
        return null;
    }
}
