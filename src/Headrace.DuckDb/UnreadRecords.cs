using System.Text.Json;
using Headrace.Staging;

namespace Headrace.DuckDb;

/// <summary>
/// The records of an export that are no rows: which keys they have. Of JSON a key is read from what is there of the
/// object; of CSV any field may be the key, and the last one of a short record may be the beginning of it.
/// </summary>
internal sealed class UnreadRecords(
    DuckDbConnection db,
    ChangeSet export,
    SnapshotColumns columns,
    CancellationToken cancel
)
{
    /// <summary>The tables of an export's CSV records, which are empty then.</summary>
    public static void Clear(DuckDbConnection db, CancellationToken cancel) =>
        db.Execute(
            """
            CREATE OR REPLACE TEMP TABLE unread (fields VARCHAR[]);
            CREATE OR REPLACE TEMP TABLE cut_short (place BIGINT, fields VARCHAR[])
            """,
            cancel
        );

    /// <summary>Those of some rows (<c>k0…</c>) that may be such a record.</summary>
    /// <param name="rows">A query.</param>
    /// <param name="from">What the names of the tables begin with.</param>
    public static string Among(string rows, SnapshotColumns columns, string from = "temp.")
    {
        var texts = columns.Keys.Select((_, i) => SnapshotColumns.Text($"CAST(o.k{i} AS VARCHAR)")).ToList();
        var same = texts.Select((text, i) => i == 0 ? $"{text} = r.field" : $"list_contains(r.fields, {text})");
        var starts = texts.Select(
            (text, i) =>
                SnapshotColumns.Text(
                    $"""
                    CASE WHEN r.place = {i} THEN starts_with({text}, r.fields[-1])
                    ELSE list_contains(r.fields, {text}) END
                    """
                )
        );
        return $"""
            SELECT o.* FROM ({rows}) AS o SEMI JOIN (SELECT unnest(fields) AS field, fields
                FROM {from}unread) AS r ON {string.Join(" AND ", same)}
            UNION SELECT o.* FROM ({rows}) AS o SEMI JOIN {from}cut_short AS r ON {string.Join(" AND ", starts)}
            """;
    }

    /// <summary>Puts the keys that can be read into <c>temp.held</c>; says how many cannot be.</summary>
    /// <param name="bad">The Parquet file of what was set aside of it.</param>
    public long Hold(ShapedFile file, string bad)
    {
        // With masks nothing is kept of a record; a key that is made of others cannot be read from one.
        if (
            file.File.Masks.Count > 0
            || export.Rules.Columns.Any(column =>
                column.Expression is not null
                && export.Rules.PrimaryKey.Contains(column.Name, StringComparer.OrdinalIgnoreCase)
            )
        )
            return db.Scalar<long>(
                $"SELECT count(*) FROM read_parquet({Sql.Literal(bad)}) WHERE \"row\" IS NULL",
                cancel
            );
        var records = $"(SELECT value, reason FROM read_parquet({Sql.Literal(bad)}) WHERE \"row\" IS NULL)";
        return file.File.IsJson ? HoldJson(file, records) : HoldFields(file, records);
    }

    private long HoldFields(ShapedFile file, string records)
    {
        var delimiter = Sql.Literal((export.Format.Csv ?? new CsvDialect()).Delimiter.ToString());
        var all =
            $"(SELECT list_transform(string_split(value, {delimiter}), x -> trim(x, ' \"')) AS fields FROM {records})";
        db.Execute($"INSERT INTO temp.unread SELECT fields FROM {all}", cancel);
        var places = columns.Keys.Select(key => file.Indexes[key] + 1).ToList();
        if (places.Max() < file.Columns.Count)
            db.Execute(
                SnapshotColumns.Text(
                    $"""
                    INSERT INTO temp.cut_short SELECT {places.IndexOf(places.Max())}, fields
                    FROM {all} WHERE len(fields) = {places.Max()}
                    """
                ),
                cancel
            );

        // A field that is not there, or bytes that are no text, say nothing of the key.
        var broken = string.Join(
            " OR ",
            places.Select(place =>
                SnapshotColumns.Text($"regexp_matches(fields[{place}], {Sql.Literal(@"\\x[0-9A-F]{2}")})")
            )
        );
        return db.Scalar<long>(
            SnapshotColumns.Text($"SELECT count(*) FROM {all} WHERE len(fields) < {places.Max()} OR {broken}"),
            cancel
        );
    }

    private long HoldJson(ShapedFile file, string records)
    {
        var names = columns
            .Keys.Select(key =>
                file.Indexes[key] >= 0 ? file.Columns[file.Indexes[key]].Name : Source(columns[key].Name)
            )
            .ToList();
        var added = columns
            .Keys.Select(key => file.Indexes[key] >= 0 ? file.Columns[file.Indexes[key]].Value : null)
            .ToList(); // what the path says is in no object
        var found = new List<string?[]>();
        var unreadable = 0L;
        using (var reader = db.Query($"SELECT value FROM {records}", cancel))
            while (reader.Read())
            {
                if (JsonFragment.Read(reader.GetString(0), names, StringComparer.OrdinalIgnoreCase) is not { } values)
                    unreadable++;
                else if (
                    values.Select((value, i) => added[i] ?? value).ToArray() is var whole
                    && whole.All(value => value is not null)
                )
                    found.Add(whole);
            }

        if (found.Count == 0)
            return unreadable;
        var texts = columns.Keys.Select((_, i) => SnapshotColumns.Text($"t[{i + 1}]")).ToList();
        var fits = string.Join(
            " AND ",
            columns.Keys.Select(
                (key, i) =>
                    columns[key].Type.Kind == TypeKind.Text
                        ? "true"
                        : DuckDbTypes.Fits(texts[i], columns[key].Type, null)
            )
        );
        var typed = string.Join(
            ", ",
            columns.Keys.Select(
                (key, i) => $"CASE WHEN {fits} THEN {DuckDbTypes.Cast(texts[i], columns[key].Type, null)} END AS k{i}"
            )
        );
        var held = db.Execute(
            $"""
            INSERT INTO temp.held SELECT * FROM (SELECT {typed}
            FROM (SELECT unnest(from_json($1, '[["VARCHAR"]]')) AS t)) WHERE k0 IS NOT NULL
            """,
            cancel,
            JsonSerializer.Serialize([.. found], KeysJson.Default.StringArrayArray)
        );
        return unreadable + found.Count - held;
    }

    private string Source(string name) =>
        export
            .Rules.Columns.FirstOrDefault(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?.From
        ?? name;
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string?[][]))]
internal sealed partial class KeysJson : System.Text.Json.Serialization.JsonSerializerContext;
