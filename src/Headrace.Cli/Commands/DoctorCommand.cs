using System.CommandLine;
using Headrace.Configuration;
using Headrace.Postgres;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace doctor</c>: is everything there that a run needs?</summary>
internal static class DoctorCommand
{
    public static Command Create() =>
        new Command("doctor", "Check the configuration and every connection").OnProject(CheckAsync);

    private static async Task<int> CheckAsync(Workspace workspace, ParseResult parsed, CancellationToken cancel)
    {
        var screen = workspace.Screen;

        var version = VersionCommand.Current();
        var checks = new List<CheckView>
        {
            new("headrace", "ok", $"{version.Headrace}, .NET {version.Dotnet}, DuckDB {version.Duckdb}, {version.Platform}", null),
            new("config", "ok", $"headrace.yaml, {workspace.Project.Flows.Count} flows", null),
        };
        foreach (var (name, connection) in workspace.Project.Connections)
            checks.Add(await CheckAsync(workspace, name, connection, cancel));
        foreach (var flow in workspace.Project.Flows.Values.Where(flow => flow.Enabled && checks.Find(check => check.Name == flow.Source.Connection)?.State == "ok"))
            if (workspace.Project.Connections[flow.Source.Connection] is PostgresConnection or RedshiftConnection)
                checks.AddRange(await CheckAsync(workspace, flow, cancel));
        checks.Add(CheckSpool(workspace));
        checks.Add(await OwnersCheck.RunAsync(workspace, cancel));

        var bad = checks.Count(check => check.State != "ok");
        if (screen.IsJson)
        {
            screen.Json(new DoctorView(checks), Views.Default.DoctorView);
            return bad == 0 ? ExitCode.Ok : ExitCode.Failed;
        }

        var width = checks.Max(check => check.Name.Length);
        foreach (var check in checks)
        {
            screen.Say($"  {check.Name.PadRight(width)}  {(check.State == "ok" ? screen.Good("✓") : screen.Bad("✗"))} {check.Found}");
            if (check.Next is not null)
                screen.Say($"  {"".PadRight(width)}    next  {check.Next}");
        }

        screen.Say();
        screen.Say(bad == 0 ? "Everything is there." : $"{bad} to fix.");
        return bad == 0 ? ExitCode.Ok : ExitCode.Failed;
    }

    // What a run would end with before it reads a row: a table that is gone, a column, a right.
    private static async Task<List<CheckView>> CheckAsync(Workspace workspace, Flow flow, CancellationToken cancel)
    {
        var views = new List<CheckView>();
        try
        {
            var ready = workspace.Ready(flow, isPlan: true);
            var source = (ICheckedSource)ready.Source;
            foreach (var dataset in await source.DatasetsAsync(cancel))
                try
                {
                    await source.CheckAsync(dataset, await ready.Warehouse.PositionAsync(dataset, source.Target(dataset), cancel), cancel);
                    views.Add(new CheckView(dataset.Name, "ok", "can be read", null));
                }
                catch (HeadraceException error)
                {
                    views.Add(Failed(dataset.Name, error));
                }
        }
        catch (HeadraceException error)
        {
            views.Add(Failed(flow.Name, error));
        }

        return views;
    }

    private static CheckView Failed(string name, HeadraceException error) =>
        new(name, "failed", $"{error.Message}  {string.Join("; ", error.Facts.Select(fact => $"{fact.Name} {fact.Value}"))}", error.Next);

    private static async Task<CheckView> CheckAsync(Workspace workspace, string name, Connection connection, CancellationToken cancel)
    {
        try
        {
            switch (connection)
            {
                case FolderConnection folder:
                    var path = workspace.Project.FullPath(folder.Path);
                    if (!Directory.Exists(path))
                        throw Error.LakeMissing(path);
                    _ = Directory.EnumerateFileSystemEntries(path).FirstOrDefault();
                    return new CheckView(name, "ok", $"folder {path}, readable", null);
                case Configuration.DuckDbConnection duckdb:
                    var file = workspace.Project.FullPath(duckdb.Path);
                    if (!File.Exists(file))
                        return new CheckView(name, "ok", $"DuckDB {file}, made by the first run", null);
                    using (var db = await ((DuckDb.DuckDbWarehouse)workspace.Warehouse(name, isReadOnly: true)).ConnectAsync(cancel))
                    {
                        var tables = db.Scalar<long>("SELECT count(*) FROM duckdb_tables() WHERE database_name = 'warehouse' AND schema_name <> 'headrace'", cancel);
                        return new CheckView(name, "ok", $"DuckDB {file}, {tables} tables, {new FileInfo(file).Length / 1_000_000} MB, not locked", null);
                    }

                case PostgresConnection postgres:
                    return new CheckView(name, "ok", await workspace.Database(postgres).LookAsync(cancel), null);
                case RedshiftConnection redshift:
                    var found = await workspace.Database(redshift).LookAsync(cancel);
                    if (!workspace.Project.Flows.Values.Any(flow => flow.Source.Connection == name))
                        return new CheckView(name, "ok", found, null);
                    var staging = workspace.SourceStaging(redshift); // rows that leave Redshift are fetched there
                    await staging.Store.ListAsync(staging.Path, cancel);
                    return new CheckView(name, "ok", $"{found}, {staging.Store.Address} readable, as source late commits are found within the lookback", null);
                default:
                    return new CheckView(name, "ok", connection.Kind, null);
            }
        }
        catch (HeadraceException error)
        {
            return Failed(name, error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new CheckView(name, "failed", error.Message, "give this user the right to read it");
        }
    }

    private static CheckView CheckSpool(Workspace workspace)
    {
        var spool = workspace.Project.FullPath(workspace.Project.Spool);
        try
        {
            Directory.CreateDirectory(spool);
            var probe = Path.Combine(spool, $"doctor-{Guid.NewGuid():N}");
            File.WriteAllText(probe, "");
            File.Delete(probe);
            var free = new DriveInfo(spool).AvailableFreeSpace / 1_000_000_000;
            return new CheckView("spool", free > 0 ? "ok" : "failed", $"{spool}, writable, {free} GB free", free > 0 ? null : "free some space");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new CheckView("spool", "failed", error.Message, "give this user the right to write it, or set spool: to another folder");
        }
    }
}
