using System.Text.Json;

namespace Headrace.Postgres;

/// <summary>A dataset in the ledger's table of leases. The server's clock decides when it ends.</summary>
internal sealed class Lease : ILease
{
    private readonly SharedLedger ledger;
    private readonly string dataset;
    private readonly string holder;
    private readonly long epoch;
    private readonly TimeSpan length;

    private Lease(SharedLedger ledger, string dataset, string holder, long epoch, TimeSpan length) =>
        (this.ledger, this.dataset, this.holder, this.epoch, this.length) = (ledger, dataset, holder, epoch, length);

    /// <summary>Takes a dataset that nobody holds, or whose holder's lease has ended; null when it is held.</summary>
    public static async Task<IHold?> TakeAsync(
        SharedLedger ledger,
        Dataset dataset,
        TimeSpan length,
        TimeProvider clock,
        Run? run,
        CancellationToken cancel
    )
    {
        var (holder, since) = (Id.New("h", clock), clock.GetTimestamp());
        var epochs = await ledger.AskAsync(
            db =>
                db.RowsAsync(
                    """
                    WITH before AS (SELECT run FROM headrace.leases WHERE dataset = $1)
                    INSERT INTO headrace.leases AS held (dataset, holder, epoch, expires_at, run)
                        VALUES ($1, $2, 1, clock_timestamp() + $3::float8 * interval '1 second', $4::text)
                    ON CONFLICT (dataset) DO UPDATE SET holder = excluded.holder, epoch = held.epoch + 1,
                        expires_at = clock_timestamp() + $3::float8 * interval '1 second', run = excluded.run
                    WHERE held.expires_at <= clock_timestamp() RETURNING epoch, (SELECT run FROM before)
                    """,
                    row => (Number: row.GetInt64(0), Died: row.Text(1)),
                    cancel,
                    dataset.Name,
                    holder,
                    Seconds(length),
                    run is null ? null : JsonSerializer.Serialize(run, RunJson.Default.Run)
                ),
            cancel
        );
        if (epochs.Count == 0)
            return null;
        var lease = new Lease(ledger, dataset.Name, holder, epochs[0].Number, length);
        var died = epochs[0].Died is { } text ? JsonSerializer.Deserialize(text, RunJson.Default.Run)?.Ended() : null;
        return new RenewedHold(lease, length, clock, since) { Died = died };
    }

    public Task<bool> RenewAsync(CancellationToken cancel) =>
        ChangeAsync("clock_timestamp() + $4::float8 * interval '1 second'", cancel, Seconds(length));

    public Task ReleaseAsync() => ChangeAsync("'-infinity', run = NULL", CancellationToken.None);

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
