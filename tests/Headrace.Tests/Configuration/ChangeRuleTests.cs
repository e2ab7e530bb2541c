using Xunit;

namespace Headrace.Tests.Configuration;

public class ChangeRuleTests
{
    [Fact]
    public void What_remembers_no_order_forgets_none()
    {
        static string Flow(string write) =>
            Written
                .FlowText($"write: {write}", "primary_key: id", "cdc: { late: 90d }")
                .Replace("read: incremental", "read: cdc", StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromDays(90), Written.Project(Flow("merge")).Flows["f"].Capture.Late);
        Assert.Contains("late", Written.Problem(Flow("append")).What, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("transactions: t/CDC_TXN-*", "go together")]
    [InlineData("table: a.b", "go together")]
    [InlineData("transactions: ../CDC_TXN-*, table: a.b", "inside")]
    [InlineData("transactions: 't/{x}/CDC_TXN-*', table: a.b", "captures")]
    [InlineData("transactions: t/CDC_TXN-*, table: a.b, profile: none", "files of DMS")]
    [InlineData("transactions: t/CDC_TXN-*, table: a.b", "needs columns", "columns: {}")]
    [InlineData("transactions: t/CDC_TXN-*, table: a.b", "'after' does not go", "after: [g]")]
    public void What_transactions_need(string cdc, string problem, string more = "")
    {
        static string Flow(string cdc, string more) =>
            Written
                .FlowText(
                    "write: merge",
                    "primary_key: id",
                    $"cdc: {{ {cdc} }}",
                    more.StartsWith("columns", StringComparison.Ordinal) ? "" : "columns: { id: bigint }",
                    more
                )
                .Replace("read: incremental", "read: cdc", StringComparison.Ordinal)
            + "  g:\n    source: { connection: lake, path: g/* }\n    read: incremental\n    write: append\n";
        Assert.Equal(
            "a.b",
            Written.Project(Flow("transactions: t/CDC_TXN-*, table: a.b", "")).Flows["f"].Capture.Table
        );
        Assert.Contains(problem, Written.Problem(Flow(cdc, more)).What, StringComparison.Ordinal);
    }
}
