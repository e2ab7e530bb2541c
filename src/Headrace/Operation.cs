namespace Headrace;

/// <summary>What a change set does to its target.</summary>
public enum Operation
{
    /// <summary>Its rows are added.</summary>
    Append,

    /// <summary>Its rows take the place of all rows; readers never see the table empty.</summary>
    Replace,

    /// <summary>Its rows are inserted or updated by primary key.</summary>
    Merge,

    /// <summary>Each of its rows says whether it is inserted, updated or deleted, by primary key.</summary>
    Changes,

    /// <summary>Each of its rows says what happened to a row; the newest of a key decides, whenever it comes.</summary>
    Events,

    /// <summary>Its schema document creates or evolves the table; no rows.</summary>
    Schema,
}

/// <summary>A row that cannot be loaded, or a change set that breaks a rule: what happens to it.</summary>
public enum OnFail
{
    /// <summary>Bad rows are set aside with file, line, column and reason; good rows go on.</summary>
    Quarantine,

    /// <summary>Nothing of the batch is loaded.</summary>
    Stop,
}

/// <summary>What happens when the columns of the source change.</summary>
public enum SchemaChanges
{
    /// <summary>New columns are added; a missing column is NULL and the run says so.</summary>
    Evolve,

    /// <summary>Any difference stops the load.</summary>
    Freeze,
}

/// <summary>What happens when a loaded file has new content under its old name.</summary>
public enum ChangedFiles
{
    /// <summary>Stop and ask: the rows of the old version are in the table.</summary>
    Stop,

    /// <summary>The rows of the new version are added as well.</summary>
    Append,

    /// <summary>The rows of the new version are merged over the old ones by primary key.</summary>
    Replace,
}

/// <summary>What happens to a row that an export no longer has.</summary>
public enum Deletes
{
    /// <summary>It is deleted.</summary>
    Hard,

    /// <summary>It stays, and its <c>deleted_at</c> says since when it is gone.</summary>
    Soft,

    /// <summary>It stays as it is.</summary>
    Ignore,
}

/// <summary>What happens when an export lacks a column that the one before had.</summary>
public enum MissingColumns
{
    /// <summary>Nothing of the export is loaded.</summary>
    Stop,

    /// <summary>The column is NULL in all rows of the export.</summary>
    Allow,
}

/// <summary>
/// The unit of position, lock and history: one flow and one set of captured path values, or one table.
/// </summary>
/// <param name="Name">For example <c>prices</c> or <c>exports/acme/orders</c>.</param>
/// <param name="Flow">The flow it belongs to.</param>
/// <param name="Captures">The captured values of the path, in path order, without those that name no dataset.</param>
public sealed record Dataset(string Name, string Flow, IReadOnlyDictionary<string, string> Captures);

/// <summary>A schema and a table in a warehouse, unquoted.</summary>
public sealed record TableName(string Schema, string Table)
{
    /// <summary>For a flow that writes to no table.</summary>
    public static readonly TableName None = new("", "");

    public bool IsNone => Table.Length == 0;

    public override string ToString() => $"{Schema}.{Table}";
}

/// <summary>A column of a target table.</summary>
/// <param name="HasDefault">The table gives it a value where a row brings none.</param>
/// <param name="Length">The most characters that a text may have in it; null for any number.</param>
public sealed record Column(
    string Name,
    ColumnType Type,
    bool Nullable = true,
    bool HasDefault = false,
    int? Length = null
);
