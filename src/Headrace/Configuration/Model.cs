using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>
/// One entry of <c>models</c>, complete: the defaults are in it, the target has its names, and its SELECT is read.
/// </summary>
[Description("A table that the warehouse makes of other tables of its own, by one SELECT.")]
public sealed record Model
{
    [Description("One sentence on what this model is for.")]
    public string? Description { get; init; }

    [Description(
        "The file with one SELECT in the warehouse's own SQL, from the project's folder. Tables stand in it with "
            + "their schemas."
    )]
    public required string Sql { get; init; }

    [Description(
        "The flows and models that it reads, and runs after; they are found from the SQL when it is not said."
    )]
    public IReadOnlyList<string>? After { get; init; }

    [Description("Where the rows go; what is not said is that of the defaults.")]
    public Target Target { get; init; } = new();

    [Description(
        "What happens to the rows of the SELECT: replace puts them instead of all rows, merge inserts or updates "
            + "by primary_key, append adds them, scd2 keeps the versions of each row."
    )]
    public required ModelWrite Write { get; init; }

    [Description(
        "The columns that tell one row from all others; needed with write: merge, write: scd2 and with a "
            + "surrogate_key. No row is without them, and but for write: append no two rows have the same."
    )]
    public IReadOnlyList<string> PrimaryKey { get; init; } = [];

    [Description(
        "A column with a number that each primary_key (with write: scd2 each version) gets once and keeps; the SELECT "
            + "has no such column. It is of type bigint."
    )]
    public string? SurrogateKey { get; init; }

    [Description("How the table keeps the history of its rows (write: scd2).")]
    public Scd2? Scd2 { get; init; }

    [Description(
        "Statements that run before the SELECT, in the same transaction. None of them may end a transaction; in "
            + "Redshift TRUNCATE does."
    )]
    public IReadOnlyList<string> Before { get; init; } = [];

    [Description(
        "What must hold for the table once the rows are in it, before they are committed. A check stops the model or "
            + "warns."
    )]
    public IReadOnlyList<FlowCheck> Checks { get; init; } = [];

    [Description(
        "The least rows that may replace a table that has rows (write: replace), or end the versions of those that "
            + "are gone (write: scd2)."
    )]
    [AtLeast(0)]
    public int MinRows { get; init; } = 1;

    [Description(
        "How a table that is made in Redshift is distributed: auto, all, even, or key(COLUMN). auto when it is not "
            + "said."
    )]
    public string? Distribution { get; init; }

    [Description(
        "The columns by which a table that is made in Redshift is sorted; Redshift chooses when it is not said."
    )]
    public IReadOnlyList<string> Sort { get; init; } = [];

    /// <summary>The name under which it stands.</summary>
    [NotAKey]
    public string Name { get; init; } = "";

    /// <summary>The SELECT, without what ends it; its lines stand where they stand in the file.</summary>
    [NotAKey]
    public string Text { get; init; } = "";

    /// <summary>How its table keeps the versions of its rows; null where it does not.</summary>
    public HistoryRules? History => Write == ModelWrite.Scd2 ? (Scd2 ?? new Scd2()).ToRules() : null;

    /// <summary>The table that it makes.</summary>
    public TableName Table => new(Target.Schema, Target.Table);

    /// <summary>What it says about loading.</summary>
    public LoadRules Rules() =>
        new()
        {
            PrimaryKey = PrimaryKey,
            MinRows = MinRows,
            Checks =
            [
                .. Checks
                    .Select(check => check.ToCheck())
                    .OfType<Headrace.Checks.Check>()
                    .Select(check => check with { Scope = Headrace.Checks.CheckScope.Table }),
            ],
            Distribution = DistributionOf(Distribution) ?? Target.Distribution,
            Sort = Sort.Count > 0 ? Sort : Target.Sort,
        };

    // key(id) is written id where a table is made.
    private static string? DistributionOf(string? said) =>
        said is not null && said.StartsWith("key(", StringComparison.OrdinalIgnoreCase) && said.EndsWith(')')
            ? said[4..^1].Trim()
            : said;
}

/// <summary>What a model does with the rows of its SELECT.</summary>
public enum ModelWrite
{
    /// <summary>They take the place of all rows.</summary>
    Replace,

    /// <summary>They are inserted or updated by primary key.</summary>
    Merge,

    /// <summary>They are added.</summary>
    Append,

    /// <summary>What differs in them opens a version of its row; what is gone ends one.</summary>
    Scd2,
}
