namespace Headrace.Hosting;

/// <summary>
/// Servers say in the ledger from time to time that they are there. One that has ended well takes its mark away.
/// </summary>
internal sealed class ServerBeats(ILedger ledger)
{
    private const string Prefix = "server/";

    /// <summary>How often a server says so.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Longest = 3 * Every;

    /// <summary>Says that a server is there.</summary>
    /// <param name="name">The machine and where it listens.</param>
    public async Task BeatAsync(string name, DateTimeOffset began, DateTimeOffset now, CancellationToken cancel) =>
        await ChangeAsync(name, $"{UtcTime.Text(now)} {UtcTime.Text(began)}", cancel);

    /// <summary>Says that a server has ended well.</summary>
    public Task EndAsync(string name, CancellationToken cancel) => ChangeAsync(name, null, cancel);

    /// <summary>Which servers are not heard of any more, and which are.</summary>
    public async Task<IReadOnlyList<Incident>> DownAsync(DateTimeOffset now, CancellationToken cancel)
    {
        var servers = new List<(string Name, string Mark, DateTimeOffset Beat, DateTimeOffset Began)>();
        foreach (var (name, mark) in await ledger.MarksAsync(Prefix, cancel))
            if (
                mark.Split(' ') is [var beat, var began]
                && UtcTime.TryRead(beat, out var last)
                && UtcTime.TryRead(began, out var first)
            )
                servers.Add((name[Prefix.Length..], mark, last, first));
        var incidents = new List<Incident>();
        foreach (var one in servers)
        {
            var isDown = now - one.Beat > Longest;

            // Where servers come and go under new names, one that began later has taken its place.
            var next = servers.Find(other => now - other.Beat <= Longest && other.Began > one.Beat).Name;
            if (isDown && next is not null)
                await ledger.MarkAsync(Prefix + one.Name, one.Mark, null, cancel);
            incidents.Add(
                new Incident(
                    "server_down",
                    "",
                    one.Name,
                    isDown && next is null,
                    !isDown ? $"The server {one.Name} is there again."
                        : next is null ? $"The server {one.Name} was last heard of at {UtcTime.Text(one.Beat)}."
                        : $"The server {next} has begun after {one.Name}."
                )
            );
        }

        return incidents;
    }

    private async Task ChangeAsync(string name, string? to, CancellationToken cancel)
    {
        var known = (await ledger.MarksAsync(Prefix + name, cancel)).GetValueOrDefault(Prefix + name);
        if (known != to)
            await ledger.MarkAsync(Prefix + name, known, to, cancel);
    }
}
