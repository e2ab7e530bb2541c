using Xunit;
using static Headrace.Tests.Staging.StagingBench;

namespace Headrace.Tests.Staging;

public sealed class ParquetTests : IDisposable
{
    private readonly StagingBench bench = new();

    [Fact]
    public async Task Parquet_is_copied_as_it_is()
    {
        byte[] bytes = [.. "PAR1"u8, .. new byte[3 << 20], .. "PAR1"u8];
        var file = await bench.Write("file", bytes);
        var staged = await new Headrace.Staging.Stager(bench.Spool, new FileLimits()).StageAsync(bench.Lake, file, Parquet, null, TestContext.Current.CancellationToken);
        Assert.True(staged.IsParquet);
        Assert.Equal(-1, staged.Records);
        Assert.Equal(bytes.Length, staged.Bytes);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(staged.Segments.Single(), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task F32_what_does_not_begin_and_end_as_parquet_is_refused()
    {
        byte[] whole = [.. "PAR1"u8, .. new byte[20], .. "PAR1"u8];
        foreach (var bytes in new[] { [], whole[..^1], whole[1..], Gzip(whole), "PAR1PAR1"u8.ToArray(), "a,b\n"u8.ToArray() })
            Assert.Equal("HDR-121", (await bench.Refuses(bytes, Parquet)).Code);
    }

    public void Dispose() => bench.Dispose();
}
