using System.Text.Json.Serialization;

namespace Headrace.Checks;

/// <summary>What a check found in one load, or in all loads of a run, in the words of the contract.</summary>
/// <param name="Checked">Rows that it looked at.</param>
/// <param name="Failed">Rows that failed; 1 when what is asked of all rows together does not hold.</param>
public sealed record CheckResult(
    string Name,
    string Kind,
    string Scope,
    string OnFail,
    string Outcome,
    long Checked,
    long Failed
)
{
    private static readonly string[] Outcomes = ["passed", "warned", "quarantined", "stopped"];

    /// <summary>The first rows that failed, to be shown; a run's record does not keep them.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Sample { get; init; } = [];

    /// <summary>What is wrong with what fails, as the end of a sentence.</summary>
    [JsonIgnore]
    public string Fault { get; init; } = "";

    [JsonIgnore]
    public bool IsStopped => Outcome == "stopped";

    [JsonIgnore]
    public bool IsWarned => Outcome == "warned";

    [JsonIgnore]
    public bool IsPassed => Outcome == "passed";

    /// <summary>What it found, as one sentence.</summary>
    public string Sentence() =>
        Kind is "row_count" or "freshness"
            ? $"check '{Name}' failed: {Fault}"
            : $"check '{Name}' failed for {Failed} of {Checked} {(Checked == 1 ? "row" : "rows")}: {Fault}";

    /// <summary>The results of a run after one more load; the worst outcome of a check stays.</summary>
    public static IReadOnlyList<CheckResult> Sum(IReadOnlyList<CheckResult> before, IReadOnlyList<CheckResult> more)
    {
        var all = before.ToList();
        foreach (var result in more)
            if (all.FindIndex(one => one.Name == result.Name) is >= 0 and var known)
                all[known] = result with
                {
                    Checked = all[known].Checked + result.Checked,
                    Failed = all[known].Failed + result.Failed,
                    Outcome = Outcomes[
                        Math.Max(Array.IndexOf(Outcomes, all[known].Outcome), Array.IndexOf(Outcomes, result.Outcome))
                    ],
                };
            else
                all.Add(result);
        return all;
    }
}
