using System.Runtime.InteropServices;

namespace Headrace.DuckDb;

/// <summary>
/// An open database: a file, or memory. One process may write to a file at a time; within this process every opening of
/// the same file shares one database, so that no two can write over each other.
/// </summary>
public sealed class DuckDbDatabase : IDisposable
{
    /// <summary>The path of a database in memory. Each opening is a database of its own.</summary>
    public const string Memory = ":memory:";

    // The lock on a file is the process's: without the cache a second opening in this process would not meet it, and
    // both would write.
    private static readonly nint Cache = Native.CreateInstanceCache();

    private readonly DatabaseHandle handle;

    private DuckDbDatabase(DatabaseHandle handle) => this.handle = handle;

    /// <summary>
    /// Bytes that the table of a join may take, so that other work fits beside it; null for as many as there are.
    /// </summary>
    internal long? PartBytes { get; init; }

    /// <summary>DuckDB's version, for example <c>v1.5.6</c>.</summary>
    public static unsafe string Version => Marshal.PtrToStringUTF8((nint)Native.LibraryVersion())!;

    /// <summary>Opens the database at <paramref name="path"/>, and creates it when there is none.</summary>
    /// <param name="path">A file, or <see cref="Memory"/>.</param>
    /// <param name="settings">DuckDB's settings by name, such as <c>access_mode</c>; the file must not be open with
    /// others.</param>
    /// <exception cref="DuckDbException">It cannot be opened; see <see cref="DuckDbException.IsLocked"/>.</exception>
    public static unsafe DuckDbDatabase Open(string path, IReadOnlyDictionary<string, string>? settings = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Native.Whole(path, nameof(path));
        _ = Native.CreateConfig(out var config);
        try
        {
            foreach (var (name, value) in settings ?? new Dictionary<string, string>())
                if (
                    Native.SetConfig(
                        config,
                        Native.Whole(name, nameof(settings)),
                        Native.Whole(value, nameof(settings))
                    ) != 0
                )
                    throw new DuckDbException(
                        $"Invalid Input Error: DuckDB does not take {name} = {value}",
                        DuckDbErrorKind.InvalidInput
                    );
            if (Native.GetOrCreateFromCache(Cache, path, out var opened, config, out var error) != 0)
                throw new DuckDbException(Native.Take(error) ?? $"IO Error: cannot open {path}");
            var handle = new DatabaseHandle();
            handle.Set(opened);
            return new DuckDbDatabase(handle)
            {
                PartBytes =
                    settings?.GetValueOrDefault("memory_limit") is [.. var bytes, 'B']
                    && long.TryParse(bytes, System.Globalization.CultureInfo.InvariantCulture, out var limit)
                        ? limit / 2
                        : null,
            };
        }
        finally
        {
            Native.DestroyConfig(ref config);
        }
    }

    /// <summary>A new connection. Connections are independent; each is for one thread at a time.</summary>
    public DuckDbConnection Connect()
    {
        if (Native.Connect(handle, out var connected) != 0)
            throw new DuckDbException("Connection Error: the database gives no connection", DuckDbErrorKind.Connection);
        var connection = new ConnectionHandle();
        connection.Set(connected);
        return new DuckDbConnection(connection) { PartBytes = PartBytes };
    }

    /// <summary>Lets go of the database; the file is closed when its last connection is disposed as well.</summary>
    public void Dispose() => handle.Dispose();
}
