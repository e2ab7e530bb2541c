namespace Headrace.DuckDb;

/// <summary>
/// The rows of an export that have to be looked at: the candidates, parsed into Parquet files, those of them that do
/// not fit, and the keys that are there more than once.
/// </summary>
/// <param name="before">The memory of the export before; null for the first one.</param>
/// <param name="folder">Where it stages.</param>
/// <param name="doubtful">A table of keys that were there more than once before; their rows are not compared. Null for
/// none.</param>
internal sealed class ExportRows(
    DuckDbConnection db,
    ChangeSet export,
    SnapshotMemory? before,
    DigestKeyed key,
    string folder,
    string? doubtful,
    CancellationToken cancel
)
{
    /// <summary>
    /// How COPY writes Parquet files: with row groups that are no larger than those of a table, so that what is read
    /// from them fills its row groups whole.
    /// </summary>
    public const string Layout = "FORMAT parquet, ROW_GROUP_SIZE 120832";

    private readonly SnapshotRules rules = export.Rules.Snapshot!;
    private readonly List<string> fresh = [];

    public SnapshotColumns Columns { get; private set; } = null!;

    public TableShape Shape { get; private set; } = null!;

    /// <summary>The rows of the export before; null for the first one.</summary>
    public SnapshotBefore? Before { get; private set; }

    /// <summary>True when rows that both exports have are left out.</summary>
    public bool IsNarrowed { get; private set; }

    /// <summary>Rows that both exports have, byte for byte.</summary>
    public long Matched { get; private set; }

    /// <summary>Rows that fit their types and whose key is there once.</summary>
    public long Good { get; private set; }

    /// <summary>Rows that the flow does not want; they count as not there.</summary>
    public long Filtered { get; private set; }

    /// <summary>Records of each file, those that are no rows left out.</summary>
    public long[] Records { get; private set; } = [];

    /// <summary>
    /// Bad rows and records whose key cannot be read, though it is there: each may be that of any row.
    /// </summary>
    public long Unreadable { get; private set; }

    /// <summary>Rows for the quarantine.</summary>
    public List<BadRowsFile> Bad { get; } = [];

    /// <summary>
    /// The rows that fit, in SQL: <c>file</c>, <c>line</c>, <c>hi</c>, <c>lo</c>, <c>row</c>, <c>c0…</c>.
    /// </summary>
    public string Fresh => fresh.Count == 0 ? Empty : $"read_parquet([{string.Join(", ", fresh.Select(Sql.Literal))}])";

    /// <summary>Those of them whose key is there once.</summary>
    public string Single => $"(SELECT f.* FROM {Fresh} AS f ANTI JOIN temp.repeated AS o ON {On})";

    /// <summary>The same with one row of each key that is there more than once, whose digest is no row's.</summary>
    public string Once =>
        $"(FROM {Single} UNION ALL BY NAME "
        + $"SELECT DISTINCT ON ({Columns.KeyColumns}) * REPLACE (NULL::BIGINT AS hi, NULL::BIGINT AS lo, "
        + $"'00000000-0000-0000-0000-000000000000'::UUID AS row) FROM {Fresh} AS f "
        + $"SEMI JOIN temp.repeated AS o ON {On})";

    /// <summary>The keys of all rows that have one, good or bad.</summary>
    public string Keys => $"SELECT {Columns.AsKeys} FROM {Fresh} UNION ALL FROM temp.held";

    /// <summary>Rows <c>f</c> of <see cref="Fresh"/> and <c>o</c> of <see cref="Before"/> with the same key.</summary>
    public string On =>
        string.Join(" AND ", Columns.Keys.Select((column, i) => SnapshotColumns.Text($"f.c{column} = o.k{i}")));

    private string Empty
    {
        get
        {
            var values = Columns.All.Select(i =>
                SnapshotColumns.Text($"CAST(NULL AS {DuckDbTypes.Name(Columns[i].Type)}) AS c{i}")
            );
            return $"""
                (SELECT 0 AS file, 0::BIGINT AS line, NULL::BIGINT AS hi, NULL::BIGINT AS lo,
                NULL::UUID AS row, {string.Join(", ", values)} WHERE false)
                """;
        }
    }

    /// <summary>
    /// Parses the candidates; again, with more of them, when one has the key of a row that was thought unchanged.
    /// </summary>
    public void Stage()
    {
        var forced = new HashSet<UInt128>();
        var most = key.SetBytes / 64;
        while (true)
        {
            Parse(forced.Count < most ? Narrow(forced) : All());
            if (!IsNarrowed)
                return;
            var known = forced.Count;
            db.EachDigest(
                $"SELECT m.hi, m.lo FROM ({Before!.Matched}) AS m SEMI JOIN ({Keys}) AS f USING ({Columns.KeyList})",
                digest =>
                {
                    if (forced.Count < most)
                        forced.Add(digest);
                },
                cancel
            );
            if (forced.Count > known)
                continue;
            Before.Find(db, cancel);
            return;
        }
    }

    // Where more rows differ than the memory has room for, all rows are looked at, each with its digest.
    private IReadOnlyList<StagedFile> All()
    {
        (IsNarrowed, Matched) = (false, 0);
        return new ChangedRecords(export.Files, key.SetBytes, cancel).TakeAll(Path.Combine(folder, "candidates"));
    }

    private IReadOnlyList<StagedFile> Narrow(HashSet<UInt128> forced)
    {
        // Digests say something only with the key that they were made with.
        IsNarrowed =
            before?.Key is not null
            && export.Files.Any(file => file.Digests is not null)
            && before.Key == key.Key.ToString();
        if (!IsNarrowed)
            return export.Files;
        var candidates = new ChangedRecords(export.Files, key.SetBytes, cancel);
        var gone = Path.Combine(folder, "gone.csv");
        var listed = 0L;
        using (var list = new StreamWriter(gone, append: false))
        {
            void Gone(UInt128 digest)
            {
                listed++;
                list.Write(SnapshotColumns.Text($"{(long)(digest >> 64)},{(long)digest}\n"));
            }

            foreach (var digest in forced)
                Gone(digest);
            candidates.Find(
                before!.Rows,
                (set, rounds, round) => db.AddDigests(before.Digests(rounds, round), set, forced, cancel),
                (set, _, _) =>
                {
                    foreach (var digest in set.NotSeenOnce())
                        Gone(digest);
                },
                forced.Count == 0 ? key.Ready : null
            );
        }

        if (listed * Parts.DigestBytes > Parts.Bytes(db))
            return All();
        db.Execute(
            "CREATE OR REPLACE TEMP TABLE gone AS SELECT DISTINCT hi, lo "
                + $"FROM {SpoolCsv.Read([gone], 0, [("hi", "BIGINT"), ("lo", "BIGINT")])}",
            cancel
        );
        Matched = candidates.Matched;
        return candidates.Take(Path.Combine(folder, "candidates"));
    }

    private void Parse(IReadOnlyList<StagedFile> files)
    {
        var parquet = new ParquetFiles(db, cancel);
        var isEmpty = before is { Rows: 0 } && export.From.Table is null; // without a row nothing is known of types
        var table = isEmpty
            ? null
            : before?.Columns ?? export.From.Table?.Where(column => !export.Rules.IsOwn(column.Name)).ToList();
        if (
            files
                .Where(file => file.Parquet is not null)
                .Select(parquet.Fault)
                .FirstOrDefault(fault => fault is not null) is
            { } unreadable
        )
            throw unreadable;
        var narrowed = export with { Files = files, From = export.From with { Table = table } };
        Shape = new TableShape(narrowed, parquet.Columns);
        if (Shape.Refused.Count > 0)
            throw Shape.Refused[0].Error!;
        if (narrowed.Files.Sum(file => file.Records) == 0 && Shape.Columns.Count == 0)
            throw Error.ShortExport(export.Dataset.Name, export.Version!, 0, export.Rules.MinRows);
        new TypeInference(db, cancel).Settle(Shape, export.Format.Csv);
        new FlowExpressions(db, Shape, narrowed, cancel).Settle();
        Columns = new SnapshotColumns(
            [.. Shape.Columns.Select(column => new Column(column.Name, column.Type!.Value, column.Nullable))],
            export.Rules
        );
        Before = before is null ? null : new SnapshotBefore(before, Columns, rules.Before, IsNarrowed);
        if (
            rules.Deletes == Deletes.Soft
            && Shape.Columns.Any(column => column.Name.Equals(RowChanges.DeletedAt, StringComparison.OrdinalIgnoreCase))
        )
            throw Error.DeletedAtTaken(export.Files[0].File.Key);

        db.Execute($"CREATE OR REPLACE TEMP TABLE held ({Columns.KeyTypes})", cancel);
        UnreadRecords.Clear(db, cancel);
        fresh.Clear();
        Bad.Clear();
        Unreadable = 0;
        Records = new long[files.Count];
        (Good, Filtered) = (0, 0);
        var missing = new Dictionary<ShapedFile, long>();
        for (var i = 0; i < Shape.Files.Count; i++)
        {
            var file = Shape.Files[i];
            var (fit, unwanted, all) = Parse(file, i);
            Good += fit;
            Filtered += unwanted;
            Records[i] = (export.Files[i].Records >= 0 ? export.Files[i].Records : all) - unwanted;
            if (fit + unwanted < all)
                missing[file] = all - fit - unwanted;
        }

        HoldBad(narrowed, missing);
    }

    /// <summary>Writes the rows of a file that fit; says how many, how many are not wanted, and of how many.</summary>
    private (long Fit, long Unwanted, long All) Parse(ShapedFile file, int number)
    {
        var rows = new StagedRows([file], Shape, export);
        if (!rows.HasRows)
            return (0, 0, 0);
        var path = Path.Combine(folder, SnapshotColumns.Text($"fresh-{number}.parquet"));
        var values = string.Join(", ", Columns.All.Select(i => SnapshotColumns.Text($"{rows.Value(i)} AS v{i}")));
        var digests = !file.File.HasInlineDigests ? "NULL::BIGINT AS hi, NULL::BIGINT AS lo" : "hi, lo";
        var named = string.Join(", ", Columns.All.Select(i => SnapshotColumns.Text($"v{i} AS c{i}")));
        var fit = db.Execute(
            $"""
            COPY (SELECT {number} AS file, line, hi, lo, {Columns.Digest(i =>
                SnapshotColumns.Text($"v{i}")
            )} AS row, {named}
                FROM (SELECT line, {digests}, {values} FROM {rows.Source} WHERE {rows.Good})) TO {Sql.Literal(
                path
            )} ({Layout})
            """,
            cancel
        );
        fresh.Add(path);
        var all =
            file.File.Records >= 0 ? file.File.Records : db.Scalar<long>($"SELECT count(*) FROM {rows.Source}", cancel);
        return (fit, fit < all ? rows.CountUnwanted(db, cancel) : 0, all);
    }

    private void HoldBad(ChangeSet narrowed, Dictionary<ShapedFile, long> missing)
    {
        var rows = new BadRows(db, narrowed, Shape, cancel);
        if (rows.Count(missing) == 0)
            return;
        var records = new UnreadRecords(db, export, Columns, cancel);
        foreach (var (file, query) in rows.Queries(Readable))
        {
            Hold(file, query);
            Unreadable += records.Hold(Shape.Files.First(shaped => shaped.File == file), Bad[^1].Path);
        }

        // A key that can be read is not gone from the export, whatever is wrong with its row.
        string Readable(StagedRows? source) =>
            string.Concat(
                Columns.Keys.Select(
                    (column, i) =>
                        source is null
                            ? SnapshotColumns.Text($", CAST(NULL AS {DuckDbTypes.Name(Columns[column].Type)}) AS k{i}")
                            : SnapshotColumns.Text(
                                $", CASE WHEN {source.Fitting(Columns.Keys)} THEN {source.Value(column)} END AS k{i}"
                            )
                )
            );
        db.Execute(
            $"""
            INSERT INTO temp.held SELECT {Columns.KeyList}
            FROM read_parquet([{string.Join(", ", Bad.Select(file => Sql.Literal(file.Path)))}])
            WHERE k0 IS NOT NULL
            """,
            cancel
        );
    }

    private void Hold(StagedFile file, string query)
    {
        var path = Path.Combine(folder, SnapshotColumns.Text($"bad-{Bad.Count}.parquet"));
        var count = db.Execute($"COPY ({query}) TO {Sql.Literal(path)} ({Layout})", cancel);
        Bad.Add(new BadRowsFile(export.Files.First(original => original.File == file.File), path, count));
    }

    /// <summary>
    /// Rows whose key is there more than once go to quarantine, all of them: nobody can say which one is right.
    /// </summary>
    public void HoldDuplicates()
    {
        db.Execute(
            $"""
            CREATE OR REPLACE TEMP TABLE repeated AS
            SELECT {Columns.KeyList}, count(*) AS times FROM ({Keys})
            GROUP BY {Columns.KeyList} HAVING count(*) > 1
            """,
            cancel
        );
        if (doubtful is not null)
            db.Execute(
                $"""
                INSERT INTO temp.repeated FROM {doubtful} ANTI JOIN temp.repeated USING ({Columns.KeyList});
                INSERT INTO temp.repeated SELECT DISTINCT {Columns.KeyList}, 1 FROM
                    ({UnreadRecords.Among($"SELECT {Columns.AsKeys} FROM {Fresh}", Columns, $"{doubtful}_")})
                    ANTI JOIN (SELECT {Columns.KeyList} FROM ({Before!.Open})) USING ({Columns.KeyList})
                        ANTI JOIN temp.repeated USING ({Columns.KeyList});
                """,
                cancel
            );
        if (db.Scalar<long>("SELECT count(*) FROM temp.repeated", cancel) == 0)
            return;
        var names = string.Join(", ", Columns.Keys.Select(column => Columns[column].Name));
        var value = string.Join(" || ', ' || ", Columns.Keys.Select((_, i) => $"CAST(k{i} AS VARCHAR)"));
        for (var i = 0; i < Shape.Files.Count; i++)
        {
            var rows = new StagedRows([Shape.Files[i]], Shape, export);
            var lines = $"""
                (SELECT line, {value} AS key, times FROM (SELECT line, file, {Columns.AsKeys} FROM {Fresh})
                JOIN temp.repeated USING ({Columns.KeyList}) WHERE file = {i})
                """;
            if (!rows.HasRows || db.Scalar<long>($"SELECT count(*) FROM {lines}", cancel) is not (> 0 and var count))
                continue;
            Good -= count;
            Hold(
                Shape.Files[i].File,
                $"""
                SELECT line, {Sql.Literal(names)} AS "column", key AS value, 'the key is ' || times
                    || ' times in the export' AS reason, {rows.Json}::VARCHAR AS "row"
                FROM {rows.Source} JOIN {lines} USING (line)
                """
            );
        }
    }
}
