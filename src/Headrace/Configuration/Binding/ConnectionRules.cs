namespace Headrace.Configuration.Binding;

/// <summary>What must hold between a flow and the connections that it names.</summary>
internal sealed class ConnectionRules(
    Problems problems,
    MapNode connectionNodes,
    IReadOnlyDictionary<string, Connection> connections
)
{
    /// <summary>Checks that source, target and stream are of types that fit.</summary>
    public void Connections(Flow flow, FlowRules.Places place, string where)
    {
        if (flow.Publish is { Connection.Length: > 0 } publish)
            Fits(
                publish.Connection,
                [typeof(JsonlConnection), typeof(KinesisConnection)],
                place.Of("publish", "connection"),
                $"'publish' of {where}"
            );
        if (!flow.IsPublishOnly) // else its operations go to the stream, and no row to a table
            Target(flow.Target, place, where);
        var isTable =
            flow.ReadsTable
            || connections.GetValueOrDefault(flow.Source.Connection) is PostgresConnection or RedshiftConnection;
        if (
            flow.Source.Export is not null
            || connections.GetValueOrDefault(flow.Source.Connection) is DynamoDbConnection
        )
            return; // looked at with the export
        Fits(
            flow.Source.Connection,
            isTable ? [typeof(PostgresConnection), typeof(RedshiftConnection)]
                : flow.ReadsStream ? [typeof(KinesisConnection)]
                : [typeof(FolderConnection), typeof(S3Connection)],
            place.Of("source", "connection"),
            $"the source of {where}"
        );
    }

    /// <summary>Checks that a target is a warehouse.</summary>
    public void Target(Target target, FlowRules.Places place, string where)
    {
        if (target.Connection.Length > 0)
            Fits(
                target.Connection,
                [typeof(DuckDbConnection), typeof(PostgresConnection), typeof(RedshiftConnection)],
                place.Of("target", "connection"),
                $"the target of {where}"
            );
        else if (
            place.Said("target") is null or MapNode
            && place.Said("target", "connection") is null or ScalarNode { Text: "" }
        )
            problems.Add(
                problems.At(place.Name),
                Error.MissingKey(
                    problems.At(place.Name),
                    "target.connection",
                    where,
                    $"add `target: {{ connection: NAME }}` to the {where.Split(' ')[0]} or to the defaults"
                ),
                "target.connection"
            );
    }

    /// <summary>Checks where the flow keeps what it reads.</summary>
    public void Archive(Flow flow, FlowRules.Places place, string where)
    {
        if (flow.Archive is not { } archive)
            return;
        if (archive.Connection.Length > 0)
            Fits(
                archive.Connection,
                [typeof(S3Connection), typeof(FolderConnection)],
                place.Of("archive", "connection"),
                $"the archive of {where}"
            );
        if (archive.Path.StartsWith('/') || archive.Path.Contains('\\') || archive.Path.Split('/').Contains(".."))
            problems.Refuse(
                place.Of("archive", "path"),
                $"the archive of {where}",
                "the path does not stay inside the connection",
                "write a path with / between its parts, without .. and without / at its start"
            );
        if (
            !flow.ReadsTable
            && connections.GetValueOrDefault(flow.Source.Connection) is FolderConnection or S3Connection
        )
            problems.Disagree(
                place.Of("archive"),
                where,
                "'archive' is for tables, and the source is files",
                "remove 'archive': the files are in a lake already"
            );
    }

    /// <summary>Checks what only Redshift knows, and where its rows wait.</summary>
    public void Redshift(Flow flow, FlowRules.Places place, string where)
    {
        foreach (var name in (string[])[flow.Source.Connection, flow.Target.Connection])
            if (connections.GetValueOrDefault(name) is RedshiftConnection { Staging: { } staging } redshift)
            {
                var at = (connectionNodes.Find(redshift.Name)?.Value as MapNode)?.Find("staging")?.Value ?? place.Name;
                Fits(
                    staging.Connection,
                    [typeof(S3Connection), typeof(FolderConnection)],
                    at,
                    $"the staging of '{redshift.Name}'"
                );
                if (
                    staging.Path.StartsWith('/')
                    || staging.Path.Contains('\\')
                    || staging.Path.Split('/').Contains("..")
                )
                    problems.Refuse(
                        at,
                        $"the staging of '{redshift.Name}'",
                        "the path does not stay inside the connection",
                        "write a path with / between its parts, without .. and without / at its start"
                    );
            }

        if (connections.GetValueOrDefault(flow.Target.Connection) is RedshiftConnection)
            return;

        foreach (var key in (string[])["distribution", "sort"])
            if (place.Said("target", key) is { } said && connections.ContainsKey(flow.Target.Connection))
                problems.Disagree(said, where, $"'{key}' is for tables of Redshift", $"remove '{key}'");
    }

    /// <summary>Checks that a connection is there and is of one of the types that are needed.</summary>
    public void Fits(string name, Type[] needed, Node at, string where)
    {
        if (connectionNodes.Find(name) is null)
            problems.Add(
                problems.At(at),
                Error.UnknownConnection(
                    problems.At(at),
                    name,
                    where,
                    [.. connectionNodes.Entries.Select(entry => entry.Key.Text)]
                ),
                where
            );
        else if (connections.TryGetValue(name, out var connection) && !needed.Contains(connection.GetType()))
            problems.Add(
                problems.At(at),
                Error.ConnectionUnfit(
                    problems.At(at),
                    name,
                    connection.Kind,
                    where,
                    Either([.. Connection.Kinds.Where(kind => needed.Contains(kind.Type)).Select(kind => kind.Word)])
                ),
                where
            );
    }

    static string Either(IReadOnlyList<string> words) =>
        words.Count < 2 ? words[0] : $"{string.Join(", ", words.SkipLast(1))} or {words[^1]}";
}
