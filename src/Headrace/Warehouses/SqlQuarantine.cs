namespace Headrace.Warehouses;

/// <summary>The rows that a warehouse set aside.</summary>
internal sealed class SqlQuarantine(SqlWarehouse warehouse) : IQuarantine
{
    public Task<IReadOnlyList<(string Dataset, long Rows, DateTimeOffset Oldest)>> CountAsync(
        CancellationToken cancel
    ) =>
        warehouse.ReadAsync<IReadOnlyList<(string, long, DateTimeOffset)>>(
            [],
            store => store.CountWaitingAsync(),
            cancel
        );

    public Task<IReadOnlyList<QuarantinedRow>> RowsAsync(string of, bool all, int most, CancellationToken cancel) =>
        warehouse.ReadAsync<IReadOnlyList<QuarantinedRow>>([], store => store.RowsAsync(of, all, most), cancel);

    public Task<IReadOnlyList<QuarantinedRow>> NextAsync(
        string of,
        IReadOnlyList<long>? ids,
        long after,
        int most,
        CancellationToken cancel
    ) => warehouse.ReadAsync<IReadOnlyList<QuarantinedRow>>([], store => store.NextAsync(of, ids, after, most), cancel);

    public Task<(long Rows, IReadOnlyList<string> Places)> WaitingAsync(
        IReadOnlyList<string> datasets,
        TableName target,
        int most,
        CancellationToken cancel
    ) =>
        warehouse.ReadAsync<(long, IReadOnlyList<string>)>(
            (0, []),
            store => store.WaitingAsync(datasets, target, most),
            cancel
        );

    public async Task<long> DiscardAsync(string of, IReadOnlyList<long>? ids, string? reason, CancellationToken cancel)
    {
        var datasets = await DatasetsAsync(store => store.Waiting(of, ids), cancel);
        return datasets.Count == 0
            ? 0
            : await warehouse.WriteAsync(
                async (_, store) =>
                {
                    await store.LockAsync(datasets);
                    await store.MoveOnAsync(datasets);
                    return await store.DiscardAsync(Among(store.Waiting(of, ids), datasets), reason);
                },
                cancel
            );
    }

    public async Task<(long Released, long Superseded, long Kept)> ReleaseAsync(
        string of,
        IReadOnlyList<long>? ids,
        Mending mending,
        CancellationToken cancel
    )
    {
        var (waiting, released, superseded) = (0L, 0L, 0L);
        foreach (
            var (target, rows) in await warehouse.ReadAsync<IReadOnlyList<(TableName Target, long Rows)>>(
                [],
                store => store.TargetsAsync(store.Waiting(of, ids)),
                cancel
            )
        )
        {
            var took = await ReleaseAsync(of, ids, target, mending, cancel);
            (waiting, released, superseded) = (waiting + rows, released + took.Released, superseded + took.Superseded);
        }

        return (released, superseded, waiting - released - superseded);
    }

    /// <summary>
    /// Releases rows of one table. Rows whose table was replaced since they were set aside are marked as superseded: in
    /// their turn they would have been replaced too.
    /// </summary>
    private async Task<(long Released, long Superseded)> ReleaseAsync(
        string of,
        IReadOnlyList<long>? ids,
        TableName name,
        Mending mending,
        CancellationToken cancel
    )
    {
        // Asked before the transaction: what it waits for must be in its snapshot.
        var datasets = await DatasetsAsync(store => store.Waiting(store.Waiting(of, ids), name), cancel);
        return await warehouse.AskAsync(
            SessionUse.Write,
            async (db, store) =>
            {
                var table =
                    await warehouse.FindAsync(db, name, cancel)
                    ?? throw Error.NotFound("table", name.ToString(), "bring the table back, or discard the rows");
                if (mending.Set.Keys.FirstOrDefault(column => table.Find(column) is null) is { } unknown)
                    throw Error.BadArgument(
                        "--set",
                        unknown,
                        $"one of the columns {string.Join(", ", table.Taken.Select(column => column.Name))}"
                    );
                await using var rows = warehouse.NewRelease(db, name, table, mending, cancel);
                await db.BeginAsync(cancel);
                try
                {
                    // A load of their datasets that is under way ends first, and one that was built before this finds
                    // that it was overtaken: it would leave rows that its export no longer has. Of two releases at once
                    // one finds that the rows do not wait any more.
                    var chosen = Among(store.Waiting(store.Waiting(of, ids), name), datasets);
                    await store.LockAsync(datasets);
                    if (warehouse.Concurrency.LocksFirst)
                        await warehouse.Concurrency.LockAsync(db, name, cancel);
                    await store.MoveOnAsync(datasets);
                    var superseded = await store.SupersedeReplacedAsync(chosen);
                    await rows.StageAsync(store.Readable(chosen));
                    await rows.ApplyAsync();
                    Failpoint.Hit("rows_applied");
                    var released = 0L;
                    foreach (var some in rows.Ids)
                    {
                        await store.ForgetExportsAsync($"id IN ({some})");
                        released += await store.ReleaseAsync(some);
                    }

                    Failpoint.Hit("before_commit");
                    await db.CommitAsync(CancellationToken.None);
                    Failpoint.Hit("after_commit");
                    return (released, superseded);
                }
                catch
                {
                    await db.RollbackAsync();
                    throw;
                }
            },
            cancel
        );
    }

    private Task<IReadOnlyList<Dataset>> DatasetsAsync(
        Func<WarehouseStore, string> condition,
        CancellationToken cancel
    ) => warehouse.ReadAsync<IReadOnlyList<Dataset>>([], store => store.DatasetsAsync(condition(store)), cancel);

    // Rows of other datasets, whose loads nobody waited for, are left for another time.
    private string Among(string condition, IReadOnlyList<Dataset> datasets) =>
        condition + warehouse.Dialect.Sql($" AND dataset IN ({datasets.Select(dataset => dataset.Name)})");
}
