using System.Text;
using Headrace.Models;

namespace Headrace.Configuration.Binding;

/// <summary>What must hold between the keys of a model, and between a model and the rest of the project.</summary>
/// <param name="links">Checks what is said of connections.</param>
/// <param name="folder">The project's folder.</param>
internal sealed class ModelRules(Problems problems, ConnectionRules links, Project project, string folder)
{
    const int LargestSql = 1 << 20;

    /// <summary>Adds every broken rule to the problems; returns the model with what is not said filled in.</summary>
    public Model Check(Model model, MapNode node, ScalarNode name)
    {
        var where = $"model '{model.Name}'";
        var place = new FlowRules.Places(node, name);
        if (project.Flows.ContainsKey(model.Name))
            problems.Disagree(name, where, "a flow has the same name", "give the model or the flow another name");
        if (model.Target.Table.Length == 0)
            model = model with { Target = model.Target with { Table = model.Name } };
        links.Target(model.Target, place, where);
        Target(model, place, where);
        Keys(model, place, where);
        After(model, place, where);
        var isRedshift = project.Connections.GetValueOrDefault(model.Target.Connection) is RedshiftConnection;
        if (!isRedshift)
            foreach (var key in (string[])["distribution", "sort"])
                if (place.Said(key) is { } said)
                    problems.Disagree(said, where, $"'{key}' is for tables of Redshift", $"remove '{key}'");
        Before(model, place, where, isRedshift);
        model = model with { Checks = new CheckRules(problems).Check(model.Checks, null, place, where) };
        return model with { Text = Text(model, place, where, isRedshift) };
    }

    /// <summary>Names models that wait for each other, as far as <c>after</c> says so.</summary>
    public void Cycles(IReadOnlyDictionary<string, Model> models, MapNode nodes)
    {
        if (ModelOrder.Cycle(models.Values.Select(model => (model.Name, model.After ?? []))) is { } cycle)
            problems.Add(
                problems.At(nodes.Find(cycle[0])!.Key),
                Error.ModelCycle(problems.At(nodes.Find(cycle[0])!.Key), cycle)
            );
    }

    void Target(Model model, FlowRules.Places place, string where)
    {
        foreach (
            var (key, text) in (ReadOnlySpan<(string, string)>)
                [("schema", model.Target.Schema), ("table", model.Target.Table)]
        )
            if (text.Trim().Length == 0)
                problems.Refuse(
                    place.Of("target", key),
                    where,
                    $"the target's {key} has no name",
                    $"write a name after '{key}:'",
                    key
                );
            else if (text.Contains('{', StringComparison.Ordinal))
                problems.Refuse(
                    place.Of("target", key),
                    where,
                    $"the target's {key} holds a capture, and a model has no path",
                    $"write {key}: with a name, for the model alone",
                    key
                );
        if (model.Target.Schema.Equals("headrace", StringComparison.OrdinalIgnoreCase))
            problems.Disagree(
                place.Of("target", "schema"),
                where,
                "the schema 'headrace' is where Headrace keeps its own tables",
                "name another schema"
            );
        if (
            project
                .Flows.Values.Select(flow => (What: "flow", flow.Name, flow.Target))
                .Concat(project.Models.Values.Select(other => (What: "model", other.Name, other.Target)))
                .FirstOrDefault(other => other.Name != model.Name && IsSame(other.Target, other.Name, model.Target)) is
            { Name: not null } taken
        )
            problems.Disagree(
                place.Of("target"),
                where,
                $"its table is that of the {taken.What} '{taken.Name}'",
                "give it a table of its own: target: { table: … }"
            );
    }

    static bool IsSame(Target other, string name, Target mine) =>
        other.Connection == mine.Connection
        && other.Schema.Equals(mine.Schema, StringComparison.OrdinalIgnoreCase)
        && (other.Table.Length == 0 ? name : other.Table).Equals(mine.Table, StringComparison.OrdinalIgnoreCase);

    void Keys(Model model, FlowRules.Places place, string where)
    {
        const string next = "add `primary_key:` with the column or columns that tell rows apart";
        if (model is { Write: ModelWrite.Merge or ModelWrite.Scd2, PrimaryKey.Count: 0 })
            problems.Disagree(
                place.Of("write"),
                where,
                $"write: {Choices.WordOf(model.Write)} needs a primary_key",
                next
            );
        if (model.Write == ModelWrite.Scd2)
            new ChangeRules(problems).History(model.Scd2 ?? new Scd2(), model.PrimaryKey, place.Of("scd2"), where);
        else if (place.Said("scd2") is { } scd2)
            problems.Disagree(scd2, where, "'scd2' needs write: scd2", "remove 'scd2', or use write: scd2");
        if (model.SurrogateKey is not { } surrogate)
            return;
        if (model.PrimaryKey.Count == 0)
            problems.Disagree(place.Of("surrogate_key"), where, "a surrogate_key needs a primary_key", next);
        if (model.PrimaryKey.Contains(surrogate, StringComparer.OrdinalIgnoreCase))
            problems.Disagree(
                place.Of("surrogate_key"),
                where,
                "the surrogate_key is a column of the primary_key, and Headrace makes its numbers",
                "name the columns of the SELECT in primary_key, and a new one in surrogate_key"
            );
    }

    void After(Model model, FlowRules.Places place, string where)
    {
        var known = project.Flows.Keys.Concat(project.Models.Keys).ToList();
        foreach (var name in model.After ?? [])
        {
            if (!known.Contains(name))
                problems.Add(
                    problems.At(place.Of("after")),
                    Error.UnknownAfter(problems.At(place.Of("after")), name, where, known),
                    name
                );
            else if (
                (project.Flows.GetValueOrDefault(name)?.Target ?? project.Models[name].Target).Connection is var other
                && other != model.Target.Connection
            )
                problems.Disagree(
                    place.Of("after"),
                    where,
                    $"'{name}' does not write into the connection '{model.Target.Connection}', where the model reads",
                    $"remove '{name}' from after"
                );
        }
    }

    void Before(Model model, FlowRules.Places place, string where, bool isRedshift)
    {
        foreach (var text in model.Before)
        {
            var statement = SqlStatement.Read(text, isRedshift);
            var why =
                statement.Fault
                ?? (statement.Verb.Length == 0 ? "it is empty" : null)
                ?? (
                    statement.Commits(isRedshift) is { } commits ? $"{commits} does not stay in the transaction" : null
                );
            if (why is not null)
                problems.Add(
                    problems.At(place.Of("before")),
                    Error.BeforeRefused(problems.At(place.Of("before")), where, text, why),
                    text
                );
        }
    }

    // The SELECT, or "" with the reason among the problems.
    string Text(Model model, FlowRules.Places place, string where, bool isRedshift)
    {
        if (model.Sql.Length == 0)
            return "";
        var at = problems.At(place.Of("sql"));
        try
        {
            var file = new FileInfo(Path.GetFullPath(model.Sql, folder));
            if (file.Length > LargestSql)
                throw new IOException("it is larger than 1 MB");
            var statement = SqlStatement.Read(
                new UTF8Encoding(false, throwOnInvalidBytes: true)
                    .GetString(File.ReadAllBytes(file.FullName))
                    .TrimStart('\uFEFF')
                    .ReplaceLineEndings("\n"),
                isRedshift
            );
            if (statement.NoSelect is not { } why)
                return statement.Text;
            problems.Add(at, Error.ModelIsNoSelect(at, model.Sql, where, why));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            problems.Add(
                at,
                Error.ModelFileUnreadable(
                    at,
                    model.Sql,
                    where,
                    error switch
                    {
                        FileNotFoundException or DirectoryNotFoundException => "it is not there",
                        DecoderFallbackException => "it is not UTF-8 text",
                        _ => error.Message,
                    }
                )
            );
        }

        return "";
    }
}
