using Xunit;

namespace Headrace.Tests.Snapshots;

/// <summary>What Headrace remembers of an export can be lost, and is made again.</summary>
public sealed class Memory : ExportTests
{
    [Theory]
    [InlineData("hard")]
    [InlineData("soft")]
    public async Task Without_it_the_table_is_asked(string deletes)
    {
        Flow($"deletes: {deletes}");
        Export("v1", "0,gone,1", "1,a,1", "2,b,2", "3,,3");
        Export("v2", "1,a,1", "2,b,2", "3,,3");
        await World.Load();
        Directory.Delete(Memories, recursive: true);
        World.Remove("items/v2/1.csv");
        Export("v3", "1,a,1.0", "2,B,2", "4,d,4");
        Assert.Equal("1i 1u 1d 1s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["DELETE 3: - -> -", "INSERT 4: - -> 4|d|4.00", "UPDATE 2: - -> 2|B|2.00"], Operations.Skip(5));
    }

    [Fact]
    public async Task Without_it_the_table_gives_before_images()
    {
        Flow("publish: { connection: ops, before: true }");
        Export("v1", "1,a,1", "2,b,2");
        await World.Load();
        Directory.Delete(Memories, recursive: true);
        Export("v2", "1,A,1");
        await World.Load();
        Assert.Equal(["DELETE 2: 2|b|2.00 -> -", "UPDATE 1: 1|a|1.00 -> 1|A|1.00"], Operations.Skip(2));
    }

    [Fact]
    public async Task Without_it_and_without_a_table_the_files_of_the_export_are_read_again()
    {
        Flow("write: ", "target: ");
        Part("v1/1.csv", "1,a,1");
        Part("v1/2.csv", "2,b,2");
        await World.Load();
        Directory.Delete(Memories, recursive: true);
        Export("v2", "1,a,1", "3,c,3");
        Assert.Equal("1i 0u 1d 1s 0q", (await World.Load()).Only.Counts);
    }

    [Fact]
    public async Task A_file_that_was_only_touched_belongs_to_its_export()
    {
        Flow("write: ", "target: ");
        Part("v1/1.csv", "1,a,1");
        Part("v1/2.csv", "2,b,2");
        await World.Load();
        World.Put("items/v1/2.csv", "id,name,price\n2,b,2\n", landedSecondsAgo: 60);
        await World.Load();
        Directory.Delete(Memories, recursive: true);
        Export("v2", "1,a,1", "2,b,2");
        Assert.Equal("0i 0u 0d 2s 0q", (await World.Load()).Only.Counts);
    }

    [Fact]
    public async Task When_all_is_lost_nothing_is_loaded()
    {
        Flow("write: ", "target: ");
        Part("v1/1.csv", "1,a,1");
        Part("v1/2.csv", "2,b,2");
        await World.Load();
        Directory.Delete(Memories, recursive: true);
        World.Remove("items/v1/2.csv");
        Export("v2", "1,a,1", "3,c,3");
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, "HDR-402"), (answer.Exit, answer.Only.Error));
        Assert.Equal(2, Operations.Count());
        Part("v1/2.csv", "2,b,2");
        Assert.Equal("1i 0u 1d 1s 0q", (await World.Load()).Only.Counts);
    }

    [Fact]
    public async Task A_half_written_one_is_none()
    {
        Flow();
        Export("v1", "1,a,1", "2,b,2");
        await World.Load();
        foreach (var file in Directory.GetFiles(Memories, "*.json", SearchOption.AllDirectories))
            File.WriteAllText(file, "{");
        Export("v2", "1,A,1", "2,b,2");
        Assert.Equal("0i 1u 0d 1s 0q", (await World.Load()).Only.Counts);
    }

    [Fact]
    public async Task Only_that_of_the_last_export_is_kept()
    {
        Flow();
        for (var i = 1; i < 5; i++)
            Export($"v{i}", $"{i},a,1");
        await World.Load();
        await World.Load();
        Export("v6", "6,a,1");
        await World.Load();
        Assert.InRange(Directory.GetFiles(Memories, "*.parquet", SearchOption.AllDirectories).Length, 1, 2);
    }

    [Fact]
    public async Task A_plan_leaves_it_as_it_is()
    {
        Flow();
        Export("v1", "1,a,1", "2,b,2");
        await World.Load();
        Export("v2", "1,A,1");
        var before = Contents();
        await World.Run("plan", "--json");
        Assert.Equal(before, Contents());
        Directory.Delete(Memories, recursive: true);
        Assert.Equal("0i 1u 1d 0s 0q", (await World.Run("plan", "--json")).Only.Counts);
        Assert.Equal("", Contents());
        Assert.Equal("0i 1u 1d 0s 0q", (await World.Load()).Only.Counts);
    }

    private string Contents() =>
        !Directory.Exists(Memories)
            ? ""
            : string.Join(
                '\n',
                Directory
                    .GetFiles(Memories, "*", SearchOption.AllDirectories)
                    .Order(StringComparer.Ordinal)
                    .Select(file =>
                        $"{file} "
                        + Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file)))
                    )
            );
}
