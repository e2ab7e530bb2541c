using System.Text.Json;
using Headrace.Checks;

namespace Headrace.Warehouses;

/// <summary>What the checks of loads found.</summary>
public sealed partial class WarehouseStore
{
    /// <summary>The checks of a load, one row each.</summary>
    public async Task AddAsync(ChangeSet changes, string runId, IReadOnlyList<CheckResult> results)
    {
        var (dataset, now) = (changes.Dataset, Now);
        foreach (var some in results.Chunk(RowsOfStatement))
        {
            var rows = some.Select(one =>
                dialect.Sql(
                    $"""
                    ({changes.Id}, {runId}, {dataset.Flow}, {dataset.Name}, {one.Name}, {one.Kind}, {one.Scope},
                        {one.OnFail}, {one.Checked}, {one.Failed}, {one.Outcome}, {Sample(one)}, {now})
                    """
                )
            );
            await RunAsync(
                dialect.Sql(
                    $"""
                    INSERT INTO {Table("checks")} (load_id, run_id, flow, dataset, name, kind, scope, on_fail, checked,
                        failed, outcome, sample, checked_at)
                    VALUES {new Raw(string.Join(", ", rows))}
                    """
                )
            );
        }
    }

    // A list of texts as JSON; what came with a NUL is shown with its picture, since not every database has a text for
    // it.
    private static string? Sample(CheckResult result) =>
        result.Sample.Count == 0
            ? null
            : "["
                + string.Join(
                    ", ",
                    result.Sample.Select(row => $"\"{JsonEncodedText.Encode(row.Replace('\0', '\u2400'))}\"")
                )
                + "]";
}
