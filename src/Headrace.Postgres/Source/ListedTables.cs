using Headrace.Configuration;

namespace Headrace.Postgres;

/// <summary>
/// The tables that the process table lists for one connection: each a dataset, with a position and a target of its own.
/// </summary>
/// <param name="database">Where the tables are, the way a person would write it.</param>
/// <param name="sourceOf">What reads the table of one flow.</param>
/// <param name="look">Sees whether the database answers, when there is no table to ask it for.</param>
public sealed class ListedTables(
    Flow flow,
    string database,
    IProcessTable listed,
    Func<Flow, TableSource> sourceOf,
    Func<CancellationToken, Task> look
) : ISource, IWholeSource, ICheckedSource
{
    private readonly Dictionary<string, TableSource> sources = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Flow> flows = new(StringComparer.Ordinal);

    public string Address => $"{database}/process_table";

    public async Task<IReadOnlyList<Dataset>> DatasetsAsync(CancellationToken cancel)
    {
        var datasets = new List<Dataset>();
        foreach (
            var entry in (await listed.ListAsync(cancel)).Where(entry =>
                entry.IsEnabled && entry.Connection == flow.Source.Connection
            )
        )
        {
            var (one, dataset) = (FlowOf(flow, entry), DatasetOf(flow, entry));
            sources[dataset.Name] = sourceOf(one);
            flows[dataset.Name] = one;
            datasets.Add(dataset);
        }

        return datasets.Count > 0 ? datasets : [new Dataset(flow.Name, flow.Name, new Dictionary<string, string>())];
    }

    public TableName Target(Dataset dataset) =>
        sources.TryGetValue(dataset.Name, out var source) ? source.Target(dataset) : TableName.None;

    public Claim? ClaimOf(Dataset dataset) =>
        sources.TryGetValue(dataset.Name, out var source) ? source.ClaimOf(dataset) : null;

    public async Task<Found> NextAsync(Dataset dataset, Position from, StageAttempt attempt, CancellationToken cancel)
    {
        if (sources.TryGetValue(dataset.Name, out var source))
            return await source.NextAsync(dataset, from, attempt, cancel);
        await look(cancel);
        return new Found(
            null,
            [],
            [
                $"the process table has no enabled table of {flow.Source.Connection}: "
                    + $"headrace tables add {flow.Source.Connection} TABLE",
            ]
        );
    }

    /// <summary>False for the dataset that stands for a process table without tables.</summary>
    public bool Has(Dataset dataset) => sources.ContainsKey(dataset.Name);

    public Task CheckAsync(Dataset dataset, Position position, CancellationToken cancel) =>
        sources.TryGetValue(dataset.Name, out var source) ? source.CheckAsync(dataset, position, cancel) : look(cancel);

    public Task<WholeTable> StageAllAsync(
        Dataset dataset,
        Position position,
        Staging.DigestOptions? digesting,
        CancellationToken cancel
    ) => sources[dataset.Name].StageAllAsync(dataset, position, digesting, cancel);

    public void Release(Dataset dataset)
    {
        if (sources.TryGetValue(dataset.Name, out var source))
            source.Release(dataset);
    }

    /// <summary>The flow that a dataset stands for.</summary>
    public Flow FlowOf(Dataset dataset) => flows[dataset.Name];

    /// <summary>The dataset of an entry.</summary>
    public static Dataset DatasetOf(Flow flow, TableEntry entry) =>
        new($"{flow.Name}/{entry.Table}", flow.Name, new Dictionary<string, string>());

    /// <summary>
    /// The flow of an entry: by its cursors; without any compared by its key; without a key replaced as a whole.
    /// </summary>
    public static Flow FlowOf(Flow flow, TableEntry entry)
    {
        var isIncremental = entry.PrimaryKey.Count > 0 && (entry.CreateKey ?? entry.UpdateKey) is not null;
        return flow with
        {
            Source = flow.Source with { Table = entry.Table, Tables = null },
            Masks = flow.Masks.ToDictionary(mask => mask.Key, mask => mask.Value with { IsOwn = false }),
            PrimaryKey = entry.PrimaryKey,
            CreateKey = entry.CreateKey,
            UpdateKey = entry.UpdateKey,
            Read =
                isIncremental ? ReadMode.Incremental
                : entry.PrimaryKey.Count > 0 ? ReadMode.Snapshot
                : ReadMode.FullRefresh,
            Write = entry.PrimaryKey.Count > 0 ? WriteMode.Merge : WriteMode.Replace,
            Target = flow.Target with
            {
                Schema = entry.Target is { Schema.Length: > 0 } named ? named.Schema : flow.Target.Schema,
                Table = entry.Target is { Table.Length: > 0 } target
                    ? target.Table
                    : entry.Table[(entry.Table.LastIndexOf('.') + 1)..],
            },
        };
    }
}
