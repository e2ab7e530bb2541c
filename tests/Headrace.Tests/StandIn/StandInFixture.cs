using Headrace.StandIn;
using Npgsql;

namespace Headrace.Tests.StandIn;

/// <summary>A stand-in before a new database of the test server, and a folder that it may read and write.</summary>
public sealed class RedshiftTestDatabase : IAsyncDisposable
{
    public const string Role = "arn:aws:iam::111122223333:role/headrace";

    private RedshiftTestDatabase(RedshiftStandIn standIn, PostgresTestDatabase behind, string folder) =>
        (StandIn, Behind, Folder) = (standIn, behind, folder);

    public RedshiftStandIn StandIn { get; }

    /// <summary>The database of PostgreSQL that it stands before.</summary>
    public PostgresTestDatabase Behind { get; }

    public string Database => Behind.Name;

    /// <summary>The connection as headrace.yaml has it; rows are staged in a connection of the name staging.</summary>
    public string Yaml =>
        $"{{ type: redshift, host: 127.0.0.1, port: {StandIn.Port}, database: {Database}, user: tester, "
        + $"password: known, iam_role: \"{Role}\", staging: {{ connection: staging, path: in/ }} }}";

    public string Folder { get; }

    public static async Task<RedshiftTestDatabase> StartAsync(
        PostgresServer server,
        Func<StandInSettings, StandInSettings>? change = null
    )
    {
        var database = await server.RedshiftDatabaseAsync();
        var folder = Directory.CreateTempSubdirectory("headrace-standin-").FullName;
        var settings = new StandInSettings { FolderRoot = folder, IamRole = Role };
        return new RedshiftTestDatabase(
            await RedshiftStandIn.StartAsync(
                "127.0.0.1",
                server.Port,
                "tester",
                "known",
                change?.Invoke(settings) ?? settings
            ),
            database,
            folder
        );
    }

    public string ConnectionString =>
        $"Host=127.0.0.1;Port={StandIn.Port};Database={Database};Username=tester;Password=known;SSL "
        + "Mode=Disable;GSS Encryption Mode=Disable;Pooling=false;Server Compatibility "
        + "Mode=NoTypeLoading;Include Error Detail=true";

    public async Task<NpgsqlConnection> OpenAsync()
    {
        var db = new NpgsqlConnection(ConnectionString);
        await db.OpenAsync();
        return db;
    }

    public string File(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        System.IO.File.WriteAllText(path, text);
        return $"file://{path}";
    }

    public async ValueTask DisposeAsync()
    {
        await StandIn.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}

internal static class Sql
{
    public static async Task<int> CountAsync(this NpgsqlConnection db, string sql)
    {
        await using var command = new NpgsqlCommand(sql, db);
        return await command.ExecuteNonQueryAsync();
    }

    public static async Task ExecuteAsync(this NpgsqlConnection db, string sql)
    {
        await using var command = new NpgsqlCommand(sql, db);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The rows, each with <c>|</c> between its values.</summary>
    public static async Task<string> QueryAsync(this NpgsqlConnection db, string sql)
    {
        await using var command = new NpgsqlCommand(sql, db) { AllResultTypesAreUnknown = true };
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
            rows.Add(
                string.Join(
                    '|',
                    Enumerable
                        .Range(0, reader.FieldCount)
                        .Select(i => reader.IsDBNull(i) ? "NULL" : reader.GetString(i))
                )
            );
        return string.Join('\n', rows);
    }
}
