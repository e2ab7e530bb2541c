namespace Headrace.Hosting;

/// <summary>How many rows of a dataset wait, and since when.</summary>
public sealed record WaitingRows(string Dataset, long Rows, DateTimeOffset Oldest);

/// <summary>What a release did with rows.</summary>
/// <param name="Released">Rows that were loaded.</param>
/// <param name="Superseded">Rows that were not, since newer ones have replaced their table.</param>
/// <param name="Kept">Rows that still do not fit, and stay.</param>
/// <param name="Gone">Rows that were asked for and do not wait any more.</param>
public sealed record ReleaseResult(long Released, long Superseded, long Kept, long Gone);

/// <summary>Rows that were set aside: lists them, loads them after all, or gives them up.</summary>
public sealed class QuarantineService(ProjectHost host)
{
    /// <summary>How many rows wait, by dataset.</summary>
    public async Task<IReadOnlyList<WaitingRows>> CountAsync(CancellationToken cancel)
    {
        var counts = new List<WaitingRows>();
        foreach (var warehouse in host.Warehouses.All(isReadOnly: true))
        foreach (var (dataset, rows, oldest) in await warehouse.Quarantine.CountAsync(cancel))
            counts.Add(new WaitingRows(dataset, rows, oldest));
        return counts;
    }

    /// <summary>
    /// Rows of a flow or a dataset, the oldest first; only those that wait unless <paramref name="all"/>.
    /// </summary>
    /// <param name="isReadOnly">False for who has the warehouse open to write.</param>
    public Task<IReadOnlyList<QuarantinedRow>> RowsAsync(
        string of,
        bool all,
        int most,
        CancellationToken cancel,
        bool isReadOnly = true
    ) => Quarantine(of, isReadOnly).RowsAsync(of, all, most, cancel);

    /// <summary>Loads rows of a flow or a dataset after all; those that still do not fit stay.</summary>
    /// <param name="ids">Numbers of rows; null for all that wait.</param>
    /// <param name="set">Values that mend columns first, which are named as in the table or as in the file.</param>
    public async Task<ReleaseResult> ReleaseAsync(
        string of,
        IReadOnlyList<long>? ids,
        IEnumerable<KeyValuePair<string, string?>> set,
        CancellationToken cancel
    )
    {
        var flow = host.FlowOf(of);
        var rules = flow.Rules();
        var mended = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (column, value) in set)
        {
            bool IsIt(DeclaredColumn one) => one.From.Equals(column, StringComparison.OrdinalIgnoreCase);
            mended[rules.Columns.FirstOrDefault(IsIt)?.Name ?? column] = value;
        }

        // A stream is told of exports alone: a row that went into the table by hand would be missing there.
        if (flow.Publish is not null)
            throw Error.ReleaseRefused(flow.Name);
        if (mended.Count > 0 && ids is null)
            throw Error.BadArgument("ROW", "none", "the numbers of the rows that --set is for");
        var mending = new Mending(mended, rules, flow.Source.Csv.ToDialect()) { Now = host.Clock.GetUtcNow() };
        var quarantine = Quarantine(of, isReadOnly: false);
        var (released, superseded, kept) = rules.Events is null
            ? await quarantine.ReleaseAsync(of, ids, mending, cancel)
            : await new ReleasedChanges(host, flow, mending).RunAsync(of, ids, cancel);
        var gone = (ids?.Distinct().Count() ?? 0) - (released + superseded + kept);
        return new ReleaseResult(released, superseded, kept, Math.Max(gone, 0));
    }

    /// <summary>Gives rows up; they stay on record with the reason.</summary>
    /// <param name="ids">Numbers of rows; null for all that wait.</param>
    /// <returns>How many rows were given up.</returns>
    public Task<long> DiscardAsync(string of, IReadOnlyList<long>? ids, string? reason, CancellationToken cancel) =>
        Quarantine(of, isReadOnly: false).DiscardAsync(of, ids, reason, cancel);

    private IQuarantine Quarantine(string of, bool isReadOnly) =>
        host.Warehouses.Of(host.FlowOf(of), isReadOnly).Quarantine;
}
