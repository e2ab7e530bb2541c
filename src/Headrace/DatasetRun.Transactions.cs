namespace Headrace;

/// <summary>What the datasets that load files of transactions together do one by one.</summary>
internal sealed partial class DatasetRun
{
    private Position? at;

    public Dataset Dataset => dataset;

    /// <summary>Whose rows it takes of the files.</summary>
    public string Table => Transactions.Table;

    private ITransactionSource Transactions =>
        flow.Source as ITransactionSource ?? throw Error.Bug($"{flow.Name} reads no transactions.");

    /// <summary>The files of transactions that it has not loaded yet.</summary>
    public async Task<IReadOnlyList<(string Key, string Place)>> WaitingAsync(CancellationToken cancel)
    {
        at = await flow.Warehouse.PositionAsync(dataset, flow.Source.Target(dataset), cancel);
        return Transactions.Waiting(dataset, at, stage);
    }

    /// <summary>Its rows of a file; null when they cannot be loaded now, which is noted or said.</summary>
    public async Task<ChangeSet?> StageAsync(string key, CancellationToken cancel)
    {
        var target = flow.Source.Target(dataset);
        Find(at!, target);
        stage.Transactions = key;
        var found = await flow.Source.NextAsync(dataset, at!, stage, cancel);
        Say(found.Warnings);
        await NoteAsync(found.Notes, target, cancel);
        return found.Changes;
    }

    /// <summary>True when a file was seen, and nothing of it is to be loaded.</summary>
    public bool IsDone(string key) => Run.Error is null && stage.Tried.Contains(key);

    /// <summary>The change set with what its load goes by.</summary>
    public (ChangeSet Changes, LoadAttempt Attempt) Loading(ChangeSet changes) => (changes, load);

    /// <summary>Loads change sets of several datasets in one transaction.</summary>
    public Task<IReadOnlyList<LoadResult>> LoadAsync(
        IReadOnlyList<(ChangeSet Changes, LoadAttempt Attempt)> loads,
        CancellationToken cancel
    ) => flow.Warehouse.LoadAsync(loads, cancel);

    /// <summary>Takes what its part of such a load did.</summary>
    public async Task TakeAsync(ChangeSet changes, LoadResult result, CancellationToken cancel)
    {
        Run = result.IsCommitted ? Run.Add(result) : Run;
        await NoteAsync(result.Refused, flow.Source.Target(dataset), cancel);
        Fail(SetAside(changes, result));
        if (Run.Error is null && result.IsCommitted)
            Run = Run with { Outcome = Outcome.Loaded };
    }

    /// <summary>Keeps sentences for the run's record.</summary>
    public void Say(IEnumerable<string> said) => Run = Run with { Warnings = [.. Run.Warnings.Union(said)] };
}
