namespace Headrace;

/// <summary>
/// Files with transactions over several tables, one after another: all rows of a file are committed together, each
/// dataset with its own position. A dataset that has loaded a file already has no part in it.
/// </summary>
/// <param name="members">The datasets, each held, with its other files loaded.</param>
internal sealed class TransactionRun(IReadOnlyList<DatasetRun> members, Func<bool> isOverBudget)
{
    public async Task LoadAllAsync(CancellationToken cancel)
    {
        if (members.FirstOrDefault(member => member.Run.Error is not null) is { } failed)
        {
            Say($"the files of transactions wait, since not all was loaded of '{failed.Dataset.Name}'", failed);
            return;
        }

        while (true)
        {
            var waiting = new List<(DatasetRun Member, string Key, string Place)>();
            foreach (var member in members)
                waiting.AddRange((await member.WaitingAsync(cancel)).Select(file => (member, file.Key, file.Place)));
            if (waiting.Count == 0)
                return;
            var next = waiting.MinBy(file => file.Place, StringComparer.Ordinal).Key;
            if (!await LoadAsync(next, [.. waiting.Where(one => one.Key == next).Select(one => one.Member)], cancel))
            {
                Say($"files of transactions after {next} wait for it");
                return;
            }

            if (isOverBudget())
            {
                Say(Runner.OverBudget);
                return;
            }
        }
    }

    // False when the file is not loaded, so that none after it may be.
    private async Task<bool> LoadAsync(string key, IReadOnlyList<DatasetRun> takers, CancellationToken cancel)
    {
        var parts = new List<(DatasetRun Member, ChangeSet Changes)>();
        foreach (var member in takers)
            if (await member.StageAsync(key, cancel) is { } changes)
                parts.Add((member, changes));
            else if (!member.IsDone(key))
                return false;
        if (parts.Count == 0)
            return true;
        Say(Unread(key, parts.Select(part => part.Changes)));
        var results = await members[0].LoadAsync([.. parts.Select(part => part.Member.Loading(part.Changes))], cancel);
        for (var i = 0; i < parts.Count; i++)
            await parts[i].Member.TakeAsync(parts[i].Changes, results[i], cancel);
        return results.All(result => result.IsCommitted);
    }

    private IEnumerable<string> Unread(string key, IEnumerable<ChangeSet> parts) =>
        parts
            .SelectMany(changes => changes.Files.SelectMany(file => file.Others))
            .DistinctBy(other => other.Key)
            .Where(other => members.All(member => member.Table != other.Key))
            .OrderBy(other => other.Key, StringComparer.Ordinal)
            .Select(other =>
                $"{key} has {other.Value} {(other.Value == 1 ? "row" : "rows")} of {other.Key}, which no flow takes"
            );

    private void Say(string said, DatasetRun? but = null) => Say([said], but);

    private void Say(IEnumerable<string> said, DatasetRun? but = null)
    {
        var all = said.ToList();
        foreach (var member in members.Where(member => member != but))
            member.Say(all);
    }
}
