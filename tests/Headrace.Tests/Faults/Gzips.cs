using System.IO.Compression;
using System.Text;
using Xunit;

namespace Headrace.Tests.Faults;

/// <summary>F14 to F16: compressed files that are cut, changed or made to burst.</summary>
public sealed class Gzips : ProjectTests
{
    private static readonly byte[] Whole = World.Gzip(
        Encoding.ASCII.GetBytes("id,price\n" + string.Concat(Enumerable.Range(1, 20).Select(i => $"{i},{i}.50\n")))
    );

    [Fact]
    public async Task F14_a_gzip_file_cut_at_any_byte_is_refused_whole()
    {
        World.Flows(Prices);
        for (var cut = 1; cut < Whole.Length; cut++)
            World.Put($"prices/{cut:000}.csv.gz", Whole[..cut]);
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, "failed", "HDR-121"), (answer.Exit, answer.Only.Outcome, answer.Only.Error));
        Assert.Equal("0", World.Value("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'raw'"));

        // One byte of the two that say gzip is no gzip: what remains is text with a bad header.
        Assert.Equal(
            $"{Whole.Length - 1}|0",
            World.Value("SELECT count(*) FILTER (outcome = 'refused'), sum(rows) FROM headrace.files")
        );
        World.Put("prices/020.csv.gz", Whole);
        await World.Run("run");
        Assert.Equal("20", World.Value("SELECT count(*) FROM raw.prices"));
    }

    [Fact]
    public async Task F14_a_gzip_file_cut_between_two_members_or_with_bytes_after_it_is_refused()
    {
        World.Flows(Prices).Put("prices/tail.csv.gz", [.. Whole, .. "more"u8]);
        World.Put("prices/half.csv.gz", [.. Whole, .. World.Gzip("21,21.50\n"u8.ToArray())[..^1]]);
        Assert.Equal("HDR-121", (await World.Run("run", "--json")).Only.Error);
        Assert.Equal("2", World.Value("SELECT count(*) FROM headrace.files WHERE outcome = 'refused'"));
    }

    [Fact]
    public async Task F14_a_gzip_file_of_two_members_is_read_to_its_end()
    {
        World.Flows(Prices).Put("prices/two.csv.gz", [.. Whole, .. World.Gzip("21,21.50\n"u8.ToArray())]);
        await World.Load();
        Assert.Equal("21", World.Value("SELECT count(*) FROM raw.prices"));
    }

    [Fact]
    public async Task F15_a_gzip_file_with_a_flipped_bit_commits_no_row()
    {
        World.Flows(Prices);
        for (var at = 10; at < Whole.Length; at++)
        {
            var bytes = (byte[])Whole.Clone();
            bytes[at] ^= 0x10;
            World.Put($"prices/{at:000}.csv.gz", bytes);
        }

        Assert.Equal("HDR-121", (await World.Run("run", "--json")).Only.Error);

        // The last byte of the data ends with bits that mean nothing; a flip there changes no row.
        Assert.Equal(
            "true|0",
            World.Value(
                """
                SELECT count(*) FILTER (outcome = 'loaded') <= 1,
                count(*) FILTER (outcome = 'loaded' AND rows <> 20) FROM headrace.files
                """
            )
        );
    }

    [Fact]
    public async Task F16_a_gzip_bomb_is_stopped_by_the_ratio_and_another_by_the_size()
    {
        World.Flows(Prices + "\n  limits: { max_file_bytes: 100MB }");
        World.Put("prices/size.csv.gz", Bomb(110));
        World.Put("prices/good.csv", "id,price\n1,1.50\n");
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, "HDR-123"), (answer.Exit, answer.Only.Error));
        Assert.Contains("max_", answer.Only.ErrorText, StringComparison.Ordinal);
        Assert.Equal("1", World.Value("SELECT count(*) FROM raw.prices"));

        World.Flows(Prices).Put("prices/ratio.csv.gz", Bomb(80));
        Assert.Contains("max_ratio", (await World.Run("run", "--json")).Text, StringComparison.Ordinal);
        Assert.Equal("1", World.Value("SELECT count(*) FROM raw.prices"));
    }

    private static byte[] Bomb(int megabytes)
    {
        var bytes = new byte[megabytes << 20];
        Array.Fill(bytes, (byte)'1');
        "id,price\n"u8.CopyTo(bytes);
        for (var at = 1000; at < bytes.Length; at += 1000)
            bytes[at] = (byte)'\n';
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize))
            gzip.Write(bytes);
        return packed.ToArray();
    }
}
