using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Headrace.Staging;

/// <summary>
/// A secret key, and the digests of 128 bits that it gives: polynomials over the field of 2^127 - 1, at a random point.
/// </summary>
/// <remarks>
/// Carter and Wegman's universal hashing: whoever does not know the key, and whatever the rows are, two different ones have
/// the same digest with a probability of at most (bytes / 15 + 2) / 2^127. System.IO.Hashing does not restore, and the
/// hashes of the framework take ten times as long for texts as short as rows.
/// </remarks>
public sealed class DigestKey
{
    private const ulong Low63 = ulong.MaxValue >> 1;
    private readonly ulong high;
    private readonly ulong low;

    private DigestKey(ulong high, ulong low)
    {
        this.high = high & Low63;
        this.low = low;
    }

    /// <summary>A new key that nobody knows.</summary>
    public static DigestKey New()
    {
        Span<byte> random = stackalloc byte[16];
        RandomNumberGenerator.Fill(random);
        return new DigestKey(BinaryPrimitives.ReadUInt64LittleEndian(random), BinaryPrimitives.ReadUInt64LittleEndian(random[8..]));
    }

    /// <summary>The key that <see cref="ToString"/> wrote.</summary>
    public static DigestKey Parse(string text)
    {
        var key = UInt128.Parse(text, System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture);
        return new DigestKey((ulong)(key >> 64), (ulong)key);
    }

    /// <summary>The key as hexadecimal digits.</summary>
    public override string ToString() => new UInt128(high, low).ToString("x32", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The digest of <paramref name="text"/>; <paramref name="after"/> is the digest of what came before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public UInt128 Of(ReadOnlySpan<byte> text, UInt128 after = default)
    {
        var (h1, h0) = ((ulong)(after >> 64), (ulong)after);
        var rest = text;
        while (rest.Length >= 16)
        {
            Add(ref h1, ref h0, BinaryPrimitives.ReadUInt64LittleEndian(rest), BinaryPrimitives.ReadUInt64LittleEndian(rest[8..]) & (ulong.MaxValue >> 8));
            rest = rest[15..];
        }

        Span<byte> last = stackalloc byte[16];
        last.Clear();
        rest[..Math.Min(15, rest.Length)].CopyTo(last);
        Add(ref h1, ref h0, BinaryPrimitives.ReadUInt64LittleEndian(last), BinaryPrimitives.ReadUInt64LittleEndian(last[8..]));

        // The length tells texts apart that only differ in zeros at the end; 16 bytes are one chunk and a part of the next.
        Add(ref h1, ref h0, (ulong)text.Length, 1UL << 56);
        var digest = new UInt128(h1, h0);
        var prime = (UInt128.One << 127) - 1;
        while (digest >= prime)
            digest -= prime;
        return digest;
    }

    /// <summary>h = (h + chunk) · key, modulo 2^127 - 1 and at most a little above it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Add(ref ulong h1, ref ulong h0, ulong chunk0, ulong chunk1)
    {
        var a0 = h0 + chunk0;
        var a1 = h1 + chunk1 + (a0 < h0 ? 1UL : 0);

        var p1 = Math.BigMul(a0, low, out var p0);
        var b1 = Math.BigMul(a0, high, out var b0);
        var c1 = Math.BigMul(a1, low, out var c0);
        var p3 = Math.BigMul(a1, high, out var p2);
        Carry(ref p1, b0, ref p2, ref p3);
        Carry(ref p1, c0, ref p2, ref p3);
        p2 += b1;
        p3 += p2 < b1 ? 1UL : 0;
        p2 += c1;
        p3 += p2 < c1 ? 1UL : 0;

        // 2^127 is 1: what lies above bit 127 is added to what lies below.
        var s0 = p0 + ((p1 >> 63) | (p2 << 1));
        var s1 = (p1 & Low63) + ((p2 >> 63) | (p3 << 1)) + (s0 < p0 ? 1UL : 0);
        h0 = s0 + (s1 >> 63);
        h1 = (s1 & Low63) + (h0 < s0 ? 1UL : 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Carry(ref ulong word, ulong added, ref ulong next, ref ulong last)
    {
        word += added;
        if (word < added && ++next == 0)
            last++;
    }
}
