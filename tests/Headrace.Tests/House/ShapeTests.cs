using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Headrace.Tests.House;

/// <summary>The layout that ARCHITECTURE.md describes, held true.</summary>
public partial class ShapeTests
{
    [GeneratedRegex(@"`([A-Z][A-Za-z]+)(?:\.[A-Za-z]+)?`")]
    private static partial Regex TypeName();

    [GeneratedRegex(@"`((?:src|tests|native|bench|docs)/[A-Za-z./]*|[A-Za-z]+\.(?:txt|md))`")]
    private static partial Regex PathName();

    [Theory]
    [InlineData("Headrace", "")]
    [InlineData("Headrace.DuckDb", "Headrace")]
    [InlineData("Headrace.Postgres", "Headrace")]
    [InlineData("Headrace.Redshift", "Headrace Headrace.Postgres")]
    [InlineData("Headrace.Aws", "Headrace Headrace.Redshift")]
    [InlineData("Headrace.Hosting", "Headrace Headrace.Aws Headrace.DuckDb Headrace.Postgres Headrace.Redshift")]
    [InlineData("Headrace.Server", "Headrace Headrace.DuckDb Headrace.Hosting")]
    [InlineData("Headrace.Cli", "Headrace Headrace.DuckDb Headrace.Hosting Headrace.Server")]
    public void A_project_references_only_those_it_may_know(string project, string allowed)
    {
        var file = XDocument.Load(Path.Combine(Repository.Root, "src", project, $"{project}.csproj"));
        var references = file.Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value));

        Assert.Equal(allowed.Split(' ', StringSplitOptions.RemoveEmptyEntries), references.Order());
    }

    [Fact]
    public void The_stand_in_for_redshift_knows_nothing_of_the_product()
    {
        var file = XDocument.Load(
            Path.Combine(Repository.Root, "tests", "Headrace.StandIn", "Headrace.StandIn.csproj")
        );

        Assert.Empty(file.Descendants("ProjectReference"));
    }

    [Fact]
    public void The_command_line_knows_no_database_server()
    {
        var references = typeof(Cli.CommandLine)
            .Assembly.GetReferencedAssemblies()
            .Select(name => name.Name!)
            .Where(name => name.StartsWith("Headrace", StringComparison.Ordinal))
            .Order();

        Assert.Equal(["Headrace", "Headrace.DuckDb", "Headrace.Hosting", "Headrace.Server"], references);
    }

    [Fact]
    public void The_core_knows_no_driver()
    {
        var references = typeof(Runner)
            .Assembly.GetReferencedAssemblies()
            .Select(name => name.Name!)
            .Where(name =>
                !name.StartsWith("System.", StringComparison.Ordinal)
                && !name.StartsWith("Microsoft.Win32.", StringComparison.Ordinal)
            )
            .Order();

        Assert.Equal(["Cronos", "Polly.Core", "YamlDotNet", "ZstdSharp"], references);
    }

    [Fact]
    public void Every_source_file_can_be_read_in_one_sitting()
    {
        var tooLong = Repository.Sources("src").Where(file => File.ReadLines(file).Count() > 350);

        Assert.Empty(tooLong);
    }

    [Fact]
    public void No_line_is_wider_than_the_editor_shows()
    {
        var width = int.Parse(
            Repository.Read(".editorconfig").Split("max_line_length = ")[1].Split('\n')[0],
            System.Globalization.CultureInfo.InvariantCulture
        );
        var tooWide = Repository
            .Sources("src")
            .SelectMany(file => File.ReadLines(file))
            .Where(line => line.Length > width);

        Assert.Empty(tooWide);
    }

    [Fact]
    public void Every_type_that_the_architecture_names_exists()
    {
        var one = new[]
        {
            typeof(Runner),
            typeof(global::Headrace.DuckDb.DuckDbWarehouse),
            typeof(Postgres.PostgresDatabase),
            typeof(Aws.S3Store),
            typeof(Redshift.RedshiftDatabase),
            typeof(global::Headrace.Hosting.ProjectHost),
            typeof(global::Headrace.Server.ProjectServer),
            typeof(Cli.CommandLine),
        };
        var types = one.SelectMany(type => type.Assembly.GetTypes())
            .Select(type => type.Name.Split('`')[0])
            .ToHashSet();
        var named = TypeName()
            .Matches(Repository.Read("ARCHITECTURE.md"))
            .Select(match => match.Groups[1].Value)
            .Where(name => name is not ("Headrace" or "BannedSymbols"))
            .Distinct()
            .ToList();

        Assert.NotEmpty(named);
        Assert.DoesNotContain(named, name => !types.Contains(name));
    }

    [Fact]
    public void Every_path_that_the_architecture_names_exists()
    {
        var named = PathName()
            .Matches(Repository.Read("ARCHITECTURE.md"))
            .Select(match => match.Groups[1].Value)
            .Distinct()
            .ToList();

        Assert.NotEmpty(named);
        Assert.DoesNotContain(named, path => !Path.Exists(Path.Combine(Repository.Root, path)));
    }

    [Fact]
    public void Errors_are_made_in_one_place_only()
    {
        var elsewhere = Repository
            .Sources("src")
            .Where(file => !Repository.MakesErrors(file) && Path.GetFileName(file) != "HeadraceException.cs")
            .Where(file => File.ReadAllText(file).Contains("new HeadraceException(", StringComparison.Ordinal));

        Assert.Empty(elsewhere);
    }
}
