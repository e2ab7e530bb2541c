using System.Diagnostics;
using System.IO.Compression;
using System.Text.RegularExpressions;
using Headrace.Cli;
using Xunit;

namespace Headrace.Tests.House;

/// <summary>What the program is delivered with: each part is run, as far as a machine for tests can.</summary>
public partial class PackagingTests
{
    [GeneratedRegex(@"^(?<word>[A-Z]+) (?<rest>(?:.*\\\n)*.*)$", RegexOptions.Multiline)]
    private static partial Regex Instruction();

    [Fact]
    public void The_manual_page_and_the_completions_know_every_command_and_option()
    {
        var root = CommandLine.Root();
        var texts = (string[])[ManPage.Write(root), Completion.Bash(root), Completion.Zsh(root), Completion.Fish(root)];

        foreach (var (path, command) in Completion.All(root, root.Name))
        foreach (
            var word in command
                .Options.Select(option => option.Name.TrimStart('-'))
                .Append(path.Split(' ')[^1])
                .Where(word => word is not "help")
        )
        foreach (var text in texts)
            Assert.Contains(word, text.Replace("\\-", "-", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("headrace ru", "run runs")]
    [InlineData("headrace quarantine rel", "release")]
    [InlineData("headrace -C here run --conf", "--confirm")]
    [InlineData("headrace run or", "orders")]
    [InlineData("headrace completion z", "")]
    public async Task Bash_completes_what_is_typed(string typed, string expected)
    {
        using var world = new World().Flows("orders: { source: { connection: lake, path: x } }");
        var words = typed.Split(' ');
        File.WriteAllText(Path.Combine(world.Folder, "completion"), Completion.Bash(CommandLine.Root()));

        var (exit, output) = await Run(
            "bash",
            world.Folder,
            "-c",
            $"source ./completion; COMP_WORDS=({typed}); COMP_CWORD={words.Length - 1}; _headrace; "
                + "echo \"${COMPREPLY[*]}\""
        );

        Assert.Equal((0, expected), (exit, output.Trim()));
    }

    [Fact]
    public async Task The_manual_page_is_one_for_man()
    {
        using var world = new World();
        File.WriteAllText(Path.Combine(world.Folder, "headrace.1"), ManPage.Write(CommandLine.Root()));

        var (exit, output) = await Run("man", world.Folder, "--warnings", "-l", "./headrace.1");

        Assert.Equal(0, exit);
        Assert.Contains("headrace quarantine release", output, StringComparison.Ordinal);
        Assert.DoesNotContain("<standard input>", output, StringComparison.Ordinal); // where a warning begins
    }

    [Theory]
    [InlineData("headrace.service")]
    [InlineData("headrace-run.service")]
    [InlineData("headrace-run.timer")]
    public async Task Systemd_takes_the_units(string unit)
    {
        // Where the program is not installed, another one stands for it.
        using var world = new World();
        foreach (var file in Directory.GetFiles(Path.Combine(Repository.Root, "deploy"), "headrace*"))
            File.WriteAllText(
                Path.Combine(world.Folder, Path.GetFileName(file)),
                File.ReadAllText(file).Replace("/usr/local/bin/headrace", "/bin/true", StringComparison.Ordinal)
            );

        var (exit, output) = await Run("systemd-analyze", world.Folder, "verify", "--man=no", $"./{unit}");

        Assert.True(exit == 0 && !output.Contains("headrace", StringComparison.Ordinal), output);
    }

    [Fact]
    public async Task The_container_runs_the_native_program_without_rights_beside_a_root_that_is_read_only()
    {
        var instructions = Instruction()
            .Matches(Repository.Read("deploy", "Containerfile"))
            .Select(match => (Word: match.Groups["word"].Value, Text: match.Groups["rest"].Value))
            .ToList();
        string Of(string word) => instructions.Single(one => one.Word == word).Text;
        var copied = Of("COPY").Split(' ');

        // Its steps as a script: the files that it copies, its user, and the one folder that may be written.
        var native = Path.GetDirectoryName(
            Environment.GetEnvironmentVariable("HEADRACE_RELEASE")
                ?? Path.Combine(Repository.Root, "artifacts", "native", "headrace")
        )!;
        using var world = new World();
        var program = Path.Combine(world.Folder, "opt");
        Directory.CreateDirectory(program);
        foreach (var file in copied[..^1])
            File.Copy(Path.Combine(native, Path.GetFileName(file)), Path.Combine(program, Path.GetFileName(file)));
        var project = Path.Combine(world.Folder, "project");
        Directory.CreateDirectory(project);
        var ids = Of("USER").Split(':');
        await Run("chmod", world.Folder, "755", world.Folder, program);
        await Run("chmod", world.Folder, "-R", "a+rX", program);
        await Run("chown", world.Folder, Of("USER"), project);

        var (exit, output) = await Run(
            "unshare",
            project,
            "--mount",
            "sh",
            "-c",
            $"mount --bind {project} {project} && mount -o remount,ro,bind / && cd {project} && exec setpriv "
                + $"--reuid={ids[0]} --regid={ids[1]} --clear-groups --inh-caps=-all --bounding-set=-all "
                + $"{program}/headrace demo shop"
        );

        Assert.DoesNotContain("root", ids);
        Assert.All(ids, id => Assert.True(int.Parse(id, null) > 0));
        Assert.Equal($"[\"{copied[^1]}headrace\"]", Of("ENTRYPOINT"));
        Assert.True(exit == 0, output);
        Assert.True(File.Exists(Path.Combine(project, "shop", "warehouse.duckdb")), output);
    }

    [Fact]
    public async Task The_tool_brings_its_native_library_and_runs()
    {
        using var world = new World();
        var project = Path.Combine(Repository.Root, "src", "Headrace.Cli");
        var (exit, output) = await Run(
            "dotnet",
            project,
            "pack",
            "--no-restore",
            "-c",
            "Release",
            "-v",
            "quiet",
            "-o",
            world.Folder,
            "-p:RunAnalyzers=false",
            "-p:GenerateDocumentationFile=false"
        );
        Assert.True(exit == 0, output);
        var package = Assert.Single(Directory.GetFiles(world.Folder, "*-x64.*.nupkg"));
        using (var zip = await ZipFile.OpenReadAsync(package, TestContext.Current.CancellationToken))
            Assert.Contains(zip.Entries, entry => entry.Name == "libduckdb.so");

        var tools = Path.Combine(world.Folder, "tools");
        (exit, output) = await Run(
            "dotnet",
            world.Folder,
            "tool",
            "install",
            "Headrace.Cli",
            "--tool-path",
            tools,
            "--source",
            world.Folder
        );
        Assert.True(exit == 0, output);
        (exit, output) = await Run(Path.Combine(tools, "headrace"), world.Folder, "version");

        Assert.True(exit == 0, output);
        Assert.Contains("DuckDB", output, StringComparison.OrdinalIgnoreCase);
    }

    private static async Task<(int Exit, string Output)> Run(string program, string folder, params string[] args)
    {
        var start = new ProcessStartInfo(program, args)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["MANPAGER"] = "cat";
        start.Environment.Remove("LD_PRELOAD");
        using var process = Process.Start(start)!;
        var (output, errors) = (
            process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken),
            process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)
        );
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await errors);
    }
}
