namespace Headrace.DuckDb;

/// <summary>How a target stands to its source.</summary>
/// <param name="Missing">Rows of the source that the target lacks.</param>
/// <param name="Extra">Rows of the target that the source lacks.</param>
/// <param name="Different">Rows whose values are not the same; 0 where rows have no key to tell them by.</param>
/// <param name="Pending">Rows that differ and lie behind the position: the next run brings them.</param>
public sealed record Verified(
    string Dataset,
    long Missing,
    long Extra,
    long Different,
    long RowsSource,
    long RowsTarget,
    long Pending,
    IReadOnlyList<RowChange> Sample,
    IReadOnlyList<string> Warnings
)
{
    public bool IsEqual => Missing + Extra + Different == 0 && IsWhole;

    /// <summary>False when something could not be compared that was loaded; a warning says what.</summary>
    public bool IsWhole { get; init; } = true;

    /// <summary>
    /// False for a history: it is made of what happened, and nobody can put it right by how rows are. False for rows
    /// without a key: nothing tells which of them to change.
    /// </summary>
    public bool CanRepair { get; init; } = true;

    /// <summary>True when what differed was put right.</summary>
    public bool IsRepaired { get; init; }

    /// <summary>Why rows without a key are not repaired, and what helps.</summary>
    internal static string Keyless(bool wasAsked, string wayOut) =>
        $"{(wasAsked ? "nothing was repaired" : "--repair repairs nothing here")}: the rows have no primary_key that "
        + $"tells them apart. {wayOut}";
}
