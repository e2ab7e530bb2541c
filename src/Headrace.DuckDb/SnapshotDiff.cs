namespace Headrace.DuckDb;

/// <summary>
/// Compares one export with the memory of the one before: candidates by their text, then by their values, then by key.
/// Everything goes through files, so what does not fit the memory spills.
/// </summary>
/// <param name="before">The memory of the export before; null for the first one.</param>
/// <param name="folder">Where it stages.</param>
/// <param name="doubtful">A table of keys that were there more than once before; their rows are not compared. Null for none.</param>
internal sealed class SnapshotDiff(
    DuckDbConnection db, ChangeSet export, SnapshotMemory? before, DigestKeyed key, string folder, CancellationToken cancel, string? doubtful = null)
{
    // Row groups that are no larger than those of a table: what is read from them fills its row groups whole.
    private const string Layout = "FORMAT parquet, ROW_GROUP_SIZE 120832";

    private readonly SnapshotRules rules = export.Rules.Snapshot!;
    private readonly List<string> fresh = [];
    private readonly List<BadRowsFile> bad = [];
    private readonly List<string> warnings = [];
    private long[] records = [];
    private long good;
    private long matched;
    private SnapshotColumns columns = null!;
    private TableShape shape = null!;
    private bool isNarrowed;

    /// <summary>What the export changes; <paramref name="memory"/> is the path of its own memory, <paramref name="operations"/> that of its operations, if they are asked for.</summary>
    public RowChanges Run(string? memory, string? operations)
    {
        Stage();
        HoldDuplicates();
        var path = Path.Combine(folder, "changes.parquet");
        WriteChanges(path);
        var (inserted, updated, deleted) = Count(path);
        Check(updated, deleted);
        var remembered = memory is null ? null : Remember(memory);
        Failpoint.Hit("state_written");
        var changes = new RowChanges
        {
            Path = path,
            Columns = [.. columns.All.Select(i => columns[i])],
            HasBefore = rules.Before,
            Inserted = inserted,
            Updated = updated,
            Deleted = deleted,
            Unchanged = matched + good - inserted - updated,
            BadRows = bad,
            Records = records,
            Sample = Sample(),
            Warnings = [.. shape.Warnings, .. warnings],
        };
        remembered?.Write();
        return operations is null ? changes : changes with { Operations = new Operations(db, export, columns, cancel).Write(path, operations, rules.Before) };
    }

    /// <summary>Only makes the memory of the export, which is not written down yet; its repeated keys are in <c>temp.repeated</c> then.</summary>
    public SnapshotMemory RememberAll(string memory)
    {
        Stage();
        HoldDuplicates();
        return Remember(memory);
    }

    private string On => string.Join(" AND ", columns.Keys.Select((column, i) => SnapshotColumns.Text($"f.c{column} = o.k{i}")));

    private string Fresh => fresh.Count == 0 ? Empty : $"read_parquet([{string.Join(", ", fresh.Select(Sql.Literal))}])";

    // The rows of keys that are there once.
    private string Single => $"(SELECT f.* FROM {Fresh} AS f ANTI JOIN temp.repeated AS o ON {On})";

    private string Empty
    {
        get
        {
            var values = columns.All.Select(i => SnapshotColumns.Text($"CAST(NULL AS {DuckDbTypes.Name(columns[i].Type)}) AS c{i}"));
            return $"(SELECT 0 AS file, 0::BIGINT AS line, NULL::BIGINT AS hi, NULL::BIGINT AS lo, NULL::UUID AS row, {string.Join(", ", values)} WHERE false)";
        }
    }

    /// <summary>Parses the candidates; again, with more of them, when one has the key of a row that was thought unchanged.</summary>
    private void Stage()
    {
        var forced = new HashSet<UInt128>();
        while (true)
        {
            Parse(Narrow(forced));
            if (!isNarrowed)
                return;
            var known = forced.Count;
            db.EachDigest(
                $"SELECT m.hi, m.lo FROM ({Matched}) AS m SEMI JOIN (SELECT {columns.AsKeys} FROM {Fresh} UNION ALL FROM temp.held) AS f USING ({columns.KeyList})",
                digest => forced.Add(digest), cancel);
            if (forced.Count == known)
                return;
        }
    }

    private IReadOnlyList<StagedFile> Narrow(HashSet<UInt128> forced)
    {
        // Digests say something only with the key that they were made with.
        isNarrowed = before?.Key is not null && export.Files.Any(file => file.Digests is not null) && before.Key == key.Key.ToString();
        if (!isNarrowed)
            return export.Files;
        var candidates = new Candidates(export.Files, key.SetBytes, cancel);
        var gone = Path.Combine(folder, "gone.csv");
        using (var list = new StreamWriter(gone, append: false))
        {
            void Gone(UInt128 digest) => list.Write(SnapshotColumns.Text($"{(long)(digest >> 64)},{(long)digest}\n"));
            foreach (var digest in forced)
                Gone(digest);
            candidates.Find(before!.Rows, (set, rounds, round) => db.AddDigests(
                $"SELECT hi, lo FROM read_parquet({Sql.Literal(before.Path)}) WHERE hi IS NOT NULL{(rounds == 1 ? "" : SnapshotColumns.Text($" AND hi % {rounds} = {round}"))}",
                set, forced, cancel), (set, _, _) =>
                {
                    foreach (var digest in set.NotSeenOnce())
                        Gone(digest);
                });
        }

        db.Execute(
            $"CREATE OR REPLACE TEMP TABLE gone AS SELECT DISTINCT hi, lo FROM read_csv({Sql.Literal(gone)}, auto_detect = false, header = false, delim = ',', columns = {{'hi': 'BIGINT', 'lo': 'BIGINT'}})", cancel);
        matched = candidates.Matched;
        return candidates.Take(Path.Combine(folder, "candidates"));
    }

    private void Parse(IReadOnlyList<StagedFile> files)
    {
        var parquet = new ParquetFiles(db, cancel);
        var isEmpty = before is { Rows: 0 } && export.From.Table is null; // without a row nothing is known of types
        var table = isEmpty ? null : before?.Columns ?? export.From.Table?.Where(column => !IsDeletedAt(column)).ToList();
        var narrowed = export with { Files = files, From = export.From with { Table = table } };
        shape = new TableShape(narrowed, parquet.Columns);
        if (shape.Refused.Count > 0)
            throw shape.Refused[0].Error!;
        if (narrowed.Files.Sum(file => file.Records) == 0 && shape.Columns.Count == 0)
            throw Error.ShortExport(export.Dataset.Name, export.Version!, 0, export.Rules.MinRows);
        new TypeInference(db, cancel).Settle(shape, export.Format.Csv);
        columns = new SnapshotColumns([.. shape.Columns.Select(column => new Column(column.Name, column.Type!.Value, column.Nullable))], export.Rules);
        if (rules.Deletes == Deletes.Soft && shape.Columns.Any(column => column.Name.Equals(RowChanges.DeletedAt, StringComparison.OrdinalIgnoreCase)))
            throw Error.DeletedAtTaken(export.Files[0].File.Key);

        db.Execute($"CREATE OR REPLACE TEMP TABLE held ({string.Join(", ", columns.Keys.Select((column, i) => SnapshotColumns.Text($"k{i} {DuckDbTypes.Name(columns[column].Type)}")))})", cancel);
        fresh.Clear();
        bad.Clear();
        records = new long[files.Count];
        good = 0;
        var missing = new Dictionary<ShapedFile, long>();
        for (var i = 0; i < shape.Files.Count; i++)
        {
            var file = shape.Files[i];
            var (fit, all) = Parse(file, i);
            good += fit;
            records[i] = export.Files[i].Records >= 0 ? export.Files[i].Records : all;
            if (fit < all)
                missing[file] = all - fit;
        }

        HoldBad(narrowed, missing);
    }

    /// <summary>Writes the rows of a file that fit their types; says how many, and of how many.</summary>
    private (long Fit, long All) Parse(ShapedFile file, int number)
    {
        var rows = new StagedRows([file], shape, export);
        if (!rows.HasRows)
            return (0, 0);
        var path = Path.Combine(folder, SnapshotColumns.Text($"fresh-{number}.parquet"));
        var values = string.Join(", ", columns.All.Select(i => SnapshotColumns.Text($"{rows.Value(i)} AS v{i}")));
        var digests = !file.File.HasInlineDigests ? "NULL::BIGINT AS hi, NULL::BIGINT AS lo" : "hi, lo";
        var named = string.Join(", ", columns.All.Select(i => SnapshotColumns.Text($"v{i} AS c{i}")));
        var fit = db.Execute(
            $"""
            COPY (SELECT {number} AS file, line, hi, lo, {columns.Digest(i => SnapshotColumns.Text($"v{i}"))} AS row, {named}
                FROM (SELECT line, {digests}, {values} FROM {rows.Source} WHERE {rows.Good})) TO {Sql.Literal(path)} ({Layout})
            """, cancel);
        fresh.Add(path);
        var all = file.File.Records >= 0 ? file.File.Records : db.Scalar<long>($"SELECT count(*) FROM {rows.Source}", cancel);
        return (fit, all);
    }

    private void HoldBad(ChangeSet narrowed, Dictionary<ShapedFile, long> missing)
    {
        var rows = new BadRows(db, narrowed, shape, cancel);
        if (rows.Count(missing) == 0)
            return;
        foreach (var (file, query) in rows.Queries(Keys))
            Hold(file, query);

        // A key that can be read is not gone from the export, whatever is wrong with its row.
        string Keys(StagedRows? source) => string.Concat(columns.Keys.Select((column, i) => source is null
            ? SnapshotColumns.Text($", CAST(NULL AS {DuckDbTypes.Name(columns[column].Type)}) AS k{i}")
            : SnapshotColumns.Text($", CASE WHEN {source.Fitting(columns.Keys)} THEN {source.Value(column)} END AS k{i}")));
        db.Execute($"INSERT INTO temp.held SELECT {columns.KeyList} FROM read_parquet([{string.Join(", ", bad.Select(file => Sql.Literal(file.Path)))}]) WHERE k0 IS NOT NULL", cancel);
    }

    private void Hold(StagedFile file, string query)
    {
        var path = Path.Combine(folder, SnapshotColumns.Text($"bad-{bad.Count}.parquet"));
        var count = db.Execute($"COPY ({query}) TO {Sql.Literal(path)} ({Layout})", cancel);
        bad.Add(new BadRowsFile(export.Files.First(original => original.File == file.File), path, count));
    }

    /// <summary>Rows whose key is there more than once go to quarantine, all of them: nobody can say which one is right.</summary>
    private void HoldDuplicates()
    {
        db.Execute(
            $"""
            CREATE OR REPLACE TEMP TABLE repeated AS
            SELECT {columns.KeyList}, count(*) AS times FROM (SELECT {columns.AsKeys} FROM {Fresh} UNION ALL FROM temp.held)
            GROUP BY {columns.KeyList} HAVING count(*) > 1
            """, cancel);
        if (doubtful is not null)
            db.Execute($"INSERT INTO temp.repeated FROM {doubtful} ANTI JOIN temp.repeated USING ({columns.KeyList})", cancel);
        if (db.Scalar<long>("SELECT count(*) FROM temp.repeated", cancel) == 0)
            return;
        var names = string.Join(", ", columns.Keys.Select(column => columns[column].Name));
        var value = string.Join(" || ', ' || ", columns.Keys.Select((_, i) => $"CAST(k{i} AS VARCHAR)"));
        for (var i = 0; i < shape.Files.Count; i++)
        {
            var rows = new StagedRows([shape.Files[i]], shape, export);
            var lines = $"(SELECT line, {value} AS key, times FROM (SELECT line, file, {columns.AsKeys} FROM {Fresh}) JOIN temp.repeated USING ({columns.KeyList}) WHERE file = {i})";
            if (!rows.HasRows || db.Scalar<long>($"SELECT count(*) FROM {lines}", cancel) is not (> 0 and var count))
                continue;
            good -= count;
            Hold(shape.Files[i].File,
                $"""
                SELECT line, {Sql.Literal(names)} AS "column", key AS value, 'the key is ' || times || ' times in the export' AS reason, {rows.Json}::VARCHAR AS "row"
                FROM {rows.Source} JOIN {lines} USING (line)
                """);
        }
    }

    /// <summary>The rows of the export before, under the columns of this one.</summary>
    private string Before
    {
        get
        {
            if (before is null)
                return "";
            var images = !rules.Before ? "" : string.Concat(columns.All.Select(i =>
            {
                var old = before.Columns.ToList().FindIndex(column => column.Name.Equals(columns[i].Name, StringComparison.OrdinalIgnoreCase));
                return SnapshotColumns.Text($", CAST({(old < 0 ? "NULL" : SnapshotColumns.Text($"c{old}"))} AS {DuckDbTypes.Name(columns[i].Type)}) AS c{i}");
            }));
            return $"SELECT {columns.KeyList}, hi, lo, row{images} FROM read_parquet({Sql.Literal(before.Path)})";
        }
    }

    // Rows that both exports have, byte for byte; and the others, of which something must be said.
    private string Matched => $"SELECT s.* FROM ({Before}) AS s ANTI JOIN temp.gone AS g ON s.hi = g.hi AND s.lo = g.lo WHERE s.hi IS NOT NULL";

    private string Open => before is null ? "" : !isNarrowed ? Before
        : $"SELECT s.* FROM ({Before}) AS s SEMI JOIN temp.gone AS g ON s.hi = g.hi AND s.lo = g.lo UNION ALL SELECT s.* FROM ({Before}) AS s WHERE s.hi IS NULL";

    private void WriteChanges(string path)
    {
        var values = string.Join(", ", columns.All.Select(i => SnapshotColumns.Text($"f.c{i}")));
        if (before is null)
        {
            var none = rules.Before ? string.Concat(columns.All.Select(i => SnapshotColumns.Text($", CAST(NULL AS {DuckDbTypes.Name(columns[i].Type)}) AS b{i}"))) : "";
            db.Execute($"COPY (SELECT 'I' AS op, {values}{none} FROM {Single} AS f) TO {Sql.Literal(path)} ({Layout})", cancel);
            return;
        }

        var old = rules.Before ? string.Concat(columns.All.Select(i => SnapshotColumns.Text($", o.c{i} AS b{i}"))) : "";
        var gone = string.Join(", ", columns.All.Select(i =>
            columns.Keys.ToList().IndexOf(i) is >= 0 and var k ? SnapshotColumns.Text($"o.k{k} AS c{i}") : SnapshotColumns.Text($"CAST(NULL AS {DuckDbTypes.Name(columns[i].Type)}) AS c{i}")));
        var deletes = rules.Deletes == Deletes.Ignore ? ""
            : $"UNION ALL SELECT 'D' AS op, {gone}{old} FROM ({Open}) AS o ANTI JOIN (SELECT {columns.AsKeys} FROM {Fresh} UNION ALL FROM temp.held) AS f USING ({columns.KeyList})";
        db.Execute(
            $"""
            COPY (SELECT CASE WHEN o.row IS NULL THEN 'I' ELSE 'U' END AS op, {values}{old}
                FROM {Single} AS f LEFT JOIN ({Open}) AS o ON {On} WHERE f.row IS DISTINCT FROM o.row
            {deletes}) TO {Sql.Literal(path)} ({Layout})
            """, cancel);
    }

    private (long Inserted, long Updated, long Deleted) Count(string path)
    {
        using var reader = db.Query(
            $"SELECT count(*) FILTER (op = 'I'), count(*) FILTER (op = 'U'), count(*) FILTER (op = 'D') FROM read_parquet({Sql.Literal(path)})", cancel);
        reader.Read();
        return (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }

    private void Check(long updated, long deleted)
    {
        var held = bad.Sum(file => file.Rows);
        var total = matched + good + held;
        if (matched + good < export.Rules.MinRows)
            throw Error.ShortExport(export.Dataset.Name, export.Version!, matched + good, export.Rules.MinRows);
        if (held > 0 && (export.Rules.OnFail == OnFail.Stop || (double)held / total > export.Rules.Allow))
            throw Error.BadRows(export.Dataset.Name, held, total, export.Rules.OnFail == OnFail.Stop ? null : export.Rules.Allow, Sample());
        if (before is null || before.Rows == 0)
            return;
        var (flow, dataset) = (export.Dataset.Flow, export.Dataset.Name);
        if (rules.MaxDeleted is { } most ? deleted > most * before.Rows : deleted > 100 && deleted * 2 > before.Rows)
            throw Error.TooManyDeleted(flow, dataset, export.Version!, deleted, before.Rows, rules.MaxDeleted);
        if (rules.MaxChanged is { } share && updated + deleted > share * before.Rows)
            throw Error.TooManyChanged(flow, dataset, export.Version!, updated + deleted, before.Rows, share);
    }

    /// <summary>Writes what the next comparison needs of this export.</summary>
    private SnapshotMemory Remember(string path)
    {
        var images = rules.Before ? $", {columns.List()}" : "";
        var parts = new List<string> { $"SELECT {columns.AsKeys}, hi, lo, row{images} FROM {Single}" };
        if (before is not null)
        {
            // Rows in quarantine are not gone: what is known of their keys stays. With deletes: ignore nothing ever goes.
            var kept = rules.Deletes == Deletes.Ignore ? $"ANTI JOIN (SELECT {columns.AsKeys} FROM {Single}) AS f" : $"SEMI JOIN (SELECT {columns.KeyList} FROM temp.repeated UNION ALL FROM temp.held) AS f";
            parts.Add($"SELECT o.* FROM ({Open}) AS o {kept} USING ({columns.KeyList})");
            if (isNarrowed)
                parts.Insert(0, Matched);
        }

        var rows = db.Execute($"COPY ({string.Join(" UNION ALL ", parts.Select(part => $"({part})"))}) TO {Sql.Literal(path)} (FORMAT parquet, COMPRESSION {(rules.Before ? "snappy" : "uncompressed")})", cancel);
        return new SnapshotMemory
        {
            Path = path,
            Key = export.Files.Any(file => file.Digests is not null) ? key.Key.ToString() : null,
            Columns = [.. columns.All.Select(i => columns[i])],
            PrimaryKey = export.Rules.PrimaryKey,
            Compare = rules.Compare,
            Before = rules.Before,
            Rows = rows,
        };
    }

    private List<BadRow> Sample()
    {
        var sample = new List<BadRow>();
        foreach (var file in bad)
        {
            using var reader = db.Query($"SELECT line, \"column\", left(value, 200), reason FROM read_parquet({Sql.Literal(file.Path)}) ORDER BY line LIMIT {5 - sample.Count}", cancel);
            while (reader.Read())
                sample.Add(new BadRow(file.File.File.Key, reader.GetInt64(0), BadRows.Text(reader, 1), BadRows.Text(reader, 2), reader.GetString(3)));
            if (sample.Count == 5)
                break;
        }

        return sample;
    }

    private bool IsDeletedAt(Column column) =>
        rules.Deletes == Deletes.Soft && column.Name.Equals(RowChanges.DeletedAt, StringComparison.OrdinalIgnoreCase);
}

/// <summary>The key of an export's digests, and what memory a set of digests may take.</summary>
internal sealed record DigestKeyed(Staging.DigestKey Key, long SetBytes);
