namespace Headrace.DuckDb;

/// <summary>Changed rows in SQL.</summary>
internal static class ChangedRows
{
    /// <summary>What may follow FROM.</summary>
    public static string From(RowChanges rows) => rows.Relation ?? $"read_parquet({Sql.Literal(rows.Path)})";
}
