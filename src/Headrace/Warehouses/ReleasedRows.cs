using Headrace.Engines;

namespace Headrace.Warehouses;

/// <summary>Rows of the quarantine on their way into one table, in the transaction of their release.</summary>
public abstract class ReleasedRows : IAsyncDisposable
{
    /// <summary>Queries for the numbers of the rows that were taken, each for a part of them.</summary>
    public abstract IReadOnlyList<string> Ids { get; }

    /// <summary>Reads rows again, and keeps those that fit now.</summary>
    /// <param name="waiting">A query for their numbers and texts.</param>
    public abstract Task StageAsync(string waiting);

    /// <summary>
    /// Puts them into the table. Somebody decided that these rows count: they take the place of what the table has for
    /// their keys. What a row does not bring keeps its value, as in a merge.
    /// </summary>
    public abstract Task ApplyAsync();

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Removes what was made for it.</summary>
    protected virtual ValueTask EndAsync() => ValueTask.CompletedTask;
}

/// <summary>The same for a database that takes rows from files which an engine beside it writes.</summary>
/// <param name="folder">An absolute folder of its own; it is gone afterwards.</param>
public abstract class FileReleasedRows(
    SqlDialect dialect,
    IEngine engine,
    string folder,
    CsvLayout layout,
    TargetTable table,
    Mending mending,
    CancellationToken cancel
) : ReleasedRows
{
    private static readonly string[] Own = ["headrace_id", "has"];

    private IReadOnlyList<(IReadOnlyList<int> Columns, string Like)> sets = [];

    /// <summary>The table that the rows are staged in, as statements name it.</summary>
    protected abstract string Staged { get; }

    public override IReadOnlyList<string> Ids => sets.Count == 0 ? [] : [$"SELECT headrace_id FROM {Staged}"];

    protected string Folder => folder;

    protected CancellationToken Cancel => cancel;

    protected TargetTable Target => table;

    /// <summary>The table's columns, whose staged values are <c>c0…</c>.</summary>
    protected IReadOnlyList<Column> Columns { get; } = table.Columns;

    /// <summary>The places of the key's columns.</summary>
    protected IReadOnlyList<int> Keys =>
        [
            .. mending.Rules.PrimaryKey.Select(key =>
                Columns.ToList().FindIndex(column => column.Name.Equals(key, StringComparison.OrdinalIgnoreCase))
            ),
        ];

    public override async Task StageAsync(string waiting)
    {
        Directory.CreateDirectory(folder);
        if (await OutAsync(waiting) is not { } asked)
            return;
        var mended = await Task.Run(
            () =>
                engine.Mend(
                    asked,
                    Columns,
                    mending,
                    dialect.Limits,
                    layout,
                    Path.Combine(folder, "released.csv"),
                    cancel
                ),
            cancel
        );
        if (mended.Rows.Rows == 0)
            return;
        await InAsync(mended.Rows with { Columns = [.. Own, .. Columns.Select((_, i) => Text(i))] });
        sets = mended.Sets;
    }

    public override async Task ApplyAsync()
    {
        if (sets.Count > 0 && Keys.Count > 0 && Keys.Count < Columns.Count)
            await UpdateAsync();
        foreach (var (columns, like) in sets)
            await InsertAsync(columns, like);
    }

    protected override ValueTask EndAsync()
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>Brings the rows of a query here; null when there are none.</summary>
    protected abstract Task<CsvRows?> OutAsync(string query);

    /// <summary>Makes <see cref="Staged"/> and copies the rows into it.</summary>
    protected abstract Task InAsync(RowsFile rows);

    /// <summary>Updates the rows whose keys are there.</summary>
    protected abstract Task UpdateAsync();

    /// <summary>Inserts the others.</summary>
    /// <param name="columns">The places of the columns that they bring.</param>
    /// <param name="like">A pattern for their signs.</param>
    protected abstract Task InsertAsync(IReadOnlyList<int> columns, string like);

    protected static string Text(int column) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"c{column}");
}
