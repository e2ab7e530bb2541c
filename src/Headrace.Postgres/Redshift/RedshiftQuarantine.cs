namespace Headrace.Postgres.Redshift;

/// <summary>The rows that a Redshift warehouse set aside.</summary>
internal sealed class RedshiftQuarantine(RedshiftWarehouse warehouse, TimeProvider clock) : IQuarantine
{
    public Task<IReadOnlyList<(string Dataset, long Rows, DateTimeOffset Oldest)>> CountAsync(CancellationToken cancel) =>
        warehouse.AskAsync<IReadOnlyList<(string, long, DateTimeOffset)>>(async db => !await RedshiftTables.ExistAsync(db, cancel) ? []
            : await db.RowsAsync(RedshiftSql.CountWaiting, row => (row.GetString(0), row.GetInt64(1), row.Time(2)), cancel), cancel);

    public Task<IReadOnlyList<QuarantinedRow>> RowsAsync(string of, bool all, int most, CancellationToken cancel) =>
        warehouse.AskAsync<IReadOnlyList<QuarantinedRow>>(async db => !await RedshiftTables.ExistAsync(db, cancel) ? [] : await db.RowsAsync(
            RedshiftSql.Waiting(of, all, most),
            row => new QuarantinedRow(row.GetInt64(0), row.GetString(1), row.GetString(2), new TableName(row.GetString(3), row.GetString(4)), row.GetString(5),
                row.IsDBNull(6) ? null : row.GetInt64(6), row.Text(7), row.Text(8), row.GetString(9), row.Text(10), row.GetString(11), row.Time(12), row.Text(13)), cancel), cancel);

    public Task<(long Rows, IReadOnlyList<string> Places)> WaitingAsync(IReadOnlyList<string> datasets, TableName target, int most, CancellationToken cancel) =>
        warehouse.AskAsync<(long, IReadOnlyList<string>)>(async db =>
        {
            if (!await RedshiftTables.ExistAsync(db, cancel))
                return (0, []);
            var rows = await db.RowsAsync(
                RedshiftSql.WaitingOf(datasets, target), row => (Id: row.GetInt64(0), Place: QuarantinedRow.Place(row.GetString(1), row.IsDBNull(2) ? null : row.GetInt64(2))), cancel);
            if (rows.Count == 0)
                return (0, []);
            var replaced = (await db.RowsAsync(RedshiftSql.Replaced(target, [.. rows.Select(row => row.Id)]), row => row.GetInt64(0), cancel)).ToHashSet();
            var left = rows.Where(row => !replaced.Contains(row.Id)).ToList();
            return (left.Count, [.. left.Take(most).Select(row => row.Place)]);
        }, cancel);

    public Task<long> DiscardAsync(string of, IReadOnlyList<long>? ids, string? reason, CancellationToken cancel) =>
        warehouse.AskAsync(async db =>
        {
            if (!await RedshiftTables.ExistAsync(db, cancel))
                return 0;
            var datasets = Datasets(await db.RowsAsync(RedshiftSql.Waiting(of, all: false, int.MaxValue), row => (row.GetInt64(0), row.GetString(1), row.GetString(2)), cancel), ids);
            await using var transaction = await db.BeginTransactionAsync(cancel);
            await LockAsync(db, datasets, cancel);
            await MoveAsync(db, datasets, cancel);
            var discarded = await db.ExecuteAsync(RedshiftSql.Discard(of, ids, reason, clock.GetUtcNow()), cancel);
            await transaction.CommitAsync(CancellationToken.None);
            return discarded;
        }, cancel);

    /// <summary>Waits for the loads of datasets that are under way. It takes no snapshot: what they have committed is seen.</summary>
    public static async Task LockAsync(Npgsql.NpgsqlConnection db, IReadOnlyList<Dataset> datasets, CancellationToken cancel)
    {
        foreach (var dataset in datasets)
            await db.ExecuteAsync(RedshiftSql.LockPosition(dataset), cancel);
    }

    /// <summary>Moves the generations of datasets: a load of one of them that was built before is refused then.</summary>
    public static async Task MoveAsync(Npgsql.NpgsqlConnection db, IReadOnlyList<Dataset> datasets, CancellationToken cancel)
    {
        foreach (var dataset in datasets)
            await db.ExecuteAsync(RedshiftSql.MovePosition(dataset), cancel);
    }

    private static IReadOnlyList<Dataset> Datasets(IEnumerable<(long Id, string Flow, string Name)> rows, IReadOnlyList<long>? ids) =>
    [
        .. rows.Where(row => ids is null || ids.Contains(row.Id)).Select(row => (row.Name, row.Flow)).Distinct().OrderBy(one => one.Name, StringComparer.Ordinal)
            .Select(one => new Dataset(one.Name, one.Flow, new Dictionary<string, string>())),
    ];

    public async Task<(long Released, long Superseded, long Kept)> ReleaseAsync(string of, IReadOnlyList<long>? ids, Mending mending, CancellationToken cancel)
    {
        var waiting = (await RowsAsync(of, all: false, int.MaxValue, cancel)).Where(row => ids is null || ids.Contains(row.Id)).ToList();
        var (released, superseded) = (0L, 0L);
        foreach (var group in waiting.GroupBy(row => row.Target))
        {
            var took = await warehouse.StagedAsync(group.Key, async (db, stage, engine, folder) =>
            {
                var table = await RedshiftTable.FindAsync(db, group.Key, cancel) ?? throw Error.NotFound("table", group.Key.ToString(), "bring the table back, or discard the rows");
                if (mending.Set.Keys.FirstOrDefault(name => table.Find(name) is null) is { } unknown)
                    throw Error.BadArgument("--set", unknown, $"one of the columns {string.Join(", ", table.Found.Select(column => column.Name))}");
                return await new RedshiftRelease(db, stage, engine, folder, table, mending, clock, cancel).TakeAsync(
                    group.Key, [.. group.Select(row => row.Id)], Datasets(group.Select(row => (row.Id, row.Flow, row.Dataset)), null));
            }, cancel);
            released += took.Released;
            superseded += took.Superseded;
        }

        return (released, superseded, waiting.Count - released - superseded);
    }
}
