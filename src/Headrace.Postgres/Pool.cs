using Npgsql;

namespace Headrace.Postgres;

/// <summary>Connections that steps give back for the next one.</summary>
internal static class Pool
{
    /// <summary>Seconds that a server has to let somebody in, and to say that it is there.</summary>
    public const int LongestLogin = 15;

    /// <summary>A connection that answers. One that waited may be lost: the server was started again, or something between took it for dead.</summary>
    public static async Task<NpgsqlConnection> TakeAsync(this NpgsqlDataSource source, CancellationToken cancel)
    {
        var connection = await source.OpenConnectionAsync(cancel);
        if (await AnswersAsync(connection, cancel))
            return connection;
        source.Clear(); // where one was lost, the others may be too
        return await source.OpenConnectionAsync(cancel);
    }

    // Nothing depends on it yet.
    private static async Task<bool> AnswersAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        try
        {
            await using var command = new NpgsqlCommand("SELECT 1", connection) { CommandTimeout = LongestLogin };
            await command.ExecuteNonQueryAsync(cancel);
            return true;
        }
        catch (Exception error)
        {
            await connection.DisposeAsync();
            if (error is NpgsqlException or TimeoutException or IOException || PostgresDatabase.IsBroken(error))
                return false;
            throw;
        }
    }

    /// <summary>Says this to a session when it begins, and never again: whoever has the connection next finds it so.</summary>
    public static void BeginWith(this NpgsqlSlimDataSourceBuilder builder, IReadOnlyList<string> settings) => builder.UsePhysicalConnectionInitializer(
        connection => throw Error.Bug("a connection is opened without waiting"),
        async connection =>
        {
            foreach (var setting in settings)
            {
                await using var command = new NpgsqlCommand(setting, connection) { CommandTimeout = LongestLogin };
                await command.ExecuteNonQueryAsync();
            }
        });
}
