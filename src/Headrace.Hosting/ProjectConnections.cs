using Headrace.Aws;
using Headrace.Configuration;
using Headrace.Lake;
using Headrace.Postgres;
using Headrace.Redshift;

namespace Headrace.Hosting;

/// <summary>The databases and the places for files behind the connections of a project, each made once.</summary>
public sealed class ProjectConnections : IAsyncDisposable
{
    private readonly Project project;
    private readonly TimeProvider clock;
    private readonly Dictionary<string, PostgresDatabase> databases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RedshiftDatabase> redshifts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IObjectStore> stores = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StagingPlace> stagings = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    internal ProjectConnections(Project project, TimeProvider clock) => (this.project, this.clock) = (project, clock);

    /// <summary>The database behind a connection.</summary>
    public PostgresDatabase Database(PostgresConnection postgres) =>
        Once(databases, postgres.Name, () => new PostgresDatabase(postgres, FullPath(postgres.RootCertificate)));

    /// <summary>The database behind a connection.</summary>
    public RedshiftDatabase Database(RedshiftConnection redshift) =>
        Once(
            redshifts,
            redshift.Name,
            () =>
                new RedshiftDatabase(
                    redshift,
                    FullPath(redshift.RootCertificate),
                    redshift.Password is null ? new RedshiftLogins(redshift, project.Secrets, clock) : null,
                    clock
                )
        );

    /// <summary>The stream behind a connection.</summary>
    public KinesisStream Stream(KinesisConnection kinesis) => new(kinesis, project.Secrets, clock);

    /// <summary>The queue that gets the events of a bucket.</summary>
    public EventQueue Queue(S3Connection bucket) => new(bucket, project.Secrets, clock);

    /// <summary>The tables behind a connection.</summary>
    public DynamoDb DynamoDb(DynamoDbConnection dynamo) => new(dynamo, project.Secrets, clock);

    /// <summary>What exports a table of DynamoDB.</summary>
    public DynamoExporter Exporter(ExportSettings export) =>
        new(
            DynamoDb((DynamoDbConnection)project.Connections[export.Connection]),
            export,
            (S3Connection)project.Connections[export.To]
        );

    /// <summary>The files behind a connection.</summary>
    public IObjectStore Store(string connection) => Once(stores, connection, () => NewStore(connection));

    /// <summary>Where rows of a source wait. That of a warehouse is disposed of with it, and is another one.</summary>
    public StagingPlace SourceStaging(RedshiftConnection redshift) =>
        Once(stagings, redshift.Name, () => NewStaging(redshift));

    /// <summary>A place for the rows of a warehouse, which disposes of it.</summary>
    internal StagingPlace NewStaging(RedshiftConnection settings) =>
        new(NewStore(settings.Staging.Connection), settings.Staging.Path, settings.Staging.Keep);

    public async ValueTask DisposeAsync()
    {
        foreach (var database in databases.Values)
            await database.DisposeAsync();
        foreach (var redshift in redshifts.Values)
            await redshift.DisposeAsync();
        foreach (var store in stores.Values)
            store.Dispose();
        foreach (var staging in stagings.Values)
            staging.Store.Dispose();
    }

    private T Once<T>(Dictionary<string, T> made, string name, Func<T> make)
    {
        lock (gate)
            return made.TryGetValue(name, out var known) ? known : made[name] = make();
    }

    private IObjectStore NewStore(string connection) =>
        project.Connections[connection] switch
        {
            S3Connection s3 => new S3Store(s3),
            FolderConnection folder => new FolderStore(project.FullPath(folder.Path)),
            var other => throw Error.Bug($"A place for files of type {other.Kind} reached the project's connections."),
        };

    private string? FullPath(string? path) => path is null ? null : project.FullPath(path);
}
