using Headrace.Archiving;
using Headrace.Aws;
using Headrace.Configuration;
using Headrace.DuckDb;
using Headrace.Postgres;
using Headrace.Publishing;
using Headrace.Redshift;
using Headrace.Sources;
using Headrace.State;

namespace Headrace.Hosting;

/// <summary>
/// Connects the ends of one flow: where its rows come from, where they go, where they are published and kept.
/// </summary>
internal sealed class FlowParts(ProjectHost host, Flow flow, bool isPlan, TimeSpan? wait)
{
    private readonly string folder = Path.Combine(host.Folders.Spool, isPlan ? "plan" : "run");

    public ReadyFlow Connect()
    {
        if (isPlan)
            LocalState.Check(host.Folders.State);
        else
            LocalState.Ensure(host.Folders.State);
        var warehouse = host.Warehouses.Of(flow, isPlan);
        if (wait is null) // others may use it meanwhile
            warehouse.BeginOpen();
        return new ReadyFlow(flow.Name, Source(warehouse), warehouse)
        {
            Delivery = flow.Publish is { } publish ? Delivery(publish.Connection) : null,
            Archive = flow.Archive is { } archive ? Archive(archive.Connection, archive.Path, warehouse) : null,
            Retries = flow.Retries,
            RetryDelay = flow.RetryDelay,
            Timeout = flow.Timeout,
            After = flow.After,
            Together = flow.Capture.Transactions is { } path ? $"{flow.Source.Connection}\n{path}" : null,
        };
    }

    private ISource Source(IWarehouse warehouse) =>
        host.Project.Connections[flow.Source.Connection] switch
        {
            PostgresConnection postgres => Postgres(host.Connections.Database(postgres), warehouse),
            RedshiftConnection redshift => Redshift(redshift, warehouse),
            KinesisConnection stream => new KinesisSource(flow, host.Connections.Stream(stream), folder, host.Clock),
            FolderConnection or S3Connection => Files(host.Connections.Store(flow.Source.Connection), warehouse),
            var other => throw Error.Bug($"A source of type {other.Kind} reached the project's flows."),
        };

    private ISource Postgres(PostgresDatabase database, IWarehouse warehouse)
    {
        database.BeginOpen();
        return Tables(
            database.Address,
            database.LookAsync,
            one => new TableSource(one, database, folder, host.Clock, SnapshotsOf(one, warehouse))
        );
    }

    private ISource Redshift(RedshiftConnection connection, IWarehouse warehouse)
    {
        var database = host.Connections.Database(connection);
        return Tables(
            database.Address,
            database.LookAsync,
            one =>
                RedshiftTables.Source(
                    one,
                    database,
                    host.Connections.SourceStaging(connection),
                    folder,
                    host.Clock,
                    SnapshotsOf(one, warehouse)
                )
        );
    }

    // One table that the flow names, or all that the process table lists.
    private ISource Tables(string address, Func<CancellationToken, Task> look, Func<Flow, TableSource> sourceOf) =>
        flow.ReadsList
            ? new ListedTables(flow, address, host.ProcessTable(flow, isPlan), sourceOf, look)
            : sourceOf(flow);

    private ISource Files(IObjectStore lake, IWarehouse warehouse) =>
        flow.Read == ReadMode.Drop ? new DropFolder(flow, lake, folder, host.Clock) { Wait = wait }
        : SnapshotsOf(flow, warehouse) is { } snapshots
            ? new SnapshotFiles(flow, lake, folder, host.Clock, snapshots) { Wait = wait }
        : flow.ReadsDynamoDb ? new DynamoExports(flow, lake, folder, host.Clock) { Wait = wait }
        : flow.Read == ReadMode.Cdc || flow.Write == WriteMode.Scd2
            ? new ChangeFiles(flow, lake, folder, host.Clock) { Wait = wait }
        : new IncrementalFiles(flow, lake, folder, host.Clock) { Wait = wait };

    private Snapshots? SnapshotsOf(Flow one, IWarehouse warehouse) =>
        one.Read == ReadMode.Snapshot ? host.Warehouses.SnapshotsOf(warehouse, isPlan ? folder : null) : null;

    private Archive Archive(string connection, string path, IWarehouse warehouse) =>
        new(host.Connections.Store(connection), path, warehouse, folder, host.Folders.Unfinished);

    private Delivery Delivery(string connection) =>
        new(
            host.Folders.Outbox,
            host.Project.Connections[connection] switch
            {
                JsonlConnection jsonl => new JsonlPublisher(host.Project.FullPath(jsonl.Path)),
                KinesisConnection kinesis => new KinesisPublisher(host.Connections.Stream(kinesis)),
                var other => throw Error.Bug($"A stream of type {other.Kind} reached the project's flows."),
            },
            host.Clock
        );
}
