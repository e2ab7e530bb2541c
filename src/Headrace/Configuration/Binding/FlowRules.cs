namespace Headrace.Configuration.Binding;

/// <summary>What must hold between the keys of one flow, and between a flow and the connections.</summary>
internal sealed class FlowRules(
    Problems problems,
    MapNode connectionNodes,
    IReadOnlyDictionary<string, Connection> connections
)
{
    // The files of an export follow one another; a pause between two of them is no end.
    static readonly TimeSpan ExportSettle = TimeSpan.FromSeconds(30);

    readonly ConnectionRules links = new(problems, connectionNodes, connections);
    readonly PathRules paths = new(problems);
    readonly ColumnRules columns = new(problems);
    readonly CheckRules checks = new(problems);

    /// <summary>Checks that a name can stand in paths, tables and command lines.</summary>
    public void Name(ScalarNode name, string what) => Name(problems, name, what);

    /// <inheritdoc cref="Name(ScalarNode, string)"/>
    public static void Name(Problems problems, ScalarNode name, string what)
    {
        if (name.Text.Length > 100 || !Captures.IsIdentifier(name.Text.Replace('-', '_')) || name.Text[0] == '-')
            problems.Add(problems.At(name), Error.NameRefused(problems.At(name), what, name.Text));
    }

    /// <summary>Checks the ledger that several machines share.</summary>
    public void Check(LedgerSettings ledger, Node node)
    {
        var at = (node as MapNode)?.Find("connection")?.Value ?? node;
        links.Fits(ledger.Connection, [typeof(PostgresConnection), typeof(DynamoDbConnection)], at, "'ledger'");
        if (
            (node as MapNode)?.Find("table")?.Value is { } table
            && connections.GetValueOrDefault(ledger.Connection) is PostgresConnection
        )
            problems.Disagree(table, "'ledger'", "'table' is for a connection of type dynamodb", "remove 'table'");
        if (ledger.State is not { } state)
            return;
        var place = ((node as MapNode)?.Find("state")?.Value as MapNode)?.Find("connection")?.Value ?? node;
        links.Fits(state.Connection, [typeof(S3Connection), typeof(FolderConnection)], place, "the state of 'ledger'");
        if (state.Path.StartsWith('/') || state.Path.Contains('\\') || state.Path.Split('/').Contains(".."))
            problems.Refuse(
                place,
                "the state of 'ledger'",
                "the path does not stay inside the connection",
                "write a path with / between its parts, without .. and without / at its start"
            );
    }

    /// <summary>Checks a command that runs after runs.</summary>
    public static void Check(Problems problems, AfterRun? hook, Node at, string where)
    {
        if (hook is not null && (hook.Command.Count == 0 || hook.Command[0].Trim().Length == 0))
            problems.Disagree(at, where, "after_run has no command", "write for example `command: [dbt, build]`");
    }

    /// <summary>Adds every broken rule to the problems, and returns the flow with what is not said filled in.</summary>
    public Flow Check(Flow flow, MapNode node, ScalarNode name)
    {
        var where = $"flow '{flow.Name}'";
        var place = new Places(node, name);
        if (connections.GetValueOrDefault(flow.Source.Connection) is DynamoDbConnection)
            flow = new ExportRules(problems, links).Check(flow, place, where);
        else if (place.Said("source", "export") is { } export)
            problems.Disagree(
                export,
                where,
                "'export' needs a source of type dynamodb",
                "remove 'export', or name a connection of type dynamodb"
            );
        flow = flow with { ReadsStream = connections.GetValueOrDefault(flow.Source.Connection) is KinesisConnection };
        links.Connections(flow, place, where);
        links.Redshift(flow, place, where);
        links.Archive(flow, place, where);
        Modes(flow, place, where);
        Check(problems, flow.AfterRun, place.Of("after_run"), where);
        if (connections.GetValueOrDefault(flow.Source.Connection) is PostgresConnection or RedshiftConnection)
            new TableRules(problems).Check(flow, place, where);
        else if (flow.ReadsStream)
            new StreamRules(problems).Check(flow, place, where);
        else if (flow.Source.Export is null)
            paths.Path(flow, place, where);
        new AfterLoadRules(problems).Check(flow, place, where);
        if (flow.Target.Table.Length == 0)
            flow = flow with
            {
                Target = flow.Target with { Table = flow.Read == ReadMode.Drop ? "{table}" : flow.Name },
            };
        paths.Target(flow, place, where);
        if (flow.KeepRows is not null)
            Kept(flow, place, where);
        columns.Columns(flow, place, where);
        columns.AddedColumns(flow, place, where);
        flow = new ShapingRules(problems).Check(flow, place, where);
        flow = flow with { Checks = checks.Check(flow.Checks, flow, place, where) };
        if (flow.Read == ReadMode.Snapshot)
            Snapshot(flow, place, where);
        else if (flow.Read is not null && place.Said("publish") is { } publish)
            problems.Disagree(
                publish,
                where,
                "'publish' needs read: snapshot",
                "remove 'publish', or use read: snapshot with a primary_key"
            );
        new ChangeRules(problems).Check(flow, place, where);
        new CsvRules(problems).Check(flow, place, where);
        if (flow.Limits.MaxRecordBytes > int.MaxValue)
            problems.Disagree(
                place.Of("limits", "max_record_bytes"),
                where,
                "max_record_bytes is more than 2GB",
                "write a size of at most 2GB"
            );
        return Complete(flow, node);
    }

    void Kept(Flow flow, Places place, string where)
    {
        if (flow.Write != WriteMode.Append)
            problems.Disagree(
                place.Of("keep_rows"),
                where,
                "keep_rows needs write: append",
                "write `write: append`: each batch is added, and models take what is there"
            );
        if (Captures.Of($"{flow.Target.Schema}{flow.Target.Table}").Count > 0 || flow.ReadsList)
            problems.Disagree(
                place.Of("keep_rows"),
                where,
                "keep_rows needs one table, and the target is many",
                "write a target without captures"
            );
    }

    void Modes(Flow flow, Places place, string where)
    {
        if (flow.Read is null)
        {
            if (place.Said("read") is null)
                problems.Add(
                    problems.At(place.Name),
                    Error.MissingKey(
                        problems.At(place.Name),
                        "read",
                        where,
                        "add `read: incremental` (each file once), `read: drop` (the path says what each "
                            + "file does), `read: snapshot` (full exports) or `read: cdc` (files of changes)"
                    ),
                    "read"
                );
            return;
        }

        if (flow.Read == ReadMode.Drop)
        {
            if (place.Said("write") is { } write)
                problems.Disagree(
                    write,
                    where,
                    "'write' does not go with read: drop: the capture {action} of the path says what is written",
                    "remove 'write', or use read: incremental"
                );
            return;
        }

        if (flow.Read == ReadMode.Snapshot)
        {
            if (flow.Write is null && flow.Publish is null && place.Said("write") is null)
                problems.Add(
                    problems.At(place.Name),
                    Error.MissingKey(
                        problems.At(place.Name),
                        "write",
                        where,
                        "add `write: merge` to apply the changes to a table, or `publish:` to publish them"
                    ),
                    "write"
                );
            else if (flow.Write is not (null or WriteMode.Merge or WriteMode.Scd2))
                problems.Disagree(
                    place.Of("write"),
                    where,
                    "read: snapshot needs write: merge or write: scd2",
                    "write `write: merge`: inserts, updates and deletes are applied by primary_key"
                );
            return;
        }

        if (flow.Write is null)
        {
            if (place.Said("write") is null)
                problems.Add(
                    problems.At(place.Name),
                    Error.MissingKey(
                        problems.At(place.Name),
                        "write",
                        where,
                        flow.Read == ReadMode.Cdc
                            ? "add `write: merge` (the rows as they are now), `write: scd2` (their history) or "
                                + "`write: append` (each change as a row)"
                            : "add `write: append`, `write: replace` or `write: merge`"
                    ),
                    "write"
                );
            return;
        }

        if (flow.Write is WriteMode.Merge or WriteMode.Scd2 && flow.PrimaryKey.Count == 0 && !flow.ReadsList)
            problems.Disagree(
                place.Of("write"),
                where,
                $"write: {Choices.WordOf(flow.Write)} needs a primary_key",
                "add `primary_key:` with the column or columns that tell rows apart"
            );
        if (flow.ChangedFiles == ChangedFiles.Replace && flow.Write == WriteMode.Append)
            problems.Disagree(
                place.Of("changed_files"),
                where,
                "changed_files: replace needs write: merge or write: replace",
                "write changed_files: stop or append, or use write: merge with a primary_key"
            );
        if (flow.ChangedFiles == ChangedFiles.Append && flow.Write != WriteMode.Append)
            problems.Disagree(
                place.Of("changed_files"),
                where,
                "changed_files: append needs write: append",
                "write changed_files: stop or replace"
            );
    }

    void Snapshot(Flow flow, Places place, string where)
    {
        if (flow.PrimaryKey.Count == 0)
            problems.Disagree(
                place.Of("read"),
                where,
                "read: snapshot needs a primary_key",
                "add `primary_key:` with the column or columns that tell rows apart"
            );
        if (
            flow.CompleteWhen.Marker is { } marker
            && (
                marker.Trim().Length == 0
                || marker.StartsWith('/')
                || marker.Contains('\\')
                || marker.Split('/').Contains("..")
            )
        )
            problems.Disagree(
                place.Of("complete_when", "marker"),
                where,
                "the marker is no file below the folder of {version}",
                "write for example `marker: _SUCCESS`"
            );
        if (flow.ReadsTable)
            return;
        var captures = Captures.Of(flow.Source.Path);
        if (!captures.Contains("version"))
        {
            problems.Refuse(
                place.Of("source", "path"),
                where,
                "read: snapshot needs the capture {version} in the source's path",
                "write for example \"{tenant}/{table}/{version}/*.csv.gz\"",
                "version"
            );
            return;
        }

        if (PathDate.Of(flow.Source.Path, "version")?.Fault is { } fault)
            problems.Refuse(
                place.Of("source", "path"),
                where,
                $"the dates of {{version}} have no order: {fault}",
                "write for example {version:yyyy-MM-dd} or {version:dd-MM-yyyy}",
                "version:"
            );
        if (flow.IsPublishOnly)
            return;
        var named = Captures.Of(flow.Target.Schema).Concat(Captures.Of(flow.Target.Table)).ToList();
        if (named.Contains("version"))
            problems.Refuse(
                place.Of("target"),
                where,
                "the target uses {version}, and all versions go to one table",
                "remove {version} from the target",
                "version in target"
            );

        // Two datasets in one table would delete each other's rows.
        if (captures.Except(named).FirstOrDefault(capture => capture != "version") is { } shared)
            problems.Refuse(
                place.Of("target"),
                where,
                $"each {{{shared}}} is a dataset of its own and needs a table of its own",
                $"use {{{shared}}} in the target's schema or table, for example table: "
                    + $"\"{string.Join("__", captures.Where(one => one != "version").Select(one => $"{{{one}}}"))}\"",
                shared
            );
    }

    Flow Complete(Flow flow, MapNode node) =>
        flow with
        {
            ChangedFiles =
                flow.ChangedFiles
                ?? (
                    flow.Write is null ? null
                    : flow.Write == WriteMode.Append ? ChangedFiles.Stop
                    : ChangedFiles.Replace
                ),
            Settle =
                (flow.ReadsStream ? TimeSpan.Zero : (TimeSpan?)null)
                ?? (flow.Read == ReadMode.Snapshot ? flow.CompleteWhen.Settle : null)
                ?? flow.Source.Settle
                ?? (node.Find("settle") is { Value.IsNull: false } ? flow.Settle : (TimeSpan?)null)
                ?? connections.GetValueOrDefault(flow.Source.Connection) switch
                {
                    FolderConnection folder => folder.Settle,
                    S3Connection bucket => bucket.Settle,
                    _ => null,
                }
                ?? (
                    flow.Read == ReadMode.Snapshot && flow.CompleteWhen is { Marker: null, Parts: null } ? ExportSettle
                    // A bucket shows a file when it is whole, and not before.
                    : connections.GetValueOrDefault(flow.Source.Connection) is S3Connection ? TimeSpan.Zero
                    : flow.Settle
                ),
        };

    /// <summary>Where the keys of a flow stand; the flow's name for what it does not say.</summary>
    internal readonly record struct Places(MapNode Node, ScalarNode Name)
    {
        public Node? Said(params ReadOnlySpan<string> keys)
        {
            Node? node = Node;
            foreach (var key in keys)
                node = (node as MapNode)?.Find(key)?.Value;
            return node is { IsNull: false } ? node : null;
        }

        public Node Of(params ReadOnlySpan<string> keys) => Said(keys) ?? Name;
    }
}
