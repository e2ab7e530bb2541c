namespace Headrace.Checks;

/// <summary>
/// What a check that sets rows aside asks of a row, in the engine's SQL over the columns <c>v0…</c> of
/// <see cref="TableShape"/>.
/// </summary>
/// <param name="Column">The column that is shown of a row that fails; -1 for none.</param>
/// <param name="Reason">Why a row is set aside.</param>
/// <param name="Uses">The columns that it needs.</param>
/// <param name="Fails">True for a row of this file that fails; NULL for one of which it cannot be said.</param>
public sealed record RowCondition(int Column, string Reason, IReadOnlyList<int> Uses, Func<StagedFile, string> Fails)
{
    /// <summary>True when what it asks differs from file to file.</summary>
    public bool IsOfFile { get; init; }
}
