namespace Headrace;

/// <summary>Where a lease is written down.</summary>
public interface ILease
{
    /// <summary>Holds on for the length of the lease; false when somebody else has taken it.</summary>
    /// <exception cref="HeadraceException">It is not known.</exception>
    Task<bool> RenewAsync(CancellationToken cancel);

    /// <summary>Gives it back.</summary>
    Task ReleaseAsync();
}

/// <summary>
/// A dataset held for this process until it says nothing any more for the length of the lease. It is renewed after each
/// third of that. The server decides when it ends; this machine's clock counts only how long it has not been renewed.
/// </summary>
public sealed class RenewedHold : IHold
{
    private readonly ILease lease;
    private readonly TimeSpan length;
    private readonly TimeProvider clock;
    private readonly CancellationTokenSource lost = new();
    private readonly CancellationTokenSource released = new();
    private readonly Task renewing;

    /// <param name="since">A timestamp of the clock, from before it was taken.</param>
    public RenewedHold(ILease lease, TimeSpan length, TimeProvider clock, long since)
    {
        (this.lease, this.length, this.clock) = (lease, length, clock);
        renewing = Task.Run(() => RenewAsync(since));
    }

    public CancellationToken Lost => lost.Token;

    public Run? Died { get; init; }

    public async ValueTask DisposeAsync()
    {
        await released.CancelAsync();
        await renewing;
        try
        {
            if (!lost.IsCancellationRequested)
                await lease.ReleaseAsync();
        }
        catch (HeadraceException)
        {
            // It ends by itself.
        }

        lost.Dispose();
        released.Dispose();
    }

    private async Task RenewAsync(long since)
    {
        while (!lost.IsCancellationRequested)
            try
            {
                await Task.Delay(length / 3, clock, released.Token);
                var asked = clock.GetTimestamp();
                if (await lease.RenewAsync(released.Token))
                    since = asked;
                else
                    await lost.CancelAsync();
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (HeadraceException)
            {
                // The server may come back in time.
                if (clock.GetElapsedTime(since) > length)
                    await lost.CancelAsync();
            }
    }
}
