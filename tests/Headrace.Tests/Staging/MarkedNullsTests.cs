using System.Text;
using Headrace.Staging;
using Xunit;

namespace Headrace.Tests.Staging;

/// <summary>What UNLOAD writes, told apart: NULL, and texts that are empty.</summary>
public sealed class MarkedNullsTests
{
    private const string Nothing = "null-0123";

    // Hands out a few bytes at a time.
    private sealed class Drip(byte[] bytes, int most) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, most)], cancellationToken);
    }

    private static async Task<string> Rewritten(string text, int most)
    {
        await using var stream = new MarkedNulls(new Drip(Encoding.UTF8.GetBytes(text), most), Nothing);
        using var result = new MemoryStream();
        await stream.CopyToAsync(result, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(result.ToArray());
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("\n", "\"\"\n")]
    [InlineData("\n\n", "\"\"\n\"\"\n")]
    [InlineData("null-0123\n", "\n")]
    [InlineData("\"null-0123\",x\n", ",x\n")]
    [InlineData("null-01234,null-012,xnull-0123\n", "null-01234,null-012,xnull-0123\n")]
    [InlineData("a,,null-0123\n", "a,\"\",\n")]
    [InlineData(",null-0123,\nnull-0123,,b", "\"\",,\"\"\n,\"\",b")]
    [InlineData("a,", "a,\"\"")]
    [InlineData("\"a,\n,null-0123\"\"\",\n", "\"a,\n,null-0123\"\"\",\"\"\n")]
    [InlineData("\"\"\"\",\"\",\"null-0123\"\"\"\n", "\"\"\"\",\"\",\"null-0123\"\"\"\n")]
    public async Task NullAndEmptyTextAreToldApart(string unloaded, string expected)
    {
        foreach (var most in (int[])[1, 2, 3, 7, 1000])
            Assert.Equal(expected, await Rewritten(unloaded, most));
    }

    [Fact]
    public async Task ManyRandomRowsComeOutAsTheyWere()
    {
        var random = new Random(7);
        var (unloaded, expected) = (new StringBuilder(), new StringBuilder());
        string?[] values =
        [
            null,
            "",
            "x",
            ",",
            "\"",
            "\n",
            "\r\n",
            "ü",
            Nothing + "x",
            $"\"{Nothing}",
            new('y', 200_000),
        ];
        for (var row = 0; row < 2000; row++)
        for (var field = 0; field < 5; field++)
        {
            var value = values[random.Next(row % 50 == 0 ? values.Length : values.Length - 1)];
            var written =
                value is not null && value.AsSpan().ContainsAny(",\"\r\n")
                    ? $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
                    : value;
            var end = field == 4 ? "\n" : ",";
            unloaded.Append(written ?? Nothing).Append(end);
            expected.Append(written is "" ? "\"\"" : written).Append(end);
        }

        Assert.Equal(expected.ToString(), await Rewritten(unloaded.ToString(), 100_000));
    }
}
