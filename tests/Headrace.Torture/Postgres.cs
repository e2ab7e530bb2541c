using Headrace.Tests;
using Npgsql;

namespace Headrace.Torture;

/// <summary>A database of a sequence's own, as warehouse.</summary>
internal sealed class Postgres
{
    private readonly PostgresCluster cluster;
    private readonly string name;

    private Postgres(PostgresCluster cluster, string name) => (this.cluster, this.name) = (cluster, name);

    public PostgresCluster Cluster => cluster;

    /// <summary>The connection as headrace.yaml has it.</summary>
    public string Yaml => At(cluster.Port);

    public static async Task<Postgres> MakeAsync(PostgresCluster cluster) => new(cluster, await cluster.CreateAsync());

    /// <summary>The same by way of a proxy.</summary>
    public string At(int port) =>
        $"{{ type: postgres, host: 127.0.0.1, port: {port}, database: {name}, user: tester, password: known }}";

    public Task<NpgsqlConnection> OpenAsync() => cluster.OpenAsync(name);

    public async Task DropAsync()
    {
        await using var db = await cluster.OpenAsync("postgres");
        await using var drop = new NpgsqlCommand($"DROP DATABASE {name} WITH (FORCE)", db);
        await drop.ExecuteNonQueryAsync();
    }
}
