using Headrace.Configuration;
using Headrace.Hosting;

namespace Headrace.Server;

/// <summary>
/// The open project of all who ask at once. A DuckDB warehouse is open from the first of them until a moment after the
/// last, so that other programs get at it.
/// </summary>
internal sealed class SharedHost(Project project, TimeProvider clock) : IAsyncDisposable
{
    // Long enough for the questions of one page, short enough for who waits for the file.
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(300);

    // How often one who waits for another looks again: by real time, whatever the project's clock says.
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim gate = new(1, 1);
    private ProjectHost? host;
    private int users;
    private long uses;
    private bool isAlone;
    private bool isClosed;
    private TaskCompletionSource? idle;

    /// <summary>What runs are written down to; null for none.</summary>
    public RunLog? Log { get; init; }

    /// <summary>True while somebody has it open.</summary>
    public bool IsOpen => host is not null;

    /// <summary>What headrace.yaml says.</summary>
    public Project Project => project;

    /// <summary>Does something with the open project.</summary>
    public Task<T> UseAsync<T>(Func<ProjectHost, Task<T>> use) => UseAsync(use, alone: false, CancellationToken.None);

    /// <summary>
    /// Does something with the open project while nobody else uses it: what closes a database for a while, to have its
    /// memory, would take it from the others.
    /// </summary>
    public Task<T> UseAloneAsync<T>(Func<ProjectHost, Task<T>> use, CancellationToken cancel) =>
        UseAsync(use, alone: true, cancel);

    private async Task<T> UseAsync<T>(Func<ProjectHost, Task<T>> use, bool alone, CancellationToken cancel)
    {
        ProjectHost open;
        while (true)
        {
            await gate.WaitAsync(cancel);
            try
            {
                if (isClosed)
                    throw Error.ServerStops();
                if (!isAlone && (users == 0 || !alone))
                {
                    open = host ??= new ProjectHost(project, clock, isShared: true) { Log = Log };
                    (users, uses, isAlone) = (users + 1, uses + 1, alone);
                    break;
                }
            }
            finally
            {
                gate.Release();
            }

            await Task.Delay(Turn, TimeProvider.System, cancel);
        }

        try
        {
            return await use(open);
        }
        finally
        {
            await gate.WaitAsync(CancellationToken.None);
            (users, isAlone) = (users - 1, false);
            var (isLast, number) = (users == 0, uses);
            if (isLast)
                idle?.TrySetResult();
            gate.Release();
            if (isLast)
                _ = CloseAsync(number, Linger);
        }
    }

    /// <summary>Closes the project as soon as nobody uses it any more; nobody new gets it.</summary>
    public async ValueTask DisposeAsync()
    {
        await gate.WaitAsync();
        isClosed = true;
        if (users > 0)
            idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        gate.Release();
        if (idle is not null)
            await idle.Task;
        await CloseAsync(null, TimeSpan.Zero);
    }

    private async Task CloseAsync(long? of, TimeSpan after)
    {
        if (after > TimeSpan.Zero)
            await Task.Delay(after, clock);
        await gate.WaitAsync();
        try
        {
            if (host is null || users > 0 || (of is not null && of != uses))
                return;
            try
            {
                await host.DisposeAsync();
            }
            finally
            {
                host = null; // only now the file is free
            }
        }
        finally
        {
            gate.Release();
        }
    }
}
