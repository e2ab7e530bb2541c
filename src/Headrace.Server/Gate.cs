using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Headrace.Server;

/// <summary>
/// Lets requests in, or not: a page of another place may not ask (its browser says its origin, or the name that it
/// found the server by), and elsewhere than on this machine a token is asked for.
/// </summary>
internal sealed class Gate(ServeOptions options, string handOver, TimeProvider clock)
{
    private const int MostFailures = 20;
    private const int MostWrites = 300;
    private const int MostAddresses = 10_000;
    private static readonly TimeSpan Span = TimeSpan.FromMinutes(1);

    // Files that arrive come in bursts, and many notifications are one run.
    private const string EventsPath = "/api/v1/events";

    private readonly Dictionary<IPAddress, (long Since, int Count)> failures = [];
    private readonly Dictionary<IPAddress, (long Since, int Count)> writes = [];

    /// <summary>Throws for a request that is not let in.</summary>
    /// <exception cref="HeadraceException">HDR-604 to HDR-607.</exception>
    public void Check(HttpContext context)
    {
        var request = context.Request;
        if (options.IsLocal && !IsOwnName(request.Host.Host))
            throw Error.ForeignOrigin("Host", request.Host.Value ?? "");
        foreach (var origin in request.Headers.Origin)
            if (
                !Uri.TryCreate(origin, UriKind.Absolute, out var from)
                || !$"{from.Host}:{from.Port}".Equals(
                    $"{request.Host.Host}:{request.Host.Port ?? from.Port}",
                    StringComparison.OrdinalIgnoreCase
                )
            )
                throw Error.ForeignOrigin("Origin", origin ?? "");
        if (request.Headers["Sec-Fetch-Site"] is [var site] && site == "cross-site" && !IsRead(request))
            throw Error.ForeignOrigin("Sec-Fetch-Site", site);
        if (request.Path.StartsWithSegments("/health", StringComparison.Ordinal))
            return;
        if (request.Path.StartsWithSegments(HandOverPath, StringComparison.Ordinal))
        {
            if (!Same(request.Headers.Authorization.ToString(), $"Bearer {handOver}"))
                throw Error.TokenMissing();
        }
        else
        {
            if (options.Tokens is { } tokens)
                CheckToken(context, tokens);
            if (!IsRead(request) && request.Path != EventsPath)
                CheckWrites(context);
        }
    }

    private void CheckWrites(HttpContext context)
    {
        var from = context.Connection.RemoteIpAddress ?? IPAddress.None;
        lock (writes)
        {
            if (writes.Count > MostAddresses)
                writes.Clear();
            var known = writes.TryGetValue(from, out var before) && clock.GetElapsedTime(before.Since) < Span;
            writes[from] = known ? (before.Since, before.Count + 1) : (clock.GetTimestamp(), 1);
            if (writes[from].Count > MostWrites)
                throw Error.TooMany("requests that change something from this address", (int)Span.TotalSeconds);
        }
    }

    /// <summary>Where commands of this machine hand their work over.</summary>
    public const string HandOverPath = "/hand-over";

    private void CheckToken(HttpContext context, Tokens tokens)
    {
        var from = context.Connection.RemoteIpAddress ?? IPAddress.None;
        lock (failures)
            if (failures.TryGetValue(from, out var failed) && failed.Count >= MostFailures)
            {
                if (clock.GetElapsedTime(failed.Since) < Span)
                    throw Error.TooMany("wrong tokens from this address", (int)Span.TotalSeconds);
                failures.Remove(from);
            }

        var role = TokenOf(context.Request) is { } token ? tokens.RoleOf(token) : null;
        if (role is null)
        {
            lock (failures)
            {
                if (failures.Count > MostAddresses)
                    failures.Clear();
                failures[from] = failures.TryGetValue(from, out var before)
                    ? (before.Since, before.Count + 1)
                    : (clock.GetTimestamp(), 1);
            }

            throw Error.TokenMissing();
        }

        if (role == Role.Read && !IsRead(context.Request))
            throw Error.RoleMissing();
    }

    /// <summary>
    /// The token of a request. A browser has no other way to send one than as the password of a name.
    /// </summary>
    public static string? TokenOf(HttpRequest request)
    {
        if (!AuthenticationHeaderValue.TryParse(request.Headers.Authorization.ToString(), out var header))
            return null;
        if (header.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
            return header.Parameter?.Trim();
        if (!header.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase))
            return null;
        var bytes = new byte[(header.Parameter?.Length ?? 0) + 3];
        return Convert.TryFromBase64String(header.Parameter ?? "", bytes, out var length)
            ? Encoding.UTF8.GetString(bytes, 0, length).Split(':', 2).ElementAtOrDefault(1)
            : null;
    }

    private bool IsOwnName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    /// <summary>True for a request that changes nothing.</summary>
    public static bool IsRead(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);

    private static bool Same(string one, string other) =>
        System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(one),
            Encoding.UTF8.GetBytes(other)
        );
}
