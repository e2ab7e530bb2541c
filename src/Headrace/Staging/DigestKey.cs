using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Headrace.Staging;

/// <summary>
/// A secret key, and the digests of 128 bits that it gives: polynomials over the field of 2^127 - 1, at a random point.
/// </summary>
/// <remarks>
/// Carter and Wegman's universal hashing: without the key, and for any rows, two different ones
/// have the same digest with a probability of at most (bytes / 15 + 2) / 2^127. System.IO.Hashing does not restore, and
/// the hashes of the framework take ten times as long for texts as short as rows.
/// </remarks>
public sealed class DigestKey
{
    private const ulong Low63 = ulong.MaxValue >> 1;
    private const ulong Low56 = ulong.MaxValue >> 8;
    private static readonly UInt128 Prime = (UInt128.One << 127) - 1;

    private readonly ulong high;
    private readonly ulong low;
    private readonly ulong squareHigh; // of the key, so that two chunks go in one step
    private readonly ulong squareLow;

    private DigestKey(ulong high, ulong low)
    {
        this.high = high & Low63;
        this.low = low;
        (squareHigh, squareLow) = Reduce(Multiply(this.high, low, this.high, low));
    }

    /// <summary>A new key that nobody knows.</summary>
    public static DigestKey New()
    {
        Span<byte> random = stackalloc byte[16];
        RandomNumberGenerator.Fill(random);
        return new DigestKey(
            BinaryPrimitives.ReadUInt64LittleEndian(random),
            BinaryPrimitives.ReadUInt64LittleEndian(random[8..])
        );
    }

    /// <summary>The key that <see cref="ToString"/> wrote.</summary>
    public static DigestKey Parse(string text)
    {
        var key = UInt128.Parse(
            text,
            System.Globalization.NumberStyles.HexNumber,
            System.Globalization.CultureInfo.InvariantCulture
        );
        return new DigestKey((ulong)(key >> 64), (ulong)key);
    }

    /// <summary>The key as hexadecimal digits.</summary>
    public override string ToString() =>
        new UInt128(high, low).ToString("x32", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>
    /// The digest of <paramref name="text"/>; <paramref name="after"/> is the digest of what came before it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public UInt128 Of(ReadOnlySpan<byte> text, UInt128 after = default)
    {
        // Something above the bits of a chunk comes first, and the last chunk says how long it is: so no two texts are
        // one polynomial, whatever zeros they begin or end with.
        var start = after + (UInt128.One << 121);
        var (h1, h0) = ((ulong)(start >> 64), (ulong)start);
        var rest = text;
        for (; rest.Length >= 31; rest = rest[30..])
        {
            Add(
                ref h1,
                ref h0,
                BinaryPrimitives.ReadUInt64LittleEndian(rest),
                BinaryPrimitives.ReadUInt64LittleEndian(rest[8..]) & Low56
            );
            var first = Multiply(h1, h0, squareHigh, squareLow);
            var second = Multiply(
                BinaryPrimitives.ReadUInt64LittleEndian(rest[23..]) & Low56,
                BinaryPrimitives.ReadUInt64LittleEndian(rest[15..]),
                high,
                low
            );
            (h1, h0) = Reduce(Sum(first, second));
        }

        Span<byte> last = stackalloc byte[48];
        last.Clear();
        rest.CopyTo(last);
        last[rest.Length / 15 * 15 + 14] = (byte)(rest.Length % 15 + 1);
        for (var left = rest.Length; left >= 0; left -= 15, last = last[15..])
        {
            Add(
                ref h1,
                ref h0,
                BinaryPrimitives.ReadUInt64LittleEndian(last),
                BinaryPrimitives.ReadUInt64LittleEndian(last[8..]) & Low56
            );
            (h1, h0) = Reduce(Multiply(h1, h0, high, low));
        }

        var digest = new UInt128(h1, h0);
        while (digest >= Prime)
            digest -= Prime;
        return digest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref ulong h1, ref ulong h0, ulong chunk0, ulong chunk1)
    {
        h0 += chunk0;
        h1 += chunk1 + (h0 < chunk0 ? 1UL : 0);
    }

    // Numbers of 256 bits, their lowest word first. The products here stay below 2^255.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (ulong P0, ulong P1, ulong P2, ulong P3) Multiply(ulong a1, ulong a0, ulong b1, ulong b0)
    {
        var p1 = Math.BigMul(a0, b0, out var p0);
        var p3 = Math.BigMul(a1, b1, out var p2);
        var u1 = Math.BigMul(a0, b1, out var u0);
        var v1 = Math.BigMul(a1, b0, out var v0);
        p1 += u0;
        u1 += p1 < u0 ? 1UL : 0; // never carries on: a product's high word is below the largest one
        p1 += v0;
        v1 += p1 < v0 ? 1UL : 0;
        p2 += u1;
        p3 += p2 < u1 ? 1UL : 0;
        p2 += v1;
        p3 += p2 < v1 ? 1UL : 0;
        return (p0, p1, p2, p3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (ulong P0, ulong P1, ulong P2, ulong P3) Sum(
        (ulong P0, ulong P1, ulong P2, ulong P3) a,
        (ulong P0, ulong P1, ulong P2, ulong P3) b
    )
    {
        var p0 = a.P0 + b.P0;
        var c = p0 < b.P0 ? 1UL : 0;
        var p1 = a.P1 + c;
        c = p1 < c ? 1UL : 0;
        p1 += b.P1;
        c += p1 < b.P1 ? 1UL : 0;
        var p2 = a.P2 + c;
        c = p2 < c ? 1UL : 0;
        p2 += b.P2;
        c += p2 < b.P2 ? 1UL : 0;
        return (p0, p1, p2, a.P3 + b.P3 + c);
    }

    /// <summary>
    /// The number modulo 2^127 - 1, and at most 2^127 + 2: there 2^127 is 1, so what lies above bit 127 is added to
    /// what lies below.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (ulong High, ulong Low) Reduce((ulong P0, ulong P1, ulong P2, ulong P3) p)
    {
        var above = (p.P1 >> 63) | (p.P2 << 1);
        var s0 = p.P0 + above;
        var c = s0 < above ? 1UL : 0;
        var top = (p.P2 >> 63) | (p.P3 << 1);
        var s1 = (p.P1 & Low63) + top;
        var over = s1 < top ? 2UL : 0; // 2^128 is 2
        s1 += c;
        over += s1 < c ? 2UL : 0;
        over += s1 >> 63;
        var low = s0 + over;
        return ((s1 & Low63) + (low < over ? 1UL : 0), low);
    }
}
