using Headrace.Configuration;

namespace Headrace.Hosting;

/// <summary>Finds what the roles of warehouses may not do and loads need.</summary>
internal static class RightsCheck
{
    /// <summary>One check for each warehouse that knows roles.</summary>
    /// <param name="reached">The connections that work.</param>
    public static async Task<IReadOnlyList<ProjectCheck>> RunAsync(
        ProjectHost host,
        IReadOnlySet<string> reached,
        CancellationToken cancel
    )
    {
        var checks = new List<ProjectCheck>();
        foreach (var its in (await UsesAsync(host, cancel)).GroupBy(use => use.Connection, use => use.Use))
        {
            if (
                !reached.Contains(its.Key)
                || host.Project.Connections[its.Key] is not (PostgresConnection or RedshiftConnection)
            )
                continue;
            var name = $"{its.Key} rights";
            try
            {
                await host.Warehouses.Of(its.Key, isReadOnly: true).CheckRightsAsync([.. its.Distinct()], cancel);
                checks.Add(ProjectCheck.Ok(name, "its role may do what loads need"));
            }
            catch (HeadraceException error)
            {
                checks.Add(ProjectCheck.Failed(name, error));
            }
        }

        return checks;
    }

    private static async Task<List<(string Connection, TargetUse Use)>> UsesAsync(
        ProjectHost host,
        CancellationToken cancel
    )
    {
        var uses = new List<(string Connection, TargetUse Use)>();
        foreach (var flow in host.Flows([]).Where(flow => !flow.IsPublishOnly))
            try
            {
                var source = host.Ready(flow, isPlan: true).Source;
                var (changes, remembers) = (
                    flow.Write != WriteMode.Append,
                    flow.Write == WriteMode.Scd2 || (flow.Read == ReadMode.Cdc && flow.Write != WriteMode.Append)
                );
                uses.AddRange(
                    (await source.DatasetsAsync(cancel))
                        .Select(source.Target)
                        .Where(table => !table.IsNone)
                        .Select(table => (flow.Target.Connection, new TargetUse(table, changes, remembers)))
                );
            }
            catch (Exception error) when (error is HeadraceException or IOException or UnauthorizedAccessException)
            {
                // What cannot be reached has a line of its own.
            }

        uses.AddRange(
            host.Project.Models.Values.Select(model =>
                (
                    model.Target.Connection,
                    new TargetUse(model.Table, model.Write != ModelWrite.Append, model.SurrogateKey is not null)
                )
            )
        );
        return uses;
    }
}
