namespace Headrace;

public static partial class Error
{
    /// <summary>A queue of events does not do what is asked.</summary>
    public static HeadraceException QueueRefused(string queue, string found, Exception inner, bool transient) =>
        new(
            "HDR-250",
            "The queue of events cannot be used; files are found by listing alone.",
            "read what was found; headrace iam-policy prints the rights that are needed",
            inner
        )
        {
            Facts = Facts(("queue", queue), ("found", found)),
            IsTransient = transient,
        };

    /// <summary>A message of a queue is none of the known documents.</summary>
    public static HeadraceException EventUnread(string queue, string message, string found) =>
        new(
            "HDR-251",
            "A message of the queue cannot be read; it starts no flow.",
            "send the queue notifications of S3 or events of EventBridge alone"
        )
        {
            Facts = Facts(("queue", queue), ("message", message), ("found", found)),
        };

    /// <summary>The runtime of a function does not answer.</summary>
    public static HeadraceException RuntimeLost(string address, Exception inner) =>
        new(
            "HDR-252",
            "The runtime of the function does not answer; nothing more is run.",
            "nothing in AWS Lambda, which begins the function anew; elsewhere use headrace run --event",
            inner
        )
        {
            Kind = ErrorKind.RuntimeLost,
            Facts = Facts(("runtime", address), ("found", inner.Message)),
        };

    /// <summary>A function was called with a document that is none of the known ones.</summary>
    public static HeadraceException InvocationUnread(string found) =>
        new(
            "HDR-253",
            "The event of the function cannot be read; nothing was run.",
            "send it notifications of S3, events of EventBridge, or {\"headrace\": {\"run\": [\"FLOW\"]}}"
        )
        {
            Facts = Facts(("found", found)),
        };

    /// <summary>Work is left, and the function could not ask for another call of itself.</summary>
    public static HeadraceException NotInvokedAgain(string function, string found, Exception inner) =>
        new(
            "HDR-254",
            "Work is left, and the function could not call itself again; what was committed stays.",
            "give its role lambda:InvokeFunction on itself (deploy/aws); the event that comes again goes on from here",
            inner
        )
        {
            Facts = Facts(("function", function), ("found", found)),
        };

    /// <summary>Datasets that an event asked for are not up to date.</summary>
    public static HeadraceException EventUndone(IReadOnlyList<Run> runs) =>
        new(
            "HDR-255",
            $"{runs.Count} {(runs.Count == 1 ? "dataset was" : "datasets were")} not brought up to date; the event is "
                + "to come again.",
            "headrace runs; what was committed stays, and the next run goes on from there"
        )
        {
            Facts =
            [
                .. runs.Take(10)
                    .Select(run => new Fact(
                        run.Dataset,
                        run.Error is { } error ? $"{error.Code} {error.What}" : string.Join(", ", run.Warnings)
                    )),
            ],
        };

    /// <summary>The time of a function was over before its runs ended.</summary>
    public static HeadraceException InvocationTooShort(TimeSpan time) =>
        new(
            "HDR-256",
            "The time of the function was over before a batch ended; that batch was not loaded, and what was committed "
                + "before stays.",
            "give the function more time (15 minutes at most), or set a smaller batch_bytes for the flow"
        )
        {
            Facts = Facts(("time", $"{time.TotalSeconds:0} s")),
        };
}
