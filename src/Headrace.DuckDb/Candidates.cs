using System.Collections;
using System.Runtime.CompilerServices;
using Headrace.Staging;

namespace Headrace.DuckDb;

/// <summary>
/// Tells by digests which rows of an export the one before had too, byte for byte. What is left over are the candidates:
/// they alone are parsed and compared by their values.
/// </summary>
/// <remarks>
/// The digests of the export before are put into a set, as many at once as the memory allows; the more rounds this takes,
/// the more often both lists are read.
/// </remarks>
/// <param name="setBytes">What the set may take.</param>
internal sealed class Candidates(IReadOnlyList<StagedFile> files, long setBytes, CancellationToken cancel)
{
    private readonly BitArray?[] chosen = [.. files.Select(file => file.Digests is null ? null : new BitArray(checked((int)file.Records)))];

    private readonly int[] taken = new int[files.Count];

    /// <summary>Rows that the export before had too.</summary>
    public long Matched { get; private set; }

    /// <summary>Holds the rows of the files against digests of the export before, and writes down those that are not found exactly once.</summary>
    /// <param name="count">How many digests there are.</param>
    /// <param name="digests">Reads them: those whose high half leaves the second number when divided by the first.</param>
    /// <param name="forced">Digests whose rows are candidates whatever they are.</param>
    /// <param name="gone">Gets each digest that is not found exactly once.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Find(long count, Func<long, long, IEnumerable<UInt128>> digests, IReadOnlySet<UInt128> forced, Action<UInt128> gone)
    {
        Matched = 0;
        Array.Clear(taken);
        var rounds = Math.Max(1, (count * DigestSet.BytesEach + setBytes - 1) / setBytes);
        for (var round = 0L; round < rounds; round++)
        {
            cancel.ThrowIfCancellationRequested();
            using var set = new DigestSet(count / rounds + count / 16 + 1024);
            foreach (var digest in digests(rounds, round))
            {
                if (forced.Contains(digest))
                    gone(digest);
                else
                    set.Add(digest);
            }

            var found = 0L;
            var isRepeated = false;
            Each(rounds, round, (file, row, digest) =>
            {
                var seen = set.See(digest);
                chosen[file]![row] = seen != 1;
                isRepeated |= seen > 1;
                if (seen == 1)
                    found++;
                else
                    taken[file]++;
            });
            if (isRepeated)
                Each(rounds, round, (file, row, digest) =>
                {
                    // The first of several was taken for the one row that is there.
                    if (set.Seen(digest) > 1 && !chosen[file]![row])
                    {
                        chosen[file]![row] = true;
                        taken[file]++;
                        found--;
                    }
                });
            Matched += found;
            foreach (var digest in set.NotSeenOnce())
                gone(digest);
        }
    }

    /// <summary>The files with the candidates alone, copied into <paramref name="folder"/>; files without digests as they are.</summary>
    public IReadOnlyList<StagedFile> Take(string folder)
    {
        Directory.CreateDirectory(folder);
        return [.. files.Select((file, i) => chosen[i] is { } rows ? Take(file, rows, taken[i], Path.Combine(folder, $"{i}.csv")) : file)];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Each(long rounds, long round, Action<int, int, UInt128> row)
    {
        for (var i = 0; i < files.Count; i++)
        {
            if (files[i].Digests is not { } path)
                continue;
            cancel.ThrowIfCancellationRequested();
            using var reader = new DigestReader(path);
            for (var number = 0; reader.Read(); number++)
                if (rounds == 1 || (long)(reader.Digest >> 64) % rounds == round)
                    row(i, number, reader.Digest);
        }
    }

    private static StagedFile Take(StagedFile file, BitArray rows, int count, string path)
    {
        if (count == rows.Count)
            return file;
        if (count == 0)
            return file with { Segments = [], Records = 0 };
        using var copy = new SegmentCopy(file.Segments, path);
        using var reader = new DigestReader(file.Digests!);
        for (var number = 0; reader.Read(); number++)
            copy.Next(reader.Length, rows[number]);
        copy.Close();
        return file with { Segments = [path], Records = count };
    }
}
