namespace Headrace.State;

/// <summary>The statements over <c>headrace.owners</c>, which mean the same in every database.</summary>
public sealed class OwnerStatements(StateDialect dialect, TableName table)
{
    private readonly TableName folded = Ownership.Folded(table);

    private string Here =>
        $"schema_name = {dialect.Literal(folded.Schema)} AND table_name = {dialect.Literal(folded.Table)}";

    /// <summary>Dataset, flow, way, whether it is alone; of each owner of the table.</summary>
    public string Read =>
        $"SELECT dataset, flow, way, is_alone FROM {dialect.Name("owners")} WHERE {Here} ORDER BY dataset";

    /// <summary>Records an owner, and forgets what was recorded of it before.</summary>
    public IReadOnlyList<string> Write(Owner owner) =>
        [
            Remove(owner.Dataset),
            $"""
                INSERT INTO {dialect.Name("owners")} (schema_name, table_name, dataset, flow, way, is_alone, since)
                VALUES ({dialect.Literal(folded.Schema)}, {dialect.Literal(folded.Table)}, {dialect.Literal(
                    owner.Dataset
                )}, {dialect.Literal(owner.Flow)},
                    {dialect.Literal(owner.Claim.Way)}, {(owner.Claim.IsAlone ? "true" : "false")}, {dialect.Now})
                """,
        ];

    /// <summary>Takes a table from its other owners.</summary>
    public IEnumerable<string> Take(Owner owner, IReadOnlyList<Owner> others) =>
        [.. others.Select(other => Remove(other.Dataset)), .. Write(owner)];

    private string Remove(string dataset) =>
        $"DELETE FROM {dialect.Name("owners")} WHERE {Here} AND dataset = {dialect.Literal(dataset)}";
}
