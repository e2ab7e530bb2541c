namespace Headrace.Redshift;

/// <summary>The login that was lent last, kept in memory while it holds; one request for another at a time.</summary>
internal sealed class CachedLogin(IRedshiftLogin logins, TimeProvider clock) : IDisposable
{
    // Time to open a connection, and for clocks that differ.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim one = new(1, 1);
    private volatile RedshiftLogin? held;
    private volatile RedshiftLogin? refused;

    /// <summary>The last one, whether it still holds or not.</summary>
    public RedshiftLogin? Last => held;

    /// <summary>One that holds.</summary>
    /// <exception cref="HeadraceException">HDR-321.</exception>
    public async Task<RedshiftLogin> CurrentAsync(CancellationToken cancel)
    {
        if (held is { } kept && Holds(kept))
            return kept;
        await one.WaitAsync(cancel);
        try
        {
            return held is { } now && Holds(now) ? now : held = await logins.AskAsync(cancel);
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>The server did not take it: another one is asked for, unless that has happened meanwhile.</summary>
    public void Refuse(RedshiftLogin login) => refused = login;

    public void Dispose() => one.Dispose();

    private bool Holds(RedshiftLogin login) =>
        !ReferenceEquals(login, refused) && login.Until - clock.GetUtcNow() > Margin;
}
