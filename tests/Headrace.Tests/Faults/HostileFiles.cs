using System.Diagnostics;
using Xunit;

namespace Headrace.Tests.Faults;

/// <summary>F33 to F35: names that point elsewhere, things that are no files, files that may not be read.</summary>
public sealed class HostileFiles : ProjectTests
{
    [Fact]
    public async Task F33_hostile_names_are_loaded_and_nothing_appears_outside_the_spool()
    {
        World.Flows(Prices.Replace("prices/*", "prices/**", StringComparison.Ordinal));
        string[] names =
        [
            "..%2f..%2fetc%2fpasswd.csv",
            "a\\..\\b.csv",
            "...csv",
            "....csv",
            "'; DROP TABLE x; --.csv",
            "-rf.csv",
            "C:evil.csv",
            "$(reboot).csv",
            "{x}.csv",
            "*.csv",
            "[a].csv",
            "ünï.csv",
            "%2e%2e.csv",
            new string('n', 240) + ".csv",
            "sub/~.csv",
        ];
        for (var i = 0; i < names.Length; i++)
            World.Put($"prices/{names[i]}", $"id,price\n{i},1.50\n");
        await World.Load();

        // Names that begin with a dot are hidden ones.
        Assert.Equal(
            names.Where(name => name[0] != '.').Select(name => $"prices/{name}").Order(StringComparer.Ordinal),
            World.Query("SELECT key FROM headrace.files ORDER BY key")
        );
        Assert.Equal(
            [".headrace", "headrace.yaml", "lake", "warehouse.duckdb"],
            Directory.GetFileSystemEntries(World.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task F33_a_captured_value_is_a_table_name_and_no_path_and_no_sql()
    {
        World.Flows(
            """
            any: { source: { connection: lake, path: "any/{table}/*" }, read: incremental, write: append, target: { table: "{table}" } }
            """
        );
        World
            .Put("any/x\"; DROP SCHEMA raw; --/1.csv", "id\n1\n")
            .Put("any/%2e%2e%2fy/1.csv", "id\n1\n")
            .Put("any/main/1.csv", "id\n1\n", landedSecondsAgo: 60);
        await World.Load();
        Assert.Equal(
            ["%2e%2e%2fy", "main", "x\"; DROP SCHEMA raw; --"],
            World.Query("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'raw' ORDER BY table_name")
        );
    }

    [Fact]
    public async Task F33_a_name_with_control_characters_is_left_out_and_said()
    {
        World.Flows(Prices).Put("prices/a\nb.csv", "id,price\n1,1.50\n").Put("prices/ok.csv", "id,price\n2,2.50\n");
        var run = (await World.Load()).Only;
        Assert.Contains("control characters", run.Warnings, StringComparison.Ordinal);
        Assert.Equal(["2"], World.Query("SELECT id FROM raw.prices"));
    }

    [Fact]
    public async Task F34_links_pipes_and_folders_are_not_opened()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n").Put("elsewhere/2.csv", "id,price\n2,2.50\n");
        File.CreateSymbolicLink(World.PathOf("prices/link.csv"), World.PathOf("elsewhere/2.csv"));
        File.CreateSymbolicLink(World.PathOf("prices/passwd.csv"), "/etc/passwd");
        File.CreateSymbolicLink(World.PathOf("prices/zero.csv"), "/dev/zero");
        Directory.CreateDirectory(World.PathOf("prices/folder.csv"));
        using (var pipe = Process.Start("mkfifo", [World.PathOf("prices/pipe.csv")]))
            await pipe.WaitForExitAsync(TestContext.Current.CancellationToken);
        var run = (await World.Load()).Only;
        foreach (var name in (string[])["link", "passwd", "zero", "pipe"])
            Assert.Contains($"prices/{name}.csv was left out", run.Warnings, StringComparison.Ordinal);
        Assert.Equal(["1"], World.Query("SELECT id FROM raw.prices"));
    }

    [Fact]
    public async Task F34_a_linked_folder_is_not_entered()
    {
        World
            .Flows(Prices.Replace("prices/*", "prices/**", StringComparison.Ordinal))
            .Put("prices/1.csv", "id,price\n1,1.50\n")
            .Put("elsewhere/2.csv", "id,price\n2,2.50\n");
        Directory.CreateSymbolicLink(World.PathOf("prices/link"), World.PathOf("elsewhere"));
        Assert.Contains("prices/link", (await World.Load()).Only.Warnings, StringComparison.Ordinal);
        Assert.Equal(["1"], World.Query("SELECT id FROM raw.prices"));
    }

    [Fact]
    public async Task F35_a_file_that_may_not_be_read_is_refused_and_the_others_are_loaded()
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n").Put("prices/2.csv", "id,price\n2,2.50\n");
        await Allow("000", World.PathOf("prices/1.csv"));
        var answer = await RunAsNobody();
        Assert.Equal((1, "HDR-113"), (answer.Exit, answer.Only.Error));
        Assert.Equal(["2"], World.Query("SELECT id FROM raw.prices"));
        await Allow("444", World.PathOf("prices/1.csv"));
        Assert.Equal(0, (await RunAsNobody()).Exit);
        Assert.Equal(["1", "2"], World.Query("SELECT id FROM raw.prices ORDER BY id"));
    }

    // The superuser may read everything, so under it the run is another user's.
    private async Task<Answer> RunAsNobody()
    {
        if (!Environment.IsPrivilegedProcess)
            return await World.Run("run", "--json");
        await Allow("777", World.Folder);
        using var child = World.Start(
            "setpriv",
            ["--reuid=65534", "--regid=65534", "--clear-groups", .. World.Words("run", "--json")],
            new Dictionary<string, string> { ["HOME"] = World.Folder }
        );
        return await child.Ended();
    }

    private static async Task Allow(string mode, string path)
    {
        using var chmod = Process.Start("chmod", [mode, path]);
        await chmod.WaitForExitAsync();
    }
}
