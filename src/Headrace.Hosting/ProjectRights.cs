using Headrace.Aws;
using Headrace.Configuration;

namespace Headrace.Hosting;

/// <summary>The rights that the flows of a project take, and no others. What a connection needs is said beside its
/// calls.</summary>
internal static class ProjectRights
{
    /// <summary>All of them, some more than once.</summary>
    public static IReadOnlyList<AwsRight> Of(Project project)
    {
        var rights = new List<AwsRight>();
        T? Find<T>(string? connection)
            where T : Connection => connection is null ? null : project.Connections.GetValueOrDefault(connection) as T;
        void Stage(RedshiftConnection redshift)
        {
            rights.AddRange(RedshiftLogins.Rights(redshift));
            if (Find<S3Connection>(redshift.Staging.Connection) is { } bucket)
                rights.AddRange([
                    .. S3Store.Reads(bucket, redshift.Staging.Path),
                    .. S3Store.Writes(bucket, redshift.Staging.Path),
                    .. S3Store.Removes(bucket, redshift.Staging.Path),
                ]);
        }

        foreach (var flow in project.Flows.Values)
        {
            rights.AddRange(
                project.Connections.GetValueOrDefault(flow.Source.Connection) switch
                {
                    S3Connection lake => OfLake(flow, lake),
                    KinesisConnection stream => KinesisStream.Reads(stream),
                    _ => [],
                }
            );
            if (
                flow.Source.Export is { } export
                && Find<DynamoDbConnection>(export.Connection) is { } dynamo
                && Find<S3Connection>(export.To) is { } exports
            )
                rights.AddRange(DynamoExporter.Rights(dynamo, export, exports));
            if (Find<KinesisConnection>(flow.Publish?.Connection) is { } published)
                rights.AddRange(KinesisStream.Writes(published));
            if (flow.Archive is { } archive && Find<S3Connection>(archive.Connection) is { } kept)
                rights.AddRange([
                    .. S3Store.Reads(kept, Literal(archive.Path)),
                    .. S3Store.Writes(kept, Literal(archive.Path)),
                    .. S3Store.Removes(kept, Literal(archive.Path)),
                ]);
        }

        if (project.Ledger is { } ledger)
        {
            if (Find<DynamoDbConnection>(ledger.Connection) is { } table)
                rights.AddRange(DynamoLedger.Rights(table, ledger.Table));
            if (ledger.State is { } state && Find<S3Connection>(state.Connection) is { } place)
                rights.AddRange([
                    .. S3Store.Reads(place, state.Path),
                    .. S3Store.Writes(place, state.Path),
                    .. S3Store.Removes(place, state.Path),
                ]);
        }

        foreach (
            var redshift in project
                .Flows.Values.SelectMany(flow => (string[])[flow.Source.Connection, flow.Target.Connection])
                .Concat(project.Models.Values.Select(model => model.Target.Connection))
                .Distinct()
                .Select(Find<RedshiftConnection>)
                .OfType<RedshiftConnection>()
        )
            Stage(redshift);
        return rights;
    }

    private static IEnumerable<AwsRight> OfLake(Flow flow, S3Connection lake)
    {
        var start = PathPattern.Parse(flow.Source.Path).Prefix;
        var rights = S3Store.Reads(lake, start);
        if (flow.AfterLoad is { MoveTo: { } to } after)
        {
            rights = rights.Concat(S3Store.Moves(lake, start, Literal(to)));
            if (after.DeleteAfter is not null)
                rights = rights.Concat(S3Store.Removes(lake, Literal(to)));
        }
        else if (flow.AfterLoad is { Action: AfterLoadAction.Delete })
        {
            rights = rights.Concat(S3Store.Removes(lake, start));
        }

        return lake.Events is not null && flow.Trigger is { OnFiles: true }
            ? rights.Concat(EventQueue.Rights(lake))
            : rights;
    }

    // What stands before the first capture.
    private static string Literal(string path) => path.Split('{')[0];
}
