using System.Net;
using System.Net.Sockets;
using Headrace.Configuration;
using Headrace.Postgres;
using Npgsql;

namespace Headrace.Redshift;

/// <summary>An Amazon Redshift database: opens connections.</summary>
/// <param name="rootCertificate">An absolute path, or null for the system's certificates.</param>
/// <param name="logins">Who lends logins; null where the settings have a password.</param>
public sealed class RedshiftDatabase(
    RedshiftConnection settings,
    string? rootCertificate,
    IRedshiftLogin? logins,
    TimeProvider clock
) : IAsyncDisposable
{
    private readonly CachedLogin? login = logins is null ? null : new(logins, clock);
    private readonly Lock building = new();
    private readonly Dictionary<(string User, bool IsOwn), NpgsqlDataSource> sources = [];
    private Sentry? sentry;

    /// <summary>Where this is, the way a person would write it.</summary>
    public string Address => $"{settings.Host}:{settings.Port}/{settings.Database}";

    /// <summary>What COPY and UNLOAD name as the role.</summary>
    internal string IamRole => settings.IamRole;

    /// <summary>
    /// A connection with the session's settings: a new one, or one that an earlier step has given back. No temporary
    /// table may stay in it, and no setting.
    /// </summary>
    /// <exception cref="HeadraceException">HDR-151, HDR-321.</exception>
    public Task<NpgsqlConnection> OpenAsync(CancellationToken cancel) => OpenAsync(isOwn: false, cancel);

    /// <summary>
    /// A connection that nobody had and nobody will have: Redshift resets no session, which keeps its temporary tables
    /// and settings to its end.
    /// </summary>
    /// <exception cref="HeadraceException">HDR-151, HDR-321.</exception>
    public Task<NpgsqlConnection> OpenOwnAsync(CancellationToken cancel) => OpenAsync(isOwn: true, cancel);

    private async Task<NpgsqlConnection> OpenAsync(bool isOwn, CancellationToken cancel)
    {
        if (login is null)
            return await OpenAsync(settings.User!, isOwn, cancel);
        var lent = await login.CurrentAsync(cancel);
        try
        {
            return await OpenAsync(lent.User, isOwn, cancel);
        }
        catch (HeadraceException refused)
            when (refused.InnerException
                    is PostgresException
                    {
                        SqlState: PostgresErrorCodes.InvalidAuthorizationSpecification
                            or PostgresErrorCodes.InvalidPassword
                    }
            )
        {
            // It may have ended before its time: once more with another one.
            login.Refuse(lent);
            return await OpenAsync((await login.CurrentAsync(cancel)).User, isOwn, cancel);
        }
    }

    private async Task<NpgsqlConnection> OpenAsync(string user, bool isOwn, CancellationToken cancel)
    {
        try
        {
            var source = Source(user, isOwn);
            var db = isOwn
                ? await source.OpenConnectionAsync(cancel)
                : await source.TakeAsync(RedshiftSql.Hello, (_, _) => { }, cancel);
            Watch.Over(db, Sentry(), (0, ""));
            return db;
        }
        catch (PostgresException refused)
        {
            throw Error.DatabaseUnreachable(
                Address,
                $"{refused.SqlState} {refused.MessageText}",
                refused,
                transient: refused.IsTransient
            );
        }
        catch (Exception error) when (error is NpgsqlException or SocketException or TimeoutException or IOException)
        {
            throw Error.DatabaseUnreachable(
                Address,
                error.InnerException is { } inner ? $"{error.Message} {inner.Message}" : error.Message,
                error
            );
        }
    }

    /// <summary>What a person wants to know of it.</summary>
    public Task<string> LookAsync(CancellationToken cancel) =>
        AskAsync(async db => $"{await db.ScalarAsync<string>(RedshiftSql.Version, cancel)}, {Address}", cancel);

    /// <summary>Asks; errors come out by their Headrace names.</summary>
    internal async Task<T> AskAsync<T>(Func<NpgsqlConnection, Task<T>> ask, CancellationToken cancel)
    {
        try
        {
            await using var db = await OpenAsync(cancel);
            return await ask(db);
        }
        catch (Exception error)
            when (error is NpgsqlException or SocketException or TimeoutException || PostgresErrors.IsBroken(error))
        {
            throw Name(error);
        }
    }

    /// <summary>What went wrong with a source, by its Headrace name.</summary>
    internal HeadraceException Name(Exception error, string source = Error.UnnamedSource) =>
        error switch
        {
            PostgresException { SqlState: "42P01" or "3F000" or "42501" or "42703" or "42601" } refused =>
                Error.SourceTableMissing(Address, refused.TableName ?? source, Found(refused), inner: refused),
            PostgresException refused => Error.DatabaseRefused(
                Address,
                Found(refused),
                RedshiftWarehouse.IsPassing(refused),
                refused
            ),
            _ => Error.DatabaseUnreachable(
                Address,
                error.InnerException is { } inner ? $"{error.Message} {inner.Message}" : error.Message,
                error
            ),
        };

    private Sentry Sentry()
    {
        if (sentry is null)
            Interlocked.CompareExchange(ref sentry, new Sentry(settings.Silence, LookAsync), null);
        sentry.Begin();
        return sentry;
    }

    // Redshift does not show all that a session does (a commit, what its leader does alone): only whether it still
    // answers is asked.
    private async Task<Standing> LookAsync(Watch watch, bool isEnd, CancellationToken cancel)
    {
        try
        {
            await using var db = await OpenOwnAsync(cancel);
            return Standing.Works;
        }
        catch (HeadraceException error)
        {
            return error.InnerException is PostgresException ? Standing.Works : Standing.Gone;
        }
        catch (OperationCanceledException)
        {
            return Standing.Works;
        }
    }

    private static string Found(PostgresException error) => $"{error.SqlState} {error.MessageText}";

    // One for each user: IAM names the same user as long as the machine has the same role.
    private NpgsqlDataSource Source(string user, bool isOwn)
    {
        lock (building)
            return sources.TryGetValue((user, isOwn), out var known)
                ? known
                : sources[(user, isOwn)] = Build(user, isOwn);
    }

    private NpgsqlDataSource Build(string user, bool isOwn)
    {
        var isHere =
            settings.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(settings.Host, out var address) && IPAddress.IsLoopback(address));
        var text = new NpgsqlConnectionStringBuilder
        {
            Host = settings.Host,
            Port = settings.Port,
            Database = settings.Database,
            Username = user,
            Password = settings.Password,
            SslMode = Pool.ModeOf(settings.Tls, isHere),
            RootCertificate = rootCertificate,
            Timeout = 30,
            Pooling = !isOwn,
        };
        text.Settle(); // Npgsql resets no session of Redshift anyway, whose version knows no DISCARD
        var builder = new NpgsqlSlimDataSourceBuilder(text.ConnectionString);
        if (login is not null)
            builder.UsePasswordProvider(
                _ => login.Last!.Password,
                (_, _) => ValueTask.FromResult(login.Last!.Password)
            );
        builder.EnableTransportSecurity();
        builder.BeginWith(RedshiftSql.Session);
        // Its catalogue of types is not PostgreSQL's.
        builder.ConfigureTypeLoading(loading => loading.EnableTypeLoading(false));
        return builder.Build();
    }

    public async ValueTask DisposeAsync()
    {
        if (sentry is not null)
            await sentry.DisposeAsync();
        foreach (var source in sources.Values)
            await source.DisposeAsync();
        login?.Dispose();
    }
}
