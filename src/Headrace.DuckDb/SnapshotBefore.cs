namespace Headrace.DuckDb;

/// <summary>
/// The rows of the export before as SQL, under the columns of the new one: <c>k0…</c>, <c>hi</c>, <c>lo</c>,
/// <c>row</c>, with before-images <c>c0…</c>.
/// </summary>
/// <param name="isNarrowed">True when <c>temp.gone</c> holds the digests of those that the new export does not have,
/// byte for byte.</param>
internal sealed class SnapshotBefore(SnapshotMemory memory, SnapshotColumns columns, bool hasImages, bool isNarrowed)
{
    /// <summary>How many there are.</summary>
    public long Rows => memory.Rows;

    /// <summary>Rows that both exports have, byte for byte.</summary>
    public string Matched =>
        $"SELECT s.* FROM ({All}) AS s ANTI JOIN temp.gone AS g ON s.hi = g.hi AND s.lo = g.lo WHERE s.hi IS NOT NULL";

    /// <summary>
    /// The others, of which something must be said; in <c>temp.open</c> once <see cref="Find"/> has put them there.
    /// </summary>
    public string Open => isNarrowed ? "SELECT * FROM temp.open" : All;

    /// <summary>Looks the others up, when rows that both exports have are left out.</summary>
    public void Find(DuckDbConnection db, CancellationToken cancel)
    {
        if (isNarrowed)
            db.Execute(
                $"""
                CREATE OR REPLACE TEMP TABLE open AS
                SELECT s.* FROM ({All}) AS s SEMI JOIN temp.gone AS g ON s.hi = g.hi AND s.lo = g.lo UNION ALL
                    SELECT s.* FROM ({All}) AS s WHERE s.hi IS NULL
                """,
                cancel
            );
    }

    private string All
    {
        get
        {
            var images = !hasImages
                ? ""
                : string.Concat(
                    columns.All.Select(i =>
                    {
                        var old = memory
                            .Columns.ToList()
                            .FindIndex(column =>
                                column.Name.Equals(columns[i].Name, StringComparison.OrdinalIgnoreCase)
                            );
                        var value = old < 0 ? "NULL" : SnapshotColumns.Text($"c{old}");
                        return SnapshotColumns.Text($", CAST({value} AS {DuckDbTypes.Name(columns[i].Type)}) AS c{i}");
                    })
                );
            return $"SELECT {columns.KeyList}, hi, lo, row{images} FROM ({memory.Sql})";
        }
    }
}
