namespace Headrace.DuckDb;

/// <summary>Reads positions from a DuckDB warehouse.</summary>
internal sealed class Positions(DuckDbConnection db, CancellationToken cancel)
{
    public Position Read(Dataset dataset, TableName target)
    {
        if (!Exists("headrace", "positions"))
            return With(new Position(), target);

        var seen = new SeenFiles();
        var (replacedAt, newestRowsAt) = ((DateTimeOffset?)null, (DateTimeOffset?)null);
        using (var files = db.Query(
            $"SELECT key, stamp, coalesce(sha256, ''), outcome, action, note, version, load_id, epoch_us(landed_at), rows FROM {HeadraceTables.Table("files")} WHERE dataset = $1 ORDER BY sequence",
            cancel, dataset.Name))
        {
            while (files.Read())
            {
                var fate = Enum.Parse<FileFate>(files.GetString(3), ignoreCase: true);
                seen.Add(new KnownFile(files.GetString(0), files.GetString(1), files.GetString(2), fate, BadRows.Text(files, 5), BadRows.Text(files, 6))
                {
                    LoadId = BadRows.Text(files, 7),
                    Rows = files.GetInt64(9),
                }, files.GetString(4));
                if (fate != FileFate.Loaded)
                    continue;
                var landedAt = Time(files.GetInt64(8));
                if (files.GetString(4) != "schema")
                    newestRowsAt = Later(newestRowsAt, landedAt);
                if (files.GetString(4) == "truncate")
                    replacedAt = Later(replacedAt, landedAt);
            }
        }

        var (generation, loadId, cursor) = Moved(dataset);
        var position = With(seen.Into(new Position
        {
            Generation = generation,
            LoadId = loadId,
            Cursor = cursor,
            Schema = Schema(dataset),
            ReplacedAt = replacedAt,
            NewestRowsAt = newestRowsAt,
            Owners = Owners(target),
        }), target);
        return generation == 0 ? position with { LoadsWithoutPosition = Loads(dataset, "") }
            : position.Table is null && !target.IsNone ? position with { LoadsWithoutTable = Loads(dataset, " AND inserted > 0") }
            : position;
    }

    private int Loads(Dataset dataset, string which) =>
        (int)db.Scalar<long>($"SELECT count(*) FROM {HeadraceTables.Table("loads")} WHERE dataset = $1{which}", cancel, dataset.Name);

    // Into a table that is yet to be made binary rows are appended; into others the engine merges typed ones.
    public Position With(Position position, TableName target)
    {
        if (target.IsNone || !Exists(target.Schema, target.Table))
            return position with { Table = null, Computed = [], TakesBinary = true };
        var computed = Computed(target);
        return position with { Table = Columns(target, computed), Computed = computed };
    }

    // DESCRIBE knows the default of a column that has one; the catalogue has an expression for those that are computed, too.
    private IReadOnlyList<string> Computed(TableName target)
    {
        var names = new List<string>();
        using var reader = db.Query(
            $"""
            SELECT c.column_name FROM duckdb_columns() AS c JOIN (DESCRIBE {HeadraceTables.Target(target)}) AS d ON d.column_name = c.column_name AND d."default" IS NULL
            WHERE c.database_name = $1 AND lower(c.schema_name) = lower($2) AND lower(c.table_name) = lower($3) AND c.column_default IS NOT NULL
            """, cancel, HeadraceTables.Catalog, target.Schema, target.Table);
        while (reader.Read())
            names.Add(reader.GetString(0));
        return names;
    }

    /// <summary>The datasets that load into a table.</summary>
    public IReadOnlyList<Owner> Owners(TableName target)
    {
        var owners = new List<Owner>();
        using var reader = db.Query(new State.OwnerStatements(HeadraceTables.Own, target).Read, cancel);
        while (reader.Read())
            owners.Add(new Owner(reader.GetString(0), reader.GetString(1), new Claim(reader.GetString(2), reader.GetBoolean(3))));
        return owners;
    }

    /// <summary>Which of these loads are committed.</summary>
    public IReadOnlySet<string> Committed(IReadOnlyList<string> loads)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        if (!Exists("headrace", "loads"))
            return found;
        using var rows = db.Query($"SELECT load_id FROM {HeadraceTables.Table("loads")} WHERE load_id IN ({string.Join(", ", loads.Select(Sql.Literal))})", cancel);
        while (rows.Read())
            found.Add(rows.GetText(0)!);
        return found;
    }

    /// <summary>The load that last moved the dataset's position.</summary>
    public string? LoadId(Dataset dataset) => Moved(dataset).LoadId;

    // All columns, since a plan may look at a warehouse that an older Headrace made, which has no cursor.
    private (long Generation, string? LoadId, string? Cursor) Moved(Dataset dataset)
    {
        using var reader = db.Query($"SELECT * FROM {HeadraceTables.Table("positions")} WHERE dataset = $1", cancel, dataset.Name);
        if (!reader.Read())
            return (0, null, null);
        var places = Enumerable.Range(0, reader.ColumnCount).ToDictionary(reader.Name);
        return (reader.GetInt64(places["generation"]), reader.GetString(places["load_id"]), places.TryGetValue("cursor", out var cursor) ? BadRows.Text(reader, cursor) : null);
    }

    /// <summary>The columns of a table of the warehouse, without those that it computes; null when there is none.</summary>
    public IReadOnlyList<Column>? Columns(TableName target) => Exists(target.Schema, target.Table) ? Columns(target, Computed(target)) : null;

    private IReadOnlyList<Column> Columns(TableName target, IReadOnlyList<string> computed)
    {
        var columns = new List<Column>();
        using var reader = db.Query(
            $"SELECT column_name, column_type, \"null\" = 'YES', coalesce(\"default\", 'NULL') NOT IN ('NULL', '') FROM (DESCRIBE {HeadraceTables.Target(target)})", cancel);
        while (reader.Read())
        {
            if (computed.Contains(reader.GetString(0)))
                continue;
            var type = DuckDbTypes.Parse(reader.GetString(1)) ?? throw Error.UnknownTargetType(target, reader.GetString(0), reader.GetString(1));
            columns.Add(new Column(reader.GetString(0), type, reader.GetBoolean(2), reader.GetBoolean(3)));
        }

        return columns;
    }

    /// <summary>True when the warehouse has the table.</summary>
    /// <exception cref="HeadraceException">HDR-324 when the name is that of a view.</exception>
    public bool Exists(string schema, string table)
    {
        if (Count("table") > 0)
            return true;
        return Count("view") == 0 ? false : throw Error.TargetIsNoTable(new TableName(schema, table), "a view");

        long Count(string kind) => db.Scalar<long>(
            $"SELECT count(*) FROM duckdb_{kind}s() WHERE database_name = $1 AND lower(schema_name) = lower($2) AND lower({kind}_name) = lower($3)",
            cancel, HeadraceTables.Catalog, schema, table);
    }

    private (SchemaDocument, DateTimeOffset, string)? Schema(Dataset dataset)
    {
        using var reader = db.Query(
            $"SELECT document, epoch_us(landed_at), key FROM {HeadraceTables.Table("schema_documents")} WHERE dataset = $1 ORDER BY sequence DESC LIMIT 1",
            cancel, dataset.Name);
        return reader.Read()
            ? (SchemaDocument.Parse(System.Text.Encoding.UTF8.GetBytes(reader.GetString(0)), reader.GetString(2)), Time(reader.GetInt64(1)), reader.GetString(2))
            : null;
    }

    private static DateTimeOffset Later(DateTimeOffset? one, DateTimeOffset other) => one > other ? one.Value : other;

    private static DateTimeOffset Time(long microseconds) => DateTimeOffset.UnixEpoch.AddMicroseconds(microseconds);
}
