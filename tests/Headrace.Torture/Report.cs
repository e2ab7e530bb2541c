using System.Text.Json;

namespace Headrace.Torture;

/// <summary>A dataset's entry in what <c>run --json</c> prints.</summary>
internal sealed record RunRow(
    string Dataset,
    string Id,
    string Outcome,
    long Batches,
    long Inserted,
    long Quarantined,
    string? Error,
    string? Facts
)
{
    private static readonly string[] Outcomes = ["loaded", "up_to_date", "stopped", "failed", "skipped"];

    /// <summary>True for an outcome that the exit code must show.</summary>
    public bool IsBad => Outcome is "failed" or "stopped";

    /// <summary>
    /// The entries; null, with the reason among the problems, when the output is not what the contract says.
    /// </summary>
    public static IReadOnlyList<RunRow>? Parse(Ended ended, List<string> problems)
    {
        if (ended.TimedOut)
        {
            problems.Add("the run did not end and had to be killed");
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(ended.Output);
            var rows = json.RootElement.GetProperty("runs").EnumerateArray().Select(Of).ToList();
            problems.AddRange(
                rows.Where(row => !Outcomes.Contains(row.Outcome))
                    .Select(row => $"{row.Dataset}: '{row.Outcome}' is no outcome")
            );
            problems.AddRange(
                rows.Where(row => row.IsBad != row.Error is not null)
                    .Select(row => $"{row.Dataset}: outcome {row.Outcome} with error {row.Error ?? "none"}")
            );
            if (ended.ExitCode != Expected(rows))
                problems.Add(
                    $"exit code {ended.ExitCode} where the outcomes ask for {Expected(rows)}: "
                        + string.Join(", ", rows.Select(row => $"{row.Dataset} {row.Outcome}"))
                );
            return rows;
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            problems.Add(
                $"exit code {ended.ExitCode}, "
                    + $"and no JSON of the contract on standard output: {ended.Output} {ended.Messages}"
            );
            return null;
        }
    }

    private static RunRow Of(JsonElement run)
    {
        var error = run.GetProperty("error") is { ValueKind: JsonValueKind.Object } said ? said : (JsonElement?)null;
        return new(
            run.GetProperty("dataset").GetString()!,
            run.GetProperty("run").GetString()!,
            run.GetProperty("outcome").GetString()!,
            run.GetProperty("batches").GetInt64(),
            run.GetProperty("inserted").GetInt64(),
            run.GetProperty("quarantined").GetInt64(),
            error?.GetProperty("code").GetString(),
            error?.GetProperty("facts").GetRawText()
        );
    }

    private static int Expected(IReadOnlyList<RunRow> rows)
    {
        var bad = rows.Count(row => row.IsBad);
        return bad == 0 ? 0
            : bad < rows.Count ? 4
            : rows.Any(row => row.Outcome == "failed") ? 1
            : 3;
    }
}
