using Headrace.Configuration;
using Xunit;

namespace Headrace.Tests.Configuration;

/// <summary>Projects written in a test, loaded as if they stood in a folder.</summary>
static class Written
{
    /// <summary>Two connections, for files that are about something else.</summary>
    public const string Start = """
        version: 1
        connections:
          lake: { type: folder, path: ./lake }
          warehouse: { type: duckdb, path: ./warehouse.duckdb }
        defaults:
          target: { connection: warehouse, schema: raw }

        """;

    public static LoadedProject Load(
        string yaml,
        string? environment = null,
        string folder = "/project",
        params (string Name, string Value)[] variables
    ) =>
        ProjectFile.Parse(
            yaml,
            folder,
            environment,
            name => variables.FirstOrDefault(variable => variable.Name == name).Value
        );

    /// <summary>The project, which has to be free of problems.</summary>
    public static Project Project(
        string yaml,
        string? environment = null,
        params (string Name, string Value)[] variables
    )
    {
        var loaded = Load(yaml, environment, variables: variables);
        Assert.Equal("", string.Join("\n", loaded.Problems.Select(Text)));
        return loaded.Project!;
    }

    /// <summary>The flow f with more keys after its source and read, on a line of their own each.</summary>
    public static Flow Flow(params string[] keys) => Project(FlowText(keys)).Flows["f"];

    public static string FlowText(params string[] keys) =>
        Start
        + "flows:\n  f:\n    source: { connection: lake, path: \"f/*.csv\" }\n    read: incremental\n"
        + string.Concat(keys.Select(key => $"    {key}\n"));

    /// <summary>The only problem of a file.</summary>
    public static HeadraceException Problem(
        string yaml,
        string? environment = null,
        params (string Name, string Value)[] variables
    )
    {
        var loaded = Load(yaml, environment, variables: variables);
        Assert.Null(loaded.Project);
        return Assert.Single(loaded.Problems);
    }

    /// <summary>Code and place, as in <c>HDR-503 9:5</c>.</summary>
    public static string At(HeadraceException problem) =>
        $"{problem.Code} {Fact(problem, "file")["headrace.yaml:".Length..]}";

    public static string Fact(HeadraceException problem, string name) =>
        problem.Facts.Single(fact => fact.Name == name).Value;

    public static string Text(HeadraceException problem) =>
        $"{problem.Code} {problem.What} "
        + $"{string.Join(" ", problem.Facts.Select(fact => $"{fact.Name}={fact.Value}"))} next={problem.Next}";
}

/// <summary>A folder that is gone after the test.</summary>
sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("headrace-").FullName;

    public void Write(string name, string text, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, mode);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
