using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Headrace.StandIn;

/// <summary>
/// A strict stand-in for Amazon Redshift: a proxy before a PostgreSQL. It is not the service; README.md says what it
/// proves.
/// </summary>
public sealed class RedshiftStandIn : IAsyncDisposable
{
    private readonly TcpListener listener;
    private readonly string host;
    private readonly int serverPort;
    private readonly string user;
    private readonly string password;
    private readonly StandInSettings settings;
    private readonly ConcurrentDictionary<string, Lazy<Task>> prepared = new();
    private readonly ConcurrentDictionary<int, Session> sessions = new();
    private readonly ConcurrentDictionary<Wire, bool> wires = new();
    private readonly ConcurrentDictionary<string, Isolation> isolations = new();
    private readonly ConcurrentQueue<string> statements = new();
    private readonly List<(string Verb, Refusal Error)> failures = [];
    private readonly List<(string Verb, Cut Cut)> cuts = [];
    private readonly Task accepting;
    private int query = 100;
    private volatile bool stopped;

    private RedshiftStandIn(
        TcpListener listener,
        string host,
        int serverPort,
        string user,
        string password,
        StandInSettings settings
    )
    {
        (this.listener, this.host, this.serverPort, this.user, this.password, this.settings) = (
            listener,
            host,
            serverPort,
            user,
            password,
            settings
        );
        Store = new ObjectStore(settings);
        accepting = AcceptAsync();
    }

    /// <summary>On loopback.</summary>
    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Every statement that a client asked for, as it was written, in the order in which they came.</summary>
    public IReadOnlyList<string> Statements => [.. statements];

    internal ObjectStore Store { get; }

    /// <summary>
    /// Listens on a free port. The user must be a superuser of the server: it makes Redshift's views and functions in
    /// each database that a client names.
    /// </summary>
    public static Task<RedshiftStandIn> StartAsync(
        string host,
        int port,
        string user,
        string password,
        StandInSettings? settings = null
    )
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return Task.FromResult(
            new RedshiftStandIn(listener, host, port, user, password, settings ?? new StandInSettings())
        );
    }

    /// <summary>
    /// The next statement that begins with <paramref name="verb"/> (COPY, COMMIT, INSERT…) fails with this error.
    /// Npgsql closes its connection at XX000, as it does before Redshift itself.
    /// </summary>
    public void FailNext(string verb, string message = "planted by the test", string sqlState = "XX000")
    {
        lock (failures)
            failures.Add((verb.ToUpperInvariant(), new Refusal(sqlState, message)));
    }

    /// <summary>Cuts the client's connection at the next statement that begins with <paramref name="verb"/>.</summary>
    public void CutAround(string verb, Cut cut)
    {
        lock (cuts)
            cuts.Add((verb.ToUpperInvariant(), cut));
    }

    public void ForgetStatements() => statements.Clear();

    public async ValueTask DisposeAsync()
    {
        stopped = true;
        listener.Stop();
        foreach (var wire in wires.Keys)
            wire.Dispose();
        await accepting;
        Store.Dispose();
    }

    internal Isolation? IsolationOf(string database) =>
        settings.Serializable ? isolations.GetOrAdd(database, _ => new Isolation()) : null;

    internal void Note(string statement) => statements.Enqueue(statement);

    internal int NextQuery() => Interlocked.Increment(ref query);

    internal void CheckRole(string role)
    {
        if (role != settings.IamRole)
            throw new Refusal(
                "XX000",
                $"User arn:aws:redshift:us-east-1:111122223333:dbuser:stand-in/{user} is not authorized to "
                    + $"assume IAM Role {role}"
            );
    }

    internal Refusal? TakeFailure(string verb)
    {
        lock (failures)
        {
            var at = failures.FindIndex(failure => failure.Verb == verb);
            if (at < 0)
                return null;
            var error = failures[at].Error;
            failures.RemoveAt(at);
            return error;
        }
    }

    internal Cut? TakeCut(string verb)
    {
        lock (cuts)
        {
            var at = cuts.FindIndex(cut => cut.Verb == verb);
            if (at < 0)
                return null;
            var cut = cuts[at].Cut;
            cuts.RemoveAt(at);
            return cut;
        }
    }

    /// <summary>Writes the errors of a COPY outside its transaction, so that they outlive it.</summary>
    internal async Task KeepAsync(string database, string table, IReadOnlyList<LoadErrorRow> errors)
    {
        await using var db = await OpenAsync(database);
        var id = NextQuery();
        foreach (var error in errors)
        {
            await using var insert = new NpgsqlCommand(
                "INSERT INTO redshift_standin.load_errors VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                db
            )
            {
                Parameters =
                {
                    new() { Value = id },
                    new() { Value = table },
                    new() { Value = error.File },
                    new() { Value = error.Line },
                    new() { Value = error.Column },
                    new() { Value = error.Type },
                    new() { Value = error.Length },
                    new() { Value = error.Code },
                    new() { Value = error.Reason },
                    new() { Value = error.Raw.Replace("\0", "", StringComparison.Ordinal) },
                },
            };
            await insert.ExecuteNonQueryAsync();
        }
    }

    private async Task<NpgsqlConnection> OpenAsync(string database)
    {
        var db = new NpgsqlConnection(
            $"Host={host};Port={serverPort.ToString(CultureInfo.InvariantCulture)};"
                + $"Database={database};Username={user};Password={password};"
                + "SSL Mode=Disable;GSS Encryption Mode=Disable;Pooling=false"
        );
        await db.OpenAsync();
        return db;
    }

    // Once for each database: a view in use could not be replaced.
    private async Task PrepareAsync(string database)
    {
        try
        {
            await using var db = await OpenAsync(database);
            await using var marked = new NpgsqlCommand(
                "SELECT obj_description(to_regnamespace('redshift_standin'), 'pg_namespace')",
                db
            );
            if (await marked.ExecuteScalarAsync() as string == Catalogue.Mark)
                return;
            await using var make = new NpgsqlCommand(
                $"{Catalogue.Sql}COMMENT ON SCHEMA redshift_standin IS '{Catalogue.Mark}'",
                db
            );
            await make.ExecuteNonQueryAsync();
        }
        catch
        {
            prepared.TryRemove(database, out _);
            throw;
        }
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            TcpClient socket;
            try
            {
                socket = await listener.AcceptTcpClientAsync();
            }
            catch (Exception) when (stopped)
            {
                return;
            }

            socket.NoDelay = true;
            _ = Task.Run(() => ServeAsync(new Wire(socket, forgiving: true)));
        }
    }

    private async Task ServeAsync(Wire client)
    {
        wires.TryAdd(client, true);
        Wire? wire = null;
        int? process = null;
        try
        {
            if (await Startup.FirstAsync(client) is not { } packet)
                return;
            wire = await Wire.ConnectAsync(host, serverPort);
            wires.TryAdd(wire, true);
            if (Startup.Cancels(packet) is { } cancelled)
            {
                if (sessions.TryGetValue(cancelled, out var busy))
                    busy.Cancelled = true;
                await wire.WriteStartupAsync(packet);
                await wire.ReadAsync();
                return;
            }

            var parameters = Startup.Parameters(packet);
            var database = parameters.GetValueOrDefault("database", parameters["user"]);
            await prepared.GetOrAdd(database, name => new Lazy<Task>(() => PrepareAsync(name))).Value;
            await wire.WriteStartupAsync(Startup.Packet(packet, parameters, settings.Serializable));
            process = await Startup.AuthenticateAsync(client, wire);
            if (process is null)
                return;
            using var server = new Server(wire, client.WriteAsync);
            var session = new Session(this, client, server, database);
            sessions[process.Value] = session;
            await session.RunAsync();
        }
        catch (ConnectionCut)
        {
            client.Cut();
        }
        catch (Exception failed) when (failed is Refusal or PostgresException)
        {
            await client.WriteAsync(
                Message.Error(
                    failed as Refusal
                        ?? new Refusal(((PostgresException)failed).SqlState, ((PostgresException)failed).MessageText)
                )
            );
            await client.FlushAsync();
        }
        catch (Exception gone)
            when (gone is IOException or SocketException or ObjectDisposedException or EndOfStreamException)
        {
            // One side has gone; the other one goes with it.
        }
        finally
        {
            if (process is { } ended)
                sessions.TryRemove(ended, out _);
            client.Dispose();
            wires.TryRemove(client, out _);
            if (wire is not null)
            {
                wire.Dispose();
                wires.TryRemove(wire, out _);
            }
        }
    }
}
