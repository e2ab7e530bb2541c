using Headrace.Configuration;

namespace Headrace.Checks;

/// <summary>
/// A statement that must hold for each row, or for all of them together. What it asks is SQL of what rows are counted;
/// the same counts are made by an engine of a batch and by a warehouse of a table.
/// </summary>
public abstract record Check
{
    public required string Name { get; init; }

    /// <summary>The word of the configuration for what it asks.</summary>
    public abstract string Kind { get; }

    public CheckScope Scope { get; init; }

    public CheckAction OnFail { get; init; }

    /// <summary>
    /// The share (0 to 1) of the rows checked that may fail; null for none, or any where rows are set aside.
    /// </summary>
    public double? Allow { get; init; }

    /// <summary>Only rows for which this SQL is true are checked; null for all.</summary>
    public string? Where { get; init; }

    /// <summary>Where it stands in the configuration; null for one that nobody wrote.</summary>
    public Place? At { get; init; }

    /// <summary>The columns that it names.</summary>
    public virtual IReadOnlyList<string> Columns => [];

    /// <summary>True for one that can say of each row whether it fails, so that the row can be set aside.</summary>
    public virtual bool IsOfRows => true;

    /// <summary>What is wrong with what fails, as the end of a sentence.</summary>
    public abstract string Fault { get; }

    /// <summary>Conditions in SQL; the rows are counted for which they are true.</summary>
    public virtual IReadOnlyList<string> Counted(CheckSql sql) => [];

    /// <summary>How many rows fail.</summary>
    /// <param name="rows">Rows that were checked.</param>
    /// <param name="counts">How many of them each condition is true for.</param>
    public virtual long Failed(long rows, IReadOnlyList<long> counts) => counts[0];

    /// <summary>What comes of it.</summary>
    public virtual CheckOutcome Outcome(long rows, IReadOnlyList<long> counts)
    {
        var failed = Failed(rows, counts);
        if (failed == 0)
            return CheckOutcome.Passed;
        var isAllowed = (double)failed / rows <= Allow;
        return OnFail == CheckAction.Quarantine
            ? Allow is null || isAllowed
                ? CheckOutcome.Quarantined
                : CheckOutcome.Stopped
            : isAllowed
                ? CheckOutcome.Passed
                : OnFail == CheckAction.Warn
                    ? CheckOutcome.Warned
                    : CheckOutcome.Stopped;
    }

    /// <summary>What is wrong, once it is known that it failed.</summary>
    public virtual string Said(long rows, IReadOnlyList<long> counts) => Fault;

    /// <summary>What it found.</summary>
    public CheckResult Judge(long rows, IReadOnlyList<long> counts) =>
        new(Name, Kind, Word(Scope), Word(OnFail), Word(Outcome(rows, counts)), rows, Failed(rows, counts))
        {
            Fault = Said(rows, counts),
        };

    private static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}

/// <summary>A check that says of each row by itself whether it fails.</summary>
public abstract record RowCheck : Check
{
    /// <summary>The condition in SQL for a row that fails; NULL for one of which it cannot be said.</summary>
    public abstract string Fails(CheckSql sql);

    /// <summary>The same by the columns that are at fault.</summary>
    public virtual IReadOnlyList<(string? Column, string Fails)> Parts(CheckSql sql) =>
        [(Columns.Count == 0 ? null : Columns[0], Fails(sql))];

    public override IReadOnlyList<string> Counted(CheckSql sql) => [Fails(sql)];
}
