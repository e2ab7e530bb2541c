namespace Headrace.DuckDb;

/// <summary><c>headrace.published</c>: loads whose operations are to be published, written in their own transaction.</summary>
internal sealed class Publications(DuckDbConnection db, CancellationToken cancel)
{
    private static readonly string Table = HeadraceTables.Table("published");

    public void Add(Publication publication, DateTimeOffset now) => db.Execute(
        $"INSERT INTO {Table} (load_id, of_flow, dataset, version, generation, operations, committed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)", cancel,
        publication.LoadId, publication.Dataset.Flow, publication.Dataset.Name, publication.Version, publication.Generation, publication.Operations, now);

    /// <summary>The flow's datasets that have some.</summary>
    public IReadOnlyList<string> Pending(string flow)
    {
        var datasets = new List<string>();
        using var reader = db.Query($"SELECT DISTINCT dataset FROM {Table} WHERE of_flow = $1 AND published_at IS NULL ORDER BY dataset", cancel, flow);
        while (reader.Read())
            datasets.Add(reader.GetString(0));
        return datasets;
    }

    public IReadOnlyList<Publication> Pending(Dataset dataset)
    {
        var pending = new List<Publication>();
        using var reader = db.Query($"SELECT load_id, version, generation, operations FROM {Table} WHERE dataset = $1 AND published_at IS NULL ORDER BY generation", cancel, dataset.Name);
        while (reader.Read())
            pending.Add(new Publication(reader.GetString(0), dataset, reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3)));
        return pending;
    }

    public void Done(Publication publication, DateTimeOffset now) =>
        db.Execute($"UPDATE {Table} SET published_at = $1 WHERE load_id = $2", cancel, now, publication.LoadId);
}
