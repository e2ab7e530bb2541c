using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>A PostgreSQL database: opens connections, and gives its errors their Headrace names.</summary>
/// <param name="settings">The connection, as users write it.</param>
/// <param name="rootCertificate">An absolute path, or null for the system's certificates.</param>
public sealed class PostgresDatabase(Configuration.PostgresConnection settings, string? rootCertificate) : IAsyncDisposable
{
    // Values leave as text; each of these says how, whatever the server's own settings are. A peer that is gone is noticed.
    private const string Session =
        """
        SET DateStyle = 'ISO'; SET IntervalStyle = 'iso_8601'; SET TimeZone = 'UTC'; SET extra_float_digits = 1; SET bytea_output = 'hex';
        SET statement_timeout = 0; SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '10min'
        """;

    private readonly Lazy<NpgsqlDataSource> source = new(() => Build(settings, rootCertificate));
    private Task<NpgsqlConnection>? begun;

    /// <summary>Where this is, the way a person would write it.</summary>
    public string Address => $"{settings.Host}:{settings.Port}/{settings.Database}";

    /// <summary>How many connections one flow may have open at once.</summary>
    public int Readers => settings.Readers;

    /// <summary>True when the server has the cores of this machine, so that a second reader takes from the first.</summary>
    public bool IsHere => IsLocal(settings.Host);

    /// <summary>Begins to open the next connection, while something else is done; what goes wrong is told to whoever needs it.</summary>
    public void BeginOpen() => begun ??= Task.Run(() => ConnectAsync(CancellationToken.None));

    /// <summary>A connection with the session's settings: a new one, or one that an earlier step has given back.</summary>
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
            return await source.Value.TakeAsync(cancel);
        }
        catch (Exception error) when (error is NpgsqlException or SocketException or TimeoutException or IOException)
        {
            throw Name(error);
        }
    }

    /// <summary>Runs a step; PostgreSQL's errors come out by their Headrace names.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> step)
    {
        try
        {
            return await step();
        }
        catch (Exception error) when (error is NpgsqlException or SocketException or TimeoutException || IsBroken(error))
        {
            throw Name(error);
        }
    }

    /// <summary>What a person wants to know of it: the version, and whether open transactions can be seen.</summary>
    public Task<string> LookAsync(CancellationToken cancel) => RunAsync(async () =>
    {
        await using var db = await OpenAsync(cancel);
        var horizon = await Horizon.AskAsync(db, cancel);
        return $"PostgreSQL {db.PostgreSqlVersion}, {Address}, {(horizon.Obstacle is { } obstacle ? $"but {obstacle}" : "late commits can be told")}";
    });

    /// <summary>True for what Npgsql says of a connection that was lost between two statements.</summary>
    /// <remarks>By who threw it: native code has no <see cref="Exception.Source"/>.</remarks>
    internal static bool IsBroken(Exception error) => error is InvalidOperationException && new StackTrace(error).GetFrames()
        .Any(frame => DiagnosticMethodInfo.Create(frame)?.DeclaringTypeName.StartsWith("Npgsql.", StringComparison.Ordinal) == true);

    private HeadraceException Name(Exception error)
    {
        if (error is not PostgresException { SqlState: not ['5', '7', ..] })
            Forget();
        return Named(error);
    }

    private HeadraceException Named(Exception error) => error switch
    {
        PostgresException { SqlState: "42P01" or "3F000" or "42501" or "42703" or "42601" } refused => Error.SourceTableMissing(Address, refused.TableName ?? "the source", Found(refused), refused),
        PostgresException { SqlState: ['2', '8', ..] or "3D000" } login => Error.DatabaseUnreachable(Address, Found(login), login, transient: false),
        PostgresException { IsTransient: true } or PostgresException { SqlState: "57014" or "57P01" or "57P02" or "57P03" } => Error.DatabaseRefused(Address, Found((PostgresException)error), true, error),
        PostgresException refused => Error.DatabaseRefused(Address, Found(refused), false, refused),
        _ => Error.DatabaseUnreachable(Address, error.InnerException is { } inner ? $"{error.Message} {inner.Message}" : error.Message, error),
    };

    private static string Found(PostgresException error) => $"{error.SqlState} {error.MessageText}{(error.Detail is { } detail ? $" ({detail})" : "")}";

    private static NpgsqlDataSource Build(Configuration.PostgresConnection settings, string? rootCertificate)
    {
        var text = new NpgsqlConnectionStringBuilder
        {
            Host = settings.Host,
            Port = settings.Port,
            Database = settings.Database,
            Username = settings.User,
            Password = settings.Password,
            SslMode = (settings.Tls ?? (IsLocal(settings.Host) ? Configuration.TlsMode.Disable : Configuration.TlsMode.VerifyFull)) switch
            {
                Configuration.TlsMode.VerifyFull => SslMode.VerifyFull,
                Configuration.TlsMode.VerifyCa => SslMode.VerifyCA,
                Configuration.TlsMode.Require => SslMode.Require,
                _ => SslMode.Disable,
            },
            RootCertificate = rootCertificate,
            ApplicationName = "headrace",
            Timeout = Pool.LongestLogin,
            CommandTimeout = 0, // a long read is ended by its cancellation
            KeepAlive = 30,
            NoResetOnClose = true, // what a session is told at its begin holds for each of its users
            ConnectionIdleLifetime = 30,
            ConnectionPruningInterval = 10,
            ReadBufferSize = 1 << 16, // rows come in thousands
            GssEncryptionMode = GssEncryptionMode.Disable, // `tls` says what is wanted; a try at GSS costs a connection
            IncludeErrorDetail = false, // the detail of an error may hold values of rows
        };
        var builder = new NpgsqlSlimDataSourceBuilder(text.ConnectionString);
        builder.EnableTransportSecurity();
        builder.EnableArrays();
        builder.BeginWith([Session]);
        builder.ConfigureTypeLoading(loading => loading.EnableTypeLoading(false)); // values come as text: the server's types need not be known
        return builder.Build();
    }

    private static bool IsLocal(string host) =>
        host.StartsWith('/') || host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

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

        if (source.IsValueCreated)
            await source.Value.DisposeAsync();
    }
}
