namespace Headrace.State;

/// <summary>How a database says the changes of Headrace's own tables.</summary>
public abstract class StateDialect
{
    /// <summary>
    /// The name by which a column that not all databases have names this one (<see cref="StateColumn.Where"/>).
    /// </summary>
    public abstract string Database { get; }

    /// <summary>The name of a type.</summary>
    public abstract string Type(StateType type);

    /// <summary>A text as a literal.</summary>
    public abstract string Literal(string text);

    /// <summary>The time, in SQL.</summary>
    public virtual string Now => "now()";

    /// <summary>One of Headrace's tables, with its schema.</summary>
    public virtual string Name(string table) => $"headrace.{table}";

    /// <summary>True when tables have keys that are kept.</summary>
    protected virtual bool HasKeys => true;

    /// <summary>True when it has indexes.</summary>
    protected virtual bool HasIndexes => false;

    /// <summary>The tables that stand for one of the list.</summary>
    protected virtual IReadOnlyList<string> TablesOf(string table) => [table];

    /// <summary>The statements of a change.</summary>
    public IEnumerable<string> Statements(StateChange change) =>
        change switch
        {
            CreateTable create => TablesOf(create.Table)
                .Select(table => Create(table, [.. StateColumn.Parse(create.Columns).Where(Has)], create.Key)),
            CreateIndex index => HasIndexes
                ? [$"CREATE INDEX IF NOT EXISTS {index.Index} ON {Name(index.Table)} ({index.On})"]
                : [],
            AddColumn add => TablesOf(add.Table)
                .SelectMany(table =>
                    StateColumn
                        .Parse(add.Column)
                        .Where(Has)
                        .Select(column => $"ALTER TABLE {Name(table)} ADD COLUMN {Written(column)}")
                ),
            RenameTable rename => [$"ALTER TABLE {Name(rename.Table)} RENAME TO {rename.To}"],
            RenameColumn rename => TablesOf(rename.Table)
                .Select(table => $"ALTER TABLE {Name(table)} RENAME COLUMN {rename.Column} TO {rename.To}"),
            CreateView view => [$"CREATE VIEW {Name(view.View)} AS {view.Query}"],
            ChangeRows rows => [Filled(rows.Sql)],
            _ => throw Error.Bug($"A change of type {change.GetType().Name} has no statement."),
        };

    /// <summary>Makes a table when it is not there.</summary>
    public string Create(string table, IReadOnlyList<StateColumn> columns, string key = "") =>
        $"CREATE TABLE IF NOT EXISTS {Name(table)} "
        + $"({string.Join(", ", columns.Select(Written))}"
        + $"{(HasKeys && key.Length > 0 ? $", PRIMARY KEY ({key})" : "")})";

    /// <summary>True when tables here have the column.</summary>
    public bool Has(StateColumn column) =>
        column.Where is not { } where || (where[0] == '-' ? where[1..] != Database : where == Database);

    private string Written(StateColumn column) =>
        $"{column.Name} {Type(column.Type)}"
        + (column.Default is { } value ? $" DEFAULT {value}" : "")
        + (column.IsNeeded ? " NOT NULL" : "");

    // {files} becomes the table of that name.
    private string Filled(string sql) =>
        string.Concat(
            sql.Split('{')
                .Select((part, i) => (Part: part, End: i == 0 ? -1 : part.IndexOf('}', StringComparison.Ordinal)))
                .Select(at => at.End < 0 ? at.Part : $"{Name(at.Part[..at.End])}{at.Part[(at.End + 1)..]}")
        );
}
