namespace Headrace.DuckDb;

/// <summary>
/// What a plan merges into in the target's stead: a table in memory with the rows that the staged ones touch. It stays
/// for the next batch of the plan, which then sees what this one would have done.
/// </summary>
internal sealed class PlannedTable(DuckDbConnection db, ChangeSet changes, TableShape shape, CancellationToken cancel)
{
    /// <summary>Its name, qualified.</summary>
    public string Name { get; } = $"memory.main.{Sql.Identifier($"plan {changes.Dataset.Name}")}";

    /// <summary>
    /// Makes it, or brings it up to the columns and rows of one more batch; <c>temp.staged</c> is filled already.
    /// </summary>
    /// <param name="target">The target in SQL, or those rows of it that have the staged keys; null when there is
    /// none.</param>
    public void Prepare(string? target)
    {
        var columns = shape
            .Columns.Select(column => $"{Sql.Identifier(column.Name)} {DuckDbTypes.Name(column.Type!.Value)}")
            .ToList();
        db.Execute($"CREATE TABLE IF NOT EXISTS {Name} ({string.Join(", ", columns)})", cancel);
        foreach (var column in columns)
            db.Execute($"ALTER TABLE {Name} ADD COLUMN IF NOT EXISTS {column}", cancel);
        if (target is null)
            return;
        string On(Func<string, string> other) =>
            string.Join(" AND ", changes.Rules.PrimaryKey.Select(key => $"t.{Sql.Identifier(key)} = {other(key)}"));
        var keys = string.Join(", ", changes.Rules.PrimaryKey.Select(key => StagedTable.Column(shape, key)));
        foreach (var part in Parts.Ranges(db, StagedTable.Name, "s.rowid", cancel))
            db.Execute(
                $"""
                INSERT INTO {Name} BY NAME SELECT t.* FROM {target} AS t SEMI JOIN (SELECT {keys} FROM temp.staged AS s
                    WHERE {part}) AS s ON {On(key => $"s.{StagedTable.Column(shape, key)}")}
                ANTI JOIN {Name} AS p ON {On(key => $"p.{Sql.Identifier(key)}")}
                """,
                cancel
            );
    }
}
