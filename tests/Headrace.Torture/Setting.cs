namespace Headrace.Torture;

/// <summary>What every sequence is run with.</summary>
/// <param name="Plant">The planted bug of a canary; null for the product as it is.</param>
/// <param name="IsRelease">The program is as users have it: nothing is done to it but kills from outside.</param>
internal sealed record Setting(string Program, bool Keep, string? Plant = null, bool IsRelease = false);
