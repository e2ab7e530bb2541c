using System.Security.Cryptography;
using System.Text;
using Headrace.Aws;
using Headrace.Configuration;

namespace Headrace.Hosting;

/// <summary>
/// Runs flows when messages of a queue say that files arrived. A message is removed once the runs that it asked for
/// have committed or had nothing to do; until then it is hidden from others, and after a crash it comes again.
/// </summary>
/// <remarks>A message says which flows to start, and they list what is new: one that comes twice, or late, does no
/// harm.</remarks>
internal sealed class QueueListener
{
    // A listing sees what all of them name.
    private const int MostTogether = 1000;
    private const int MostTries = 3;
    private const int MostTold = 100;

    // The longest that SQS waits.
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly Project project;
    private readonly EventQueue queue;
    private readonly string? deadLetters;
    private readonly Func<IReadOnlyList<string>, Task<IReadOnlyList<Run>>> run;
    private readonly Action<string> say;
    private readonly TimeProvider clock;
    private readonly HashSet<string> told = new(StringComparer.Ordinal);

    private QueueListener(
        Project project,
        S3Connection bucket,
        Func<IReadOnlyList<string>, Task<IReadOnlyList<Run>>> run,
        Action<string> say,
        TimeProvider clock
    )
    {
        (this.project, this.run, this.say, this.clock) = (project, run, say, clock);
        queue = new EventQueue(bucket, project.Secrets, clock);
        deadLetters = bucket.Events!.DeadLetters is { } folder ? project.FullPath(folder) : null;
    }

    /// <summary>One for each queue of the lakes of enabled flows with <c>on_files: true</c>.</summary>
    /// <param name="run">Brings flows up to date; fails with what kept it from that.</param>
    /// <param name="say">Hears of what no run can tell.</param>
    public static IReadOnlyList<QueueListener> Of(
        Project project,
        Func<IReadOnlyList<string>, Task<IReadOnlyList<Run>>> run,
        Action<string> say,
        TimeProvider clock
    ) =>
        [
            .. project
                .Flows.Values.Where(IsStarted)
                .Select(flow => project.Connections[flow.Source.Connection])
                .OfType<S3Connection>()
                .Where(bucket => bucket.Events is not null)
                .DistinctBy(bucket => bucket.Events!.Queue)
                .Select(bucket => new QueueListener(project, bucket, run, say, clock)),
        ];

    /// <summary>Goes on until it is cancelled; what the queue refuses does not end it.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        TimeSpan? hidden = null;
        var pause = TimeSpan.Zero;
        while (!cancel.IsCancellationRequested)
            try
            {
                await Task.Delay(pause, clock, cancel);
                hidden ??= await queue.HiddenAsync(cancel);
                var messages = await GatherAsync(hidden.Value, cancel);
                pause = TimeSpan.Zero;
                if (messages.Count > 0)
                    await HandleAsync(messages, hidden.Value, cancel);
            }
            catch (HeadraceException error)
            {
                if (pause == TimeSpan.Zero)
                    Say(error);
                pause = pause == TimeSpan.Zero ? TimeSpan.FromSeconds(1) : pause * 2;
                pause = pause < LongestPause ? pause : LongestPause;
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
    }

    private static bool IsStarted(Flow flow) => flow is { Enabled: true, Trigger.OnFiles: true };

    // What came together is handled together, so long as the first of them is hidden with time to spare.
    private async Task<List<QueueMessage>> GatherAsync(TimeSpan hidden, CancellationToken cancel)
    {
        var gathered = (await queue.ReceiveAsync(LongPoll, hidden, cancel)).ToList();
        var began = clock.GetTimestamp();
        for (var more = gathered.Count; more > 0 && gathered.Count < MostTogether; )
        {
            if (clock.GetElapsedTime(began) > hidden / 3)
                break;
            var next = await queue.ReceiveAsync(TimeSpan.Zero, hidden, cancel);
            more = next.Count;
            gathered.AddRange(next);
        }

        return gathered;
    }

    private async Task HandleAsync(List<QueueMessage> messages, TimeSpan hidden, CancellationToken cancel)
    {
        var done = new List<QueueMessage>();
        var asked = new List<(QueueMessage Message, IReadOnlyList<string> Flows)>();
        foreach (var message in messages)
            try
            {
                var arrival = Arrival.Of(
                    project,
                    message.Body,
                    why => Error.EventUnread(queue.Address, message.Id, why)
                );
                foreach (var note in arrival.Notes)
                    Tell($"{queue.Address}: {note}.");
                var flows = arrival.Flows.Where(name =>
                    project.Flows.TryGetValue(name, out var flow) && IsStarted(flow)
                );
                if (flows.ToList() is { Count: > 0 } its)
                    asked.Add((message, its));
                else
                    done.Add(message); // nothing waits for it
            }
            catch (HeadraceException error)
            {
                if (SetAside(message, error))
                    done.Add(message);
            }

        await queue.DeleteAsync(done, cancel);
        if (asked.Count == 0)
            return;
        var all = asked.Select(one => one.Message).ToList();
        var runs = await RunAsync(
            [.. asked.SelectMany(one => one.Flows).Distinct()],
            () => queue.HideAsync(all, hidden, cancel),
            hidden / 3,
            cancel
        );
        var unwell = runs.Where(run => run is not { Error: null, Outcome: Outcome.Loaded or Outcome.UpToDate })
            .Select(run => run.Flow)
            .ToHashSet(StringComparer.Ordinal);
        await queue.DeleteAsync(
            [.. asked.Where(one => !one.Flows.Any(unwell.Contains)).Select(one => one.Message)],
            cancel
        );
    }

    // A failure to hide messages ends nothing: the queue gives them again, and the next call names the trouble.
    private async Task<IReadOnlyList<Run>> RunAsync(
        IReadOnlyList<string> flows,
        Func<Task> hide,
        TimeSpan every,
        CancellationToken cancel
    )
    {
        var running = run(flows);
        while (await Task.WhenAny(running, Task.Delay(every, clock, cancel)) != running)
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                await hide();
            }
            catch (HeadraceException error)
            {
                Tell(error.Message);
            }
        }

        return await running;
    }

    // A file of the project, when it wants one; else it stays, and the queue's own redrive takes it away.
    private bool SetAside(QueueMessage message, HeadraceException error)
    {
        if (told.Count >= MostTold)
            told.Clear();
        if (told.Add(message.Id))
            Say(error);
        if (deadLetters is null || message.Times < MostTries)
            return false;
        var file = Path.Combine(deadLetters, $"{NameOf(message.Id)}.json");
        try
        {
            Directory.CreateDirectory(deadLetters);
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using (var stream = new FileStream($"{file}.part", options))
                stream.Write(Encoding.UTF8.GetBytes(message.Body));
            File.Move($"{file}.part", file, overwrite: true);
            say($"The message {message.Id} lies in {file} now.");
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Tell($"The message {message.Id} cannot be written to {deadLetters}: {fault.Message}");
            return false;
        }
    }

    // SQS makes the identifiers of messages; what else answers might not.
    private static string NameOf(string id) =>
        id.Length is > 0 and <= 100 && id.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-')
            ? id
            : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)));

    private void Say(HeadraceException error) =>
        say($"{error.Message} ({string.Join(", ", error.Facts.Select(fact => $"{fact.Name} {fact.Value}"))})");

    // Each text once: a bucket has as many events as files.
    private void Tell(string text)
    {
        if (told.Count < MostTold && told.Add(text))
            say(text);
    }
}
