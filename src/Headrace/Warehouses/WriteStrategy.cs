namespace Headrace.Warehouses;

/// <summary>What a strategy has at hand: a load whose transaction is open and behind its fence.</summary>
internal sealed record OpenLoad(
    SqlWarehouse Warehouse,
    ChangeSet Changes,
    bool IsPlan,
    TargetWriter Writer,
    SqlSession Db,
    WarehouseStore Store,
    CancellationToken Cancel
);

/// <summary>How a batch becomes rows of its target; one file for each way. What they share is here.</summary>
internal abstract class WriteStrategy(OpenLoad load)
{
    /// <summary>The target once its columns are those of the batch; null while nothing was changed.</summary>
    public TargetTable? Table { get; private set; }

    protected OpenLoad Load => load;

    protected SqlWarehouse Warehouse => load.Warehouse;

    protected SqlDialect Dialect => load.Warehouse.Dialect;

    protected ChangeSet Changes => load.Changes;

    protected bool IsPlan => load.IsPlan;

    protected TargetWriter Writer => load.Writer;

    protected SqlSession Db => load.Db;

    protected WarehouseStore Store => load.Store;

    protected CancellationToken Cancel => load.Cancel;

    /// <summary>The strategy of an operation.</summary>
    public static WriteStrategy Of(OpenLoad load) =>
        load.Changes switch
        {
            { Model: { } model } => new ModelStrategy(load, model),
            { Operation: Operation.Changes, IsComparedHistory: true } => new EventsStrategy(load),
            { Operation: Operation.Schema } => new SchemaStrategy(load),
            { Operation: Operation.Changes } => new ChangesStrategy(load),
            { Operation: Operation.Events } => new EventsStrategy(load),
            _ => new RowsStrategy(load),
        };

    /// <summary>Applies the batch; a plan writes nothing that stays.</summary>
    /// <param name="table">The target as it was when the batch was prepared; null when it was not there.</param>
    public abstract Task<LoadResult> ApplyAsync(TargetTable? table);

    protected TableDdl Ddl(TargetTable? table) =>
        new(Db, Dialect, Warehouse.Address, Changes.Target, table, Changes.Rules, Cancel);

    // The index is made once the rows are there, which is quicker than to keep it while they come.
    protected async Task<IReadOnlyList<string>> KeepKeyAsync(
        bool isNew,
        bool isMerged,
        IEnumerable<string> columns,
        IReadOnlyList<string> ddl
    )
    {
        if (!isNew || !isMerged || Changes.Rules.PrimaryKey.Count == 0)
            return ddl;
        var keys = Changes.Rules.PrimaryKey.Select(name =>
            columns.First(column => column.Equals(name, StringComparison.OrdinalIgnoreCase))
        );
        if (Dialect.AddKey(Changes.Target, keys) is not { } statement)
            return ddl;
        if (!IsPlan)
            await Db.ExecuteAsync(statement, Cancel);
        return [.. ddl, statement];
    }

    // The target must be what the rows were typed for.
    protected async Task<TargetTable?> ChangeTableAsync(TargetTable? table, IReadOnlyList<string> ddl)
    {
        await Writer.LockAsync(table, ddl);
        var now = await Warehouse.FindAsync(Db, Changes.Target, Cancel);
        if (table is null ? now is not null : !table.IsSame(now))
            throw Error.Warehouse(
                Warehouse.Address,
                $"{Changes.Target} was changed while the rows were staged",
                null,
                transient: true
            );
        foreach (var statement in ddl)
            await Db.ExecuteAsync(statement, Cancel);
        return Table =
            ddl.Count == 0
                ? now
                : await Warehouse.FindAsync(Db, Changes.Target, Cancel)
                    ?? throw Error.Warehouse(
                        Warehouse.Address,
                        $"{Changes.Target} is not seen after it was made",
                        null,
                        transient: true
                    );
    }
}
