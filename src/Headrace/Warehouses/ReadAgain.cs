namespace Headrace.Warehouses;

/// <summary>
/// What a load does, in its transaction, with what came before of the files that it reads again. The statements are the
/// same everywhere.
/// </summary>
/// <param name="literal">A text as the warehouse writes it.</param>
internal sealed class ReadAgain(ChangeSet changes, Func<string, string> literal)
{
    /// <summary>True when there is something to do.</summary>
    public bool IsNeeded => changes.Again.Count > 0;

    /// <summary>
    /// How many rows of the files are in the table that nothing tells from others; asked only of appended ones.
    /// </summary>
    public string Rows(string files, string quarantine) =>
        $"""
            SELECT CAST(coalesce((SELECT sum(rows) FROM {files} WHERE {Those("key")} AND outcome = 'loaded'), 0)
                + (SELECT count(*) FROM {quarantine} WHERE {Those("file")} AND status = 'released') AS bigint)
            """;

    /// <summary>The versions before are no part of what the table is made of.</summary>
    public string Supersede(string files) =>
        $"UPDATE {files} SET outcome = 'superseded', note = '{SeenFiles.ReadAgain}' "
        + $"WHERE {Those("key")} AND outcome = 'loaded'";

    /// <summary>Their bad rows wait no more.</summary>
    /// <param name="now">The time in the warehouse's SQL.</param>
    public string Resolve(string quarantine, string now) =>
        $"UPDATE {quarantine} SET status = 'superseded', resolved_at = {now}, resolution = 'the file was read again' "
        + $"WHERE {Those("file")} AND status = 'waiting'";

    /// <summary>Stops when rows would be doubled.</summary>
    public void Check(long rows)
    {
        if (changes.Operation == Operation.Append && rows > 0)
            throw Error.RowsNotKnown(changes.Again[0], changes.Target, rows, changes.Dataset.Flow);
    }

    private string Those(string column) =>
        $"dataset = {literal(changes.Dataset.Name)} "
        + $"AND {column} IN ({string.Join(", ", changes.Again.Select(literal))})";
}
