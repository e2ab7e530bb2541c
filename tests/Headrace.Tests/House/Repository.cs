namespace Headrace.Tests.House;

/// <summary>The files of this repository, for tests that read them.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string Read(params string[] path) => File.ReadAllText(Path.Combine([Root, .. path]));

    /// <summary>C# files below a folder of the repository, generated ones left out.</summary>
    public static IEnumerable<string> Sources(params string[] folder) =>
        Directory
            .EnumerateFiles(Path.Combine([Root, .. folder]), "*.cs", SearchOption.AllDirectories)
            .Where(file =>
                !file.Contains(
                    $"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}",
                    StringComparison.Ordinal
                )
            );

    /// <summary>True for the files that make errors; each has a factory for each of its codes.</summary>
    public static bool MakesErrors(string file) =>
        Path.GetFileName(file).StartsWith("Error", StringComparison.Ordinal)
        || Path.GetFileName(file) == "RedshiftError.cs";

    private static string Find()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Headrace.slnx")))
            folder =
                Path.GetDirectoryName(folder)
                ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        return folder;
    }
}
