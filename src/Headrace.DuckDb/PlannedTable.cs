namespace Headrace.DuckDb;

/// <summary>
/// What a plan merges into in the target's stead: a table in memory with the rows that the staged ones touch. It stays
/// for the next batch of the plan, which then sees what this one would have done.
/// </summary>
internal sealed class PlannedTable(DuckDbConnection db, ChangeSet changes, TableShape shape, CancellationToken cancel)
{
    /// <summary>Its name, qualified.</summary>
    public string Name { get; } = $"memory.main.{Sql.Identifier($"plan {changes.Dataset.Name}")}";

    /// <summary>Makes it, or brings it up to the columns and rows of one more batch; <c>temp.staged</c> is filled already.</summary>
    /// <param name="target">The target in SQL, or those rows of it that have the staged keys; null when there is none.</param>
    public void Prepare(string? target)
    {
        var columns = shape.Columns.Select(column => $"{Sql.Identifier(column.Name)} {DuckDbTypes.Name(column.Type!.Value)}").ToList();
        db.Execute($"CREATE TABLE IF NOT EXISTS {Name} ({string.Join(", ", columns)})", cancel);
        foreach (var column in columns)
            db.Execute($"ALTER TABLE {Name} ADD COLUMN IF NOT EXISTS {column}", cancel);
        if (target is null)
            return;
        var keys = string.Join(", ", changes.Rules.PrimaryKey.Select(Sql.Identifier));
        db.Execute($"INSERT INTO {Name} BY NAME FROM {target} SEMI JOIN temp.staged USING ({keys}) ANTI JOIN {Name} USING ({keys})", cancel);
    }
}
