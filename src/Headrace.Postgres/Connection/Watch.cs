using System.Diagnostics;
using System.Runtime.CompilerServices;
using Npgsql;
using Npgsql.Internal;

namespace Headrace.Postgres;

/// <summary>
/// Looks after one connection while an answer of its server is awaited. A statement may take hours, and says nothing
/// meanwhile; that it is still at work another connection can ask (<see cref="Sentry"/>). Where it is not, what was
/// awaited ends with <see cref="TimeoutException"/>.
/// </summary>
/// <param name="process">The server's process, and since when the server has run.</param>
internal sealed class Watch(NpgsqlConnection db, Sentry sentry, (int Id, string Server) process)
{
    private static readonly ConditionalWeakTable<NpgsqlConnection, Watch> All = [];

    private long since; // 0 while nothing is awaited
    private volatile string? found;

    public Sentry Sentry => sentry;

    public (int Id, string Server) Process => process;

    /// <summary>How often the server was found to be doing nothing for this answer.</summary>
    public int Doubts { get; set; }

    /// <summary>The begin of what is awaited; it is another one for each answer. 0 for nothing.</summary>
    public long Since => Volatile.Read(ref since);

    /// <summary>Looks after a connection from now on.</summary>
    public static void Over(NpgsqlConnection db, Sentry sentry, (int Id, string Server) process) =>
        All.AddOrUpdate(db, new Watch(db, sentry, process));

    /// <summary>The watches that a sentry keeps.</summary>
    public static IEnumerable<Watch> Of(Sentry sentry) =>
        All.Select(pair => pair.Value).Where(watch => watch.Sentry == sentry);

    /// <summary>Awaits an answer for as long as the server works on it.</summary>
    /// <param name="ask">Is given what to call for each part of the answer that has come.</param>
    public static Task<T> AnswerAsync<T>(NpgsqlConnection db, Func<Action, Task<T>> ask) =>
        All.TryGetValue(db, out var watch) ? watch.AnswerAsync(ask) : ask(() => { });

    /// <inheritdoc cref="AnswerAsync{T}(NpgsqlConnection, Func{Action, Task{T}})"/>
    public static Task<T> AnswerAsync<T>(NpgsqlConnection db, Func<Task<T>> ask) => AnswerAsync(db, _ => ask());

    /// <inheritdoc cref="AnswerAsync{T}(NpgsqlConnection, Func{Action, Task{T}})"/>
    public static Task AnswerAsync(NpgsqlConnection db, Func<Task> ask) =>
        AnswerAsync(
            db,
            async () =>
            {
                await ask();
                return true;
            }
        );

    /// <summary>
    /// Ends what is awaited, and the connection. Cancelling would ask the server, and wait for it; closing waits, too.
    /// </summary>
    public void Cut(string because)
    {
        found = because;
        End(db, new TimeoutException(because));
    }

    private async Task<T> AnswerAsync<T>(Func<Action, Task<T>> ask)
    {
        Heard();
        try
        {
            return await ask(Heard);
        }
        catch (Exception error) when (found is { } because)
        {
            throw new TimeoutException(because, error);
        }
        finally
        {
            Volatile.Write(ref since, 0);
        }
    }

    private void Heard() => Volatile.Write(ref since, Stopwatch.GetTimestamp());

    // What Npgsql may change: then this does not compile, or the test of silent servers fails.
#pragma warning disable NPG9001
    /// <summary>Gives up a connection; what is awaited of it fails.</summary>
    public static void End(NpgsqlConnection db, Exception because)
    {
        if (Connector(db) is { } open)
            Break(open, because);
    }

    // Npgsql offers nobody a way to give up a connection that does not answer.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Connector")]
    private static extern NpgsqlConnector? Connector(NpgsqlConnection db);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Break")]
    private static extern Exception Break(NpgsqlConnector open, Exception reason);
#pragma warning restore NPG9001
}
