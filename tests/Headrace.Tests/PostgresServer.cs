using Headrace.StandIn;
using Npgsql;
using Xunit;

[assembly: AssemblyFixture(typeof(Headrace.Tests.PostgresServer))]

namespace Headrace.Tests;

/// <summary>The PostgreSQL of all tests; started by the first one that asks, gone with the last one.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private readonly Lazy<Task<PostgresCluster>> cluster = new(PostgresCluster.StartAsync);

    private readonly Lazy<Task<string>> redshift;

    public PostgresServer() => redshift = new(TemplateAsync);

    public int Port => cluster.Value.Result.Port;

    /// <summary>A new, empty database on the server.</summary>
    public async Task<PostgresTestDatabase> DatabaseAsync() => new(this, await (await cluster.Value).CreateAsync());

    /// <summary>A new database in which the stand-in for Redshift has made its views already.</summary>
    public async Task<PostgresTestDatabase> RedshiftDatabaseAsync() =>
        new(this, await (await cluster.Value).CreateAsync(await redshift.Value));

    private async Task<string> TemplateAsync()
    {
        var name = await (await cluster.Value).CreateAsync();
        await using var standIn = await RedshiftStandIn.StartAsync("127.0.0.1", Port, "tester", "known");
        await using var db = new NpgsqlConnection(
            $"Host=127.0.0.1;Port={standIn.Port};Database={name};Username=tester;Password=known;SSL "
                + "Mode=Disable;GSS Encryption Mode=Disable;Pooling=false;Server Compatibility Mode=NoTypeLoading"
        );
        await db.OpenAsync();
        return name;
    }

    public async Task<NpgsqlConnection> OpenAsync(string database, string user = "tester") =>
        await (await cluster.Value).OpenAsync(database, user);

    public async ValueTask DisposeAsync()
    {
        if (cluster.IsValueCreated)
            await (await cluster.Value).DisposeAsync();
    }
}

/// <summary>One database of the test server.</summary>
public sealed class PostgresTestDatabase(PostgresServer server, string name)
{
    public string Name => name;

    /// <summary>The connection as headrace.yaml has it.</summary>
    public string Yaml =>
        $"{{ type: postgres, host: 127.0.0.1, port: {server.Port}, database: {name}, user: tester, password: known }}";

    /// <summary>A session of its own, for transactions that stay open.</summary>
    public async Task<PostgresSession> Session() => new(await server.OpenAsync(name));

    public async Task Execute(string sql)
    {
        await using var session = await Session();
        await session.Execute(sql);
    }

    /// <summary>The rows of a query, each with <c>|</c> between its values as PostgreSQL writes them.</summary>
    public async Task<string[]> Query(string sql)
    {
        await using var db = await server.OpenAsync(name);
        await using var command = new NpgsqlCommand(
            $"""
            SELECT concat_ws('|', VARIADIC (SELECT array_agg(coalesce(value, 'NULL') ORDER BY n)
            FROM json_each_text(row_to_json(q)) WITH ORDINALITY AS e(key, value, n))) FROM ({sql}) AS q
            """,
            db
        );
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
            rows.Add(reader.GetString(0));
        return [.. rows];
    }
}

/// <summary>A session of a test.</summary>
public sealed class PostgresSession(NpgsqlConnection connection) : IAsyncDisposable
{
    public async Task Execute(string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
