using System.Runtime.CompilerServices;

namespace Headrace.DuckDb;

/// <summary>Reads digests that SQL holds as two halves, <c>hi</c> and <c>lo</c>, both BIGINT and not NULL.</summary>
internal static class DigestQueries
{
    /// <summary>Gives each digest of a query to <paramref name="take"/>.</summary>
    public static void EachDigest(this DuckDbConnection db, string sql, Action<UInt128> take, CancellationToken cancel)
    {
        using var reader = db.Query(sql, cancel);
        while (reader.ReadChunk() > 0)
            for (var i = 0; i < reader.Longs(0).Length; i++)
                take(new UInt128((ulong)reader.Longs(0)[i], (ulong)reader.Longs(1)[i]));
    }

    /// <summary>Puts the digests of a query into a set, without those of <paramref name="except"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddDigests(
        this DuckDbConnection db,
        string sql,
        DigestSet set,
        IReadOnlySet<UInt128> except,
        CancellationToken cancel
    )
    {
        using var reader = db.Query(sql, cancel);
        while (reader.ReadChunk() > 0)
        {
            var high = reader.Longs(0);
            var low = reader.Longs(1);
            for (var i = 0; i < high.Length; i++)
            {
                if (i + DigestSet.Ahead < high.Length)
                    set.Expect(new UInt128((ulong)high[i + DigestSet.Ahead], (ulong)low[i + DigestSet.Ahead]));
                var digest = new UInt128((ulong)high[i], (ulong)low[i]);
                if (except.Count == 0 || !except.Contains(digest))
                    set.Add(digest);
            }
        }
    }
}
