using FsCheck;
using FsCheck.Fluent;
using Headrace.Staging;
using Xunit;

namespace Headrace.Tests.Snapshots;

/// <summary>Digests of records.</summary>
public sealed class DigestKeys
{
    private static readonly DigestKey Key = DigestKey.New();

    [Fact]
    public void Different_bytes_have_different_digests() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<byte[]>(),
                ArbMap.Default.ArbFor<byte[]>(),
                (a, b) => a.AsSpan().SequenceEqual(b) == (Key.Of(a) == Key.Of(b))
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void A_key_that_was_written_down_gives_the_same_digests() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<byte[]>(),
                bytes =>
                {
                    var key = DigestKey.New();
                    return DigestKey.Parse(key.ToString()).Of(bytes) == key.Of(bytes);
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Keys_give_digests_of_their_own() =>
        Assert.NotEqual(DigestKey.New().Of("row"u8), DigestKey.New().Of("row"u8));

    [Fact]
    public void Length_zeros_and_every_byte_count()
    {
        var seen = new Dictionary<UInt128, string>();
        for (var length = 0; length < 70; length++)
        {
            Note(new byte[length], $"{length} zeros");
            for (var at = 0; at < length; at++)
            for (var bit = 0; bit < 8; bit++)
            {
                var bytes = new byte[length];
                bytes[at] = (byte)(1 << bit);
                Note(bytes, $"bit {bit} of byte {at} of {length}");
            }
        }

        void Note(byte[] bytes, string what) =>
            Assert.True(seen.TryAdd(Key.Of(bytes), what), $"{what} is {seen[Key.Of(bytes)]}");
    }

    [Fact]
    public void The_order_of_bytes_and_chunks_counts()
    {
        var (a, b) = (Enumerable.Repeat((byte)'a', 15).ToArray(), Enumerable.Repeat((byte)'b', 15).ToArray());
        Assert.NotEqual(Key.Of([.. a, .. b]), Key.Of([.. b, .. a]));
        Assert.NotEqual(Key.Of("ab"u8), Key.Of("ba"u8));
        Assert.NotEqual(Key.Of([.. a, .. b, .. a]), Key.Of([.. a, .. a, .. b]));
    }

    [Fact]
    public void What_came_before_counts()
    {
        Assert.NotEqual(Key.Of("b"u8, Key.Of("a"u8)), Key.Of("b"u8));
        Assert.NotEqual(Key.Of("b"u8, Key.Of("a"u8)), Key.Of("b"u8, Key.Of("aa"u8)));
    }

    [Fact]
    public void All_digests_are_below_the_prime_so_equal_ones_have_one_form() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes => Key.Of(bytes) < (UInt128.One << 127) - 1)
            .QuickCheckThrowOnFailure();
}
