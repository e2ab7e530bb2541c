namespace Headrace.StandIn;

/// <summary>
/// Isolation level SERIALIZABLE as Redshift has it, by table: two transactions that overlap in time, each of which read
/// what the other one wrote, are not both had. The second to end is refused.
/// </summary>
public sealed class Isolation
{
    private readonly SemaphoreSlim gate = new(1);
    private readonly List<(long End, Touched Touched)> ended = [];
    private long clock;

    /// <summary>Has <paramref name="touched"/> met a transaction that it cannot stand beside?</summary>
    public void Check(Touched touched)
    {
        lock (ended)
            foreach (var (end, other) in ended)
                if (end > touched.Start && other.Writes.Overlaps(touched.Reads) && touched.Writes.Overlaps(other.Reads))
                    throw Errors.Conflict(other.Writes.Intersect(touched.Reads).First());
    }

    /// <summary>Commits by <paramref name="commit"/>, one transaction at a time, unless there is a conflict.</summary>
    public async Task CommitAsync(Touched touched, Func<Task> commit)
    {
        await gate.WaitAsync();
        try
        {
            Check(touched);
            await commit();
            Note(touched);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>It has committed.</summary>
    public void Note(Touched touched)
    {
        lock (ended)
            ended.Add((++clock, touched));
    }

    /// <summary>A transaction that begins now.</summary>
    public Touched Begin()
    {
        lock (ended)
            return new Touched(clock);
    }
}

/// <summary>The tables that a transaction has read and written since it began.</summary>
public sealed record Touched(long Start)
{
    public HashSet<string> Reads { get; } = [];

    public HashSet<string> Writes { get; } = [];

    public bool Any => Reads.Count + Writes.Count > 0;

    public void Add(Statement statement)
    {
        Reads.UnionWith(statement.Reads.Where(IsUsers).Select(Key));
        if (statement.Writes is { } written && IsUsers(written))
        {
            Writes.Add(Key(written));
            // These look for rows to change; INSERT and COPY do not.
            if (statement.Verb is "UPDATE" or "DELETE" or "MERGE")
                Reads.Add(Key(written));
        }
    }

    private static string Key(Relation relation) =>
        relation.Schema is null or "public" ? relation.Name : relation.ToString();

    private static bool IsUsers(Relation relation) =>
        relation.Schema is not ("pg_catalog" or "information_schema")
        && !(relation.Name.Split('_')[0] is "pg" or "svv" or "svl" or "stl" or "stv" or "sys");
}
