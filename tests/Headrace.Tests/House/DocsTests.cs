using System.CommandLine;
using System.Text.RegularExpressions;
using Headrace.Cli;
using Xunit;

namespace Headrace.Tests.House;

/// <summary>Documentation that has gone stale fails.</summary>
public partial class DocsTests
{
    [GeneratedRegex("\"(HDR-[0-9]{3})\"")]
    private static partial Regex Made();

    [GeneratedRegex("^## (HDR-[0-9]{3})", RegexOptions.Multiline)]
    private static partial Regex Described();

    [GeneratedRegex(@"^\| (?<case>[FETRSU][0-9]+) \|.*\| (?<tests>[^|]+) \|$", RegexOptions.Multiline)]
    private static partial Regex Case();

    [GeneratedRegex(@"\]\(([^)#:]+)(?:#[^)]*)?\)")]
    private static partial Regex Link();

    [Fact]
    public void Every_error_code_is_made_once_and_described_once()
    {
        var made = Repository
            .Sources("src")
            .Where(Repository.MakesErrors)
            .SelectMany(file => Made().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups[1].Value)
            .Order()
            .ToList();
        var described = Described()
            .Matches(Repository.Read("docs", "errors.md"))
            .Select(match => match.Groups[1].Value)
            .ToList();

        Assert.Equal(made.Distinct(), made);
        Assert.Equal(made, described);
    }

    [Fact]
    public void Every_command_stands_in_the_documentation_as_its_help_shows_it()
    {
        var text = Repository.Read("docs", "commands.md");

        foreach (var path in Commands(CommandLine.Root(), []))
            Assert.Contains($"```text\n{Help(path)}\n```", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_link_between_documents_leads_somewhere()
    {
        foreach (
            var document in Directory
                .EnumerateFiles(Repository.Root, "*.md")
                .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md"))
        )
        foreach (Match link in Link().Matches(File.ReadAllText(document)))
            Assert.True(
                Path.Exists(Path.Combine(Path.GetDirectoryName(document)!, link.Groups[1].Value)),
                $"{document}: {link.Groups[1].Value}"
            );
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("docs/s3.md")]
    [InlineData("docs/snapshot.md")]
    public void The_first_configuration_of_a_page_is_right(string page)
    {
        var text = Repository.Read(page.Split('/'));
        var yaml = text[(text.IndexOf("```yaml\n", StringComparison.Ordinal) + 8)..];

        var loaded = global::Headrace.Configuration.ProjectFile.Parse(
            yaml[..yaml.IndexOf("```", StringComparison.Ordinal)],
            Repository.Root,
            null,
            _ => null
        );

        Assert.Empty(loaded.Problems);
    }

    [Theory]
    [InlineData("F", 1, 8)]
    [InlineData("F", 11, 69)]
    public void Every_fault_has_its_line_in_the_guarantees_and_a_test_that_names_it(string letter, int first, int last)
    {
        var tests = string.Concat(Repository.Sources("tests", "Headrace.Tests").Select(File.ReadAllText));
        var guarantees = Repository.Read("docs", "guarantees.md").Split('\n');
        foreach (var id in Enumerable.Range(first, last - first + 1).Select(number => $"{letter}{number}"))
        {
            var line = Assert.Single(guarantees, line => line.StartsWith($"| {id} |", StringComparison.Ordinal));
            Assert.True(
                Regex.IsMatch(tests, $@"(void|Task) {id}_") || line.Contains("no test:", StringComparison.Ordinal),
                $"{id} has no test and no reason why."
            );
        }
    }

    [Fact]
    public void Every_case_names_tests_that_exist()
    {
        var known = typeof(DocsTests)
            .Assembly.GetTypes()
            .SelectMany(type =>
                type.GetMethods()
                    .Where(method => method.GetCustomAttributes(typeof(FactAttribute), inherit: true).Length > 0)
                    .Select(method => $"{type.Name}.{method.Name}")
            )
            .ToHashSet();
        foreach (Match line in Case().Matches(Repository.Read("docs", "cases.md")))
        foreach (var test in line.Groups["tests"].Value.Split(", "))
            Assert.True(known.Contains(test.Trim('`')), $"{line.Groups["case"].Value}: there is no test {test}.");
    }

    internal static string Help(string[] path)
    {
        using var output = new StringWriter { NewLine = "\n" };
        CommandLine.Root().Parse([.. path, "--help"]).Invoke(new InvocationConfiguration { Output = output });
        return string.Join('\n', output.ToString().Split('\n').Select(line => line.TrimEnd())).Trim();
    }

    private static IEnumerable<string[]> Commands(Command command, string[] path)
    {
        yield return path;
        foreach (var child in command.Subcommands)
        foreach (var below in Commands(child, [.. path, child.Name]))
            yield return below;
    }
}
