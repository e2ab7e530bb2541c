namespace Headrace.DuckDb;

/// <summary>
/// Interrupts what a connection does once a token is cancelled. A statement that is just about to start forgets an
/// interrupt that came before it, so the interrupt is repeated until the call has returned.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(20);

    private readonly ConnectionHandle connection;
    private readonly CancellationToken cancel;
    private readonly CancellationTokenRegistration registration;
    private readonly Lock gate = new();
    private ITimer? timer;
    private bool over;

    public Interruption(ConnectionHandle connection, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        this.connection = connection;
        this.cancel = cancel;
        registration = cancel.UnsafeRegister(static state => ((Interruption)state!).Begin(), this);
    }

    /// <summary>The error as the caller is to see it: a cancellation when that is why the statement ended.</summary>
    public Exception Explain(DuckDbException error) =>
        cancel.IsCancellationRequested && error.Kind == DuckDbErrorKind.Interrupt
            ? new OperationCanceledException("The statement was cancelled.", error, cancel)
            : error;

    /// <summary>No interrupt comes after this, so none can hit the next statement.</summary>
    public void Dispose()
    {
        registration.Unregister();
        lock (gate)
        {
            over = true;
            timer?.Dispose();
        }
    }

    private void Begin()
    {
        lock (gate)
            if (!over)
                timer = TimeProvider.System.CreateTimer(
                    static state => ((Interruption)state!).Interrupt(),
                    this,
                    TimeSpan.Zero,
                    Every
                );
    }

    private void Interrupt()
    {
        lock (gate)
            if (!over && !connection.IsClosed)
                Native.Interrupt(connection);
    }
}
