using System.Security.Cryptography;
using System.Text.Json;
using System.Xml.Linq;
using Xunit;

namespace Headrace.Tests.House;

/// <summary>What Headrace is built from is pinned, and checked before it is built with.</summary>
public sealed class BuildTests
{
    private static readonly string[] Projects =
    [
        "Headrace",
        "Headrace.Aws",
        "Headrace.DuckDb",
        "Headrace.Postgres",
        "Headrace.Redshift",
        "Headrace.Hosting",
        "Headrace.Cli",
    ];

    [Fact]
    public void R19_every_platform_of_the_engine_has_its_hashes_and_the_library_in_use_is_the_known_one()
    {
        var packages = JsonDocument
            .Parse(Repository.Read("native", "package-lock.json"))
            .RootElement.GetProperty("packages");
        var hashes = XDocument
            .Load(Path.Combine(Repository.Root, "native", "DuckDb.targets"))
            .Descendants("DuckDbHash")
            .ToDictionary(hash => hash.Attribute("Include")!.Value, hash => hash.Attribute("Sha256")!.Value);
        foreach (var package in packages.EnumerateObject().Where(package => package.Name.Length > 0))
            Assert.True(
                package.Value.TryGetProperty("integrity", out var hash)
                    && hash.GetString()!.StartsWith("sha512-", StringComparison.Ordinal),
                $"{package.Name} has no hash."
            );
        const string prefix = "node_modules/@duckdb/node-bindings-";
        var platforms = packages
            .EnumerateObject()
            .Where(package => package.Name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(package => package.Name[prefix.Length..])
            .ToList();

        Assert.Equal(8, platforms.Count);
        Assert.Equal(platforms.Order(), hashes.Keys.Order());
        Assert.All(hashes.Values, hash => Assert.Matches("^[0-9a-f]{64}$", hash));
        var library = Path.Combine(AppContext.BaseDirectory, "libduckdb.so");
        if (OperatingSystem.IsLinux())
            Assert.Contains(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(library))), hashes.Values);
    }

    [Fact]
    public void R19_the_native_build_uses_the_same_packages_as_every_other()
    {
        foreach (var project in Projects)
        {
            var plain = Packages(project, "packages.lock.json");
            var native = Packages(project, "packages.native.lock.json");
            foreach (
                var (name, package) in native.Where(package =>
                    !package.Key.Contains("ILCompiler", StringComparison.Ordinal)
                    && !package.Key.Contains("ILLink", StringComparison.Ordinal)
                )
            )
                Assert.True(
                    plain.TryGetValue(name, out var known) && known == package,
                    $"{project}: {name} is {package} in the native build."
                );
            Assert.Equal(plain.Keys.Order(), native.Keys.Where(plain.ContainsKey).Order());
        }

        Assert.Contains("RestoreLockedMode", Repository.Read("Directory.Build.props"), StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Packages(string project, string file) =>
        JsonDocument
            .Parse(Repository.Read("src", project, file))
            .RootElement.GetProperty("dependencies")
            .EnumerateObject()
            .SelectMany(framework =>
                framework
                    .Value.EnumerateObject()
                    .Select(package =>
                        (
                            $"{framework.Name} {package.Name}",
                            $"{Text(package.Value, "resolved")} {Text(package.Value, "contentHash")}"
                        )
                    )
            )
            .ToDictionary(package => package.Item1, package => package.Item2);

    private static string Text(JsonElement package, string name) =>
        package.TryGetProperty(name, out var value) ? value.GetString()! : "";
}
