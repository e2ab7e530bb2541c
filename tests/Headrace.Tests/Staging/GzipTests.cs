using System.Text;
using Xunit;
using static Headrace.Tests.Staging.StagingBench;

namespace Headrace.Tests.Staging;

public sealed class GzipTests : IDisposable
{
    private const string Table = "id,name\n1,one\n2,\"two, or so\"\n3,three three three three three\n";
    private readonly StagingBench bench = new();

    [Fact]
    public async Task A_gzip_file_is_read_whatever_its_name()
    {
        var staged = await bench.Stage(Gzip(Table));
        Assert.Equal("2,1,one | 3,2,two, or so | 4,3,three three three three three", staged.Text);
        Assert.Equal(Table.Length, staged.File.Bytes);
        Assert.Equal(
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Gzip(Table))),
            staged.File.Sha256
        );
    }

    [Fact]
    public async Task F14_a_gzip_cut_at_any_byte_is_never_taken_as_whole()
    {
        var whole = Gzip(Table);
        for (var length = 1; length < whole.Length; length++)
            Assert.Equal("HDR-121", (await bench.Refuses(whole[..length])).Code);
        Assert.Equal(0, (await bench.Stage(whole[..0])).File.Records); // nothing at all is an empty file
    }

    [Fact]
    public async Task F14_a_gzip_of_several_members_is_whole_or_refused()
    {
        byte[] first = Gzip("id,name\n1,o"),
            second = Gzip("ne\n2,two\n"),
            none = Gzip("");
        byte[] whole = [.. first, .. none, .. second];
        Assert.Equal("2,1,one | 3,2,two", (await bench.Stage(whole)).Text);
        for (var length = 1; length < whole.Length; length++)
            // A cut between members cannot be told from a whole file.
            if (length != first.Length && length != first.Length + none.Length)
                Assert.Equal("HDR-121", (await bench.Refuses(whole[..length])).Code);
    }

    [Fact]
    public async Task F14_a_cut_is_found_where_the_buffers_of_the_reader_end()
    {
        var random = new Random(14);
        var text = new StringBuilder("id,token\n");
        for (var i = 0; i < 20_000; i++)
            text.Append(random.Next()).Append(',').Append(random.NextInt64()).Append('\n');
        var whole = Gzip(text.ToString());
        Assert.Equal(20_000, (await bench.Stage(whole)).File.Records);
        foreach (
            var length in new[]
            {
                8192,
                16384,
                65536,
                65537,
                131072,
                262144,
                whole.Length - 1,
                whole.Length - 8,
                whole.Length - 9,
            }.Where(length => length < whole.Length)
        )
            Assert.Equal("HDR-121", (await bench.Refuses(whole[..length])).Code);

        // Garbage that starts at the end of a buffer: members are padded by their names until one ends there.
        foreach (var size in new[] { 8192, 262144 })
        {
            var padded = Padded(size);
            Assert.Equal(1, (await bench.Stage(padded)).File.Records);
            Assert.Equal("HDR-121", (await bench.Refuses([.. padded, 0])).Code);
            Assert.Equal("HDR-121", (await bench.Refuses([.. padded, 0x1f])).Code);
        }
    }

    [Fact]
    public async Task F14_bytes_after_the_last_member_are_refused()
    {
        var whole = Gzip(Table);
        byte[][] tails =
        [
            [0],
            [0x1f],
            [0x1f, 0x8b],
            [0x1f, 0x8b, 8],
            [0, 0, 0, 0, 0, 0, 0, 0],
            "id,name\n"u8.ToArray(),
            new byte[100_000],
            whole[^8..],
        ];
        foreach (var tail in tails)
            Assert.Equal("HDR-121", (await bench.Refuses([.. whole, .. tail])).Code);
    }

    [Fact]
    public async Task F15_a_gzip_with_any_byte_flipped_never_gives_other_rows()
    {
        var whole = Gzip(Table);
        var good = (await bench.Stage(whole)).Text;
        var refused = 0;
        for (var at = 0; at < whole.Length; at++)
            foreach (var flip in new byte[] { 0x01, 0x80, 0xC0, 0xFF })
            {
                bench.EmptySpool();
                var damaged = whole.ToArray();
                damaged[at] ^= flip;
                try
                {
                    // The time and system in the header mean nothing, nor do the bits that fill the last byte before
                    // the CRC.
                    Assert.Equal(good, (await bench.Stage(damaged)).Text);
                }
                catch (HeadraceException e)
                {
                    Assert.Equal("HDR-121", e.Code);
                    refused++;
                }
            }

        Assert.True(refused > (whole.Length - 11) * 4);
    }

    [Fact]
    public async Task F16_a_bomb_is_stopped_by_the_limit_that_it_passes()
    {
        var text = new byte[80 << 20];
        for (var i = 0; i < text.Length; i++)
            text[i] = i % 1024 == 0 ? (byte)'\n' : (byte)'a';
        var bomb = Gzip(text);
        Assert.Contains("max_ratio: 200", (await bench.Refuses(bomb)).What, StringComparison.Ordinal);
        bench.Limits = new FileLimits { MaxFileBytes = 1 << 20 };
        var error = await bench.Refuses(bomb);
        Assert.Equal("HDR-123", error.Code);
        Assert.Contains("max_file_bytes: 1048576", error.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Zstd_is_read_whole_or_refused()
    {
        using var packer = new ZstdSharp.Compressor();
        packer.SetParameter(ZstdSharp.Unsafe.ZSTD_cParameter.ZSTD_c_checksumFlag, 1);
        var whole = packer.Wrap(System.Text.Encoding.UTF8.GetBytes(Table)).ToArray();
        Assert.Equal(3, (await bench.Stage(whole)).File.Records);
        Assert.Equal(3, (await bench.Stage([.. whole, .. Empty()])).File.Records);
        for (var length = 1; length < whole.Length; length++)
            Assert.Equal("HDR-121", (await bench.Refuses(whole[..length])).Code);
        Assert.Equal("HDR-121", (await bench.Refuses([.. whole, 0])).Code);

        // Frames to be skipped, as pzstd writes them: before, between, behind, alone.
        byte[] skipped = [0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4],
            last = [0x5f, 0x2a, 0x4d, 0x18, 0, 0, 0, 0];
        Assert.Equal(
            3,
            (await bench.Stage([.. skipped, .. last, .. whole, .. skipped, .. Empty(), .. last])).File.Records
        );
        Assert.Equal(0, (await bench.Stage(skipped)).File.Records);
        Assert.Equal("HDR-121", (await bench.Refuses(skipped[..^1])).Code);
        Assert.Equal("HDR-121", (await bench.Refuses([.. skipped, .. whole[..^1]])).Code);

        // A frame that holds nothing: magic, single segment, size 0, one empty raw block that is the last.
        static byte[] Empty() => [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0, 1, 0, 0];
    }

    [Fact]
    public async Task What_is_wrong_with_a_compressed_file_is_said()
    {
        var whole = Gzip(Table);
        whole[^6] ^= 1; // of the checksum
        Assert.Contains(
            "checksum (CRC)",
            (await bench.Refuses(whole)).Facts.Single(fact => fact.Name == "found").Value,
            StringComparison.Ordinal
        );
        using var archive = new MemoryStream();
        using (
            var zip = new System.IO.Compression.ZipArchive(
                archive,
                System.IO.Compression.ZipArchiveMode.Create,
                leaveOpen: true
            )
        )
            zip.CreateEntry("a.csv").Open().Dispose();
        var refused = await bench.Refuses(archive.ToArray());
        Assert.Equal("HDR-127", refused.Code);
        Assert.Contains("ZIP archive", refused.What, StringComparison.Ordinal);
        Assert.Equal("HDR-127", (await bench.Refuses([0xfd, .. "7zXZ"u8, 0, 0, 4])).Code);
    }

    /// <summary>A gzip file of exactly so many bytes, with a long file name in its header.</summary>
    private static byte[] Padded(int size)
    {
        var plain = Gzip("id\n1\n");
        plain[3] |= 8; // a name follows the header
        return [.. plain[..10], .. Enumerable.Repeat((byte)'n', size - plain.Length - 1), 0, .. plain[10..]];
    }

    public void Dispose() => bench.Dispose();
}
