using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Headrace.Configuration;
using Xunit;

namespace Headrace.Tests.Configuration;

public partial class ReferenceTests
{
    static string Page([CallerFilePath] string here = "") =>
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "../../../docs/configuration.md"))
            .ReplaceLineEndings("\n");

    [GeneratedRegex("```yaml\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();

    internal static IEnumerable<string> Examples() => Example().Matches(Page()).Select(match => match.Groups[1].Value);

    [Fact]
    public void The_page_lists_the_keys_as_they_are() =>
        Assert.Equal(ConfigurationReference.Write(), Page().Split(ConfigurationReference.Marker + "\n")[1]);

    [Fact]
    public void The_examples_of_the_page_load()
    {
        Assert.NotEmpty(Examples());
        foreach (var example in Examples())
            Written.Project(example);
        Written.Project(Examples().Last(), "prod");
    }
}
