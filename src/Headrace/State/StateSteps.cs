namespace Headrace.State;

/// <summary>All steps that made a state, the oldest first, and the question which of them it has.</summary>
/// <param name="table">The table that has the versions.</param>
/// <param name="newer">Makes the error for a state that a newer Headrace wrote: where it is, its version, the one that
/// is known here.</param>
public sealed class StateSteps(
    IReadOnlyList<StateStep> steps,
    string table,
    Func<string, StateVersion, int, HeadraceException> newer
)
{
    /// <summary>The version that this Headrace reads and writes.</summary>
    public int Version => steps[^1].Version;

    /// <summary>
    /// What brings a state of version <paramref name="from"/> (0: nothing is there) to this one's and writes that down;
    /// empty when it is there already.
    /// </summary>
    public IReadOnlyList<string> Migration(StateDialect dialect, int from) =>
        from >= Version
            ? []
            :
            [
                .. steps
                    .Where(step => step.Version > from)
                    .SelectMany(step => step.Changes)
                    .SelectMany(dialect.Statements),
                $"INSERT INTO {dialect.Name(table)} (version, written_by, written_at) VALUES ({Version}, "
                    + $"'{StateVersion.Program}', {dialect.Now})",
            ];

    /// <summary>Asks which version wrote the state: its number and the program.</summary>
    public string Question(StateDialect dialect) =>
        $"SELECT CAST(version AS bigint), written_by FROM {dialect.Name(table)} ORDER BY version DESC LIMIT 1";

    /// <summary>True when the state is of this version; false when it lacks steps.</summary>
    /// <exception cref="HeadraceException">A newer Headrace wrote it.</exception>
    public bool IsCurrent(StateVersion found, string where) =>
        found.Number > Version ? throw newer(where, found, Version) : found.Number == Version;

    /// <summary>The columns that a table has in a database, after all steps.</summary>
    public IReadOnlyList<StateColumn> Columns(string table, StateDialect dialect)
    {
        var tables = new Dictionary<string, List<StateColumn>>(StringComparer.Ordinal);
        foreach (var change in steps.SelectMany(step => step.Changes))
            switch (change)
            {
                case CreateTable create:
                    tables[create.Table] = [.. StateColumn.Parse(create.Columns)];
                    break;
                case AddColumn add:
                    tables[add.Table].AddRange(StateColumn.Parse(add.Column));
                    break;
                case RenameTable rename:
                    tables.Remove(rename.Table, out var columns);
                    tables[rename.To] = columns!;
                    break;
                case RenameColumn rename:
                    tables[rename.Table] =
                    [
                        .. tables[rename.Table]
                            .Select(column => column.Name == rename.Column ? column with { Name = rename.To } : column),
                    ];
                    break;
            }

        return [.. tables[table].Where(dialect.Has)];
    }
}
