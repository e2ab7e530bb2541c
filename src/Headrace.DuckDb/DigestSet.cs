using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Headrace.DuckDb;

/// <summary>
/// Digests of 128 bits, and how often each of them was seen. Digests are random, so they are their own hash.
/// </summary>
internal sealed class DigestSet : IDisposable
{
    /// <summary>How far ahead of its look-up a digest's place is best asked for.</summary>
    public const int Ahead = 16;

    /// <summary>Bytes for each digest, with the room that a sparse table needs.</summary>
    public const int BytesEach = 2 * (16 + 1);

    private readonly UInt128[] slots;
    private readonly byte[] states; // 0 empty, 1 not seen, 2 seen once, 3 seen more often
    private readonly int mask;

    /// <param name="most">The most digests that are put in.</param>
    public DigestSet(long most)
    {
        var size = (int)BitOperations.RoundUpToPowerOf2((ulong)Math.Clamp(most * 4 / 3, 16, 1 << 30));
        slots = ArrayPool<UInt128>.Shared.Rent(size);
        states = ArrayPool<byte>.Shared.Rent(size);
        Array.Clear(states, 0, size);
        mask = size - 1;
    }

    /// <summary>Has the processor fetch a digest's place, which lies anywhere, while others are looked up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Expect(UInt128 digest)
    {
        if (!Sse.IsSupported)
            return;
        var at = (int)(uint)digest & mask;
        Sse.Prefetch0(Unsafe.AsPointer(ref slots[at]));
        Sse.Prefetch0(Unsafe.AsPointer(ref states[at]));
    }

    /// <summary>Puts a digest in; one that is there already counts as seen more often than once for good.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(UInt128 digest)
    {
        var at = Find(digest);
        slots[at] = digest;
        states[at] = states[at] == 0 ? (byte)1 : (byte)3;
    }

    /// <summary>
    /// Takes note of one more row with the digest; 0 when the digest is not in the set, else how often it was seen by
    /// now: 1, or 2 for more.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int See(UInt128 digest)
    {
        var at = Find(digest);
        if (states[at] == 0)
            return 0;
        if (states[at] < 3)
            states[at]++;
        return states[at] - 1;
    }

    /// <summary>How often the digest was seen: 0, 1, or 2 for more; -1 when it is not in the set.</summary>
    public int Seen(UInt128 digest) => states[Find(digest)] - 1;

    /// <summary>The digests that were not seen exactly once.</summary>
    public IEnumerable<UInt128> NotSeenOnce()
    {
        for (var at = 0; at <= mask; at++)
            if (states[at] is 1 or 3)
                yield return slots[at];
    }

    public void Dispose()
    {
        ArrayPool<UInt128>.Shared.Return(slots);
        ArrayPool<byte>.Shared.Return(states);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Find(UInt128 digest)
    {
        var at = (int)(uint)digest & mask;
        while (states[at] != 0 && slots[at] != digest)
            at = (at + 1) & mask;
        return at;
    }
}
