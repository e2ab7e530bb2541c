using Headrace.Configuration;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>Connections that steps give back for the next one.</summary>
internal static class Pool
{
    /// <summary>Seconds that a server has to let somebody in, and to say that it is there.</summary>
    public const int LongestLogin = 15;

    /// <summary>
    /// A connection that answers. One that waited may be lost: the server was started again, or something between took
    /// it for dead.
    /// </summary>
    /// <param name="question">What it is to answer; the session before may have left a setting that this puts
    /// right.</param>
    /// <param name="answered">Is given the answer.</param>
    public static async Task<NpgsqlConnection> TakeAsync(
        this NpgsqlDataSource source,
        string question,
        Action<NpgsqlConnection, NpgsqlDataReader> answered,
        CancellationToken cancel
    )
    {
        var connection = await source.OpenConnectionAsync(cancel);
        if (await AnswersAsync(connection, question, answered, cancel))
            return connection;
        source.Clear(); // where one was lost, the others may be too
        connection = await source.OpenConnectionAsync(cancel);
        return await AnswersAsync(connection, question, answered, cancel)
            ? connection
            : throw new TimeoutException("The server lets in and does not answer.");
    }

    // Nothing depends on it yet.
    private static async Task<bool> AnswersAsync(
        NpgsqlConnection connection,
        string question,
        Action<NpgsqlConnection, NpgsqlDataReader> answered,
        CancellationToken cancel
    )
    {
        try
        {
            await using var command = new NpgsqlCommand(question, connection) { CommandTimeout = LongestLogin };
            await using var reader = await command.ExecuteReaderAsync(cancel);
            if (await reader.ReadAsync(cancel))
                answered(connection, reader);
            return true;
        }
        catch (Exception error)
        {
            await connection.DisposeAsync();
            if (error is NpgsqlException or TimeoutException or IOException || PostgresErrors.IsBroken(error))
                return false;
            throw;
        }
    }

    /// <summary>How a connection is encrypted: as the user says, else by whether the server is this machine.</summary>
    public static SslMode ModeOf(TlsMode? tls, bool isHere) =>
        (tls ?? (isHere ? TlsMode.Disable : TlsMode.VerifyFull)) switch
        {
            TlsMode.VerifyFull => SslMode.VerifyFull,
            TlsMode.VerifyCa => SslMode.VerifyCA,
            TlsMode.Require => SslMode.Require,
            _ => SslMode.Disable,
        };

    /// <summary>
    /// Says this to a session when it begins, and never again: the setting stays for all who use the connection later.
    /// </summary>
    public static void BeginWith(this NpgsqlSlimDataSourceBuilder builder, IReadOnlyList<string> settings) =>
        builder.UsePhysicalConnectionInitializer(
            connection => throw Error.Bug("a connection is opened without waiting"),
            async connection =>
            {
                foreach (var setting in settings)
                {
                    await using var command = new NpgsqlCommand(setting, connection) { CommandTimeout = LongestLogin };
                    await command.ExecuteNonQueryAsync();
                }
            }
        );

    /// <summary>
    /// What the environment says to Npgsql behind our back must not count; nor may a peer that is gone be waited for.
    /// </summary>
    public static void Settle(this NpgsqlConnectionStringBuilder text)
    {
        text.ClientEncoding = "UTF8";
        text.Encoding = "UTF8";
        text.Timezone = "UTC";
        text.SslNegotiation = SslNegotiation.Postgres;
        // `tls` says what is wanted; a try at GSS costs a connection.
        text.GssEncryptionMode = GssEncryptionMode.Disable;
        if (Environment.GetEnvironmentVariable("PGOPTIONS") is { Length: > 0 })
            text.Options = " ";
        text.ApplicationName = "headrace";
        text.CommandTimeout = 0; // a Watch tells a long statement from a server that is gone
        text.KeepAlive = 30;
        text.TcpKeepAlive = true;
        text.TcpKeepAliveTime = 30;
        text.TcpKeepAliveInterval = 10;
        text.NoResetOnClose = true; // what a session is told at its begin holds for each of its users
        text.ConnectionIdleLifetime = 30;
        text.ConnectionPruningInterval = 10;
        text.IncludeErrorDetail = false; // the detail of an error may hold values of rows
    }
}
