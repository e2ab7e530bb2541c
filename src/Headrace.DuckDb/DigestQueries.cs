namespace Headrace.DuckDb;

/// <summary>Reads digests that SQL holds as two halves, <c>hi</c> and <c>lo</c>, both BIGINT.</summary>
internal static class DigestQueries
{
    /// <summary>Each digest that a query of two columns gives.</summary>
    public static IEnumerable<UInt128> EachDigest(this DuckDbConnection db, string sql, CancellationToken cancel)
    {
        using var reader = db.Query(sql, cancel);
        while (reader.Read())
            yield return new UInt128((ulong)reader.GetInt64(0), (ulong)reader.GetInt64(1));
    }

    /// <summary>All digests of a query.</summary>
    public static HashSet<UInt128> Digests(this DuckDbConnection db, string sql, CancellationToken cancel) => [.. db.EachDigest(sql, cancel)];
}
