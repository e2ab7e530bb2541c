using System.Text.RegularExpressions;
using Headrace.Configuration;
using Headrace.DuckDb;
using Headrace.Models;

namespace Headrace.Hosting;

/// <summary>What a model reads: as it says itself, or as its SELECT does.</summary>
/// <param name="Names">Flows and models of the project.</param>
/// <param name="Untold">Tables that none of those loads.</param>
internal sealed partial record ModelReads(Model Model, IReadOnlyList<string> Names, IReadOnlyList<string> Untold)
{
    /// <summary>Tables that it reads whose rows go once they are read.</summary>
    public IReadOnlyList<KeptRows> Kept { get; private init; } = [];

    /// <summary>What each of some models reads.</summary>
    /// <exception cref="HeadraceException">HDR-345, HDR-572, HDR-575, HDR-576.</exception>
    public static IReadOnlyList<ModelReads> Of(Project project, IReadOnlyList<Model> models, CancellationToken cancel)
    {
        // Rows that are kept for several models go with the last of them.
        var keeping = project.Flows.Values.Where(flow => flow.KeepRows is not null).ToList();
        var asked = models.Count > 0 && keeping.Count > 0 ? [.. project.Models.Values] : models;
        using var parser = asked.Any(model => model.After is null) ? new QueryTables() : null;
        var reads = asked.Select(model => Of(project, model, parser, cancel)).ToList();
        if (ModelOrder.Cycle(reads.Select(one => (one.Model.Name, one.Names))) is { } cycle)
            throw Error.ModelCycle(null, cycle);
        foreach (var flow in keeping)
        {
            if (reads.Find(one => one.Names.Contains(flow.Name) && one.Model.History is not null) is { } ending)
                throw Error.KeptRowsEndVersions(flow.Name, ending.Model.Name);
            var readers = reads.Where(one => one.Names.Contains(flow.Name)).Select(one => one.Model).ToList();
            if (readers.Count > 1 && readers.Find(model => model.Write == ModelWrite.Append) is { } adding)
                throw Error.KeptRowsShared(flow.Name, adding.Name, readers.Select(model => model.Name));
        }

        return
        [
            .. reads
                .Where(one => models.Contains(one.Model))
                .Select(one =>
                    one with
                    {
                        Kept =
                        [
                            .. keeping
                                .Where(flow => one.Names.Contains(flow.Name))
                                .Select(flow => new KeptRows(
                                    flow.Name,
                                    new TableName(flow.Target.Schema, flow.Target.Table),
                                    [
                                        .. reads
                                            .Where(other => other != one && other.Names.Contains(flow.Name))
                                            .Select(other => other.Model.Name),
                                    ]
                                )),
                        ],
                    }
                ),
        ];
    }

    private static ModelReads Of(Project project, Model model, QueryTables? parser, CancellationToken cancel)
    {
        if (model.After is { } said)
            return new ModelReads(model, [.. said.Distinct()], []);
        var tables = parser!.Of(model.Text, out var fault, cancel);
        if (fault is not null)
            throw Error.ModelOrderUnknown(model.Name, model.Sql, fault);
        var isDuckDb = project.Connections[model.Target.Connection] is Configuration.DuckDbConnection;
        var (names, untold) = (new List<string>(), new List<string>());
        foreach (var table in tables)
        {
            var full = table.Schema.Length == 0 && isDuckDb ? table with { Schema = "main" } : table;
            if (LoaderOf(project, model.Target.Connection, full) is { } name)
                names.Add(name);
            else
                untold.Add(table.Schema.Length == 0 ? table.Table : table.ToString());
        }

        return new ModelReads(model, [.. names.Distinct().Where(name => name != model.Name)], untold);
    }

    // The model or the flow that loads a table; an exact name comes before one with captures.
    private static string? LoaderOf(Project project, string connection, TableName table)
    {
        var targets = project
            .Models.Values.Select(model => (model.Name, model.Target))
            .Concat(
                project
                    .Flows.Values.Where(flow => !flow.IsPublishOnly && !flow.ReadsList)
                    .Select(flow => (flow.Name, flow.Target))
            )
            .Concat(
                // The process table says which tables there are, and may say it anew.
                project
                    .Flows.Values.Where(flow => flow.ReadsList)
                    .Select(flow => (flow.Name, flow.Target with { Table = "{table}" }))
            )
            .Where(one => one.Item2.Connection == connection)
            .OrderBy(one => $"{one.Item2.Schema}.{one.Item2.Table}".Contains('{', StringComparison.Ordinal));
        return targets
            .Where(one => Fits(one.Item2.Schema, table.Schema) && Fits(one.Item2.Table, table.Table))
            .Select(one => one.Name)
            .FirstOrDefault();
    }

    private static bool Fits(string target, string name) =>
        Regex.IsMatch(
            name,
            $"^{Capture().Replace(Regex.Escape(target), ".+")}$",
            RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline
        );

    [GeneratedRegex(@"\\\{[^}]*\}")]
    private static partial Regex Capture();
}
