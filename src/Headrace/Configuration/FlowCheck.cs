using System.ComponentModel;
using Headrace.Checks;

namespace Headrace.Configuration;

/// <summary>One entry of <c>checks</c>, as users write it: one kind, and what is to be done.</summary>
[Description("A statement that must hold. It has exactly one kind, the key that says what is asked.")]
public sealed record FlowCheck
{
    [Description("Its name in messages and in headrace.checks; made of the kind and the columns when it is not said.")]
    public string? Name { get; init; }

    [Description("Columns of which none may be NULL.")]
    public IReadOnlyList<string> NotNull { get; init; } = [];

    [Description("Columns that no two rows have alike; a row with NULL in one of them is like no other.")]
    public IReadOnlyList<string> Unique { get; init; } = [];

    [Description("The values that a column may have.")]
    public AcceptedValues? AcceptedValues { get; init; }

    [Description("The least and the largest number or time that a column may have.")]
    public ValueRange? Range { get; init; }

    [Description("The first and the last day that a column may have.")]
    public DayRange? ValidDate { get; init; }

    [Description("A regular expression that is to be found in each text of a column.")]
    public TextPattern? Matches { get; init; }

    [Description("A column whose values are all in a column of another table of the warehouse (scope: table).")]
    public Relationship? Relationships { get; init; }

    [Description("The least and the largest number of rows.")]
    public RowRange? RowCount { get; init; }

    [Description("How old the newest time of a column may be.")]
    public AgeRange? Freshness { get; init; }

    [Description("When a file must have come (read: of files); it stops no load, and stands alone in its check.")]
    public FileExpected? FileExpected { get; init; }

    [Description(
        "SQL over the columns, by their names in the table, that is false for no row: DuckDB's with scope: batch, "
            + "the warehouse's with scope: table."
    )]
    public string? Expression { get; init; }

    [Description("SQL of the same kind; only rows for which it is true are checked.")]
    public string? Where { get; init; }

    [Description(
        "What happens when it fails: stop loads nothing, quarantine sets the rows aside that fail, warn says so in "
            + "the run's record."
    )]
    public CheckAction OnFail { get; init; } = CheckAction.Stop;

    [Description(
        "The share of the rows checked that may fail: up to it stop and warn pass, and beyond it quarantine stops."
    )]
    public double? Allow { get; init; }

    [Description(
        "What is looked at: batch, the rows of a change set before they are applied, or table, the target before the "
            + "load is committed. batch when it is not said, and table with relationships."
    )]
    public CheckScope? Scope { get; init; }

    /// <summary>Where it stands in the file.</summary>
    [NotAKey]
    public Place? At { get; init; }

    /// <summary>The kinds that it names.</summary>
    internal IReadOnlyList<Check> Kinds =>
        [
            .. new Check?[]
            {
                NotNull.Count > 0
                    ? new NotNullCheck(NotNull) { Name = "" }
                    : null,
                Unique.Count > 0
                    ? new UniqueCheck(Unique) { Name = "" }
                    : null,
                AcceptedValues is { } accepted
                    ? new AcceptedValuesCheck(accepted.Column, accepted.Values) { Name = "" }
                    : null,
                Range is { } range
                    ? new RangeCheck(range.Column, range.Min, range.Max) { Name = "" }
                    : null,
                ValidDate is { } day
                    ? new ValidDateCheck(day.Column, day.Min, day.Max) { Name = "" }
                    : null,
                Matches is { } text
                    ? new MatchesCheck(text.Column, text.Pattern) { Name = "" }
                    : null,
                Relationships is { } to
                    ? new RelationshipsCheck(to.Column, to.Table, to.Key) { Name = "" }
                    : null,
                RowCount is { } rows
                    ? new RowCountCheck(rows.Min, rows.Max) { Name = "" }
                    : null,
                Freshness is { } age
                    ? new FreshnessCheck(age.Column, age.WarnAfter, age.ErrorAfter) { Name = "" }
                    : null,
                Expression is { } sql
                    ? new ExpressionCheck(sql) { Name = "" }
                    : null,
            }.OfType<Check>(),
        ];

    /// <summary>The check that it says; null when it has no kind, or several.</summary>
    public Check? ToCheck() =>
        Kinds is not [var kind]
            ? null
            : kind with
            {
                Name = Name ?? string.Join('_', kind.Columns.Prepend(kind.Kind)),
                Scope = Scope ?? (kind is RelationshipsCheck ? CheckScope.Table : CheckScope.Batch),
                OnFail = OnFail,
                Allow = Allow,
                Where = Where,
                At = At,
            };
}
