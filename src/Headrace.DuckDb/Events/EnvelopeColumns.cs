namespace Headrace.DuckDb;

/// <summary>The columns of the rows that changes of JSON hold in an envelope.</summary>
internal sealed class EnvelopeColumns(StagedFile file)
{
    private readonly Envelope envelope = file.Envelope!;

    /// <summary>
    /// The members of the objects that hold values, with the operation and what changes are ordered by.
    /// </summary>
    public List<StagedColumn> Find(DuckDbConnection db, CancellationToken cancel)
    {
        var found = new List<StagedColumn>();
        if (file.Segments.Count == 0)
            return found;
        found.Add(new StagedColumn(envelope.Operation) { Read = Text([envelope.Operation]) });
        found.AddRange(
            envelope.Order.Select(
                (path, part) =>
                    new StagedColumn(Envelope.OrderColumn(part))
                    {
                        Read = path[^1] == "*" ? Text([.. path.SkipLast(1)]) : Text(path),
                    }
            )
        );
        using var names = db.Query(
            $"""
            SELECT name FROM (SELECT unnest(json_keys(row)) AS name, line FROM (SELECT line, {Row} AS row
                FROM {Raw} WHERE json_type({Row}) = 'OBJECT'))
            GROUP BY name ORDER BY min(line), name
            """,
            cancel
        );
        while (names.Read())
        {
            var name = names.GetString(0);
            found.Add(new StagedColumn(name) { Read = $"({Row}) ->> {Sql.Literal(QuarantineReader.Pointer(name))}" });
        }

        return found;
    }

    /// <summary>The rows of files in such envelopes: <c>line</c>, and each column's text as <c>c0…</c>.</summary>
    public static string From(IReadOnlyList<StagedFile> files, IReadOnlyList<StagedColumn> columns)
    {
        var values = columns.Select(
            (column, i) =>
                column.IsAdded
                    ? $"{(column.Value is null ? "NULL" : Sql.Literal(column.Value))}::VARCHAR AS {CsvText.Name(i)}"
                    : $"{column.Read} AS {CsvText.Name(i)}"
        );
        return $"(SELECT line, {string.Join(", ", values)} FROM {RawOf(files)})";
    }

    private string Raw => RawOf([file]);

    // The object with the row's values.
    private string Row
    {
        get
        {
            var branches = envelope.Objects.Select(name =>
                $"WHEN json_type({Json([name])}) = 'OBJECT' THEN {Json([name])}"
            );
            return $"CASE {string.Join(" ", branches)} END";
        }
    }

    private static string RawOf(IReadOnlyList<StagedFile> files) =>
        SpoolCsv.Read(
            files.SelectMany(file => file.Segments),
            files.Max(file => file.LongestRecord),
            [
                ("line", "BIGINT"),
                .. files[0].Columns.Where(column => !column.IsAdded).Select((_, i) => (Name(i), "VARCHAR")),
            ]
        );

    private string Text(IReadOnlyList<string> path) =>
        Place(path[0]) is { } column && path.Count == 1 ? Name(column) : $"({Json(path)}) ->> '$'";

    private string Json(IReadOnlyList<string> path)
    {
        var (column, rest) =
            Place(path[0]) is { } found ? (found, path.Skip(1).ToList())
            : envelope.Wrapper is { } wrapper && Place(wrapper) is { } around ? (around, path.ToList())
            : (-1, []);
        return column < 0 ? "NULL::JSON"
            : rest.Count == 0 ? $"{Name(column)}::JSON"
            : $"({Name(column)}::JSON -> {Sql.Literal(string.Concat(rest.Select(QuarantineReader.Pointer)))})";
    }

    private int? Place(string name)
    {
        for (var i = 0; i < file.Columns.Count; i++)
            if (file.Columns[i] is { IsAdded: false } column && column.Name == name)
                return i;
        return null;
    }

    private static string Name(int column) => SnapshotColumns.Text($"e{column}");
}
