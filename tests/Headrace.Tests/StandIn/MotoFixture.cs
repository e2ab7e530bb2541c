using Xunit;

namespace Headrace.Tests.StandIn;

/// <summary>One moto for all tests of a class.</summary>
public sealed class MotoFixture : IAsyncLifetime
{
    private MotoServer? server;

    public MotoServer Server => server!;

    public async ValueTask InitializeAsync() => server = await MotoServer.StartAsync();

    public ValueTask DisposeAsync() => server?.DisposeAsync() ?? ValueTask.CompletedTask;
}
