using Xunit;
using static Headrace.Tests.Staging.StagingBench;

namespace Headrace.Tests.Staging;

public sealed class ParquetTests : IDisposable
{
    private readonly StagingBench bench = new();

    [Fact]
    public async Task Parquet_is_copied_as_it_is()
    {
        var bytes = ParquetMaker.File(ParquetMaker.Ids(100_000));
        var file = await bench.Write("file", bytes);
        var staged = await new Headrace.Staging.Stager(bench.Spool, new FileLimits()).StageAsync(
            bench.Lake,
            file,
            Parquet,
            null,
            TestContext.Current.CancellationToken
        );
        Assert.True(staged.IsParquet);
        Assert.Equal(-1, staged.Records);
        Assert.Equal(bytes.Length, staged.Bytes);
        Assert.Equal(
            bytes,
            await File.ReadAllBytesAsync(staged.Segments.Single(), TestContext.Current.CancellationToken)
        );
    }

    [Fact]
    public async Task F32_what_does_not_begin_and_end_as_parquet_is_refused()
    {
        byte[] whole = [.. "PAR1"u8, .. new byte[20], .. "PAR1"u8];
        foreach (
            var bytes in new[] { [], whole[..^1], whole[1..], Gzip(whole), "PAR1PAR1"u8.ToArray(), "a,b\n"u8.ToArray() }
        )
            Assert.Equal("HDR-121", (await bench.Refuses(bytes, Parquet)).Code);
    }

    [Fact]
    public async Task A_footer_of_any_bytes_is_refused_or_read()
    {
        var whole = ParquetMaker.File(
            ParquetMaker.Ids(2),
            new MadeColumn("v", 3, [ParquetMaker.Int96(DateTime.UnixEpoch, 1), null])
        );
        var footer = whole.Length - 8 - BitConverter.ToInt32(whole, whole.Length - 8);
        for (var at = footer; at < whole.Length - 4; at++)
            foreach (var flip in new byte[] { 1, 0x10, 0x80, 0xFF })
            {
                var bytes = (byte[])whole.Clone();
                bytes[at] ^= flip;
                var file = await bench.Write($"flip-{at}-{flip}", bytes);
                try
                {
                    await new Headrace.Staging.Stager(bench.Spool, new FileLimits()).StageAsync(
                        bench.Lake,
                        file,
                        Parquet,
                        null,
                        TestContext.Current.CancellationToken
                    );
                }
                catch (HeadraceException refused)
                {
                    Assert.StartsWith("HDR-1", refused.Code, StringComparison.Ordinal);
                }
            }
    }

    public void Dispose() => bench.Dispose();
}
