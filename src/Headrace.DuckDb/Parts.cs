namespace Headrace.DuckDb;

/// <summary>
/// Into how many parts the keys of a set operation are cut, each of which is a pass of its own: the one place that
/// decides it. DuckDB's joins spill, but not without end; a part is so large that its table of hashes fits the engine's
/// memory. What is small is one part.
/// </summary>
internal static class Parts
{
    // What a row takes in a table of hashes beside its values.
    private const int RowBytes = 56;

    /// <summary>What a row of two halves of a digest takes.</summary>
    public const int DigestBytes = RowBytes + 16;

    /// <summary>What a part may take in a test, so that few rows make many.</summary>
    internal static readonly AsyncLocal<long?> Tested = new();

    /// <summary>What the table of one join may take.</summary>
    public static long? Bytes(DuckDbConnection db) => Tested.Value ?? db.PartBytes;

    private const int UsualRow = 1024;
    private const long Sample = 200_000;
    private const int Most = 10_000;

    /// <summary>How many parts the rows of <paramref name="from"/> make, which is what may follow FROM.</summary>
    /// <param name="values">The values that the operation holds in memory; all when it is not said.</param>
    public static long Count(DuckDbConnection db, string from, CancellationToken cancel, string values = "*")
    {
        if (Bytes(db) is not { } most)
            return 1;
        var rows = db.Scalar<long>($"SELECT count(*) FROM {from}", cancel);
        var isMany = rows > most / UsualRow;

        // A few rows tell whether they are usual ones; of many, more are asked, from all over.
        var sample = isMany
            ? SnapshotColumns.Text(
                $"(SELECT {values} FROM {from} USING SAMPLE {Math.Clamp(Sample * 100 / rows, 1, 100)} PERCENT (system))"
            )
            : $"(SELECT {values} FROM {from} LIMIT 500)";
        var bytes =
            rows == 0
                ? 0
                : db.Scalar<double>($"SELECT coalesce(avg(strlen(r::VARCHAR)), 0)::DOUBLE FROM {sample} AS r", cancel)
                    + RowBytes;
        return Math.Clamp((long)(rows * bytes / most) + 1, 1, Math.Max(1, Math.Min(rows, Most)));
    }

    /// <summary>Conditions that cut the rows of a table by their numbers.</summary>
    /// <param name="table">A temporary table, qualified.</param>
    /// <param name="row">Its <c>rowid</c> where the condition stands.</param>
    public static IReadOnlyList<string> Ranges(DuckDbConnection db, string table, string row, CancellationToken cancel)
    {
        var parts = Count(db, table, cancel);
        if (parts == 1)
            return ["true"];

        // Rows of a transaction that is open have numbers of their own, far from 0.
        var first = db.Scalar<long>($"SELECT min(rowid) FROM {table}", cancel);
        var step = ((db.Scalar<long>($"SELECT max(rowid) FROM {table}", cancel) - first) / parts) + 1;
        return
        [
            .. Enumerable
                .Range(0, (int)parts)
                .Select(part =>
                    SnapshotColumns.Text($"{row} >= {first + (part * step)} AND {row} < {first + ((part + 1) * step)}")
                ),
        ];
    }

    /// <summary>
    /// Conditions that cut rows by the hash of their key: equal values of one type are in one part on both sides of a
    /// join.
    /// </summary>
    /// <param name="key">The key's columns, qualified, with commas between them.</param>
    public static string Hash(long parts, long part, string key) =>
        parts == 1 ? "true" : SnapshotColumns.Text($"hash({key}) % {parts} = {part}");
}
