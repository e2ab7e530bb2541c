using System.Collections.Concurrent;
using Headrace.Hosting;

namespace Headrace.Server;

/// <summary>Some flows that are to be run together, and what came of it.</summary>
internal sealed class Job(string id, IReadOnlyList<string> names, string cause, DateTimeOffset queuedAt)
{
    private readonly ConcurrentDictionary<string, ProgressView> progress = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Id => id;

    /// <summary>Flows and models; all when there is none.</summary>
    public IReadOnlyList<string> Names => names;

    /// <summary>What is asked of the run.</summary>
    public RunOptions Options { get; init; } = new();

    /// <summary>How long to wait for files that are not settled; null for a few seconds.</summary>
    public TimeSpan? Wait { get; init; }

    /// <summary>Cancelled when who asked wants it no more.</summary>
    public CancellationToken Cancel { get; init; }

    public DateTimeOffset? StartedAt { get; private set; }

    public DateTimeOffset? EndedAt { get; private set; }

    public RunResult? Result { get; private set; }

    /// <summary>Why nothing could be run.</summary>
    public HeadraceException? Failure { get; private set; }

    /// <summary>Ends with the job; it does not fail.</summary>
    public Task Ended => ended.Task;

    /// <summary>Ends with the next change; who waits for it holds nobody up.</summary>
    public Task Changed => changed.Task;

    /// <summary>True while it works on the dataset.</summary>
    public bool IsAt(string dataset) => EndedAt is null && progress.ContainsKey(dataset);

    public void Start(DateTimeOffset at)
    {
        StartedAt = at;
        Tell();
    }

    /// <summary>Hears of each dataset as it starts, goes on and ends.</summary>
    public void Observe(Run run, LoadProgress? at)
    {
        progress[run.Dataset] = new ProgressView(run.Dataset, at?.Phase ?? "", at?.Rows ?? 0, at?.Share);
        Tell();
        Options.Observe?.Invoke(run, at);
    }

    public void End(RunResult? result, HeadraceException? failure, DateTimeOffset at)
    {
        (Result, Failure, EndedAt) = (result, failure, at);
        progress.Clear();
        Tell();
        ended.TrySetResult();
    }

    private void Tell() =>
        Interlocked.Exchange(ref changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    /// <summary>How it stands.</summary>
    public RequestView View() =>
        new(
            id,
            EndedAt is not null ? (Failure is null ? "done" : "failed")
                : StartedAt is null ? "queued"
                : "running",
            names,
            cause,
            queuedAt,
            StartedAt,
            EndedAt,
            [.. progress.Values.OrderBy(one => one.Dataset, StringComparer.Ordinal)],
            [.. (Result?.Runs ?? []).Select(run => RunView.Of(run, isHistory: true))],
            Failure is { } failure ? ErrorJson.Of(RunError.Of(failure)) : null
        );
}
