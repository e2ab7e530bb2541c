using Headrace.Tests;

namespace Headrace.Torture;

/// <summary>The servers of one lane, which no other one uses: each goes down now and then.</summary>
internal sealed class Lane : IAsyncDisposable
{
    private Lane(PostgresCluster? postgres, MotoServer? aws) => (Postgres, Aws) = (postgres, aws);

    /// <summary>For <see cref="Target.Postgres"/> the warehouse's server.</summary>
    public PostgresCluster? Postgres { get; }

    /// <summary>For a lake in a bucket.</summary>
    public MotoServer? Aws { get; }

    public static async Task<Lane> StartAsync(Target target, bool isOnAws)
    {
        var postgres = target == Target.Postgres ? await PostgresCluster.StartAsync() : null;
        if (!isOnAws)
            return new Lane(postgres, null);

        // The programs' credentials; moto takes any.
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "test");
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "test");
        return new Lane(postgres, await MotoServer.StartAsync());
    }

    public async ValueTask DisposeAsync()
    {
        if (Postgres is not null)
            await Postgres.DisposeAsync();
        if (Aws is not null)
            await Aws.DisposeAsync();
    }
}
