using System.Globalization;

namespace Headrace.Aws;

/// <summary>
/// A dataset that a process holds, as an item of the ledger's table. It ends by DynamoDB's time, which answers carry:
/// clocks of machines have no part in it. Its fence grows with each holder.
/// </summary>
internal sealed class DynamoLease : ILease
{
    /// <summary>The attribute with the run that began with the lease.</summary>
    public const string Begun = "begun";

    // Times of answers are whole seconds.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(1);

    private readonly LedgerTable ledger;
    private readonly string dataset;
    private readonly string holder;
    private readonly TimeSpan length;
    private readonly TimeProvider clock;

    // What time DynamoDB had when this machine's counter stood there.
    private readonly (DateTimeOffset At, long Since) known;

    private DynamoLease(
        LedgerTable ledger,
        string dataset,
        string holder,
        TimeSpan length,
        TimeProvider clock,
        (DateTimeOffset At, long Since) known
    ) =>
        (this.ledger, this.dataset, this.holder, this.length, this.clock, this.known) = (
            ledger,
            dataset,
            holder,
            length,
            clock,
            known
        );

    /// <summary>Takes a dataset that nobody holds, or whose holder's lease has ended; null when it is held.</summary>
    public static async Task<IHold?> TakeAsync(
        LedgerTable ledger,
        Dataset dataset,
        TimeSpan length,
        TimeProvider clock,
        Run? run,
        CancellationToken cancel
    )
    {
        var since = clock.GetTimestamp();
        var (before, at) = await ledger.GetAsync("lease", dataset.Name, cancel);
        if (IsHeld(before, at))
            return null;
        var other = before.GetValueOrDefault("holder");
        var lease = new DynamoLease(ledger, dataset.Name, Id.New("h", clock), length, clock, (at, since));
        var fence = long.Parse(before.GetValueOrDefault("fence", "0"), CultureInfo.InvariantCulture);
        // A second try of the same question finds this holder.
        var taken = await lease.ChangeAsync(
            "SET holder = :me, fence = :next, ends = :ends" + (run is null ? $" REMOVE {Begun}" : $", {Begun} = :run"),
            other is null
                ? "holder = :me OR attribute_not_exists(holder)"
                : "holder = :me OR (holder = :other AND ends = :seen)",
            json =>
            {
                LedgerTable.Number(json, ":next", fence + 1);
                LedgerTable.Number(json, ":ends", lease.End());
                if (run is not null)
                    LedgerTable.Text(json, ":run", DynamoLedger.DetailOf(run));
                if (other is null)
                    return;
                LedgerTable.Text(json, ":other", other);
                LedgerTable.Number(json, ":seen", EndOf(before).ToUnixTimeMilliseconds());
            },
            cancel
        );
        return taken
            ? new RenewedHold(lease, length, clock, since)
            {
                Died = before.TryGetValue(Begun, out var died) ? DynamoLedger.RunOf(died).Ended() : null,
            }
            : null;
    }

    public Task<bool> RenewAsync(CancellationToken cancel) =>
        ChangeAsync("SET ends = :ends", "holder = :me", json => LedgerTable.Number(json, ":ends", End()), cancel);

    // The item stays, so that the fence goes on.
    public Task ReleaseAsync() =>
        ChangeAsync($"REMOVE holder, ends, {Begun}", "holder = :me", _ => { }, CancellationToken.None);

    private Task<bool> ChangeAsync(
        string change,
        string condition,
        Action<System.Text.Json.Utf8JsonWriter> values,
        CancellationToken cancel
    ) =>
        ledger.ChangeAsync(
            "UpdateItem",
            json =>
            {
                LedgerTable.Key(json, "lease", dataset);
                json.WriteString("UpdateExpression", change);
                json.WriteString("ConditionExpression", condition);
                json.WriteStartObject("ExpressionAttributeValues");
                LedgerTable.Text(json, ":me", holder);
                values(json);
                json.WriteEndObject();
            },
            cancel
        );

    private long End() => (known.At + clock.GetElapsedTime(known.Since) + length).ToUnixTimeMilliseconds();

    /// <summary>True while the holder may still be there.</summary>
    /// <param name="at">DynamoDB's time when it answered.</param>
    public static bool IsHeld(IReadOnlyDictionary<string, string> lease, DateTimeOffset at) =>
        lease.ContainsKey("holder") && at < EndOf(lease) + Margin;

    private static DateTimeOffset EndOf(IReadOnlyDictionary<string, string> lease) =>
        DateTimeOffset.FromUnixTimeMilliseconds(
            long.Parse(lease.GetValueOrDefault("ends", "0"), CultureInfo.InvariantCulture)
        );
}
