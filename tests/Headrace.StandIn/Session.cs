namespace Headrace.StandIn;

/// <summary>One client: takes its messages in order and answers them as Redshift would.</summary>
public sealed class Session(RedshiftStandIn standIn, Wire client, Server server, string database)
{
    private readonly Dictionary<string, Statement> statements = [];
    private readonly Dictionary<string, Statement> portals = [];
    private readonly List<Message> request = [];
    private readonly Isolation? isolation = standIn.IsolationOf(database);
    private Touched? touched;
    private bool failed;
    private int executed;

    public Server Server => server;

    public RedshiftStandIn StandIn => standIn;

    public string Database => database;

    /// <summary>Set by a CancelRequest; COPY and UNLOAD look at it.</summary>
    public bool Cancelled { get; set; }

    /// <summary>Serves the client until it goes.</summary>
    public async Task RunAsync()
    {
        while (await client.ReadAsync() is { } message)
            switch (message.Type)
            {
                case 'Q':
                    await AnswerAsync();
                    await QueryAsync(message.Read().Text());
                    break;
                case 'S':
                    await AnswerAsync();
                    await SyncAsync();
                    break;
                case 'H':
                    await AnswerAsync();
                    await client.FlushAsync();
                    break;
                case 'P' or 'B' or 'D' or 'E' or 'C':
                    request.Add(message);
                    break;
                case 'X':
                    return;
                case 'd' or 'c' or 'f':
                    break;
                default:
                    await RefuseAsync(Refusal.Unsupported($"protocol message '{message.Type}'"));
                    break;
            }
    }

    public Task TellAsync(Message message) => client.WriteAsync(message);

    private Task SendAsync(Message answer) =>
        client.WriteAsync(answer.Type == 'T' ? ResultTypes.Translate(answer) : answer);

    private async Task SyncAsync()
    {
        (failed, executed) = (false, 0);
        portals.Clear();
        try
        {
            await client.WriteAsync(await server.SyncAsync());
        }
        catch (Refused late)
        {
            // An error at the commit of an implicit transaction; its ReadyForQuery follows.
            await client.WriteAsync(Errors.Translate(late.Error));
            await client.WriteAsync(await server.SyncAsync());
        }

        await client.FlushAsync();
    }

    private async Task QueryAsync(string sql)
    {
        try
        {
            var parsed = StatementReader.ReadAll(sql);
            if (parsed.Count == 0)
                await client.WriteAsync(new Message('I', []));
            foreach (var statement in parsed)
            {
                await ExecuteAsync(statement, null, parsed.Count);
                if (failed)
                    break;
            }
        }
        catch (Refusal refusal)
        {
            standIn.Note(sql);
            await RefuseAsync(refusal);
        }

        await SyncAsync();
    }

    // The messages since the last Sync or Flush, one after the other.
    private async Task AnswerAsync()
    {
        var executes = request.Count(message => message.Type == 'E');
        foreach (var message in request)
        {
            if (failed)
                break;
            try
            {
                await AnswerAsync(message, executes);
            }
            catch (Refusal refusal)
            {
                await RefuseAsync(refusal);
            }
            catch (Refused refused)
            {
                await FailAsync(refused.Error);
            }
        }

        request.Clear();
    }

    private Task AnswerAsync(Message message, int executes) =>
        message.Type switch
        {
            'P' => ParseAsync(message),
            'B' => BindAsync(message),
            'D' => DescribeAsync(message),
            'E' => ExecuteAsync(
                portals.TryGetValue(message.Read().Text(), out var statement) ? statement : null,
                message,
                executes
            ),
            _ => CloseAsync(message),
        };

    private async Task ParseAsync(Message message)
    {
        var (name, sql, types) = Parameters.Parse(message);
        List<Statement> parsed;
        try
        {
            parsed = StatementReader.ReadAll(sql);
            Parameters.Check(types);
        }
        catch (Refusal)
        {
            standIn.Note(sql);
            throw;
        }

        if (parsed.Count > 1)
            throw new Refusal("42601", "cannot insert multiple commands into a prepared statement");
        if (parsed is not [var statement])
        {
            statements.Remove(name);
            await RelayAsync(message);
            return;
        }

        // PostgreSQL locks what it parses, in a way that two may have at once, who then would wait for each other.
        await WriteLockAsync(statement);
        if (statement.Command is null && !await RelayAsync(Parameters.Parse(name, statement.Sql, types)))
            return;
        if (statement.Command is not null)
            await client.WriteAsync(new Message('1', []));
        statements[name] = statement;
    }

    private async Task BindAsync(Message message)
    {
        var (portal, name) = Parameters.CheckBind(message);
        if (!statements.TryGetValue(name, out var statement))
        {
            await RelayAsync(message);
            return;
        }

        if (statement.Command is null && !await RelayAsync(message))
            return;
        if (statement.Command is not null)
            await client.WriteAsync(new Message('2', []));
        portals[portal] = statement;
    }

    private async Task DescribeAsync(Message message)
    {
        var reader = message.Read();
        var kind = reader.Byte();
        if (
            !(kind == 'S' ? statements : portals).TryGetValue(reader.Text(), out var statement)
            || statement.Command is null
        )
        {
            await RelayAsync(message);
            return;
        }

        if (kind == 'S')
            await client.WriteAsync(Message.Build('t', body => body.Int16(0)));
        await client.WriteAsync(new Message('n', []));
    }

    private async Task CloseAsync(Message message)
    {
        var reader = message.Read();
        (reader.Byte() == 'S' ? statements : portals).Remove(reader.Text());
        await RelayAsync(message);
    }

    // A statement of the simple protocol has no message; it is parsed and bound here.
    private async Task ExecuteAsync(Statement? statement, Message? message, int beside)
    {
        if (statement is null)
        {
            await RelayAsync(message!.Value);
            return;
        }

        Cancelled = false;
        standIn.Note(statement.Source);
        if (statement.Alone is { } alone && (server.Status != 'I' || beside > 1 || executed > 0))
        {
            await RefuseAsync(
                new Refusal("25001", $"{alone} cannot run inside a transaction block or multiple commands (statement)")
            );
            return;
        }

        executed++;
        if (standIn.TakeFailure(statement.Verb) is { } planted)
        {
            await RefuseAsync(planted);
            return;
        }

        var cut = standIn.TakeCut(statement.Verb);
        if (cut == Cut.Before)
            throw new ConnectionCut();
        try
        {
            await IsolatedAsync(statement, () => DoAsync(statement, message, silent: cut == Cut.After));
        }
        catch (Refusal refusal)
        {
            await RefuseAsync(refusal);
        }
        catch (Refused refused)
        {
            await FailAsync(refused.Error);
        }

        if (cut == Cut.After)
        {
            if (server.Status == 'I' || failed)
                await server.SyncAsync();
            throw new ConnectionCut();
        }
    }

    // Only where the database is SERIALIZABLE; PostgreSQL's snapshots do for SNAPSHOT.
    private async Task IsolatedAsync(Statement statement, Func<Task> act)
    {
        if (isolation is null)
        {
            await act();
            return;
        }

        touched = server.Status == 'I' || touched is null or { Any: false } ? isolation.Begin() : touched;
        touched.Add(statement);
        if (statement.Verb is "COMMIT" or "END" && server.Status == 'T')
        {
            await isolation.CommitAsync(touched, act);
            return;
        }

        isolation.Check(touched);
        await act();
        if (server.Status == 'I' && !failed)
            isolation.Note(touched);
    }

    private async Task DoAsync(Statement statement, Message? message, bool silent)
    {
        await WriteLockAsync(statement);
        if (statement.Command is { } command)
        {
            var tag = await Commands.RunAsync(this, command);
            if (!silent)
                await client.WriteAsync(Message.Complete(tag));
            return;
        }

        Func<Message, Task> relay = silent ? _ => Task.CompletedTask : SendAsync;
        if (message is { } execute)
        {
            await RelayAsync(execute, relay);
            return;
        }

        if (
            await RelayAsync(Message.Parse("", statement.Sql), Only(""))
            && await RelayAsync(Message.Bind("", ""), Only(""))
            && await RelayAsync(Message.Describe('P', ""), silent ? Only("") : Only("T"))
        )
            await RelayAsync(Message.Execute(""), relay);
    }

    // Who writes a table has it alone until the transaction's end.
    private async Task WriteLockAsync(Statement statement)
    {
        if (server.Status != 'E' && statement.Writes is { } table)
            await server.RunAsync($"SELECT redshift_standin.write_lock({Relation.Literal(table.Sql)})");
    }

    private Func<Message, Task> Only(string types) =>
        answer => types.Contains(answer.Type, StringComparison.Ordinal) ? SendAsync(answer) : Task.CompletedTask;

    // False when the server answered with an error, which the client then has.
    private async Task<bool> RelayAsync(Message message, Func<Message, Task>? relay = null)
    {
        var last = await server.AskAsync(message, relay ?? SendAsync);
        if (last.Type != 'E')
            return true;
        await FailAsync(last);
        return false;
    }

    private async Task FailAsync(Message error)
    {
        failed = true;
        await client.WriteAsync(Errors.Translate(error));
    }

    private async Task RefuseAsync(Refusal refusal)
    {
        failed = true;
        await server.FailAsync();
        await client.WriteAsync(Message.Error(refusal));
    }
}

/// <summary>The client's connection ends here, on a test's demand.</summary>
public sealed class ConnectionCut : Exception;
