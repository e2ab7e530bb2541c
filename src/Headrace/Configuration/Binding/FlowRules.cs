using System.Text;

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

    /// <summary>Checks that a name can stand in paths, tables and command lines.</summary>
    public void Name(ScalarNode name, string what)
    {
        if (name.Text.Length > 100 || !Captures.IsIdentifier(name.Text.Replace('-', '_')) || name.Text[0] == '-')
            problems.Add(problems.At(name), Error.NameRefused(problems.At(name), what, name.Text));
    }

    /// <summary>Checks the ledger that several machines share.</summary>
    public void Check(LedgerSettings ledger, Node node)
    {
        var at = (node as MapNode)?.Find("connection")?.Value ?? node;
        Fits(ledger.Connection, [typeof(PostgresConnection)], at, "'ledger'");
    }

    /// <summary>Adds every broken rule to the problems, and returns the flow with what is not said filled in.</summary>
    public Flow Check(Flow flow, MapNode node, ScalarNode name)
    {
        var where = $"flow '{flow.Name}'";
        var place = new Places(node, name);
        Connections(flow, place, where);
        Redshift(flow, place, where);
        Archive(flow, place, where);
        Modes(flow, place, where);
        if (connections.GetValueOrDefault(flow.Source.Connection) is PostgresConnection or RedshiftConnection)
            new TableRules(problems).Check(flow, place, where);
        else
            Path(flow, place, where);
        Target(ref flow, place, where);
        Columns(flow, place, where);
        AddedColumns(flow, place, where);
        if (flow.Read == ReadMode.Snapshot)
            Snapshot(flow, place, where);
        else if (flow.Read is not null && place.Said("publish") is { } publish)
            Disagree(
                publish,
                where,
                "'publish' needs read: snapshot",
                "remove 'publish', or use read: snapshot with a primary_key"
            );
        Csv(flow, place, where);
        if (flow.Limits.MaxRecordBytes > int.MaxValue)
            Disagree(
                place.Of("limits", "max_record_bytes"),
                where,
                "max_record_bytes is more than 2GB",
                "write a size of at most 2GB"
            );
        return Complete(flow, node);
    }

    void Connections(Flow flow, Places place, string where)
    {
        if (flow.Publish is { Connection.Length: > 0 } publish)
            Fits(
                publish.Connection,
                [typeof(JsonlConnection)],
                place.Of("publish", "connection"),
                $"'publish' of {where}"
            );
        if (flow.IsPublishOnly)
        {
            // Its operations go to the stream, and no row to a table.
        }
        else if (flow.Target.Connection.Length > 0)
            Fits(
                flow.Target.Connection,
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
                    "add `target: { connection: NAME }` to the flow or to the defaults"
                ),
                "target.connection"
            );
        var isTable =
            flow.ReadsTable
            || connections.GetValueOrDefault(flow.Source.Connection) is PostgresConnection or RedshiftConnection;
        Fits(
            flow.Source.Connection,
            isTable ? [typeof(PostgresConnection), typeof(RedshiftConnection)] : [typeof(FolderConnection)],
            place.Of("source", "connection"),
            $"the source of {where}"
        );
    }

    void Archive(Flow flow, Places place, string where)
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
            Refuse(
                place.Of("archive", "path"),
                $"the archive of {where}",
                "the path does not stay inside the connection",
                "write a path with / between its parts, without .. and without / at its start"
            );
        if (!flow.ReadsTable && connections.GetValueOrDefault(flow.Source.Connection) is FolderConnection)
            Disagree(
                place.Of("archive"),
                where,
                "'archive' is for tables, and the source is files",
                "remove 'archive': the files are in a lake already"
            );
    }

    // What only Redshift knows, and where its rows wait.
    void Redshift(Flow flow, Places place, string where)
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
                    Refuse(
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
                Disagree(said, where, $"'{key}' is for tables of Redshift", $"remove '{key}'");
    }

    void Fits(string name, Type[] needed, Node at, string where)
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
                        "add `read: incremental` (each file once), `read: drop` (the path says what each file does) or `read: snapshot` (full exports)"
                    ),
                    "read"
                );
            return;
        }

        if (flow.Read == ReadMode.Drop)
        {
            if (place.Said("write") is { } write)
                Disagree(
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
            else if (flow.Write is not (null or WriteMode.Merge))
                Disagree(
                    place.Of("write"),
                    where,
                    "read: snapshot needs write: merge",
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
                        "add `write: append`, `write: replace` or `write: merge`"
                    ),
                    "write"
                );
            return;
        }

        if (flow.Write == WriteMode.Merge && flow.PrimaryKey.Count == 0 && !flow.ReadsList)
            Disagree(
                place.Of("write"),
                where,
                "write: merge needs a primary_key",
                "add `primary_key:` with the column or columns that tell rows apart"
            );
        if (flow.ChangedFiles == ChangedFiles.Replace && flow.Write == WriteMode.Append)
            Disagree(
                place.Of("changed_files"),
                where,
                "changed_files: replace needs write: merge or write: replace",
                "write changed_files: stop or append, or use write: merge with a primary_key"
            );
        if (flow.ChangedFiles == ChangedFiles.Append && flow.Write != WriteMode.Append)
            Disagree(
                place.Of("changed_files"),
                where,
                "changed_files: append needs write: append",
                "write changed_files: stop or replace"
            );
    }

    void Path(Flow flow, Places place, string where)
    {
        if (TableRules.Only.FirstOrDefault(key => place.Said(key) is not null) is { } key)
            Disagree(
                place.Of(key),
                where,
                $"'{key}' is for tables, and the source is files",
                $"remove '{key}': each file is read once"
            );
        if (flow.Read == ReadMode.FullRefresh)
            Disagree(
                place.Of("read"),
                where,
                "read: full-refresh is for tables, and the source is files",
                "use read: incremental with write: replace"
            );
        var path = flow.Source.Path;
        var at = place.Of("source", "path");
        if (place.Said("source", "path") is null)
        {
            if (!flow.ReadsTable)
                problems.Add(
                    problems.At(at),
                    Error.MissingKey(
                        problems.At(at),
                        "path",
                        $"the source of {where}",
                        "add `path:` with the files to read, for example \"prices/*.csv\""
                    ),
                    "path"
                );
            return;
        }

        if (path.Trim().Length == 0 || path.StartsWith('/') || path.Contains('\\') || path.Split('/').Contains(".."))
            Refuse(
                at,
                where,
                "the source's path does not stay inside the connection's folder",
                "write a path from the connection's folder with / between its parts, without .. and without / at its start"
            );
        if (Captures.Fault(path) is { } fault)
        {
            Refuse(at, where, $"a capture of the source's path is wrong: {fault}", "correct the path");
            return;
        }

        var captures = Captures.Of(path);
        if (captures.GroupBy(capture => capture).FirstOrDefault(group => group.Count() > 1) is { } twice)
            Refuse(at, where, $"the source's path captures '{twice.Key}' twice", "give each capture a name of its own");
        if (flow.Read == ReadMode.Drop)
            foreach (var needed in (string[])["action", "table"])
                if (!captures.Contains(needed))
                    Refuse(
                        at,
                        where,
                        $"read: drop needs the capture {{{needed}}} in the source's path",
                        "write for example \"inbox/{database}/{action}/{table}/*\"",
                        needed
                    );
    }

    void Target(ref Flow flow, Places place, string where)
    {
        if (flow.Target.Table.Length == 0)
            flow = flow with
            {
                Target = flow.Target with { Table = flow.Read == ReadMode.Drop ? "{table}" : flow.Name },
            };
        var captured = Captures.Of(flow.Source.Path);
        foreach (
            var (key, text) in (ReadOnlySpan<(string, string)>)
                [("schema", flow.Target.Schema), ("table", flow.Target.Table)]
        )
        {
            var at = place.Of("target", key);
            if (text.Trim().Length == 0)
                Refuse(at, where, $"the target's {key} has no name", $"write a name after '{key}:'", key);
            else if (Captures.Fault(text) is { } fault)
                Refuse(at, where, $"a capture of the target's {key} is wrong: {fault}", $"correct the {key}", key);
            foreach (var unknown in Captures.Of(text).Except(captured))
                Refuse(
                    at,
                    where,
                    $"the target's {key} uses {{{unknown}}}, which the source's path does not capture",
                    captured.Count == 0
                        ? $"add {{{unknown}}} to the path"
                        : Suggestion.Ask(
                            unknown,
                            captured,
                            $"use one of {string.Join(", ", captured.Select(name => $"{{{name}}}"))}, or add {{{unknown}}} to the path"
                        ),
                    unknown
                );
        }

        if (flow.Target.Schema.Equals("headrace", StringComparison.OrdinalIgnoreCase))
            Disagree(
                place.Of("target", "schema"),
                where,
                "the schema 'headrace' is where Headrace keeps its own tables",
                "name another schema"
            );
    }

    void Snapshot(Flow flow, Places place, string where)
    {
        if (flow.PrimaryKey.Count == 0)
            Disagree(
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
            Disagree(
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
            Refuse(
                place.Of("source", "path"),
                where,
                "read: snapshot needs the capture {version} in the source's path",
                "write for example \"{tenant}/{table}/{version}/*.csv.gz\"",
                "version"
            );
            return;
        }

        if (PathDate.Of(flow.Source.Path, "version")?.Fault is { } fault)
            Refuse(
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
            Refuse(
                place.Of("target"),
                where,
                "the target uses {version}, and all versions go to one table",
                "remove {version} from the target",
                "version in target"
            );

        // Two datasets in one table would delete each other's rows.
        if (captures.Except(named).FirstOrDefault(capture => capture != "version") is { } shared)
            Refuse(
                place.Of("target"),
                where,
                $"each {{{shared}}} is a dataset of its own and needs a table of its own",
                $"use {{{shared}}} in the target's schema or table, for example table: \"{string.Join("__", captures.Where(capture => capture != "version").Select(capture => $"{{{capture}}}"))}\"",
                shared
            );
    }

    void Columns(Flow flow, Places place, string where)
    {
        var seen = new Dictionary<string, ScalarNode>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, _) in (place.Said("columns") as MapNode ?? MapNode.Empty).Entries)
        {
            if (name.Text.Trim().Length == 0)
                Disagree(name, where, "a column has no name", "give it one");
            else if (!seen.TryAdd(name.Text, name))
                problems.Add(
                    problems.At(name),
                    Error.DuplicateKey(problems.At(name), name.Text, seen[name.Text].Span.Line)
                );
        }

        if (
            flow
                .PrimaryKey.GroupBy(column => column, StringComparer.OrdinalIgnoreCase)
                .FirstOrDefault(group => group.Count() > 1) is
            { } twice
        )
            Disagree(place.Of("primary_key"), where, $"primary_key names '{twice.Key}' twice", "name each column once");
        if (flow.Infer)
            return;
        foreach (var name in flow.AddColumns.Keys)
            seen.TryAdd(name, place.Name);
        if (seen.Count == 0 && flow.Read is (ReadMode.Incremental or ReadMode.Snapshot))
            Disagree(
                place.Of("infer"),
                where,
                "infer: false needs columns",
                "list them under 'columns', or remove 'infer'"
            );
        else if (flow.PrimaryKey.FirstOrDefault(column => seen.Count > 0 && !seen.ContainsKey(column)) is { } missing)
            Disagree(
                place.Of("primary_key"),
                where,
                $"primary_key names '{missing}', which is not among the columns",
                Suggestion.Ask(missing, seen.Keys, "list it under 'columns'")
            );
    }

    void AddedColumns(Flow flow, Places place, string where)
    {
        var seen = new Dictionary<string, ScalarNode>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, _) in (place.Said("add_columns") as MapNode ?? MapNode.Empty).Entries)
            if (name.Text.Trim().Length == 0)
                Disagree(name, where, "a column has no name", "give it one");
            else if (!seen.TryAdd(name.Text, name))
                problems.Add(
                    problems.At(name),
                    Error.DuplicateKey(problems.At(name), name.Text, seen[name.Text].Span.Line)
                );
        IReadOnlyList<string> known = [.. Captures.Of(flow.Source.Path), .. AddedColumn.Facts];
        foreach (var column in flow.AddColumns.Values)
        {
            var at = place.Of("add_columns", column.Name);
            if (
                Captures.Fault(
                    AddedColumn.Facts.Aggregate(
                        column.Value,
                        (text, fact) => text.Replace($"{{{fact}}}", "", StringComparison.Ordinal)
                    )
                )
                    is { } fault
                && !Captures
                    .Of(column.Value)
                    .Any(name => name.StartsWith("file.", StringComparison.Ordinal) && !known.Contains(name))
            )
                Refuse(
                    at,
                    where,
                    $"a capture of the added column '{column.Name}' is wrong: {fault}",
                    "correct it",
                    column.Name
                );
            else if (
                flow.Source.Path.Length > 0
                && Captures.Of(column.Value).FirstOrDefault(name => !known.Contains(name)) is { } unknown
            )
                Refuse(
                    at,
                    where,
                    $"the added column '{column.Name}' uses {{{unknown}}}, which neither the source's path captures nor a file has",
                    Suggestion.Ask(
                        unknown,
                        known,
                        $"use one of {string.Join(", ", known.Select(name => $"{{{name}}}"))}, or add {{{unknown}}} to the path"
                    ),
                    unknown
                );
        }
    }

    void Csv(Flow flow, Places place, string where)
    {
        var csv = flow.Source.Csv;
        if (flow.Source.Format is FormatKind.Jsonl or FormatKind.Parquet && place.Said("source", "csv") is { } said)
            Disagree(
                said,
                where,
                $"'csv' does not go with format: {Choices.WordOf(flow.Source.Format)}",
                "remove 'csv', or use format: csv"
            );

        foreach (
            var (key, text) in (ReadOnlySpan<(string, string?)>)
                [("delimiter", csv.Delimiter), ("quote", csv.Quote), ("escape", csv.Escape)]
        )
            if (text is not null && CsvOptions.OneCharacter(text) is null && !(key == "quote" && text is "" or "none"))
                Disagree(
                    place.Of("source", "csv", key),
                    where,
                    $"csv {key} is not one ASCII character",
                    key == "delimiter"
                        ? "write one character in quotes, or the word tab"
                        : "write one character in quotes"
                );
        if (
            CsvOptions.OneCharacter(csv.Delimiter ?? ",") is { } delimiter
            && delimiter == CsvOptions.OneCharacter(csv.Quote)
        )
            Disagree(
                place.Of("source", "csv", "delimiter"),
                where,
                "csv delimiter and quote are the same character",
                "change one of them"
            );
        if (
            csv.Comment is { } comment
            && (comment.Length == 0 || !System.Text.Ascii.IsValid(comment) || comment.Any(char.IsControl))
        )
            Disagree(
                place.Of("source", "csv", "comment"),
                where,
                "csv comment is no text of ASCII characters",
                "write in quotes what comments begin with, for example comment: \"#\""
            );
        else if (
            csv.Comment is [var mark, ..]
            && (mark == CsvOptions.OneCharacter(csv.Delimiter ?? ",") || mark == CsvOptions.OneCharacter(csv.Quote))
        )
            Disagree(
                place.Of("source", "csv", "comment"),
                where,
                "csv comment begins with the delimiter or the quote",
                "change one of them"
            );
        if (csv.Decimal is not ("." or ","))
            Disagree(
                place.Of("source", "csv", "decimal"),
                where,
                "csv decimal is neither . nor ,",
                "write \".\" or \",\""
            );
        if (!KnowsEncoding(csv.Encoding))
            Disagree(
                place.Of("source", "csv", "encoding"),
                where,
                $"csv encoding '{csv.Encoding}' is not known",
                Suggestion.Ask(
                    csv.Encoding,
                    ["utf-8", "utf-16", "windows-1252", "iso-8859-1", "iso-8859-15"],
                    "write for example utf-8, utf-16, windows-1252 or iso-8859-1"
                )
            );
        foreach (
            var (key, format) in (ReadOnlySpan<(string, string?)>)[("date", csv.Date), ("timestamp", csv.Timestamp)]
        )
            if (DateFormat.ToStrptime(format, out var unknown) is null && format is not null)
                Disagree(
                    place.Of("source", "csv", key),
                    where,
                    $"csv {key} has '{unknown}', which stands for no part of a date",
                    "use yyyy MM dd HH mm ss fff, or %Y %m %d %H %M %S %g; put other letters in '…'"
                );
    }

    static bool KnowsEncoding(string name)
    {
        if (name is "utf-8" or "utf-16")
            return true;
        try
        {
            return (CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name)) is not null;
        }
        catch (ArgumentException)
        {
            return false;
        }
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
                (flow.Read == ReadMode.Snapshot ? flow.CompleteWhen.Settle : null)
                ?? flow.Source.Settle
                ?? (node.Find("settle") is { Value.IsNull: false } ? flow.Settle : (TimeSpan?)null)
                ?? (connections.GetValueOrDefault(flow.Source.Connection) as FolderConnection)?.Settle
                ?? (
                    flow.Read == ReadMode.Snapshot && flow.CompleteWhen is { Marker: null, Parts: null }
                        ? ExportSettle
                        : flow.Settle
                ),
        };

    void Disagree(Node at, string where, string why, string next) =>
        problems.Add(problems.At(at), Error.KeysDisagree(problems.At(at), where, why, next), why);

    void Refuse(Node at, string where, string why, string next, string subject = "") =>
        problems.Add(problems.At(at), Error.PathRefused(problems.At(at), where, why, next), subject);

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
