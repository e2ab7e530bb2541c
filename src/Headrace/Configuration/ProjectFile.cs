using System.Text;
using Headrace.Configuration.Binding;

namespace Headrace.Configuration;

/// <summary>What came of loading a project: the project, or everything that is wrong with it.</summary>
/// <param name="Project">Null when there is any problem.</param>
/// <param name="Problems">From the top of the file down; empty when there is a project.</param>
public sealed record LoadedProject(Project? Project, IReadOnlyList<HeadraceException> Problems);

/// <summary>Reads <c>headrace.yaml</c>.</summary>
public static class ProjectFile
{
    public const string Name = "headrace.yaml";

    const int LargestFile = 5 * 1024 * 1024;

    /// <summary>Loads the project in a folder, with the secrets that services keep.</summary>
    /// <param name="store">Is asked for each of them once.</param>
    /// <inheritdoc cref="Load(string, string?, Func{string, string?})"/>
    public static async Task<LoadedProject> LoadAsync(
        string folder,
        string? environment,
        Func<string, string?> variables,
        ISecretStore store,
        CancellationToken cancel
    )
    {
        var remote = new RemoteSecrets();
        while (true)
        {
            var loaded = Load(folder, environment, variables, remote);
            if (!await remote.AskAsync(store, cancel))
                return loaded;
        }
    }

    /// <summary>Loads the project in a folder.</summary>
    /// <param name="folder">The project's folder.</param>
    /// <param name="environment">One of the file's <c>environments</c>; null for none.</param>
    /// <param name="variables">The environment variables.</param>
    public static LoadedProject Load(string folder, string? environment, Func<string, string?> variables) =>
        Load(folder, environment, variables, null);

    static LoadedProject Load(
        string folder,
        string? environment,
        Func<string, string?> variables,
        RemoteSecrets? remote
    )
    {
        folder = Path.GetFullPath(folder);
        var path = Path.Combine(folder, Name);
        if (!File.Exists(path))
            return new LoadedProject(null, [Error.ProjectMissing(folder)]);
        if (new FileInfo(path).Length > LargestFile)
            return new LoadedProject(
                null,
                [Error.DocumentRefused(new Place(Name, 1, 1, ""), "it is larger than 5 MB", "split the project")]
            );
        try
        {
            return Parse(
                new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(path)),
                folder,
                environment,
                variables,
                remote
            );
        }
        catch (DecoderFallbackException)
        {
            return new LoadedProject(
                null,
                [Error.YamlSyntax(new Place(Name, 1, 1, ""), "it is not UTF-8 text", "save it as UTF-8")]
            );
        }
    }

    /// <summary>Loads a project from the text of its file.</summary>
    public static LoadedProject Parse(
        string text,
        string folder,
        string? environment,
        Func<string, string?> variables
    ) => Parse(text, folder, environment, variables, null);

    static LoadedProject Parse(
        string text,
        string folder,
        string? environment,
        Func<string, string?> variables,
        RemoteSecrets? remote
    )
    {
        text = text.TrimStart('\uFEFF');
        var problems = new Problems(Name, text);
        var project = YamlReader.Read(text, problems) is { } file
            ? Bind(file, folder, environment, new Variables(folder, variables, problems, remote), problems)
            : null;
        return new LoadedProject(problems.Any ? null : project, problems.All);
    }

    /// <summary>
    /// The effective configuration as YAML: the environment and all defaults in it, secrets as they are written. With a
    /// flow: only it and its connections.
    /// </summary>
    public static string Show(Project project, string? flow = null) => ProjectText.Write(project, flow);

    /// <summary>The same as JSON.</summary>
    public static string ShowJson(Project project, string? flow = null) => NodeJson.Write(Show(project, flow));

    /// <summary>Where secrets stand in the file themselves.</summary>
    public static IEnumerable<string> LiteralSecrets(Project project) =>
        Binding.LiteralSecrets.Of(project, project.Written, "");

    static Project? Bind(MapNode file, string folder, string? environment, Variables variables, Problems problems)
    {
        if (!Version(file, problems))
            return null;
        var binder = new Binder(problems, variables);

        var environments = Environments(file, binder, variables);
        if (environment is not null)
        {
            if (file.Map("environments")?.Map(environment) is not { } chosen)
            {
                var known = (file.Map("environments") ?? MapNode.Empty)
                    .Entries.Select(entry => entry.Key.Text)
                    .ToArray();
                problems.Add(new Place(Name, 1, 1, ""), Error.UnknownEnvironment(environment, known));
                return null;
            }

            file = Overlay.Environment(file, chosen);
        }

        // Defaults are read by themselves for their own problems, and again under each flow for their values.
        var flows = file.Find("flows");
        var written = file.Without("environments");
        if (flows is { Value: MapNode map })
            written = written.With(new Entry(flows.Key, WithDefaults(map, file.Map("defaults") ?? MapNode.Empty)));
        if (file.Find("models") is { Value: MapNode models } entry)
        {
            // Of the defaults a model has its target alone.
            var target = file.Map("defaults")?.Find("target");
            written = written.With(
                entry with
                {
                    Value = WithDefaults(models, target is null ? MapNode.Empty : new MapNode(default, [target])),
                }
            );
        }

        if (binder.Record(written, typeof(Project), "the file", file) is not Project project)
            return null;

        // A password is one however it was written.
        foreach (var connection in project.Connections.Values)
            if ((connection as PostgresConnection)?.Password is { } password)
                problems.Secrets.Remember(password);
            else if ((connection as RedshiftConnection)?.Password is { } other)
                problems.Secrets.Remember(other);
        foreach (var notification in project.Notifications.Values)
        foreach (var url in (string?[])[notification.Webhook, notification.Slack, notification.Smtp?.Password])
            if (url is not null)
                problems.Secrets.Remember(url);
        foreach (var text in (string?[])[project.Lineage?.Url, project.Lineage?.ApiKey])
            if (text is not null)
                problems.Secrets.Remember(text);
        foreach (var mask in project.Flows.Values.SelectMany(flow => flow.Masks.Values))
            if (mask.Hmac is { } key)
                problems.Secrets.Remember(key);
        project = project with { Flows = Flows(project, written, problems) };
        return project with
        {
            Environments = environments,
            Models = Models(project, written, problems, folder),
            Folder = folder,
            Environment = environment,
            Secrets = problems.Secrets,
            Written = written,
        };
    }

    static bool Version(MapNode file, Problems problems)
    {
        // A file of another version is not read any further: its keys mean something else.
        if (file.Find("version")?.Value is not ScalarNode { IsNull: false } version || version.Text == "1")
            return true;
        problems.Add(problems.At(version), Error.UnknownVersion(problems.At(version), version.Text));
        return false;
    }

    static MapNode WithDefaults(MapNode flows, MapNode defaults) =>
        new(
            flows.Span,
            [
                .. flows.Entries.Select(flow =>
                    flow.Value is MapNode settings ? flow with { Value = Overlay.Settings(defaults, settings) } : flow
                ),
            ],
            flows.Braces
        );

    static IReadOnlyDictionary<string, ProjectEnvironment> Environments(
        MapNode file,
        Binder binder,
        Variables variables
    )
    {
        if (file.Find("environments") is not { } entry)
            return new Project { Version = 1 }.Environments;

        // What is in the other environments has to make sense, but their variables need not be set here.
        var node = entry.Value;
        if (node is MapNode environments)
            node = new MapNode(
                environments.Span,
                [.. environments.Entries.Select(one => one with { Value = Whole(one.Value, file) })]
            );
        variables.Strict = false;
        var only = new MapNode(
            file.Span,
            [new Entry(entry.Key, node), .. file.Entries.Where(one => one.Key.Text == "version")]
        );
        var bound = binder.Record(only, typeof(Project), "the file", file) as Project;
        variables.Strict = true;
        return bound?.Environments ?? new Project { Version = 1 }.Environments;
    }

    // A connection of an environment may leave out what the file's connection of that name says.
    static Node Whole(Node environment, MapNode file)
    {
        if (environment is not MapNode map || map.Find("connections") is not { Value: MapNode changed } connections)
            return environment;
        var whole = Overlay.Connections(file.Map("connections") ?? MapNode.Empty, changed);
        var named = whole.Entries.Where(entry => changed.Find(entry.Key.Text) is not null);
        return map.With(connections with { Value = new MapNode(changed.Span, [.. named]) });
    }

    static OrderedDictionary<string, Flow> Flows(Project project, MapNode file, Problems problems)
    {
        var connections = file.Map("connections") ?? MapNode.Empty;
        var rules = new FlowRules(problems, connections, project.Connections);
        foreach (var connection in connections.Entries)
        {
            rules.Name(connection.Key, "connection");
            if (
                project.Connections.GetValueOrDefault(connection.Key.Text) is RedshiftConnection redshift
                && connection.Value is MapNode said
            )
                new RedshiftRules(problems).Check(redshift, said, connection.Key);
            if (
                project.Connections.GetValueOrDefault(connection.Key.Text) is S3Connection bucket
                && connection.Value is MapNode keys
            )
                new ServeRules(problems, project).Check(bucket, keys);
        }

        if (project.Ledger is { } ledger && file.Find("ledger") is { } entry)
            rules.Check(ledger, entry.Value);
        if (file.Find("after_run") is { } hook)
            FlowRules.Check(problems, project.AfterRun, hook.Value, "the file");
        var flows = new OrderedDictionary<string, Flow>();
        foreach (var (name, node) in (file.Map("flows") ?? MapNode.Empty).Entries)
        {
            rules.Name(name, "flow");
            if (project.Flows.TryGetValue(name.Text, out var flow))
                flows.Add(name.Text, rules.Check(flow, (MapNode)node, name));
        }

        var serve = new ServeRules(problems, project);
        foreach (var (name, node) in (file.Map("flows") ?? MapNode.Empty).Entries)
            if (project.Flows.TryGetValue(name.Text, out var flow))
                serve.Check(flow, node, name);
        serve.Cycles(file.Map("flows") ?? MapNode.Empty);
        if (project.Lineage is { } lineage && file.Find("lineage") is { } place)
            serve.Check(lineage, place.Value);
        foreach (var (name, node) in (file.Map("notifications") ?? MapNode.Empty).Entries)
            if (project.Notifications.TryGetValue(name.Text, out var notification))
                serve.Check(notification, name, node);
        return flows;
    }

    static OrderedDictionary<string, Model> Models(Project project, MapNode file, Problems problems, string folder)
    {
        var models = new OrderedDictionary<string, Model>();
        if (file.Map("models") is not { } nodes)
            return models;
        var connections = file.Map("connections") ?? MapNode.Empty;
        var links = new ConnectionRules(problems, connections, project.Connections);
        var rules = new ModelRules(problems, links, project, folder);
        foreach (var (name, node) in nodes.Entries)
        {
            FlowRules.Name(problems, name, "model");
            if (project.Models.TryGetValue(name.Text, out var model))
                models.Add(name.Text, rules.Check(model, (MapNode)node, name));
        }

        rules.Cycles(project.Models, nodes);
        return models;
    }
}
