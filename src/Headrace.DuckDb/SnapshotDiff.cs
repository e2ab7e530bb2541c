namespace Headrace.DuckDb;

/// <summary>
/// Compares one export with the memory of the one before: candidates by their text, then by their values, then by key.
/// Everything goes through files, so what does not fit the memory spills.
/// </summary>
/// <param name="before">The memory of the export before; null for the first one.</param>
/// <param name="folder">Where it stages.</param>
/// <param name="doubtful">A table of keys that were there more than once before; their rows are not compared. Null for
/// none.</param>
internal sealed partial class SnapshotDiff(
    DuckDbConnection db,
    ChangeSet export,
    SnapshotMemory? before,
    DigestKeyed key,
    string folder,
    CancellationToken cancel,
    string? doubtful = null
)
{
    private readonly SnapshotRules rules = export.Rules.Snapshot!;
    private readonly List<string> warnings = [];
    private readonly ExportRows rows = new(db, export, before, key, folder, doubtful, cancel);

    private SnapshotColumns Columns => rows.Columns;

    // Rows of the export before whose keys are in no row of this one, good or bad.
    private string Gone => GoneOf($"({rows.Before!.Open})", rows.Keys);

    private string GoneOf(string open, string keys) =>
        $"SELECT o.* FROM {open} AS o ANTI JOIN ({keys}) AS f USING ({Columns.KeyList})";

    /// <summary>
    /// What the export changes; <paramref name="memories"/> is the folder for its own memory, <paramref
    /// name="operations"/> the path of its operations, if they are asked for.
    /// </summary>
    public RowChanges Run(string? memories, string? operations)
    {
        rows.Stage();
        rows.HoldDuplicates();
        Spare();
        var path = Path.Combine(folder, "changes.parquet");
        WriteChanges(path);
        var (inserted, updated, deleted) = Count(path);
        Check(updated, deleted);
        var remembered = memories is null ? null : Remember(memories);
        Failpoint.Hit("state_written");
        var changes = new RowChanges
        {
            Path = path,
            Columns = [.. Columns.All.Select(i => Columns[i])],
            HasBefore = rules.Before,
            Inserted = inserted,
            Updated = updated,
            Deleted = deleted,
            Filtered = rows.Filtered,
            Unchanged = rows.Matched + rows.Good - inserted - updated,
            BadRows = rows.Bad,
            Records = rows.Records,
            Sample = Sample(),
            Warnings = [.. rows.Shape.Warnings, .. warnings],
        };
        remembered?.Write(export.Id);
        return operations is null
            ? changes
            : changes with
            {
                Operations = new Operations(db, export, Columns, cancel).Write(path, operations, rules.Before),
            };
    }

    /// <summary>
    /// Rows of the export before that were not taken for deleted, since a record that could not be read may be theirs.
    /// </summary>
    public long Spared { get; private set; }

    /// <summary>Rows that were set aside.</summary>
    public long Held => rows.Bad.Sum(file => file.Rows);

    /// <summary>
    /// Only makes the memory of the export, which is not written down yet; its repeated keys are in
    /// <c>temp.repeated</c> then.
    /// </summary>
    /// <param name="withRepeated">Each repeated key is in it once, with values that no row has.</param>
    public SnapshotMemory RememberAll(string memories, bool withRepeated = false)
    {
        rows.Stage();
        rows.HoldDuplicates();
        this.withRepeated = withRepeated;
        return Remember(memories);
    }

    /// <summary>Rows whose keys are there more than once.</summary>
    public long Repeated =>
        db.Scalar<long>($"SELECT count(*) FROM {rows.Fresh} AS f SEMI JOIN temp.repeated AS o ON {rows.On}", cancel);

    /// <summary>The first keys that are there more than once, as a person writes them.</summary>
    public IReadOnlyList<string> RepeatedKeys(int most)
    {
        var keys = new List<string>();
        var text = string.Join(
            " || ', ' || ",
            Columns.Keys.Select(
                (column, i) =>
                    SnapshotColumns.Text(
                        $"{Sql.Literal($"{Columns[column].Name} ")} || left(CAST(k{i} AS VARCHAR), 200)"
                    )
            )
        );
        using var reader = db.Query(
            $"SELECT {text} FROM temp.repeated ORDER BY {Columns.KeyList} LIMIT {most}",
            cancel
        );
        while (reader.Read())
            keys.Add(reader.GetString(0));
        return keys;
    }

    /// <summary>
    /// A record that is no row may have been one of those that seem to be gone: a key whose texts stand among the
    /// fields of such a record is spared, and so are all when some record has a key that cannot be read.
    /// </summary>
    private void Spare()
    {
        db.Execute($"CREATE OR REPLACE TEMP TABLE spared ({Columns.KeyTypes})", cancel);
        if (
            rows.Before is null
            || rules.Deletes == Deletes.Ignore
            || (rows.Unreadable == 0 && export.Files.All(file => file.RejectCount == 0))
        )
            return;
        var gone = $"SELECT {Columns.KeyList} FROM ({Gone})";
        db.Execute(
            $"INSERT INTO temp.spared {(rows.Unreadable > 0 ? gone : UnreadRecords.Among(gone, Columns))}",
            cancel
        );
        Spared = db.Scalar<long>("SELECT count(*) FROM temp.spared", cancel);
        if (Spared > 0 && rows.Unreadable > 0)
            warnings.Add(
                $"{Spared} {(Spared == 1 ? "row was" : "rows were")} not deleted: "
                    + $"the key of {rows.Unreadable} {(rows.Unreadable == 1 ? "record" : "records")} of the export "
                    + "cannot be read, and may be any of theirs"
            );
        else if (Spared > 0)
            warnings.Add(
                $"{Spared} "
                    + (
                        Spared == 1
                            ? "row was not deleted, since its key stands"
                            : "rows were not deleted, since their keys stand"
                    )
                    + " in records that could not be read"
            );
    }

    private void WriteChanges(string path)
    {
        if (rows.Before is null)
        {
            var values = string.Join(", ", Columns.All.Select(i => SnapshotColumns.Text($"f.c{i}")));
            var none = rules.Before
                ? string.Concat(
                    Columns.All.Select(i =>
                        SnapshotColumns.Text($", CAST(NULL AS {DuckDbTypes.Name(Columns[i].Type)}) AS b{i}")
                    )
                )
                : "";
            db.Execute(
                $"""
                COPY (SELECT 'I' AS op, {values}{none}
                FROM {rows.Single} AS f) TO {Sql.Literal(path)} ({ExportRows.Layout})
                """,
                cancel
            );
            return;
        }

        // A join builds its table of the smaller side.
        var parts = Math.Min(Parts.Count(db, $"({rows.Before.Open})", cancel), Parts.Count(db, rows.Fresh, cancel));
        if (parts == 1)
        {
            db.Execute($"COPY ({Changed(1, 0)}) TO {Sql.Literal(path)} ({ExportRows.Layout})", cancel);
            return;
        }

        var files = new List<string>();
        for (var part = 0L; part < parts; part++)
        {
            files.Add(SnapshotColumns.Text($"{path}-{part}"));
            db.Execute($"COPY ({Changed(parts, part)}) TO {Sql.Literal(files[^1])} ({ExportRows.Layout})", cancel);
        }

        db.Execute(
            $"""
            COPY (FROM read_parquet([{string.Join(", ", files.Select(Sql.Literal))}])) TO
            {Sql.Literal(path)} ({ExportRows.Layout})
            """,
            cancel
        );
        files.ForEach(File.Delete);
    }

    private string Changed(long parts, long part)
    {
        var values = string.Join(", ", Columns.All.Select(i => SnapshotColumns.Text($"f.c{i}")));
        var old = rules.Before ? string.Concat(Columns.All.Select(i => SnapshotColumns.Text($", o.c{i} AS b{i}"))) : "";
        var gone = string.Join(
            ", ",
            Columns.All.Select(i =>
                Columns.Keys.ToList().IndexOf(i) is >= 0 and var k
                    ? SnapshotColumns.Text($"o.k{k} AS c{i}")
                    : SnapshotColumns.Text($"CAST(NULL AS {DuckDbTypes.Name(Columns[i].Type)}) AS c{i}")
            )
        );
        var isOf = parts == 1 ? "" : $" WHERE {Parts.Hash(parts, part, Columns.KeyList)}";
        var open = $"(FROM ({rows.Before!.Open}){isOf})";
        var deletes =
            rules.Deletes == Deletes.Ignore
                ? ""
                : $"""
                    UNION ALL SELECT 'D' AS op, {gone}{old}
                    FROM ({GoneOf(open, $"FROM ({rows.Keys}){isOf}")}) AS o ANTI JOIN temp.spared AS f
                    USING ({Columns.KeyList})
                    """;
        return $"""
            SELECT CASE WHEN o.row IS NULL THEN 'I' ELSE 'U' END AS op, {values}{old}
                FROM {rows.Single} AS f LEFT JOIN {open} AS o ON {rows.On} WHERE {Parts.Hash(
                parts,
                part,
                Columns.KeysOf("f")
            )} AND f.row IS DISTINCT FROM o.row
            {deletes}
            """;
    }

    private (long Inserted, long Updated, long Deleted) Count(string path)
    {
        using var reader = db.Query(
            $"""
            SELECT count(*) FILTER (op = 'I'), count(*) FILTER (op = 'U'), count(*) FILTER (op = 'D')
            FROM read_parquet({Sql.Literal(path)})
            """,
            cancel
        );
        reader.Read();
        return (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }

    private void Check(long updated, long deleted)
    {
        var held = rows.Bad.Sum(file => file.Rows);
        var total = rows.Matched + rows.Good + held;
        if (rows.Matched + rows.Good < export.Rules.MinRows)
            throw Error.ShortExport(
                export.Dataset.Name,
                export.Version!,
                rows.Matched + rows.Good,
                export.Rules.MinRows
            );
        if (held > 0 && (export.Rules.OnFail == OnFail.Stop || (double)held / total > export.Rules.Allow))
            throw Error.BadRows(
                export.Dataset.Name,
                held,
                total,
                export.Rules.OnFail == OnFail.Stop ? null : export.Rules.Allow,
                Sample()
            );
        if (rows.Before is not { Rows: > 0 and var all })
            return;
        var (flow, dataset) = (export.Dataset.Flow, export.Dataset.Name);
        if (rules.MaxDeleted is { } most ? deleted > (decimal)most * all : deleted > 100 && deleted * 2 > all)
            throw Error.TooManyDeleted(flow, dataset, export.Version!, deleted, all, rules.MaxDeleted);
        if (rules.MaxChanged is { } share && updated + deleted > (decimal)share * all)
            throw Error.TooManyChanged(flow, dataset, export.Version!, updated + deleted, all, share);
    }

    private List<BadRow> Sample()
    {
        var sample = new List<BadRow>();
        foreach (var file in rows.Bad)
        {
            using var reader = db.Query(
                "SELECT line, \"column\", left(value, 200), reason "
                    + $"FROM read_parquet({Sql.Literal(file.Path)}) ORDER BY line LIMIT {5 - sample.Count}",
                cancel
            );
            while (reader.Read())
                sample.Add(
                    new BadRow(
                        file.File.File.Key,
                        reader.GetInt64(0),
                        BadRows.Text(reader, 1),
                        BadRows.Text(reader, 2),
                        reader.GetString(3)
                    )
                );
            if (sample.Count == 5)
                break;
        }

        return sample;
    }
}
