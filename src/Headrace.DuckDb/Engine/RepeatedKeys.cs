using System.Globalization;

namespace Headrace.DuckDb;

/// <summary>
/// The rows of a change set that have the key of a later one. A row is known by its file and its line: both together
/// are its place in the order in which the last one wins.
/// </summary>
/// <param name="number">Of the check, among those of the batch.</param>
/// <param name="uses">The columns of the key, and those that the condition needs.</param>
internal sealed class RepeatedKeys(
    DuckDbConnection db,
    CheckedRows rows,
    int number,
    IReadOnlyList<int> key,
    IReadOnlyList<int> uses,
    CancellationToken cancel
)
{
    // More lines than a file has.
    private const long Lines = 1L << 40;

    private readonly string list = string.Join(", ", key.Select((_, i) => Name(i)));

    // The lines of a file that go, and the last of them.
    private readonly Dictionary<LakeFile, (string Variable, long Last)> lines = new(ReferenceEqualityComparer.Instance);

    /// <summary>Counts them.</summary>
    /// <param name="where">The condition for rows that are checked.</param>
    public long Count(string where)
    {
        var types = key.Select((column, i) => $"{Name(i)} {DuckDbTypes.Name(rows.Columns[column].Type!.Value)}");
        db.Execute($"CREATE OR REPLACE TEMP TABLE keyed (place BIGINT, {string.Join(", ", types)})", cancel);
        var values = string.Join(", ", key.Select(StagedTable.Column));
        var whole = string.Join(" AND ", key.Select(column => $"{StagedTable.Column(column)} IS NOT NULL"));
        foreach (var (i, part) in rows.Files.Index())
            db.Execute(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"INSERT INTO temp.keyed SELECT {i * Lines} + line, {values} "
                ) + $"FROM {part.From(uses)} WHERE {where} AND {whole}",
                cancel
            );
        db.Execute(
            $"""
            CREATE OR REPLACE TEMP TABLE keyed_twice AS
            SELECT {list}, max(place) AS winner, count(*) AS times FROM temp.keyed GROUP BY {list} HAVING count(*) > 1
            """,
            cancel
        );
        return db.Scalar<long>("SELECT coalesce(sum(times - 1), 0)::BIGINT FROM temp.keyed_twice", cancel);
    }

    /// <summary>The first of them: file, line and what they have.</summary>
    public IEnumerable<string> Sample(int most)
    {
        var found = new List<string>();
        var places = new List<long>();
        using (var reader = db.Query($"SELECT place FROM ({Losers}) ORDER BY place LIMIT {most}", cancel))
            while (reader.Read())
                places.Add(reader.GetInt64(0));

        // What was compared is as it came; what is shown is masked.
        foreach (var place in places)
        {
            var part = rows.Files[(int)(place / Lines)];
            var texts = key.Select(column =>
                $"{Sql.Literal($"{rows.Columns[column].Name} = ")} || left({part.Shown(column)}, 200)"
            );
            using var row = db.Query(
                $"SELECT concat_ws(', ', {string.Join(", ", texts)}) FROM {part.From(uses)} WHERE line = "
                    + (place % Lines).ToString(CultureInfo.InvariantCulture),
                cancel
            );
            if (row.Read())
                found.Add(part.Place(place % Lines) + row.GetString(0));
        }

        return found;
    }

    /// <summary>Keeps the lines of these rows, for <see cref="IsIt"/>.</summary>
    public void Keep()
    {
        db.Execute(
            $"CREATE OR REPLACE TEMP TABLE keyed_lost AS SELECT place // {Lines} AS file, place % {Lines} AS line "
                + $"FROM ({Losers})",
            cancel
        );
        var lasts = new List<(int File, long Last)>();
        using (var reader = db.Query("SELECT file, max(line) FROM temp.keyed_lost GROUP BY file", cancel))
            while (reader.Read())
                lasts.Add(((int)reader.GetInt64(0), reader.GetInt64(1)));
        foreach (var (file, last) in lasts)
        {
            // One bit for each line of the file: a list of lines would be a join.
            var variable = string.Create(CultureInfo.InvariantCulture, $"headrace_{number}_{file}");
            db.Execute(
                $"SET VARIABLE {variable} = "
                    + $"(SELECT bitstring_agg(line, 0, {last}) FROM temp.keyed_lost WHERE file = {file})",
                cancel
            );
            lines[rows.Files[file].File!] = (variable, last);
        }
    }

    /// <summary>The condition for a row of a file that is one of them.</summary>
    public string IsIt(StagedFile file) =>
        lines.TryGetValue(file.File, out var its)
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"CASE WHEN line <= {its.Last} THEN get_bit(getvariable('{its.Variable}'), line::INTEGER) = 1 END"
            )
            : "false";

    /// <summary>Removes what was made to find them.</summary>
    public void Drop() =>
        db.Execute(
            "DROP TABLE IF EXISTS temp.keyed; DROP TABLE IF EXISTS temp.keyed_twice; "
                + "DROP TABLE IF EXISTS temp.keyed_lost",
            cancel
        );

    private string Losers =>
        "SELECT k.* FROM temp.keyed AS k JOIN temp.keyed_twice AS t ON "
        + string.Join(" AND ", key.Select((_, i) => $"k.{Name(i)} = t.{Name(i)}"))
        + " WHERE k.place <> t.winner";

    private static string Name(int i) => SnapshotColumns.Text($"k{i}");
}
