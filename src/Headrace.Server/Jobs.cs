using Headrace.Hosting;

namespace Headrace.Server;

/// <summary>
/// What the server runs: several jobs at once, but never a flow in two of them; one that waits goes on when its flows
/// are free.
/// </summary>
internal sealed class Jobs(SharedHost hosts, TimeProvider clock) : IDisposable
{
    // What ended is remembered so long as nobody needs the memory.
    private const int MostRemembered = 1000;
    private const int MostQueued = 1000;

    private readonly Lock gate = new();
    private readonly List<Job> queued = [];
    private readonly List<Job> running = [];
    private readonly LinkedList<Job> known = [];
    private readonly CancellationTokenSource stop = new();
    private long version;
    private bool isClosed;

    /// <summary>Another number once a job has come, begun or ended.</summary>
    public long Version => Interlocked.Read(ref version);

    /// <summary>Hears of each job that has ended.</summary>
    public Action<Job>? HasEnded { get; set; }

    /// <summary>How many jobs wait.</summary>
    public int Waiting
    {
        get
        {
            lock (gate)
                return queued.Count;
        }
    }

    /// <summary>All jobs that are remembered, the newest first.</summary>
    public IReadOnlyList<Job> All
    {
        get
        {
            lock (gate)
                return [.. known];
        }
    }

    /// <summary>The job of that identifier.</summary>
    /// <exception cref="HeadraceException">HDR-533.</exception>
    public Job Find(string id) =>
        All.FirstOrDefault(job => job.Id == id) ?? throw Error.NotFound("request", id, "headrace runs");

    /// <summary>Runs flows and models as soon as they are free.</summary>
    /// <param name="names">All that are enabled when none is named.</param>
    /// <param name="cause">Why, in a word: <c>request</c>, <c>schedule</c>, <c>files</c>, <c>event</c>,
    /// <c>command</c>.</param>
    /// <exception cref="HeadraceException">HDR-518, HDR-607, HDR-611.</exception>
    public Job Add(
        IReadOnlyList<string> names,
        string cause,
        RunOptions? options = null,
        TimeSpan? wait = null,
        CancellationToken cancel = default
    )
    {
        var job = new Job(Id.New("q", clock), names, cause, clock.GetUtcNow())
        {
            Options = options ?? new(),
            Wait = wait,
            Cancel = cancel,
        };
        lock (gate)
        {
            if (isClosed)
                throw Error.ServerStops();
            if (queued.Count >= MostQueued)
                throw Error.TooMany("requests that wait", 60);
            queued.Add(job);
            known.AddFirst(job);
            for (var last = known.Last; known.Count > MostRemembered && last is not null; last = last.Previous)
                if (last.Value.EndedAt is not null)
                {
                    known.Remove(last);
                    break;
                }
        }

        Interlocked.Increment(ref version);
        Next();
        return job;
    }

    /// <summary>True when one of the flows waits to be run with nothing asked but that.</summary>
    public bool IsQueued(string name)
    {
        lock (gate)
            return queued.Exists(job => job.Names.Contains(name));
    }

    /// <summary>True when one of the flows runs or waits.</summary>
    public bool IsBusy(string name)
    {
        lock (gate)
            return queued.Concat(running).Any(job => job.Names.Count == 0 || job.Names.Select(FlowOf).Contains(name));
    }

    /// <summary>Begins nothing new, and waits for what runs; after the time it is rolled back.</summary>
    public async Task CloseAsync(TimeSpan grace)
    {
        List<Job> left;
        lock (gate)
        {
            isClosed = true;
            foreach (var job in queued)
                job.End(null, Error.ServerStops(), clock.GetUtcNow());
            queued.Clear();
            left = [.. running];
        }

        var all = Task.WhenAll(left.Select(job => job.Ended));
        await Task.WhenAny(all, Task.Delay(grace, clock));
        await stop.CancelAsync();
        await all;
    }

    public void Dispose() => stop.Dispose();

    private void Next()
    {
        lock (gate)
        {
            var taken = running.ToList();
            foreach (var job in queued.ToList())
            {
                // Who came first is not overtaken by who needs the same.
                if (!taken.Exists(other => Meet(job, other)) && running.Count < Math.Max(1, hosts.Project.Parallel))
                {
                    queued.Remove(job);
                    running.Add(job);
                    _ = Task.Run(() => RunAsync(job));
                }

                taken.Add(job);
            }
        }
    }

    // A dataset's name begins with its flow's.
    private static string FlowOf(string name) => name.Split('/')[0];

    private static bool Meet(Job one, Job other) =>
        one.Names.Count == 0
        || other.Names.Count == 0
        || one.Names.Select(FlowOf).Intersect(other.Names.Select(FlowOf)).Any();

    private async Task RunAsync(Job job)
    {
        job.Start(clock.GetUtcNow());
        Interlocked.Increment(ref version);
        RunResult? result = null;
        HeadraceException? failure = null;
        try
        {
            using var cancel = CancellationTokenSource.CreateLinkedTokenSource(stop.Token, job.Cancel);
            result = await hosts.UseAsync(host =>
                new RunService(host).RunAsync(
                    job.Names,
                    job.Options with
                    {
                        Observe = job.Observe,
                    },
                    job.Wait,
                    cancel.Token
                )
            );
        }
        catch (HeadraceException error)
        {
            failure = error;
        }
        catch (OperationCanceledException)
        {
            failure = Error.ServerStops();
        }
        catch (Exception error)
        {
            failure = Error.Bug($"{error.GetType().Name}: {error.Message}", error);
        }

        lock (gate)
            running.Remove(job);
        Interlocked.Increment(ref version); // before anybody hears of the end
        job.End(result, failure, clock.GetUtcNow());
        Interlocked.Increment(ref version); // and for what was asked in between
        HasEnded?.Invoke(job);
        Next();
    }
}
