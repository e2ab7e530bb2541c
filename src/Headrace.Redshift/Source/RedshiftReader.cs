using System.Net.Sockets;
using Headrace.Configuration;
using Headrace.Postgres;
using Npgsql;

namespace Headrace.Redshift;

/// <summary>
/// Reads tables of Redshift, by UNLOAD into the staging place; the files are fetched from there and staged.
/// </summary>
internal sealed class RedshiftReader(Flow flow, RedshiftDatabase database, StagingPlace staging, TimeProvider clock)
    : ITableReader
{
    // Of one UNLOAD, at once: each is on this disk while it is staged.
    private const int FilesAtOnce = 2;

    public string Address => database.Address;

    public async Task<T> RunAsync<T>(Func<ITableReading, Task<T>> step, CancellationToken cancel)
    {
        try
        {
            await using var db = await database.OpenOwnAsync(cancel);
            foreach (var setting in RedshiftSql.Reading)
                await db.ExecuteAsync(setting, cancel);
            if (flow.Source.Query is not null)
                await db.ExecuteAsync(RedshiftSql.OwnPath, cancel);
            return await step(
                new Reading(
                    flow,
                    database,
                    staging,
                    clock,
                    db,
                    await RedshiftSource.DescribeAsync(db, flow.Source, Address, cancel)
                )
            );
        }
        catch (Exception error)
            when (error is NpgsqlException or SocketException or TimeoutException || PostgresErrors.IsBroken(error))
        {
            throw database.Name(error, flow.Source.Table ?? "query");
        }
    }

    private sealed class Reading(
        Flow flow,
        RedshiftDatabase database,
        StagingPlace staging,
        TimeProvider clock,
        NpgsqlConnection db,
        SourceTable table
    ) : ITableReading
    {
        public SourceTable Table => table;

        public void BeginWhole()
        {
            // Redshift's own nodes write the files, all at once.
        }

        public async Task<string> NowAsync(CancellationToken cancel) =>
            (await db.ScalarAsync<string>(RedshiftSql.Clock, cancel))!;

        public Task CheckAsync(TableCursor? before, Dataset dataset, CancellationToken cancel)
        {
            foreach (var name in new[] { flow.UpdateKey, flow.CreateKey }.OfType<string>())
                _ = new RedshiftCursor(table, name, database.Address, false, flow.Lookback);
            return Task.CompletedTask;
        }

        public Task<IncrementalStep> NextAsync(
            TableCursor? before,
            Dataset dataset,
            StageAttempt attempt,
            CancellationToken cancel
        ) => RedshiftStep.PrepareAsync(db, flow, table, before, dataset, attempt.IsConfirmed, database.Address, cancel);

        public async Task<IReadOnlyList<StagedFile>> ReadAsync(
            IncrementalStep? step,
            RowsWanted rows,
            CancellationToken cancel
        )
        {
            var folder = Path.Combine(rows.Folder, "unloaded");
            Directory.CreateDirectory(folder);

            // Nobody else has the dataset, unless this is a plan: what lies there was left by one that ended early.
            var stage = new StagedFiles(
                database,
                staging,
                rows.IsPlan ? staging.Copies : staging.OfSource(rows.Dataset),
                Guid.NewGuid().ToString("N"),
                folder,
                cancel
            );
            try
            {
                if (!rows.IsPlan)
                    await stage.RemoveStaleAsync();
                var condition = step?.Slices.Single();
                var (keys, count) = await UnloadAsync(
                    stage,
                    condition == IncrementalStep.All ? null : condition,
                    cancel
                );
                var files = new StagedFile[keys.Count];
                var read = 0L;
                await Parallel.ForAsync(
                    0,
                    keys.Count,
                    new ParallelOptions { MaxDegreeOfParallelism = FilesAtOnce, CancellationToken = cancel },
                    async (i, cancel) =>
                    {
                        var path = await stage.FetchAsync(keys[i]);
                        files[i] = await rows.Stager.StageUnloadedAsync(
                            path,
                            NewFile(),
                            table.Staged,
                            stage.Nothing,
                            cancel,
                            rows.Digesting
                        );
                        File.Delete(path);
                        rows.Progress?.Invoke(
                            new LoadProgress("reads", Interlocked.Add(ref read, files[i].Records), null)
                        );
                    }
                );
                if (files.Sum(file => file.Records + file.RejectCount) is var arrived && arrived != count)
                    throw RedshiftError.UnloadIncomplete(database.Address, table.Name, count, arrived);
                return files.Length > 0
                    ? files
                    : [await rows.Stager.StageRowsAsync(Stream.Null, NewFile(), table.Staged, cancel, rows.Digesting)];
            }
            finally
            {
                await stage.RemoveAsync();
            }
        }

        // In a transaction, whose first statement keeps others from changing the table until its rows are written.
        private async Task<(IReadOnlyList<string> Keys, long Rows)> UnloadAsync(
            StagedFiles stage,
            string? condition,
            CancellationToken cancel
        )
        {
            await using var transaction = await db.BeginTransactionAsync(cancel);
            if ((await RedshiftSource.LookAsync(db, table.From, cancel)).Layout != table.Layout)
                throw Error.SourceChanged(database.Address, table.Name);
            Failpoint.Hit("snapshot_taken");
            var keys = await stage.WriteAsync(
                db,
                RedshiftSql.SourceRows(
                    table.From,
                    table.Columns.Select(column => (column.Name, column.TypeName)),
                    condition
                )
            );
            var rows = await db.ScalarAsync<long>(RedshiftSql.UnloadCount, cancel);
            await db.CommitAsync(transaction, cancel);
            return (keys, rows);
        }

        private LakeFile NewFile() => new(table.Name, 0, clock.GetUtcNow(), "", new Dictionary<string, string>());
    }
}
