using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>A PostgreSQL database: opens connections, and gives its errors their Headrace names.</summary>
/// <param name="settings">The connection, as users write it.</param>
/// <param name="rootCertificate">An absolute path, or null for the system's certificates.</param>
public sealed class PostgresDatabase(Configuration.PostgresConnection settings, string? rootCertificate)
    : IAsyncDisposable
{
    // No name of ours is looked up where others may put one, and no row is hidden without an error. Then values: they
    // leave as text, and each of these says how, whatever the server's, the database's and the role's own settings are.
    private const string Session = """
        SET search_path = pg_catalog, pg_temp; SET row_security = off;
        SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'iso_8601'; SET TimeZone = 'UTC'; SET extra_float_digits = 1;
            SET bytea_output = 'hex'; SET xmloption = 'content';
        SET standard_conforming_strings = on; SET backslash_quote = 'safe_encoding'; SET array_nulls = on;
            SET transform_null_equals = off; SET quote_all_identifiers = off;
        SET default_transaction_isolation = 'read committed'; SET default_transaction_deferrable = off;
        SET statement_timeout = 0; SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '10min';
        SELECT set_config('idle_session_timeout', '0', false)
            WHERE current_setting('idle_session_timeout', true) IS NOT NULL;
        SELECT set_config('transaction_timeout', '0', false)
            WHERE current_setting('transaction_timeout', true) IS NOT NULL;
        SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
        """;

    // The flow that had the connection before may have had its query look elsewhere (SearchPath).
    private const string Hello =
        "SET search_path = pg_catalog, pg_temp; SELECT pg_backend_pid(), pg_postmaster_start_time()::text";

    private const string Look = """
        SELECT CASE WHEN pg_postmaster_start_time()::text <> $2 OR pg_is_in_recovery() THEN 'works'
            WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1) THEN 'gone'
            WHEN EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event IN ('ClientRead', 'ClientWrite'))
                THEN 'waits' ELSE 'works' END
        """;

    private const string End = """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE pid = $1 AND application_name = 'headrace' AND pg_postmaster_start_time()::text = $2
        """;

    private readonly Lazy<NpgsqlDataSource> source = new(() => Build(settings, rootCertificate));
    private Sentry? sentry;
    private Task<NpgsqlConnection>? begun;

    /// <summary>Where this is, the way a person would write it.</summary>
    public string Address => $"{settings.Host}:{settings.Port}/{settings.Database}";

    /// <summary>How many connections one flow may have open at once.</summary>
    public int Readers => settings.Readers;

    /// <summary>
    /// True when the server has the cores of this machine, so that a second reader takes from the first.
    /// </summary>
    public bool IsHere => IsLocal(settings.Host);

    /// <summary>
    /// Begins to open the next connection, while something else is done; an error is thrown to the first caller that
    /// needs it.
    /// </summary>
    public void BeginOpen() => begun ??= Task.Run(() => ConnectAsync(CancellationToken.None));

    /// <summary>
    /// A connection with the session's settings: a new one, or one that an earlier step has given back.
    /// </summary>
    /// <exception cref="HeadraceException">HDR-151.</exception>
    public Task<NpgsqlConnection> OpenAsync(CancellationToken cancel) =>
        Interlocked.Exchange(ref begun, null) is { } ready ? ready.WaitAsync(cancel) : ConnectAsync(cancel);

    /// <summary>Closes the connections that wait for their next use: where one was lost, they may be too.</summary>
    public void Forget()
    {
        if (source.IsValueCreated)
            source.Value.Clear();
    }

    private async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancel)
    {
        try
        {
            return await source.Value.TakeAsync(
                Hello,
                (db, row) => Watch.Over(db, Sentry(), (row.GetInt32(0), row.GetString(1))),
                cancel
            );
        }
        catch (Exception error) when (error is NpgsqlException or SocketException or TimeoutException or IOException)
        {
            throw Name(error);
        }
    }

    /// <summary>Runs a step; PostgreSQL's errors come out by their Headrace names.</summary>
    /// <param name="source">The table or query that is read, the way a person would write it.</param>
    public async Task<T> RunAsync<T>(Func<Task<T>> step, string source = Error.UnnamedSource)
    {
        try
        {
            return await step();
        }
        catch (Exception error)
            when (error is NpgsqlException or SocketException or TimeoutException || PostgresErrors.IsBroken(error))
        {
            throw Name(error, source);
        }
    }

    /// <summary>What a person wants to know of it: the version, and whether open transactions can be seen.</summary>
    public Task<string> LookAsync(CancellationToken cancel) =>
        RunAsync(async () =>
        {
            await using var db = await OpenAsync(cancel);
            var horizon = await Horizon.AskAsync(db, table: 0, cancel);
            return $"PostgreSQL {db.PostgreSqlVersion}, {Address}, "
                + (horizon.Obstacle is { } obstacle ? $"but {obstacle}" : "late commits can be told");
        });

    private Sentry Sentry()
    {
        if (sentry is null)
            Interlocked.CompareExchange(ref sentry, new Sentry(settings.Silence, LookAsync), null);
        sentry.Begin();
        return sentry;
    }

    // On a connection of its own: of those that wait, each may be lost as well.
    private async Task<Standing> LookAsync(Watch watch, bool isEnd, CancellationToken cancel)
    {
        try
        {
            await using var fresh = Build(settings, rootCertificate, isPooled: false);
            await using var db = await fresh.OpenConnectionAsync(cancel);
            await using var command = new NpgsqlCommand(isEnd ? End : Look, db)
            {
                CommandTimeout = Pool.LongestLogin,
                Parameters =
                {
                    new() { Value = watch.Process.Id },
                    new() { Value = watch.Process.Server },
                },
            };
            return await command.ExecuteScalarAsync(cancel) switch
            {
                "gone" => Standing.Gone,
                "waits" => Standing.Waits,
                _ => Standing.Works,
            };
        }
        catch (PostgresException)
        {
            return Standing.Works; // it answers, if only that it has no room
        }
        catch (OperationCanceledException)
        {
            return Standing.Works; // nobody wants to know any more
        }
        catch (Exception error)
            when (error is NpgsqlException or SocketException or TimeoutException or IOException
                || PostgresErrors.IsBroken(error)
            )
        {
            return Standing.Gone;
        }
    }

    private HeadraceException Name(Exception error, string source = Error.UnnamedSource)
    {
        if (error is not PostgresException { SqlState: not ['5', '7', ..] })
            Forget();
        return PostgresErrors.NameOfSource(error, Address, source);
    }

    private static NpgsqlDataSource Build(
        Configuration.PostgresConnection settings,
        string? rootCertificate,
        bool isPooled = true
    )
    {
        var text = new NpgsqlConnectionStringBuilder
        {
            Host = settings.Host,
            Port = settings.Port,
            Database = settings.Database,
            Username = settings.User,
            Password = settings.Password,
            SslMode = Pool.ModeOf(settings.Tls, IsLocal(settings.Host)),
            RootCertificate = rootCertificate,
            Timeout = Pool.LongestLogin,
            Pooling = isPooled,
            ReadBufferSize = 1 << 16, // rows come in thousands
        };
        text.Settle();
        var builder = new NpgsqlSlimDataSourceBuilder(text.ConnectionString);
        builder.EnableTransportSecurity();
        builder.EnableArrays();
        builder.BeginWith([Session]);
        // Values come as text: the server's types need not be known.
        builder.ConfigureTypeLoading(loading => loading.EnableTypeLoading(false));
        return builder.Build();
    }

    private static bool IsLocal(string host) =>
        host.StartsWith('/')
        || host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (begun is { } unused)
                await (await unused).DisposeAsync();
        }
        catch (HeadraceException)
        {
            // Nobody needed it.
        }

        if (sentry is not null)
            await sentry.DisposeAsync();
        if (source.IsValueCreated)
            await source.Value.DisposeAsync();
    }
}
