using Headrace.Configuration;
using Xunit;

namespace Headrace.Tests.Configuration;

public class VariableTests
{
    static string Owner(string owner, params (string, string)[] variables) =>
        Written.Project(Written.FlowText("write: append", $"owner: {owner}"), null, variables).Flows["f"].Owner!;

    [Theory]
    [InlineData("${NAME}", "ann")]
    [InlineData("x-${NAME}-${NAME}", "x-ann-ann")]
    [InlineData("\"${NAME}\"", "ann")]
    [InlineData("${OTHER:-bob}", "bob")]
    [InlineData("${NAME:-bob}", "ann")]
    [InlineData("${EMPTY:-bob}", "bob")]
    [InlineData("x${EMPTY}y", "xy")]
    [InlineData("x${OTHER:-}y", "xy")]
    [InlineData("$${NAME}", "${NAME}")]
    [InlineData("${NESTED}", "${NAME}")]
    [InlineData("cost $5", "cost $5")]
    public void A_variable_is_resolved_once(string written, string expected) =>
        Assert.Equal(expected, Owner(written, ("NAME", "ann"), ("EMPTY", ""), ("NESTED", "${NAME}")));

    [Fact]
    public void A_variable_may_stand_in_any_value()
    {
        var project = Written.Project(
            Written.FlowText(
                "write: ${WRITE}",
                "retries: ${RETRIES}",
                "enabled: \"${ON:-false}\"",
                "settle: ${SETTLE}"
            ),
            null,
            ("WRITE", "append"),
            ("RETRIES", "7"),
            ("SETTLE", "3s")
        );
        var flow = project.Flows["f"];
        Assert.Equal(
            (WriteMode.Append, 7, false, TimeSpan.FromSeconds(3)),
            (flow.Write, flow.Retries, flow.Enabled, flow.Settle)
        );
    }

    [Fact]
    public void A_variable_that_is_not_set_is_told_where_it_stands()
    {
        var problem = Written.Problem(Written.FlowText("write: append", "owner: ${OWNER}"));
        Assert.Equal(
            ("HDR-510 12:12", "set OWNER, or give it a default: ${OWNER:-…}"),
            (Written.At(problem), problem.Next)
        );
    }

    [Theory]
    [InlineData("${}")]
    [InlineData("${1A}")]
    [InlineData("${A B}")]
    [InlineData("${A")]
    [InlineData("${secrets:A}")]
    public void What_is_no_variable_is_told_how_to_write_one(string written) =>
        Assert.Equal(
            "HDR-505 12:12",
            Written.At(Written.Problem(Written.FlowText("write: append", $"owner: {written}")))
        );

    [Fact]
    public void A_wrong_value_of_a_variable_is_told_by_the_variables_name_and_not_shown()
    {
        var problem = Written.Problem(
            Written.FlowText("write: append", "retries: ${secret:RETRIES}"),
            null,
            ("HEADRACE_SECRET_RETRIES", "hunter22")
        );
        Assert.Contains("found '${secret:RETRIES}' (its value does not fit)", problem.What, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter22", Written.Text(problem), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("target: { connection: \"${secret:S}\" }")]
    [InlineData("target: { table: \"x{${secret:S}}\" }")]
    [InlineData("primary_key: [\"${secret:S}\", \"${secret:S}\"]")]
    public void A_secret_at_a_wrong_place_is_not_shown_by_the_problem(string key) =>
        Assert.DoesNotContain(
            "hunter22",
            Written.Text(
                Written.Problem(Written.FlowText("write: append", key), null, ("HEADRACE_SECRET_S", "hunter22"))
            ),
            StringComparison.Ordinal
        );

    [Fact]
    public void A_secret_comes_from_the_environment_before_the_file()
    {
        Assert.Equal("pass", Owner("${secret:shop-key}", ("HEADRACE_SECRET_SHOP_KEY", "pass")));
        using var folder = new TemporaryFolder();
        folder.Write(".headrace/secrets/key", "from file\n");
        folder.Write("headrace.yaml", Written.FlowText("write: append", "owner: ${secret:key}"));
        Assert.Equal("from file", ProjectFile.Load(folder.Path, null, _ => null).Project!.Flows["f"].Owner);
        Assert.Equal(
            "from there",
            ProjectFile
                .Load(folder.Path, null, name => name == "HEADRACE_SECRET_KEY" ? "from there" : null)
                .Project!.Flows["f"]
                .Owner
        );
    }

    [Theory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.OtherWrite)]
    public void A_secret_that_others_may_read_is_refused(UnixFileMode mode)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "no such modes");
        using var folder = new TemporaryFolder();
        folder.Write(".headrace/secrets/key", "hunter22", mode);
        folder.Write("headrace.yaml", Written.FlowText("write: append", "owner: ${secret:key}"));
        var problem = Assert.Single(ProjectFile.Load(folder.Path, null, _ => null).Problems);
        Assert.Equal(("HDR-511 12:12", "chmod 600 .headrace/secrets/key"), (Written.At(problem), problem.Next));
    }

    [Fact]
    public void A_secret_that_is_nowhere_says_where_to_put_it() =>
        Assert.Equal(
            "set HEADRACE_SECRET_KEY, or write it to .headrace/secrets/key with mode 600",
            Written.Problem(Written.FlowText("write: append", "owner: ${secret:key}")).Next
        );

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData(".hidden")]
    [InlineData("a/b")]
    [InlineData("")]
    public void The_name_of_a_secret_is_not_a_path(string name) =>
        Assert.Equal("HDR-511", Written.Problem(Written.FlowText("write: append", $"owner: ${{secret:{name}}}")).Code);

    [Fact]
    public void A_file_gives_its_content_without_blanks_around_it()
    {
        using var folder = new TemporaryFolder();
        folder.Write("keys/a.txt", "  value \n\n");
        folder.Write("headrace.yaml", Written.FlowText("write: append", "owner: ${file:keys/a.txt}"));
        var project = ProjectFile.Load(folder.Path, null, _ => null).Project!;
        Assert.Equal("value", project.Flows["f"].Owner);
        Assert.Equal("the ***", project.Secrets.Redact("the value"));
        Assert.Equal("HDR-511", Written.Problem(Written.FlowText("write: append", "owner: ${file:nowhere}")).Code);
    }

    [Fact]
    public void Secrets_are_redacted_also_where_they_were_escaped_and_the_longest_first()
    {
        var secrets = Written
            .Project(
                Written.FlowText(
                    "write: append",
                    "owner: ${secret:A}",
                    "description: ${secret:B}",
                    "tags: [\"${secret:C}\"]"
                ),
                null,
                ("HEADRACE_SECRET_A", "p\"ss w/rd"),
                ("HEADRACE_SECRET_B", "p\"ss w/rd-and-more"),
                ("HEADRACE_SECRET_C", "abc")
            )
            .Secrets;

        Assert.Equal(
            "a *** b *** c *** d *** e abc",
            secrets.Redact("a p\"ss w/rd b p\"ss w/rd-and-more c p\\\"ss w/rd d p%22ss%20w%2Frd e abc")
        );
    }
}
