namespace Headrace.StandIn;

/// <summary>The session's connection to PostgreSQL: each call waits for its answer.</summary>
public sealed class Server(Wire wire, Func<Message, Task> aside) : IDisposable
{
    // A new name each time: a statement outlives the error that follows it.
    private string own = "";
    private int number;

    /// <summary>I (idle), T (in a transaction) or E (in a failed one).</summary>
    public char Status { get; private set; } = 'I';

    /// <summary>An error came: the server skips everything up to a Sync.</summary>
    public bool Skips { get; private set; }

    /// <summary>Sends a message and hands on its answers, the last of which is returned.</summary>
    public async Task<Message> AskAsync(Message message, Func<Message, Task>? answer = null)
    {
        await wire.WriteAsync(message);
        await wire.WriteAsync(Message.Flush);
        await wire.FlushAsync();
        while (true)
        {
            var received = await ReceiveAsync();
            if (received.Type == 'E')
                return received;
            if (answer is not null)
                await answer(received);
            var last = message.Type switch
            {
                'P' => received.Type == '1',
                'B' => received.Type == '2',
                'C' => received.Type == '3',
                'D' => received.Type is 'T' or 'n',
                'E' => received.Type is 'C' or 'I' or 's' or 'G',
                _ => throw new InvalidOperationException($"no answer is known to '{message.Type}'"),
            };
            if (last)
                return received;
        }
    }

    /// <summary>The next message that is an answer.</summary>
    public async Task<Message> ReceiveAsync()
    {
        while (true)
        {
            var received = await wire.ReadAsync() ?? throw new EndOfStreamException("the server has gone");
            if (received.Type is 'N' or 'S' or 'A')
            {
                await aside(received);
                continue;
            }

            if (received.Type == 'E')
                Skips = true;
            if (received.Type == 'C')
                Status = received.Read().Text() switch
                {
                    "BEGIN" => 'T',
                    "COMMIT" or "ROLLBACK" => 'I',
                    _ => Status,
                };
            return received;
        }
    }

    /// <summary>Ends the request; what is not in a transaction block commits.</summary>
    public async Task<Message> SyncAsync()
    {
        await wire.WriteAsync(Message.Sync);
        await wire.FlushAsync();
        while (true)
        {
            var received = await ReceiveAsync();
            if (received.Type == 'E')
                throw new Refused(received);
            if (received.Type != 'Z')
                continue;
            Skips = false;
            Status = (char)received.Body[0];
            return received;
        }
    }

    /// <summary>Has the server take an error as well, as it would if it had found what the stand-in found.</summary>
    public async Task FailAsync()
    {
        if (!Skips)
            await AskAsync(Message.Parse("standin_refused", "refused by the stand-in"));
    }

    /// <summary>
    /// Runs a statement of the stand-in in the client's transaction and returns its rows as text; throws <see
    /// cref="Refused"/>.
    /// </summary>
    public async Task<List<string?[]>> RunAsync(string sql)
    {
        var rows = new List<string?[]>();
        await OpenAsync(sql);
        await Checked(
            Message.Execute(own),
            row =>
            {
                if (row.Type == 'D')
                    rows.Add(Row(row));
                return Task.CompletedTask;
            }
        );
        await CloseAsync();
        return rows;
    }

    /// <summary>The type of each column of a query, by its number in pg_type.</summary>
    public async Task<List<(string Name, int Type)>> DescribeAsync(string sql)
    {
        own = $"standin_{number++}";
        await Checked(Message.Parse(own, sql));
        var description = await Checked(Message.Describe('S', own), null);
        await CloseAsync();
        var columns = new List<(string, int)>();
        if (description.Type != 'T')
            return columns;
        var reader = description.Read();
        for (var left = reader.Int16(); left > 0; left--)
        {
            var name = reader.Text();
            reader.Take(6);
            columns.Add((name, reader.Int32()));
            reader.Take(8);
        }

        return columns;
    }

    /// <summary>Begins a COPY … FROM STDIN.</summary>
    public async Task BeginCopyAsync(string sql)
    {
        await OpenAsync(sql);
        await Checked(Message.Execute(own));
    }

    public Task CopyAsync(byte[] data) => wire.WriteAsync(new Message('d', data));

    /// <summary>Ends a COPY … FROM STDIN; an error comes back as it is.</summary>
    public async Task<Message> EndCopyAsync(Message end)
    {
        await wire.WriteAsync(end);
        await wire.WriteAsync(Message.Flush);
        await wire.FlushAsync();
        var answer = await ReceiveAsync();
        if (answer.Type == 'C')
            await CloseAsync();
        return answer;
    }

    /// <summary>Runs a COPY … TO STDOUT and hands on its rows.</summary>
    public async Task CopyOutAsync(string sql, Action<byte[]> row)
    {
        await OpenAsync(sql);
        await Checked(
            Message.Execute(own),
            message =>
            {
                if (message.Type == 'd')
                    row(message.Body);
                return Task.CompletedTask;
            }
        );
        await CloseAsync();
    }

    public void Dispose() => wire.Dispose();

    private async Task OpenAsync(string sql)
    {
        own = $"standin_{number++}";
        await Checked(Message.Parse(own, sql));
        await Checked(Message.Bind(own, own));
    }

    private async Task CloseAsync()
    {
        await Checked(Message.Close('P', own));
        await Checked(Message.Close('S', own));
    }

    private async Task<Message> Checked(Message message, Func<Message, Task>? answer = null)
    {
        var last = await AskAsync(message, answer);
        return last.Type == 'E' ? throw new Refused(last) : last;
    }

    private static string?[] Row(Message row)
    {
        var reader = row.Read();
        var values = new string?[reader.Int16()];
        for (var i = 0; i < values.Length; i++)
        {
            var length = reader.Int32();
            values[i] = length < 0 ? null : System.Text.Encoding.UTF8.GetString(reader.Take(length));
        }

        return values;
    }
}

/// <summary>The server's own error, on its way to the client.</summary>
public sealed class Refused(Message error) : Exception(error.Fields().GetValueOrDefault('M'))
{
    public Message Error => error;
}
