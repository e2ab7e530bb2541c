namespace Headrace.State;

/// <summary>A type of a column of Headrace's own tables; each database has its own name for it.</summary>
public enum StateType
{
    /// <summary>Any text.</summary>
    Text,

    /// <summary>A short text of Headrace's own making.</summary>
    Word,
    Number,
    Flag,
    Time,

    /// <summary>A number that counts rows; by itself, where the database can.</summary>
    Counter,
}

/// <summary>A column of one of Headrace's own tables.</summary>
/// <param name="IsNeeded">It is never NULL.</param>
/// <param name="Default">SQL, or null.</param>
/// <param name="Where">The one database that has it, or with <c>-</c> before it the one that has not; null where all
/// have it.</param>
public sealed record StateColumn(string Name, StateType Type, bool IsNeeded, string? Default, string? Where)
{
    /// <summary>
    /// Reads a list such as <c>id counter!, note text, on flag=true, batch number! Redshift</c>: the name, the type
    /// (<c>!</c> for never NULL,
    /// <c>=</c> for a default), and the database where it is, <c>-</c> before one where it is not.
    /// </summary>
    public static IReadOnlyList<StateColumn> Parse(string columns) =>
        [.. columns.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(One)];

    private static StateColumn One(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var type = words[1].Split('=');
        return new StateColumn(
            words[0],
            Enum.Parse<StateType>(type[0].TrimEnd('!'), ignoreCase: true),
            type[0].EndsWith('!'),
            type.ElementAtOrDefault(1),
            words.ElementAtOrDefault(2)
        );
    }
}

/// <summary>One change of Headrace's own tables.</summary>
public abstract record StateChange;

/// <summary>A new table.</summary>
/// <param name="Columns">As <see cref="StateColumn.Parse"/> reads them.</param>
/// <param name="Key">The columns of its key; empty for none. Not every database keeps it.</param>
public sealed record CreateTable(string Table, string Columns, string Key = "") : StateChange;

/// <summary>A new index, where the database has them.</summary>
public sealed record CreateIndex(string Index, string Table, string On) : StateChange;

/// <summary>A new column.</summary>
/// <param name="Column">As <see cref="StateColumn.Parse"/> reads it; rows that are there get NULL.</param>
public sealed record AddColumn(string Table, string Column) : StateChange;

/// <summary>Another name for a table.</summary>
public sealed record RenameTable(string Table, string To) : StateChange;

/// <summary>Another name for a column.</summary>
public sealed record RenameColumn(string Table, string Column, string To) : StateChange;

/// <summary>A new view.</summary>
/// <param name="Query">It names no table: a file of DuckDB is attached under many names.</param>
public sealed record CreateView(string View, string Query) : StateChange;

/// <summary>A statement that changes rows.</summary>
/// <param name="Sql">Its tables stand in braces: <c>{files}</c>. It must mean the same in every database.</param>
public sealed record ChangeRows(string Sql) : StateChange;

/// <summary>The changes from one version of the state to the next.</summary>
public sealed record StateStep(int Version, IReadOnlyList<StateChange> Changes);
