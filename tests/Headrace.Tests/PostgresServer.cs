using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using Xunit;

[assembly: AssemblyFixture(typeof(Headrace.Tests.PostgresServer))]

namespace Headrace.Tests;

/// <summary>A real PostgreSQL, in a temporary cluster on loopback; started by the first test that asks, gone with the last one.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private readonly SemaphoreSlim starting = new(1, 1);
    private string? folder;

    public int Port { get; private set; }

    public string Folder => folder!;

    /// <summary>A new, empty database on the server, and its name.</summary>
    public async Task<PostgresTestDatabase> DatabaseAsync()
    {
        await StartAsync();
        var name = $"t{Guid.NewGuid():N}";
        await using var db = await OpenAsync("postgres");
        await using var create = new NpgsqlCommand($"CREATE DATABASE {name}", db);
        await create.ExecuteNonQueryAsync();
        return new PostgresTestDatabase(this, name);
    }

    public async Task<NpgsqlConnection> OpenAsync(string database, string user = "tester")
    {
        var connection = new NpgsqlConnection($"Host=127.0.0.1;Port={Port};Database={database};Username={user};Password=known;SSL Mode=Disable;Pooling=false;Include Error Detail=true");
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>Runs a program of PostgreSQL's as the user that owns the cluster.</summary>
    public async Task Program(string name, params string[] args)
    {
        var path = Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin", name)).Where(File.Exists).Order().Last();
        var start = Environment.UserName == "root" ? new ProcessStartInfo("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", path, .. args]) : new ProcessStartInfo(path, args);
        start.RedirectStandardError = start.RedirectStandardOutput = true;
        start.WorkingDirectory = "/";
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{name} {string.Join(' ', args)}: {await output}{await errors}");
    }

    public async ValueTask DisposeAsync()
    {
        if (folder is null)
            return;
        await Program("pg_ctl", "-D", Path.Combine(folder, "data"), "-m", "immediate", "-w", "stop");
        Directory.Delete(folder, recursive: true);
    }

    private async Task StartAsync()
    {
        await starting.WaitAsync();
        try
        {
            if (folder is not null)
                return;
            var made = Directory.CreateTempSubdirectory("headrace-pg-").FullName;
            if (Environment.UserName == "root")
                using (var owner = Process.Start("chown", ["postgres:postgres", made])!)
                    await owner.WaitForExitAsync();
            await File.WriteAllTextAsync(Path.Combine(Path.GetTempPath(), $"{Path.GetFileName(made)}.pw"), "known");
            var data = Path.Combine(made, "data");
            try
            {
                await Program("initdb", "-D", data, "-U", "tester", "-A", "scram-sha-256", "--pwfile", Path.Combine(Path.GetTempPath(), $"{Path.GetFileName(made)}.pw"), "-E", "UTF8", "--no-locale", "--no-sync");
            }
            finally
            {
                File.Delete(Path.Combine(Path.GetTempPath(), $"{Path.GetFileName(made)}.pw"));
            }

            using (var free = new TcpListener(IPAddress.Loopback, 0))
            {
                free.Start();
                Port = ((IPEndPoint)free.LocalEndpoint).Port;
            }

            await Program("pg_ctl", "-D", data, "-w", "-l", Path.Combine(made, "log"), "-o", $"-p {Port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c max_prepared_transactions=5 -c max_connections=60", "start");
            folder = made;
        }
        finally
        {
            starting.Release();
        }
    }
}

/// <summary>One database of the test server.</summary>
public sealed class PostgresTestDatabase(PostgresServer server, string name)
{
    public string Name => name;

    /// <summary>The connection as headrace.yaml has it.</summary>
    public string Yaml => $"{{ type: postgres, host: 127.0.0.1, port: {server.Port}, database: {name}, user: tester, password: known }}";

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
        await using var command = new NpgsqlCommand($"SELECT concat_ws('|', VARIADIC (SELECT array_agg(coalesce(value, 'NULL') ORDER BY n) FROM json_each_text(row_to_json(q)) WITH ORDINALITY AS e(key, value, n))) FROM ({sql}) AS q", db);
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
