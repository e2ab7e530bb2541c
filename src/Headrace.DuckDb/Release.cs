namespace Headrace.DuckDb;

/// <summary>How quarantined rows are read again: values that mend columns, the flow's columns and key, its CSV dialect.</summary>
public sealed record Mending(IReadOnlyDictionary<string, string?> Set, LoadRules Rules, CsvDialect Dialect);

/// <summary>Puts quarantined rows of one table into it, with their new status, in one transaction.</summary>
internal sealed class Release(
    DuckDbConnection db, TableName name, IReadOnlyList<Column> columns, Mending mending, TimeProvider clock, CancellationToken cancel)
{
    private static readonly string Table = HeadraceTables.Table("quarantine");
    private readonly string target = HeadraceTables.Target(name);
    private readonly IReadOnlyList<string> keys = mending.Rules.PrimaryKey;

    /// <summary>Loads those of the rows that fit now; says how many.</summary>
    public long Take(IReadOnlyList<long> ids)
    {
        db.Execute("BEGIN", cancel);
        try
        {
            var values = string.Join(", ", columns.Select((column, i) => $"{DuckDbTypes.Cast($"c{i}", column.Type, Dialect(column))} AS {Sql.Identifier(column.Name)}"));
            db.Execute(
                $"""
                CREATE OR REPLACE TEMP TABLE released AS
                SELECT id AS headrace_id, {values}
                FROM (SELECT id, {Extracted} FROM {Table} WHERE id IN ({string.Join(", ", ids)}) AND status = 'waiting' AND "row" IS NOT NULL)
                WHERE {string.Join(" AND ", columns.Select((_, i) => Fits(i)))}
                """, cancel);
            var latest = "";
            if (keys.Count > 0)
            {
                // Somebody decided that these rows count: they take the place of what the table has for their keys.
                var list = string.Join(", ", keys.Select(Sql.Identifier));
                db.Execute($"DELETE FROM {target} WHERE ({list}) IN (SELECT ({list}) FROM temp.released)", cancel);
                latest = $" QUALIFY row_number() OVER (PARTITION BY {list} ORDER BY headrace_id DESC) = 1";
            }

            var all = string.Join(", ", columns.Select(column => Sql.Identifier(column.Name)));
            db.Execute($"INSERT INTO {target} ({all}) SELECT {all} FROM temp.released{latest} ORDER BY headrace_id", cancel);
            Failpoint.Hit("rows_applied");
            var taken = db.Execute(
                $"UPDATE {Table} SET status = 'released', resolved_at = $1 WHERE status = 'waiting' AND id IN (SELECT headrace_id FROM temp.released)",
                cancel, clock.GetUtcNow());
            Failpoint.Hit("before_commit");
            db.Execute("COMMIT", CancellationToken.None);
            Failpoint.Hit("after_commit");
            return taken;
        }
        catch (DuckDbException)
        {
            db.Execute("ROLLBACK", CancellationToken.None);
            throw;
        }
    }

    // The text of a column: the given one, or the row's own under the file's name for the column.
    private string Extracted => string.Join(", ", columns.Select((column, i) =>
    {
        if (mending.Set.TryGetValue(column.Name, out var mended))
            return $"{(mended is null ? "NULL::VARCHAR" : Sql.Literal(mended))} AS c{i}";
        var from = mending.Rules.Columns.FirstOrDefault(declared => declared.Name.Equals(column.Name, StringComparison.OrdinalIgnoreCase))?.From ?? column.Name;
        return $"\"row\"::JSON ->> {Sql.Literal(Pointer(from))} AS c{i}";
    }));

    // A JSON pointer names any key; DuckDB's JSON paths have no way to write some.
    private static string Pointer(string key) =>
        $"/{key.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)}";

    // A value that somebody typed is written the plain way, whatever the files' dialect is.
    private CsvDialect? Dialect(Column column) => mending.Set.ContainsKey(column.Name) ? null : mending.Dialect;

    private string Fits(int i)
    {
        var mayBeNull = columns[i].Nullable && !keys.Contains(columns[i].Name, StringComparer.OrdinalIgnoreCase);
        return $"(c{i} IS {(mayBeNull ? "NULL OR" : "NOT NULL AND")} {DuckDbTypes.Fits($"c{i}", columns[i].Type, Dialect(columns[i]))})";
    }
}
