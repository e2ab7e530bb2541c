using Headrace.Configuration;
using Xunit;

namespace Headrace.Tests.Configuration;

public class ShowTests
{
    [Fact]
    public void What_is_shown_loads_again_as_the_same_project()
    {
        var shown = ProjectFile.Show(Written.Project(LoadingTests.Contract));
        var again = Written.Project(shown);

        Assert.Equal(shown, ProjectFile.Show(again));
        Assert.Equivalent(Written.Project(LoadingTests.Contract).Flows["partner_stock"], again.Flows["partner_stock"]);
    }

    [Fact]
    public void Defaults_are_said()
    {
        var shown = ProjectFile.Show(Written.Project(Written.FlowText("write: append")));
        foreach (
            var line in (string[])
                [
                    "parallel: 5",
                    "    retries: 1",
                    "    settle: 2s",
                    "      table: f",
                    "    changed_files: stop",
                    "    batch_bytes: 1GB",
                    "        null: [\"\"]",
                    "      max_ratio: 200",
                ]
        )
            Assert.Contains($"\n{line}\n", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void One_flow_is_shown_with_its_connections_only()
    {
        var shown = ProjectFile.Show(Written.Project(LoadingTests.Contract), "stock");
        Assert.DoesNotContain("ops:", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("inbox:", shown, StringComparison.Ordinal);
        Assert.Equal(["stock"], Written.Project(shown).Flows.Keys);
    }

    [Fact]
    public void A_flow_that_is_not_there_is_told_with_the_nearest() =>
        Assert.Equal(
            "did you mean 'stock'?",
            Assert
                .Throws<HeadraceException>(() => ProjectFile.Show(Written.Project(LoadingTests.Contract), "stok"))
                .Next
        );

    [Fact]
    public void No_value_of_a_variable_is_ever_shown()
    {
        var yaml = Written
            .FlowText(
                "write: append",
                "owner: ${secret:A}",
                "description: a ${VAR} b",
                "tags: [x, \"${secret:A}\"]",
                "primary_key: ${secret:A}",
                "retries: ${secret:N}",
                "timeout: \"${secret:T}\"",
                "columns: { a: \"${secret:C}\", b: { type: text, from: \"${secret:A}\" } }",
                "target: { table: \"${secret:A}\" }",
                "settle: ${secret:T}"
            )
            .Replace("path: ./lake }", "path: \"./lake/${secret:A}\" }")
            .Replace("f/*.csv\"", "f/${secret:A}/*.csv\"");
        var shown = ProjectFile.Show(
            Written.Project(
                yaml,
                null,
                ("HEADRACE_SECRET_A", "hunter22"),
                ("VAR", "variable1"),
                ("HEADRACE_SECRET_N", "4711"),
                ("HEADRACE_SECRET_T", "4712s"),
                ("HEADRACE_SECRET_C", "decimal(37,5)")
            )
        );

        foreach (var value in (string[])["hunter22", "variable1", "4711", "4712s", "decimal(37,5)"])
            Assert.DoesNotContain(value, shown, StringComparison.Ordinal);
        Assert.Contains("    owner: \"${secret:A}\"\n", shown, StringComparison.Ordinal);
        Assert.Contains("    retries: \"${secret:N}\"\n", shown, StringComparison.Ordinal);
        Assert.Contains("        type: \"${secret:C}\"\n", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no")]
    [InlineData("12")]
    [InlineData("a: b # c")]
    [InlineData("- x")]
    [InlineData("it's \"quoted\" \\ \n and\ttabs")]
    [InlineData("ünï çødé")]
    [InlineData(" blanks ")]
    public void Any_text_comes_back_as_it_was(string text)
    {
        var yaml = Written.FlowText("write: append", $"owner: {System.Text.Json.JsonSerializer.Serialize(text)}");
        Assert.Equal(text, Written.Project(ProjectFile.Show(Written.Project(yaml))).Flows["f"].Owner);
    }
}
