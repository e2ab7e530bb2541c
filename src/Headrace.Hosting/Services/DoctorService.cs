using Headrace.Configuration;
using Headrace.Models;
using Headrace.Postgres;

namespace Headrace.Hosting;

/// <summary>One thing that a run needs, and whether it is there.</summary>
/// <param name="Found">What was found, or what went wrong.</param>
/// <param name="Next">What to do about it; null when there is nothing to do.</param>
public sealed record ProjectCheck(string Name, bool IsOk, string Found, string? Next)
{
    internal static ProjectCheck Ok(string name, string found) => new(name, true, found, null);

    internal static ProjectCheck Failed(string name, string found, string? next) => new(name, false, found, next);

    internal static ProjectCheck Failed(string name, HeadraceException error) =>
        Failed(
            name,
            $"{error.Message}  {Facts(error, "; ")}",
            error.Next == Error.Doctor
                ? "correct what 'found' names: the connection in headrace.yaml, its user and password, the server or "
                    + "the network"
                : error.Next
        );

    internal static string Facts(HeadraceException error, string between) =>
        string.Join(between, error.Facts.Select(fact => $"{fact.Name} {fact.Value}"));
}

/// <summary>Looks whether everything is there that a run needs.</summary>
public sealed class DoctorService(ProjectHost host)
{
    /// <summary>
    /// Looks at the configuration, every connection, the source tables of enabled flows, the spool, the owners of
    /// tables, the rights of roles, files and queues of AWS, and the SELECTs of models.
    /// </summary>
    /// <param name="observe">Hears of each check once it is made.</param>
    public async Task<IReadOnlyList<ProjectCheck>> CheckAsync(Action<ProjectCheck>? observe, CancellationToken cancel)
    {
        var checks = new List<ProjectCheck>();
        void Add(ProjectCheck check)
        {
            checks.Add(check);
            observe?.Invoke(check);
        }

        Add(ProjectCheck.Ok("config", Declared()));
        foreach (var (name, connection) in host.Project.Connections)
            Add(await CheckAsync(name, connection, cancel));
        var reached = checks.Where(check => check.IsOk).Select(check => check.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var flow in host.Flows([]).Where(flow => reached.Contains(flow.Source.Connection)))
            if (host.Project.Connections[flow.Source.Connection] is PostgresConnection or RedshiftConnection)
                foreach (var check in await CheckAsync(flow, cancel))
                    Add(check);
        Add(CheckSpool());
        foreach (var check in CheckExposure())
            Add(check);
        Add(await OwnersCheck.RunAsync(host, cancel));
        foreach (var check in await RightsCheck.RunAsync(host, reached, cancel))
            Add(check);
        foreach (var check in await AwsCheck.RunAsync(host, reached, cancel))
            Add(check);
        foreach (var model in host.Project.Models.Values.Where(model => reached.Contains(model.Target.Connection)))
            Add(await CheckAsync(model, cancel));
        return checks;
    }

    private string Declared() =>
        $"headrace.yaml, {host.Project.Flows.Count} flows"
        + (host.Project.Models.Count == 0 ? "" : $", {host.Project.Models.Count} models");

    // What a run would end with before it reads a row: a table that is gone, a column, a right.
    private async Task<List<ProjectCheck>> CheckAsync(Flow flow, CancellationToken cancel)
    {
        var checks = new List<ProjectCheck>();
        try
        {
            var ready = host.Ready(flow, isPlan: true);
            var source = (ICheckedSource)ready.Source;
            foreach (var dataset in await source.DatasetsAsync(cancel))
                try
                {
                    var position = await ready.Warehouse.PositionAsync(dataset, source.Target(dataset), cancel);
                    await source.CheckAsync(dataset, position, cancel);
                    checks.Add(ProjectCheck.Ok(dataset.Name, "can be read"));
                }
                catch (HeadraceException error)
                {
                    checks.Add(ProjectCheck.Failed(dataset.Name, error));
                }
        }
        catch (HeadraceException error)
        {
            checks.Add(ProjectCheck.Failed(flow.Name, error));
        }

        return checks;
    }

    // What its warehouse says of its SELECT.
    private async Task<ProjectCheck> CheckAsync(Model model, CancellationToken cancel)
    {
        try
        {
            _ = ModelReads.Of(host.Project, [model], cancel);
            var warehouse = host.Warehouses.Of(model.Target.Connection, isReadOnly: true);
            return ProjectCheck.Ok(model.Name, await warehouse.CheckAsync(ModelQuery.Of(model), cancel));
        }
        catch (HeadraceException error)
        {
            return ProjectCheck.Failed(model.Name, error);
        }
    }

    private async Task<ProjectCheck> CheckAsync(string name, Connection connection, CancellationToken cancel)
    {
        try
        {
            return ProjectCheck.Ok(
                name,
                connection switch
                {
                    FolderConnection or S3Connection => await LookAsync(name, cancel),
                    Configuration.DuckDbConnection duckdb => await LookAsync(name, duckdb, cancel),
                    PostgresConnection postgres => await host.Connections.Database(postgres).LookAsync(cancel),
                    RedshiftConnection redshift => await LookAsync(name, redshift, cancel),
                    DynamoDbConnection => await LookAtTablesAsync(name, cancel),
                    KinesisConnection kinesis => await host.Connections.Stream(kinesis).LookAsync(cancel),
                    _ => connection.Kind,
                }
            );
        }
        catch (HeadraceException error)
        {
            return ProjectCheck.Failed(name, error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return ProjectCheck.Failed(name, error.Message, "give this user the right to read it");
        }
    }

    private async Task<string> LookAsync(string name, CancellationToken cancel)
    {
        var store = host.Connections.Store(name);
        await store.LookAsync(cancel);
        return $"{host.Project.Connections[name].Kind} {store.Address}, readable";
    }

    private async Task<string> LookAsync(string name, Configuration.DuckDbConnection duckdb, CancellationToken cancel)
    {
        var file = host.Project.FullPath(duckdb.Path);
        if (!File.Exists(file))
            return $"DuckDB {file}, made by the first run";
        var warehouse = (DuckDb.DuckDbWarehouse)host.Warehouses.Of(name, isReadOnly: true);
        using var db = await warehouse.ConnectAsync(cancel);
        var tables = db.Scalar<long>(
            "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'warehouse' AND schema_name <> 'headrace'",
            cancel
        );
        return $"DuckDB {file}, {tables} tables, {new FileInfo(file).Length / 1_000_000} MB, not locked";
    }

    // The tables that flows export.
    private async Task<string> LookAtTablesAsync(string name, CancellationToken cancel)
    {
        var found = new List<string>();
        foreach (var flow in host.Project.Flows.Values)
            if (flow.Source.Export is { } export && export.Connection == name)
            {
                var kept = await host.Connections.Exporter(export).KeptAsync(cancel);
                found.Add($"table {export.Table}, can be exported from {kept.From.UtcDateTime:u}");
            }

        return found.Count == 0 ? "dynamodb" : string.Join("; ", found);
    }

    private async Task<string> LookAsync(string name, RedshiftConnection redshift, CancellationToken cancel)
    {
        var found = await host.Connections.Database(redshift).LookAsync(cancel);
        if (!host.Project.Flows.Values.Any(flow => flow.Source.Connection == name))
            return found;
        var staging = host.Connections.SourceStaging(redshift); // rows that leave Redshift are fetched there
        await staging.Store.ListAsync(staging.Path, cancel);
        return $"{found}, {staging.Store.Address} readable, as source late commits are found within the lookback";
    }

    // Who could read or ask what: the server's reach, secrets that stand in the file, files that others can read.
    private IEnumerable<ProjectCheck> CheckExposure()
    {
        if (ServerFile.Find(host.Folders) is { } server)
            yield return ProjectCheck.Ok(
                "server",
                server.IsReachable
                    ? $"{server.Address}, reachable from other machines, asks for tokens; put TLS before it"
                    : $"{server.Address}, reachable from this machine alone"
            );
        var literal = ProjectFile.LiteralSecrets(host.Project).ToList();
        if (literal.Count > 0)
            yield return ProjectCheck.Ok(
                "secrets",
                $"headrace.yaml has secrets in it: {string.Join(", ", literal)}; better are ${{secret:NAME}}, "
                    + "${file:PATH} and variables of the environment"
            );
    }

    private ProjectCheck CheckSpool()
    {
        var spool = host.Project.FullPath(host.Project.Spool);
        try
        {
            Directory.CreateDirectory(spool);
            var probe = Path.Combine(spool, $"doctor-{Guid.NewGuid():N}");
            File.WriteAllText(probe, "");
            File.Delete(probe);
            var free = new DriveInfo(spool).AvailableFreeSpace / 1_000_000_000;
            var found = $"{spool}, writable, {free} GB free";
            return free > 0 ? ProjectCheck.Ok("spool", found) : ProjectCheck.Failed("spool", found, "free some space");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            const string next = "give this user the right to write it, or set spool: to another folder";
            return ProjectCheck.Failed("spool", error.Message, next);
        }
    }
}
