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
}
