namespace Headrace.DuckDb;

/// <summary>The memory of the export, for the next comparison.</summary>
internal sealed partial class SnapshotDiff
{
    private const long LargeMemory = 100_000;
    private const int MostParts = 10;

    private bool withRepeated;

    /// <summary>Writes what the next comparison needs of this export.</summary>
    private SnapshotMemory Remember(string memories)
    {
        var isDigested = export.Files.All(file => file.Digests is not null);
        var memory = new SnapshotMemory
        {
            Folders = [memories],
            Parts = [new SnapshotPart($"{export.Id}.parquet")],
            Key = isDigested ? key.Key.ToString() : null,
            Columns = [.. Columns.All.Select(i => Columns[i])],
            PrimaryKey = export.Rules.PrimaryKey,
            Compare = rules.Compare,
            Before = rules.Before,
            Rows = 0,
            IsJsonMeant = true,
        };
        if (rows.Before is null)
            return memory with { Rows = Write(memory.Parts[0].Rows, New), IsDigested = isDigested };

        // Rows in quarantine are not gone: what is known of their keys stays. With deletes: ignore nothing ever goes.
        var (keep, lose) = rules.Deletes == Deletes.Ignore ? ("ANTI", "SEMI") : ("SEMI", "ANTI");
        var keys =
            rules.Deletes == Deletes.Ignore
                ? $"SELECT {Columns.AsKeys} FROM {rows.Single}"
                : $"SELECT {Columns.KeyList} FROM temp.repeated UNION ALL FROM temp.held UNION ALL FROM temp.spared";
        string Old(string join) => $"({rows.Before.Open}) AS o {join} JOIN ({keys}) AS f USING ({Columns.KeyList})";
        if (isDigested && MayAdd(memory))
        {
            var part = new SnapshotPart(memory.Parts[0].Rows, $"{export.Id}.gone.parquet");
            var came = Write(part.Rows, New);
            var went = Write(part.Gone!, $"SELECT o.hi, o.lo FROM {Old(lose)}");
            return memory with
            {
                Folders = [memories, .. before!.Folders],
                Parts = [.. before.Parts, part],
                Rows = before.Rows + came - went,
                IsDigested = true,
            };
        }

        var matched = rows.IsNarrowed ? (string[])[rows.Before.Matched] : [];
        var count = Write(
            memory.Parts[0].Rows,
            string.Join(
                " UNION ALL ",
                matched.Append($"SELECT o.* FROM {Old(keep)}").Append(New).Select(part => $"({part})")
            )
        );
        return memory with
        {
            Rows = count,
            IsDigested =
                isDigested && db.Scalar<long>($"SELECT count(*) FROM ({memory.Sql}) WHERE hi IS NULL", cancel) == 0,
        };

        long Write(string file, string sql) =>
            db.Execute(
                $"""
                COPY ({sql}) TO {Sql.Literal(Path.Combine(memories, file))} (FORMAT parquet,
                COMPRESSION {(rules.Before ? "snappy" : "uncompressed")})
                """,
                cancel
            );
    }

    // Few changes of a large memory go into a part of their own, until there are many parts.
    private bool MayAdd(SnapshotMemory memory) =>
        rows.IsNarrowed
        && before is { IsDigested: true, Rows: >= LargeMemory }
        && before.Parts.Count < MostParts
        && before.Before == memory.Before
        && before.Columns.SequenceEqual(memory.Columns)
        && (rows.Good + before.Rows - rows.Matched) * 10 < before.Rows;

    /// <summary>The rows of this export that are not in the memory of the one before as they are.</summary>
    private string New
    {
        get
        {
            if (rows.Before is null || !rules.Before || (rules.Compare.Count == 0 && !Columns.HasJson))
                return $"SELECT {Columns.AsKeys}, hi, lo, row{(rules.Before ? $", {Columns.List()}" : "")} "
                    + $"FROM {(withRepeated ? rows.Once : rows.Single)}";

            // A row that counts as unchanged was not published: what is known of it stays what was.
            var images = Columns.All.Select(i =>
                SnapshotColumns.Text($"CASE WHEN f.row = o.row THEN o.c{i} ELSE f.c{i} END AS c{i}")
            );
            var keys = Columns.Keys.Select((column, i) => SnapshotColumns.Text($"f.c{column} AS k{i}"));
            return $"SELECT {string.Join(", ", keys)}, f.hi, f.lo, f.row, {string.Join(", ", images)} "
                + $"FROM {rows.Single} AS f LEFT JOIN ({rows.Before.Open}) AS o ON {rows.On}";
        }
    }
}
