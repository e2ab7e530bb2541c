namespace Headrace.Postgres;

/// <summary>
/// A dataset held for this process until it says nothing any more for the length of the lease. It is renewed after each
/// third of that. The server's clock decides when it ends; this machine's counts only how long it has not been renewed.
/// </summary>
internal sealed class Lease : IHold
{
    private readonly SharedLedger ledger;
    private readonly string dataset;
    private readonly string holder;
    private readonly long epoch;
    private readonly TimeSpan length;
    private readonly TimeProvider clock;
    private readonly CancellationTokenSource lost = new();
    private readonly CancellationTokenSource released = new();
    private readonly Task renewing;

    private Lease(
        SharedLedger ledger,
        string dataset,
        string holder,
        long epoch,
        TimeSpan length,
        TimeProvider clock,
        long since
    )
    {
        (this.ledger, this.dataset, this.holder, this.epoch, this.length, this.clock) = (
            ledger,
            dataset,
            holder,
            epoch,
            length,
            clock
        );
        renewing = Task.Run(() => RenewAsync(since));
    }

    public CancellationToken Lost => lost.Token;

    /// <summary>Takes a dataset that nobody holds, or whose holder's lease has ended; null when it is held.</summary>
    public static async Task<Lease?> TakeAsync(
        SharedLedger ledger,
        Dataset dataset,
        TimeSpan length,
        TimeProvider clock,
        CancellationToken cancel
    )
    {
        var (holder, since) = (Id.New("h", clock), clock.GetTimestamp());
        var epochs = await ledger.AskAsync(
            db =>
                db.RowsAsync(
                    """
                    INSERT INTO headrace.leases AS held (dataset, holder, epoch, expires_at)
                        VALUES ($1, $2, 1, clock_timestamp() + $3::float8 * interval '1 second')
                    ON CONFLICT (dataset) DO UPDATE SET holder = excluded.holder, epoch = held.epoch + 1,
                        expires_at = clock_timestamp() + $3::float8 * interval '1 second'
                    WHERE held.expires_at <= clock_timestamp() RETURNING epoch
                    """,
                    row => row.GetInt64(0),
                    cancel,
                    dataset.Name,
                    holder,
                    Seconds(length)
                ),
            cancel
        );
        return epochs.Count == 0 ? null : new Lease(ledger, dataset.Name, holder, epochs[0], length, clock, since);
    }

    public async ValueTask DisposeAsync()
    {
        await released.CancelAsync();
        await renewing;
        try
        {
            if (!lost.IsCancellationRequested)
                await ChangeAsync("'-infinity'", CancellationToken.None);
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
                if (
                    await ChangeAsync(
                        "clock_timestamp() + $4::float8 * interval '1 second'",
                        released.Token,
                        Seconds(length)
                    )
                )
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

    private Task<bool> ChangeAsync(string end, CancellationToken cancel, params object[] more) =>
        ledger.AskAsync(
            async db =>
                await db.ExecuteAsync(
                    $"UPDATE headrace.leases SET expires_at = {end} WHERE dataset = $1 AND holder = $2 AND epoch = $3",
                    cancel,
                    [dataset, holder, epoch, .. more]
                ) == 1,
            cancel
        );

    private static string Seconds(TimeSpan length) =>
        length.TotalSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
