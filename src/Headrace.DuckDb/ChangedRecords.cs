using System.Runtime.CompilerServices;
using Headrace.Staging;

namespace Headrace.DuckDb;

/// <summary>
/// Tells by digests which rows of an export the one before had too, byte for byte. What is left over are the
/// candidates: they alone are parsed and compared by their values.
/// </summary>
/// <remarks>
/// The digests of the export before are put into a set, as many at once as the memory allows; the more rounds this
/// takes, the more often both lists are read.
/// </remarks>
/// <param name="setBytes">What the set may take.</param>
internal sealed class ChangedRecords(IReadOnlyList<StagedFile> files, long setBytes, CancellationToken cancel)
{
    private readonly RowBits?[] chosen =
    [
        .. files.Select(file => file.Digests is null ? null : new RowBits(checked((int)file.Records))),
    ];
    private readonly int[] taken = new int[files.Count];
    private long matched;

    /// <summary>Rows that the export before had too.</summary>
    public long Matched => matched;

    /// <summary>Holds the rows of the files against the digests of the export before.</summary>
    /// <param name="count">How many digests there are.</param>
    /// <param name="fill">Puts those digests into a set whose high half leaves the third number when divided by the
    /// second.</param>
    /// <param name="then">Gets each set, which knows by then what was seen of it.</param>
    /// <param name="ready">All of them in one set, when that is there already.</param>
    /// <param name="atOnce">How many rounds may be under way together; <paramref name="fill"/> and
    /// <paramref name="then"/> must be able to.</param>
    public void Find(
        long count,
        Action<DigestSet, long, long> fill,
        Action<DigestSet, long, long> then,
        DigestSet? ready = null,
        int atOnce = 1
    )
    {
        matched = 0;
        Array.Clear(taken);
        if (ready is not null)
        {
            Find(ready, 1, 0, then);
            return;
        }

        var rounds = Math.Max(atOnce, (count * DigestSet.BytesEach * atOnce + setBytes - 1) / setBytes);
        void Round(long round)
        {
            using var set = new DigestSet(Room(count, rounds));
            fill(set, rounds, round);
            Find(set, rounds, round, then);
        }

        if (atOnce > 1)
            Parallel.For(
                0,
                rounds,
                new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancel },
                Round
            );
        else
            for (var round = 0L; round < rounds; round++)
                Round(round);
    }

    // Digests are random, so their rounds are alike.
    private static long Room(long count, long rounds) =>
        rounds == 1 ? count : count / rounds + 8 * (long)Math.Sqrt(count / rounds) + 1024;

    private void Find(DigestSet set, long rounds, long round, Action<DigestSet, long, long> then)
    {
        var isRepeated = false;
        for (var i = 0; i < files.Count; i++)
            isRepeated |= See(set, i, rounds, round);
        for (var i = 0; i < files.Count && isRepeated; i++)
            TakeUnlessOnce(set, i, rounds, round);
        then(set, rounds, round);
    }

    /// <summary>
    /// The same against the rows of other files, of which those are candidates that are not found exactly once.
    /// </summary>
    public void Find(ChangedRecords others)
    {
        Array.Clear(others.taken);
        Find(others.Rows, others.Fill, others.TakeUnlessOnce, atOnce: Environment.ProcessorCount);

        // A row that both have may be there once more, changed: then all rows of its key are looked at. Keys of one
        // round are in no other.
        var rounds = 1 + (Taken + others.Taken) * KeyBytes / setBytes;
        for (var round = 0L; round < rounds; round++)
        {
            var (mine, theirs) = (new HashSet<ulong>(), new HashSet<ulong>());
            Parallel.Invoke(() => Suspect(mine, rounds, round), () => others.Suspect(theirs, rounds, round));
            mine.UnionWith(theirs);
            if (mine.Count == 0)
                continue;
            matched -= TakeKeys(mine);
            others.TakeKeys(mine);
        }
    }

    // A key is in the set of candidates' keys, and perhaps among those that are found.
    private const int KeyBytes = DigestSet.BytesEach + 48;

    private long Taken => taken.Sum(rows => (long)rows);

    // The low bits are its place in a set.
    private static bool IsOf(ulong key, long rounds, long round) => rounds == 1 || (long)(key >> 32) % rounds == round;

    private long Rows => files.Sum(file => file.Digests is null ? 0 : file.Records);

    /// <summary>
    /// The files with the candidates alone, copied into <paramref name="folder"/>; files without digests as they are.
    /// </summary>
    public IReadOnlyList<StagedFile> Take(string folder)
    {
        Directory.CreateDirectory(folder);
        return
        [
            .. files.Select(
                (file, i) => chosen[i] is { } rows ? Take(file, rows, taken[i], Path.Combine(folder, $"{i}")) : file
            ),
        ];
    }

    /// <summary>All rows of the files, in copies that have their digests; files without digests as they are.</summary>
    public IReadOnlyList<StagedFile> TakeAll(string folder)
    {
        for (var i = 0; i < files.Count; i++)
        for (taken[i] = 0; taken[i] < chosen[i]?.Count; taken[i]++)
            chosen[i]!.Set(taken[i]);
        return Take(folder);
    }

    /// <summary>Looks the rows of a file up; true when some digest came more than once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool See(DigestSet set, int file, long rounds, long round)
    {
        if (chosen[file] is not { } rows)
            return false;
        cancel.ThrowIfCancellationRequested();
        using var reader = new DigestReader(files[file].Digests!);
        var isRepeated = false;
        var found = 0;
        var all = 0;
        for (var number = 0; reader.Read(); number++)
        {
            set.Expect(reader.Soon);
            if (rounds != 1 && (long)(reader.Digest >> 64) % rounds != round)
                continue;
            all++;
            var seen = set.See(reader.Digest);
            if (seen != 1)
                rows.Set(number);
            isRepeated |= seen > 1;
            if (seen == 1)
                found++;
        }

        Interlocked.Add(ref taken[file], all - found);
        Interlocked.Add(ref matched, found);
        return isRepeated;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Fill(DigestSet set, long rounds, long round)
    {
        foreach (var file in files.Where(file => file.Digests is not null))
        {
            using var reader = new DigestReader(file.Digests!);
            while (reader.Read())
            {
                set.Expect(reader.Soon);
                if (rounds == 1 || (long)(reader.Digest >> 64) % rounds == round)
                    set.Add(reader.Digest);
            }
        }
    }

    private void TakeUnlessOnce(DigestSet set, long rounds, long round)
    {
        for (var i = 0; i < files.Count; i++)
            TakeUnlessOnce(set, i, rounds, round);
    }

    // Of several equal rows the first was taken for the one that is there.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TakeUnlessOnce(DigestSet set, int file, long rounds, long round)
    {
        if (chosen[file] is not { } rows)
            return;
        using var reader = new DigestReader(files[file].Digests!);
        var more = 0;
        for (var number = 0; reader.Read(); number++)
        {
            set.Expect(reader.Soon);
            if (
                (rounds != 1 && (long)(reader.Digest >> 64) % rounds != round)
                || rows[number]
                || set.Seen(reader.Digest) == 1
            )
                continue;
            rows.Set(number);
            more++;
        }

        Interlocked.Add(ref taken[file], more);
        Interlocked.Add(ref matched, -more);
    }

    // The keys that candidates and other rows of the same files may have in common.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Suspect(HashSet<ulong> found, long rounds, long round)
    {
        using var keys = new DigestSet(Room(Taken, rounds));
        for (var pass = 0; pass < 2; pass++)
        {
            for (var i = 0; i < files.Count; i++)
            {
                if (chosen[i] is not { } rows)
                    continue;
                cancel.ThrowIfCancellationRequested();
                using var reader = new DigestReader(files[i].Digests!);
                for (var number = 0; reader.Read(); number++)
                {
                    if (rows[number] == (pass == 1) || !IsOf(reader.Key, rounds, round))
                        continue;
                    if (pass == 0)
                        keys.Add(reader.Key);
                    else if (keys.Seen(reader.Key) >= 0)
                        found.Add(reader.Key);
                }
            }
        }
    }

    private long TakeKeys(HashSet<ulong> keys)
    {
        var more = 0;
        for (var i = 0; i < files.Count; i++)
        {
            if (chosen[i] is not { } rows)
                continue;
            using var reader = new DigestReader(files[i].Digests!);
            for (var number = 0; reader.Read(); number++)
            {
                if (rows[number] || !keys.Contains(reader.Key))
                    continue;
                rows.Set(number);
                taken[i]++;
                more++;
            }
        }

        return more;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static StagedFile Take(StagedFile file, RowBits rows, int count, string path)
    {
        if (count == rows.Count && file.HasInlineDigests)
            return file;
        if (count == 0)
            return file with { Segments = [], Records = 0, HasInlineDigests = true };
        // In several segments, so that the engine reads them in parallel.
        var paths = new List<string> { $"{path}-0.csv" };
        var each = Math.Max(2048, count / Environment.ProcessorCount + 1);
        using var copy = new SegmentCopy(file.Segments, file.HasInlineDigests, paths[0]);
        using var reader = new DigestReader(file.Digests!);
        var done = 0;
        for (var number = 0; reader.Read(); number++)
        {
            copy.Next(reader.Length, reader.Digest, rows[number]);
            if (!rows[number] || ++done % each != 0)
                continue;
            paths.Add($"{path}-{paths.Count}.csv");
            copy.Turn(paths[^1]);
        }

        copy.Close();
        return file with { Segments = paths, Records = count, HasInlineDigests = true };
    }
}
