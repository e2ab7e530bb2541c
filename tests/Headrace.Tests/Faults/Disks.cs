using System.Diagnostics;
using Xunit;

namespace Headrace.Tests.Faults;

/// <summary>F11: the disk is full.</summary>
public sealed class Disks : ProjectTests
{
    public static TheoryData<string> Writing =>
        ["segment_written", "file_staged", "rows_applied", "quarantine_written", "files_written"];

    [Theory]
    [MemberData(nameof(Writing))]
    public async Task F11_a_full_disk_at_any_write_stops_the_run_and_the_next_one_goes_on(string boundary)
    {
        World.Flows(Prices).Put("prices/1.csv", "id,price\n1,1.50\n2,x\n");
        var answer = await World.RunProcess(World.At(boundary, "enospc"), "run", "--json");
        Assert.Equal(1, answer.Exit);
        Assert.Contains(answer.Only.Error, (string[])["HDR-303", "HDR-125"]);
        await World.Load();
        Assert.Equal(
            "1|1",
            World.Value("SELECT (SELECT count(*) FROM raw.prices), (SELECT count(*) FROM headrace.quarantine)")
        );
    }

    [Fact]
    public async Task F11_a_spool_without_room_stops_the_run_and_leaves_no_half_file()
    {
        using var small = new SmallDisk(World.Folder);
        World.Flows(Prices).Put("prices/1.csv", Many(1, 700_000));
        var yaml = Path.Combine(World.Folder, "headrace.yaml");
        File.WriteAllText(yaml, $"spool: {small.Folder}/spool\n" + File.ReadAllText(yaml));
        if (!small.IsMounted)
        {
            // Without the right to mount, the disk is full by decree.
            Assert.Equal(1, (await World.RunProcess(World.At("segment_written", "enospc"), "run")).Exit);
            return;
        }

        var answer = await World.Run("run", "--json");
        Assert.Equal((1, "failed"), (answer.Exit, answer.Only.Outcome));
        Assert.Contains(answer.Only.Error, (string[])["HDR-125", "HDR-303"]);
        World.Put("prices/1.csv", Many(1, 1000));
        await World.Load();
        Assert.Equal("1000|1000", World.Value("SELECT count(*), count(DISTINCT id) FROM raw.prices"));
    }

    [Fact]
    public async Task F11_a_warehouse_without_room_stops_the_load_and_keeps_what_it_had()
    {
        using var small = new SmallDisk(World.Folder);
        World.Flows(Prices).Put("prices/1.csv", Many(1, 1000));
        var yaml = Path.Combine(World.Folder, "headrace.yaml");
        File.WriteAllText(
            yaml,
            File.ReadAllText(yaml)
                .Replace("./warehouse.duckdb", $"{small.Folder}/warehouse.duckdb", StringComparison.Ordinal)
        );
        await World.Load();
        if (!small.IsMounted)
        {
            World.Put("prices/2.csv", Many(2000, 10));
            Assert.Equal(1, (await World.RunProcess(World.At("rows_applied", "enospc"), "run")).Exit);
            return;
        }

        World.Put("prices/2.csv", Noise(700_000));
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, "HDR-303"), (answer.Exit, answer.Only.Error));
        using (var read = new World(Path.Combine(World.Folder, "copy")))
        {
            foreach (var file in Directory.GetFiles(small.Folder))
                File.Copy(file, Path.Combine(read.Folder, Path.GetFileName(file)));
            Assert.Equal("1000|1000", read.Value("SELECT count(*), count(DISTINCT id) FROM raw.prices"));
        }

        small.Grow();
        Assert.Equal(700_000, (await World.Load()).Only["inserted"]);
    }

    private static string Many(int first, int count) =>
        "id,price\n" + string.Concat(Enumerable.Range(first, count).Select(i => $"{i},{i % 97}.{i % 89:00}\n"));

    // Rows that no encoding makes small.
    private static string Noise(int count)
    {
        var random = new Random(1);
        return "id,price\n"
            + string.Concat(
                Enumerable
                    .Range(1, count)
                    .Select(_ => $"{random.NextInt64(1L << 62)},{random.Next()}.{random.Next(10, 99)}\n")
            );
    }

    /// <summary>A disk of 8 MB in memory, where this user may mount one.</summary>
    private sealed class SmallDisk : IDisposable
    {
        public SmallDisk(string folder)
        {
            Folder = Path.Combine(folder, "small");
            Directory.CreateDirectory(Folder);
            IsMounted =
                Environment.IsPrivilegedProcess
                && Command("mount", "-t", "tmpfs", "-o", "size=8m", "headrace", Folder) == 0;
        }

        public string Folder { get; }

        public bool IsMounted { get; }

        public void Grow() => Command("mount", "-o", "remount,size=64m", Folder);

        public void Dispose()
        {
            if (IsMounted)
                Command("umount", Folder);
        }

        private static int Command(string name, params string[] args)
        {
            using var process = Process.Start(new ProcessStartInfo(name, args) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode;
        }
    }
}
