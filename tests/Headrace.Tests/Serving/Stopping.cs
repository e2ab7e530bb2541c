using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Headrace.Tests.Serving;

/// <summary>A server that stops ends within a bound, though a request is still open.</summary>
public sealed class Stopping
{
    [Fact]
    public async Task A_request_that_never_ends_does_not_hold_a_server_that_stops()
    {
        // Its clock stands still: the bound is one of real time.
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var world = new World().Flows(
            "orders: { source: { connection: lake, path: x }, read: incremental, write: append }"
        );
        var served = await ServedProject.Start(world, clock);
        using var asking = new TcpClient();
        var address = new Uri(served.Server.Address);
        await asking.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
        await asking
            .GetStream()
            .WriteAsync(
                Encoding.ASCII.GetBytes(
                    $"POST /api/v1/events HTTP/1.1\r\nHost: {address.Authority}\r\n"
                        + "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
                ),
                TestContext.Current.CancellationToken
            );
        await served.Get("/api/v1/schedules"); // the other request has come by then

        var watch = Stopwatch.StartNew();
        await served.Server.DisposeAsync();

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"It took {watch.Elapsed}.");
    }
}
