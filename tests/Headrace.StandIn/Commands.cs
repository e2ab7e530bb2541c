namespace Headrace.StandIn;

/// <summary>Runs what the stand-in does by itself, on the client's connection to the server.</summary>
public static class Commands
{
    /// <summary>Returns the command tag.</summary>
    public static async Task<string> RunAsync(Session session, Command command)
    {
        var server = session.Server;
        switch (command)
        {
            case CopyCommand copy:
                return await new CopyRun(session, copy).RunAsync();
            case UnloadCommand unload:
                return await new UnloadRun(session, unload).RunAsync();
            case TruncateCommand truncate:
                // First what came before: a transaction block, or the statements of this request.
                if (server.Status == 'T')
                    await server.RunAsync("COMMIT");
                await server.SyncAsync();
                await server.RunAsync($"TRUNCATE {truncate.Table.Sql}");
                await server.SyncAsync();
                return "TRUNCATE";
            case NoCommand nothing:
                if (nothing.Table is { } table)
                    await server.RunAsync($"SELECT FROM {table.Sql} LIMIT 0");
                return nothing.Tag;
            case AppendCommand append:
                await server.RunAsync($"INSERT INTO {append.Target.Sql} SELECT * FROM {append.Source.Sql}");
                await server.RunAsync($"DELETE FROM {append.Source.Sql}");
                return "ALTER TABLE APPEND";
            case WidenCommand widen:
                return await WidenAsync(server, widen);
            default:
                throw new InvalidOperationException($"no command {command.GetType().Name}");
        }
    }

    private static async Task<string> WidenAsync(Server server, WidenCommand widen)
    {
        var found = await CopyRun.ColumnsAsync(server, widen.Table, [widen.Column]);
        if (
            found[0].Type != "character varying"
            || !widen.Type.Sql.StartsWith("character varying", StringComparison.Ordinal)
        )
            throw new Refusal(
                "0A000",
                $"ALTER COLUMN TYPE changes the size of VARCHAR columns only; \"{widen.Column}\" is {found[0].Type}"
            );
        if (found[0].Check is { } check)
            await server.RunAsync($"ALTER TABLE {widen.Table.Sql} DROP CONSTRAINT {Relation.Quote(check)}");
        var longest = long.Parse(
            (
                await server.RunAsync(
                    $"SELECT coalesce(max(octet_length({Relation.Quote(widen.Column)})), 0) FROM {widen.Table.Sql}"
                )
            )[0][0]!
        );
        if (longest > widen.Type.Bytes)
            throw new Refusal(
                "0A000",
                $"target column size should be greater or equal to current maximum column size ({longest})"
            );
        await server.RunAsync(
            $"ALTER TABLE {widen.Table.Sql} ALTER COLUMN {Relation.Quote(widen.Column)} TYPE "
                + $"{widen.Type.Sql}, ADD {widen.Type.Check(widen.Column)}"
        );
        return "ALTER TABLE";
    }
}
