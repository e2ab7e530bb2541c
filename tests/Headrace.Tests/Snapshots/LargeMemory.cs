using Xunit;

namespace Headrace.Tests.Snapshots;

/// <summary>The memory of a large export is not written anew for a few changes: parts are added to it.</summary>
public sealed class LargeMemory : ExportTests
{
    private const int Rows0 = 100_500;
    private readonly SortedDictionary<int, string> rows = [];

    [Fact]
    public async Task Parts_are_added_and_say_the_same_as_one_memory()
    {
        Flow("publish: { connection: ops, before: true }");
        for (var i = 0; i < Rows0; i++)
            rows[i] = $"{i},n{i},{i % 100}";
        await Apply("v01", $"{Rows0}i 0u 0d 0s 0q");
        for (var version = 2; version <= 14; version++)
        {
            // A row comes back as it was before, so that its digest is in a part that went and in one that came.
            var back = version % 2 == 0;
            rows[7] = back ? "7,other,7" : "7,n7,7";
            rows[100 + version] = $"{100 + version},changed,{version}";
            rows.Remove(1000 + version);
            rows[Rows0 + version] = $"{Rows0 + version},new,{version}";
            await Apply($"v{version:00}", $"1i 2u 1d {Rows0 - 3}s 0q");
        }

        Assert.True(Directory.EnumerateFiles(Memories, "*.gone.parquet", SearchOption.AllDirectories).Any());
        Assert.Equal(
            rows.Values.Select(row => row.Split(',')).Select(row => $"{row[0]}|{row[1]}|{row[2]}.00"),
            World.Query("SELECT * FROM raw.items ORDER BY id")
        );
    }

    [Fact]
    public async Task A_part_that_is_gone_is_made_good_by_the_table()
    {
        Flow();
        for (var i = 0; i < Rows0; i++)
            rows[i] = $"{i},n{i},1";
        await Apply("v1", $"{Rows0}i 0u 0d 0s 0q");
        rows[5] = "5,five,1";
        await Apply("v2", $"0i 1u 0d {Rows0 - 1}s 0q");
        File.Delete(Directory.EnumerateFiles(Memories, "*.gone.parquet", SearchOption.AllDirectories).Single());
        rows[6] = "6,six,1";
        rows.Remove(9);
        await Apply("v3", $"0i 1u 1d {Rows0 - 2}s 0q");
    }

    private async Task Apply(string version, string counts)
    {
        Export(version, [.. rows.Values]);
        Assert.Equal(counts, (await World.Load()).Only.Counts);
    }
}
