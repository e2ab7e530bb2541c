using Headrace.Aws;
using Headrace.Configuration;

namespace Headrace.Hosting;

/// <summary>Tries the rights on AWS that can be tried without writing: to read a file of each flow, to ask each
/// queue.</summary>
internal static class AwsCheck
{
    private const string Next =
        "headrace iam-policy prints the policy that is needed: aws iam put-role-policy gives it";

    /// <summary>One check for each flow that reads a bucket, and one for each queue of events.</summary>
    /// <param name="reached">The connections that work.</param>
    public static async Task<IReadOnlyList<ProjectCheck>> RunAsync(
        ProjectHost host,
        IReadOnlySet<string> reached,
        CancellationToken cancel
    )
    {
        var checks = new List<ProjectCheck>();
        foreach (var flow in host.Flows([]).Where(flow => reached.Contains(flow.Source.Connection)))
            if (host.Project.Connections[flow.Source.Connection] is S3Connection)
                checks.Add(
                    await TryAsync(
                        $"{flow.Name} files",
                        async () =>
                            await ((S3Store)host.Connections.Store(flow.Source.Connection)).TryAsync(
                                PathPattern.Parse(flow.Source.Path).Prefix,
                                cancel
                            )
                                is { } key
                                ? $"{Lake.PlainKey.Of(key)} can be read"
                                : "no file is there yet"
                    )
                );
        foreach (
            var bucket in host
                .Project.Connections.Values.OfType<S3Connection>()
                .Where(bucket => bucket.Events is not null)
                .DistinctBy(bucket => bucket.Events!.Queue)
        )
            checks.Add(await TryAsync($"{bucket.Name} events", () => host.Connections.Queue(bucket).LookAsync(cancel)));
        return checks;
    }

    private static async Task<ProjectCheck> TryAsync(string name, Func<Task<string>> look)
    {
        try
        {
            return ProjectCheck.Ok(name, await look());
        }
        catch (HeadraceException error)
        {
            return ProjectCheck.Failed(name, error) with { Next = Next };
        }
    }
}
