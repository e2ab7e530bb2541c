namespace Headrace;

/// <summary>Which results of checks are asked for; what is not said holds for all.</summary>
/// <param name="Of">A flow or a dataset.</param>
/// <param name="Run">A run.</param>
/// <param name="Outcome">A word of <c>headrace.checks</c>.</param>
/// <param name="Most">How many at most, the newest first.</param>
public sealed record CheckQuery(string? Of, string? Run, string? Outcome, int Most);

/// <summary>What a check found in one load: a row of <c>headrace.checks</c>.</summary>
/// <param name="Sample">A list of texts as JSON; null when no row failed.</param>
public sealed record CheckRecord(
    string LoadId,
    string RunId,
    string Flow,
    string Dataset,
    string Name,
    string Kind,
    string Scope,
    string OnFail,
    long Checked,
    long Failed,
    string Outcome,
    string? Sample,
    DateTimeOffset CheckedAt
);
