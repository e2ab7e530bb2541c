using System.Diagnostics;
using System.Net.Sockets;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>What the errors of PostgreSQL and of its client mean, and the names that Headrace gives them.</summary>
internal static class PostgresErrors
{
    /// <summary>True for what Npgsql says of a connection that was lost between two statements.</summary>
    /// <remarks>By who threw it: native code has no <see cref="Exception.Source"/>.</remarks>
    internal static bool IsBroken(Exception error) =>
        error is InvalidOperationException
        && new StackTrace(error)
            .GetFrames()
            .Any(frame =>
                DiagnosticMethodInfo.Create(frame)?.DeclaringTypeName.StartsWith("Npgsql.", StringComparison.Ordinal)
                == true
            );

    /// <summary>
    /// What went wrong with a warehouse, by its Headrace name; null for what is no error of a database.
    /// </summary>
    /// <param name="isPassing">True for what goes away by itself.</param>
    internal static HeadraceException? NameOfWarehouse(
        Exception error,
        string address,
        Func<PostgresException, bool> isPassing
    ) =>
        error switch
        {
            PostgresException { SqlState: PostgresErrorCodes.DiskFull } => Error.DiskFull(address, error),
            PostgresException refused => Error.Warehouse(
                address,
                $"{refused.SqlState} {refused.MessageText}",
                refused,
                isPassing(refused)
            ),
            NpgsqlException or SocketException or TimeoutException => Lost(error, address),
            _ => IsBroken(error) ? Lost(error, address) : null,
        };

    /// <summary>True for the error that says that a table or its schema is not there.</summary>
    internal static bool IsMissing(Exception error) =>
        error
            is PostgresException
            {
                SqlState: PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName
            };

    /// <summary>
    /// True for what goes away by itself: a lock that was not given, a deadlock, a server that shuts down, two who make
    /// one thing at once.
    /// </summary>
    internal static bool IsPassing(PostgresException error) =>
        error.IsTransient
        || error.SqlState
            is PostgresErrorCodes.SerializationFailure
                or PostgresErrorCodes.DeadlockDetected
                or PostgresErrorCodes.LockNotAvailable
                or PostgresErrorCodes.AdminShutdown
                or PostgresErrorCodes.CrashShutdown
                or PostgresErrorCodes.CannotConnectNow
                or PostgresErrorCodes.DuplicateTable
                or PostgresErrorCodes.DuplicateSchema
                or PostgresErrorCodes.DuplicateColumn;

    /// <summary>True for the error that PostgreSQL gives where a policy would hide rows.</summary>
    internal static bool IsHidden(PostgresException error) =>
        error is { SqlState: PostgresErrorCodes.InsufficientPrivilege, Routine: "check_enable_rls" };

    /// <summary>What went wrong with a source table, by its Headrace name.</summary>
    internal static HeadraceException NameOfSource(Exception error, string address, string source) =>
        error switch
        {
            PostgresException refused when IsHidden(refused) => Error.RowsHidden(
                address,
                source,
                refused.MessageText,
                refused
            ),
            PostgresException
            {
                SqlState: "42P01" or "3F000" or "42501" or "42703" or "42601" or "42883" or "42704"
            } refused => Error.SourceTableMissing(
                address,
                refused.TableName ?? source,
                Found(refused),
                refused.SqlState == PostgresErrorCodes.InsufficientPrivilege
                    ? "have its owner grant to the connection's user what found names"
                    : null,
                refused
            ),
            PostgresException { SqlState: "22021" or "22P05" } refused => Error.SourceNotText(
                address,
                source,
                Found(refused),
                refused
            ),
            PostgresException { SqlState: ['2', '8', ..] or "3D000" } login => Error.DatabaseUnreachable(
                address,
                Found(login),
                login,
                transient: false
            ),
            PostgresException { SqlState: "57P01" or "57P02" or "57P03" or "53300" } away => Error.DatabaseUnreachable(
                address,
                Found(away),
                away
            ), // it starts, ends or is full: another time it answers
            PostgresException { IsTransient: true } or PostgresException { SqlState: "57014" } => Error.DatabaseRefused(
                address,
                Found((PostgresException)error),
                true,
                error
            ),
            PostgresException refused => Error.DatabaseRefused(address, Found(refused), false, refused),
            _ => Error.DatabaseUnreachable(
                address,
                error.InnerException is { } inner ? $"{error.Message} {inner.Message}" : error.Message,
                error
            ),
        };

    private static string Found(PostgresException error) =>
        $"{error.SqlState} {error.MessageText}{(error.Detail is { } detail ? $" ({detail})" : "")}";

    private static HeadraceException Lost(Exception error, string address) =>
        Error.Warehouse(
            address,
            error.InnerException is { } inner ? $"{error.Message} {inner.Message}" : error.Message,
            error,
            transient: true
        );
}
