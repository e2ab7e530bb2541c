using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Headrace.Tests;

/// <summary>A real PostgreSQL, in a temporary cluster on loopback.</summary>
public sealed class PostgresCluster : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<PostgresCluster, bool> Running = new();

    private readonly string folder;

    static PostgresCluster()
    {
        // A server would stay for ever if the test that uses it were interrupted.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => EndAll();
        Console.CancelKeyPress += (_, _) => EndAll();
    }

    private PostgresCluster(string folder, int port)
    {
        this.folder = folder;
        Port = port;
    }

    public int Port { get; }

    public static async Task<PostgresCluster> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("headrace-pg-").FullName;
        if (Environment.UserName == "root")
            using (var owner = Process.Start("chown", ["postgres:postgres", folder])!)
                await owner.WaitForExitAsync();
        var data = Path.Combine(folder, "data");
        var password = Path.Combine(Path.GetTempPath(), $"{Path.GetFileName(folder)}.pw");
        await File.WriteAllTextAsync(password, "known");
        try
        {
            // Thousands of sessions log in with this role, and scram counts to four thousand for each; roles that are
            // made later have it.
            await ProgramAsync(
                "initdb",
                "-D",
                data,
                "-U",
                "tester",
                "-A",
                "md5",
                "--pwfile",
                password,
                "-E",
                "UTF8",
                "--no-locale",
                "--no-sync"
            );
        }
        finally
        {
            File.Delete(password);
        }

        int port;
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            port = ((IPEndPoint)free.LocalEndpoint).Port;
        }

        var cluster = new PostgresCluster(folder, port);
        Running[cluster] = true;
        await cluster.StartServerAsync();

        // Who is first in a database writes down what its catalogue holds; the copies have that file then.
        await using var db = await cluster.OpenAsync("template1", pooling: false);
        return cluster;
    }

    /// <summary>Ends the server as a crash does, and starts it again.</summary>
    public async Task CrashAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await ProgramAsync("pg_ctl", "-D", Path.Combine(folder, "data"), "-m", "immediate", "-w", "stop");
        await StartServerAsync();
    }

    // Autovacuum goes round all databases, of which each test has one: after a thousand it would take half the machine.
    private Task StartServerAsync() =>
        ProgramAsync(
            "pg_ctl",
            "-D",
            Path.Combine(folder, "data"),
            "-w",
            "-l",
            Path.Combine(folder, "log"),
            "-o",
            $"-p {Port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c "
                + "autovacuum=off -c jit=off -c max_prepared_transactions=5 -c max_connections=80 -c "
                + "password_encryption=scram-sha-256",
            "start"
        );

    /// <summary>Makes a database under a new name, empty or a copy of another one that nobody uses.</summary>
    public async Task<string> CreateAsync(string template = "template1")
    {
        var name = $"t{Guid.NewGuid():N}";
        await using var db = await OpenAsync("postgres");
        await using var create = new NpgsqlCommand(
            $"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy",
            db
        );
        await create.ExecuteNonQueryAsync();
        return name;
    }

    public async Task<NpgsqlConnection> OpenAsync(string database, string user = "tester", bool pooling = true)
    {
        var connection = new NpgsqlConnection(
            $"Pooling={pooling};Host=127.0.0.1;Port={Port};Database={database};Username={user};Password=known;SSL "
                + "Mode=Disable;GSS Encryption Mode=Disable;Connection Idle Lifetime=2;Connection Pruning "
                + "Interval=1;Include Error Detail=true"
        );
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>Has it take encrypted connections with this certificate from now on.</summary>
    public async Task SecureAsync(string certificate, string key)
    {
        foreach (var (name, text) in ((string, string)[])[("server.crt", certificate), ("server.key", key)])
        {
            var path = Path.Combine(folder, name);
            await File.WriteAllTextAsync(path, text);
            using (var mode = Process.Start("chmod", ["600", path]))
                await mode.WaitForExitAsync();
            if (Environment.UserName == "root")
                using (var owner = Process.Start("chown", ["postgres:postgres", path])!)
                    await owner.WaitForExitAsync();
        }

        await using var db = await OpenAsync("postgres");
        foreach (
            var setting in (string[])
                [$"ssl_cert_file = '{folder}/server.crt'", $"ssl_key_file = '{folder}/server.key'", "ssl = on"]
        )
        {
            await using var set = new NpgsqlCommand($"ALTER SYSTEM SET {setting}", db);
            await set.ExecuteNonQueryAsync();
        }

        await using var reload = new NpgsqlCommand("SELECT pg_reload_conf(), pg_sleep(0.3)", db);
        await reload.ExecuteNonQueryAsync();
    }

    /// <summary>Ends it as a crash does; all that it kept is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!Running.TryRemove(this, out _))
            return;
        await ProgramAsync("pg_ctl", "-D", Path.Combine(folder, "data"), "-m", "immediate", "-w", "stop");
        Directory.Delete(folder, recursive: true);
    }

    private static void EndAll()
    {
        foreach (var cluster in Running.Keys)
            cluster.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    // PostgreSQL does not run as root; Debian's user of that name owns the cluster then.
    private static async Task ProgramAsync(string name, params string[] args)
    {
        var path = Directory
            .GetDirectories("/usr/lib/postgresql")
            .Select(version => Path.Combine(version, "bin", name))
            .Where(File.Exists)
            .Order()
            .Last();
        var start =
            Environment.UserName == "root"
                ? new ProcessStartInfo(
                    "setpriv",
                    ["--reuid=postgres", "--regid=postgres", "--clear-groups", path, .. args]
                )
                : new ProcessStartInfo(path, args);
        start.RedirectStandardError = start.RedirectStandardOutput = true;
        start.WorkingDirectory = "/";
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{name} {string.Join(' ', args)}: {await output}{await errors}");
    }
}
