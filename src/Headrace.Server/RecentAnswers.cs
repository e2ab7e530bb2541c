namespace Headrace.Server;

/// <summary>
/// Keeps answers that take long to make for a second, and gives the same answer to all who ask the same question: many
/// readers of one page cost as much as one. A change by this server drops them at once. A change by another process
/// shows after a second.
/// </summary>
/// <param name="version">Another number once something has changed.</param>
internal sealed class RecentAnswers(Func<long> version)
{
    private const int Most = 100;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private readonly Dictionary<string, Answer> known = new(StringComparer.Ordinal);
    private long forgotten;

    /// <summary>Gives the answer to a question. All who ask while it is being made get the same answer.</summary>
    /// <param name="make">Makes the answer. Only the caller that made it sees its errors; the others try themselves.
    /// </param>
    public async Task<string> GetAsync(string question, Func<Task<string>> make, CancellationToken cancel)
    {
        while (true)
        {
            Answer? old;
            var own = new Answer();
            lock (gate)
            {
                foreach (var (key, one) in known.Where(one => !IsRecent(one.Value)).ToList())
                    known.Remove(key);
                own.Version = version() + forgotten;
                if (!known.TryGetValue(question, out old) && known.Count < Most)
                    known[question] = own;
            }

            if (old is null)
                return await MakeAsync(question, own, make);
            try
            {
                return await old.Text.Task.WaitAsync(cancel);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                // The caller that made it has left, or its attempt failed.
            }
        }
    }

    /// <summary>Drops all answers, after a change.</summary>
    public void Forget() => Interlocked.Increment(ref forgotten);

    private async Task<string> MakeAsync(string question, Answer own, Func<Task<string>> make)
    {
        try
        {
            var text = await make();
            own.MadeAt = TimeProvider.System.GetTimestamp();
            own.Text.SetResult(text);
            return text;
        }
        catch
        {
            lock (gate)
                if (known.GetValueOrDefault(question) == own)
                    known.Remove(question);
            own.Text.SetCanceled(CancellationToken.None);
            throw;
        }
    }

    // By real time, whatever the project's clock says.
    private bool IsRecent(Answer one) =>
        one.Version == version() + forgotten
        && (!one.Text.Task.IsCompleted || TimeProvider.System.GetElapsedTime(one.MadeAt) < Longest);

    private sealed class Answer
    {
        public long Version { get; set; }

        public long MadeAt { get; set; }

        public TaskCompletionSource<string> Text { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
