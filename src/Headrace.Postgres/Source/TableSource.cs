using Headrace.Configuration;
using Headrace.Publishing;
using Headrace.Staging;
using Headrace.Warehouses;

namespace Headrace.Postgres;

/// <summary>A table, a view or a query of a database as source.</summary>
public sealed class TableSource : ISource, IWholeSource, ICheckedSource
{
    private readonly Flow flow;
    private readonly TableColumns columns;
    private readonly ITableReader reader;
    private readonly string spool;
    private readonly TimeProvider clock;
    private readonly ISnapshots? snapshots;
    private TableStream? along;
    private Stager? stager;
    private bool isText;

    /// <summary>Of PostgreSQL.</summary>
    /// <param name="snapshots">For <c>read: snapshot</c>; else null.</param>
    public TableSource(Flow flow, PostgresDatabase database, string spool, TimeProvider clock, ISnapshots? snapshots)
        : this(flow, new PostgresReader(flow, database, clock), spool, clock, snapshots) { }

    /// <summary>Of another database, whose tables <paramref name="reader"/> reads.</summary>
    internal TableSource(Flow flow, ITableReader reader, string spool, TimeProvider clock, ISnapshots? snapshots)
    {
        this.flow = flow;
        columns = new TableColumns(flow, reader.Address, Name);
        this.reader = reader;
        this.spool = spool;
        this.clock = clock;
        this.snapshots = snapshots;
    }

    public string Address => $"{reader.Address}/{Name}";

    private string Name => flow.Source.Table ?? "query";

    public Task<IReadOnlyList<Dataset>> DatasetsAsync(CancellationToken cancel) =>
        Task.FromResult<IReadOnlyList<Dataset>>([new Dataset(flow.Name, flow.Name, new Dictionary<string, string>())]);

    public TableName Target(Dataset dataset) => flow.IsPublishOnly ? TableName.None : flow.TableFor(dataset.Captures);

    public Claim? ClaimOf(Dataset dataset) => Claim.Of(flow, dataset);

    public async Task<Found> NextAsync(Dataset dataset, Position from, StageAttempt attempt, CancellationToken cancel)
    {
        if (from.LoadsWithoutPosition > 0)
            throw Error.PositionLost(dataset.Name, from.LoadsWithoutPosition);
        isText |= along is { IsRefused: true };
        Release(dataset);
        if (!attempt.IsPlan && snapshots is not null)
            await snapshots.ForgetAsync(dataset, from, cancel);
        return await reader.RunAsync(
            async reading =>
            {
                var table = reading.Table;
                Failpoint.Hit("table_described");
                columns.Check(table);
                columns.CheckThere(table, from);
                var cursor = TableCursor.Parse(from.Cursor);
                if (cursor is not null && cursor.Source != table.Identity)
                    cursor = attempt.IsConfirmed
                        ? null
                        : throw Error.SourceReplaced(reader.Address, Name, dataset.Name, cursor.Source, table.Identity);
                if (cursor is null)
                    reading.BeginWhole();
                var rows = new RowsWanted(dataset, NewStager(dataset), Spool(dataset))
                {
                    IsPlan = attempt.IsPlan,
                    Progress = attempt.Progress,
                    MayBeBinary = () =>
                        !attempt.IsPlan
                        && !isText
                        && !flow.IsShaped
                        && flow.Archive is null
                        && flow.Read != ReadMode.Snapshot
                        && BinaryFit.Holds(Changes(dataset, from, table, [Unread(table)], Operation)),

                    // What waits for nothing in the target is loaded while the rest of it is read.
                    Along = Operation == Operation.Append || from.Table is null ? begun => along = begun : null,
                };
                return flow.Read switch
                {
                    ReadMode.Incremental => await IncrementalAsync(reading, cursor, from, attempt, rows, cancel),
                    _ => await WholeAsync(reading, from, attempt, rows, cancel),
                };
            },
            cancel
        );
    }

    public Task CheckAsync(Dataset dataset, Position position, CancellationToken cancel) =>
        reader.RunAsync(
            async reading =>
            {
                await CheckAsync(reading, dataset, position, cancel);
                return true;
            },
            cancel
        );

    public Task<WholeTable> StageAllAsync(
        Dataset dataset,
        Position position,
        DigestOptions? digesting,
        CancellationToken cancel
    ) =>
        reader.RunAsync(
            async reading =>
            {
                Release(dataset);
                var table = reading.Table;
                var cursor = await CheckAsync(reading, dataset, position, cancel);
                var declared = columns.Of(table);
                // Where more is done to rows than to type them, that is said by the source's names.
                string Named(string column) => flow.IsShaped ? column : InTarget(column);
                string InTarget(string column) =>
                    declared.FirstOrDefault(one => one.From.Equals(column, StringComparison.OrdinalIgnoreCase))?.Name
                    ?? column;
                var files = (
                    await reading.ReadAsync(
                        null,
                        new RowsWanted(dataset, NewStager(dataset), Spool(dataset)) { Digesting = digesting },
                        cancel
                    )
                )
                    .Select(file =>
                        file with
                        {
                            Columns = [.. file.Columns.Select(column => column with { Name = Named(column.Name) })],
                        }
                    )
                    .ToList();
                var newest = new List<(string, string)>();
                if (flow.UpdateKey is { } updated && cursor?.Updated is { } sinceUpdate)
                    newest.Add((InTarget(updated), sinceUpdate));
                if (flow.CreateKey is { } created && cursor?.Created is { } sinceCreate)
                    newest.Add((InTarget(created), sinceCreate));
                return new WholeTable(
                    files,
                    [.. declared.Select(column => column with { From = column.Name })],
                    newest
                );
            },
            cancel
        );

    public void Release(Dataset dataset)
    {
        along?.End();
        along = null;
        stager?.Release();
        if (Directory.Exists(Spool(dataset)))
            Directory.Delete(Spool(dataset), recursive: true);
    }

    private async Task<Found> IncrementalAsync(
        ITableReading reading,
        TableCursor? cursor,
        Position from,
        StageAttempt attempt,
        RowsWanted rows,
        CancellationToken cancel
    )
    {
        var step = await reading.NextAsync(cursor, rows.Dataset, attempt, cancel);
        if (step.Slices.Count == 0)
            return new Found(null, [], step.Warnings);
        Failpoint.Hit("horizon_asked");
        var files = await reading.ReadAsync(step, rows, cancel);
        Failpoint.Hit("changes_staged");
        if (Failpoint.Planted("horizon-after-snapshot"))
        {
            await Task.Delay(500, cancel);
            step = step with { Next = (await reading.NextAsync(cursor, rows.Dataset, attempt, cancel)).Next };
        }

        if (step.IsLast && files.All(file => file is { Records: 0, RejectCount: 0 }) && cursor is { After: null })
            return new Found(null, [], step.Warnings);
        return new Found(
            Changes(rows.Dataset, from, reading.Table, files, Operation) with
            {
                Cursor = step.Next.ToString(),
            },
            [],
            step.Warnings
        )
        {
            IsLast = step.IsLast,
        };
    }

    private async Task<Found> WholeAsync(
        ITableReading reading,
        Position from,
        StageAttempt attempt,
        RowsWanted rows,
        CancellationToken cancel
    )
    {
        var (table, dataset, now) = (reading.Table, rows.Dataset, await reading.NowAsync(cancel));
        var next = new TableCursor { Source = table.Identity, At = now };
        if (flow.Read == ReadMode.FullRefresh)
        {
            var all = await reading.ReadAsync(null, rows, cancel);
            Failpoint.Hit("changes_staged");
            return new Found(Changes(dataset, from, table, all, Operation) with { Cursor = next.ToString() }, [], [])
            {
                IsLast = true,
            };
        }

        var warnings = new List<string>();
        var staged = Changes(dataset, from, table, [], Operation.Changes) with
        {
            Cursor = next.ToString(),
            Version = now,
        };
        if (
            from.LoadId is not null
            && !await snapshots!.RecallAsync(dataset, Target(dataset), from, staged.Rules, cancel)
        )
            throw Error.SnapshotLost(dataset.Name, TableCursor.Parse(from.Cursor)?.At ?? "");
        var digesting = snapshots!.Prepare(dataset, from, cancel);
        var files = await reading.ReadAsync(
            null,
            rows with
            {
                Digesting = digesting with { Meaning = $"{string.Join(';', staged.Rules.Columns)};{flow.Where}" },
            },
            cancel
        );
        Failpoint.Hit("changes_staged");
        staged = staged with { Files = files };
        ChangeSet compared;
        try
        {
            compared = await snapshots.CompareAsync(staged, digesting.Key, Spool(dataset), attempt.IsPlan, cancel);
        }
        catch (HeadraceException stop) when (stop.Kind == ErrorKind.OverLimit && attempt.IsConfirmed)
        {
            warnings.Add($"confirmed: {stop.Happened}");
            var unbound = staged with
            {
                Rules = staged.Rules with { Snapshot = staged.Rules.Snapshot! with { MaxDeleted = 1, MaxChanged = 1 } },
            };
            compared = await snapshots.CompareAsync(unbound, digesting.Key, Spool(dataset), attempt.IsPlan, cancel);
        }

        Failpoint.Hit("export_compared");
        var isSame =
            from.LoadId is not null && compared.Rows is { Inserted: 0, Updated: 0, Deleted: 0, Quarantined: 0 };
        return new Found(isSame ? null : compared, [], warnings) { IsLast = true };
    }

    private Operation Operation =>
        flow.Read == ReadMode.FullRefresh ? Operation.Replace
        : flow.Write == WriteMode.Append ? Operation.Append
        : flow.Write == WriteMode.Scd2 ? Operation.Events
        : Operation.Merge;

    private StagedFile Unread(SourceTable table) =>
        new()
        {
            File = new LakeFile(table.Name, 0, clock.GetUtcNow(), "", new Dictionary<string, string>()),
            Sha256 = "",
            Bytes = 0,
            Records = 1,
            Columns = table.Staged,
            Segments = [],
        };

    private ChangeSet Changes(
        Dataset dataset,
        Position from,
        SourceTable table,
        IReadOnlyList<StagedFile> files,
        Operation operation
    ) =>
        new()
        {
            Id = Id.New("l", clock),
            Dataset = dataset,
            Target = Target(dataset),
            Operation = operation,
            From = from,
            Files = files,
            Format = new FileFormat(FormatKind.Csv, new CsvDialect { Header = false }),
            Rules = flow.Rules() with
            {
                Columns = columns.Of(table),
                UpdateKey = flow.UpdateKey is { } cursor
                    ? columns
                        .Of(table)
                        .FirstOrDefault(column => column.From.Equals(cursor, StringComparison.OrdinalIgnoreCase))
                        ?.Name
                    : null,
                HasUniqueKeys =
                    !flow.DeclaredColumns().Any(column => column.Type is not null)
                    && table.IsUnique(columns.Keys(table)),
            },
        };

    private async Task<TableCursor?> CheckAsync(
        ITableReading reading,
        Dataset dataset,
        Position position,
        CancellationToken cancel
    )
    {
        columns.Check(reading.Table);
        var cursor = TableCursor.Parse(position.Cursor);
        if (cursor is not null && cursor.Source != reading.Table.Identity)
            throw Error.SourceReplaced(reader.Address, Name, dataset.Name, cursor.Source, reading.Table.Identity);
        await reading.CheckAsync(cursor, dataset, cancel);
        return cursor;
    }

    private Stager NewStager(Dataset dataset) =>
        stager = new(Spool(dataset), flow.Limits.ToLimits()) { Masks = flow.SourceMasks() };

    private string Spool(Dataset dataset) => Path.Combine(spool, Outbox.Hash(dataset.Name));
}
