using Headrace.Configuration;
using Headrace.Staging;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>Reads tables of PostgreSQL, by COPY.</summary>
internal sealed class PostgresReader(Flow flow, PostgresDatabase database, TimeProvider clock) : ITableReader
{
    public string Address => database.Address;

    public Task<T> RunAsync<T>(Func<ITableReading, Task<T>> step, CancellationToken cancel) =>
        database.RunAsync(
            async () =>
            {
                await using var db = await OpenAsync(flow, database, cancel);
                return await step(
                    new Reading(
                        flow,
                        database,
                        clock,
                        db,
                        await SourceTable.DescribeAsync(db, flow.Source, database.Address, cancel)
                    )
                );
            },
            flow.Source.Table ?? "query"
        );

    private static async Task<NpgsqlConnection> OpenAsync(
        Flow flow,
        PostgresDatabase database,
        CancellationToken cancel
    )
    {
        var db = await database.OpenAsync(cancel);
        if (flow.Source.Query is not null)
            await SearchPath.OpenAsync(db, cancel);
        return db;
    }

    private sealed class Reading(
        Flow flow,
        PostgresDatabase database,
        TimeProvider clock,
        NpgsqlConnection db,
        SourceTable table
    ) : ITableReading
    {
        public SourceTable Table => table;

        public void BeginWhole()
        {
            if (TableRead.IsSliced(table, database.Readers))
                database.BeginOpen();
        }

        public async Task<string> NowAsync(CancellationToken cancel) =>
            (await Horizon.AskAsync(db, table.Number, cancel)).Now;

        public Task CheckAsync(TableCursor? before, Dataset dataset, CancellationToken cancel) =>
            IncrementalStep.CheckAsync(db, flow, table, before, dataset, database.Address, cancel);

        public Task<IncrementalStep> NextAsync(
            TableCursor? before,
            Dataset dataset,
            StageAttempt attempt,
            CancellationToken cancel
        ) => IncrementalStep.PrepareAsync(db, flow, table, before, dataset, attempt, database.Address, cancel);

        public async Task<IReadOnlyList<StagedFile>> ReadAsync(
            IncrementalStep? step,
            RowsWanted rows,
            CancellationToken cancel
        )
        {
            // A server whose text may be no UTF-8 has it looked at on the way.
            var isBinary =
                rows.MayBeBinary is not null
                && db.PostgresParameters.GetValueOrDefault("server_encoding") == "UTF8"
                && rows.MayBeBinary();
            try
            {
                return await ReadAsync(step, rows, isBinary, cancel);
            }
            catch (LongRowException)
            {
                return await ReadAsync(step, rows, isBinary: false, cancel);
            }
        }

        private async Task<IReadOnlyList<StagedFile>> ReadAsync(
            IncrementalStep? step,
            RowsWanted rows,
            bool isBinary,
            CancellationToken cancel
        )
        {
            var read = new TableRead(database, table, rows.Stager, clock, rows.Progress) { IsBinary = isBinary };
            var conditions =
                step is null ? read.Whole()
                : step.IsWhole ? read.Whole(step.Slices[0])
                : step.Slices;
            if (!isBinary || rows.Along is null)
                return await read.RunAsync(db, conditions, rows.Digesting, cancel);
            var along = new TableStream(
                conditions.Count,
                (begun, stop) =>
                    database.RunAsync(async () =>
                    {
                        // This one is gone before the rows are loaded.
                        await using var own = await OpenAsync(flow, database, stop);
                        return await read.RunAsync(own, conditions, null, stop, begun);
                    }),
                cancel
            );
            rows.Along(along);
            return await along.FilesAsync();
        }
    }
}
