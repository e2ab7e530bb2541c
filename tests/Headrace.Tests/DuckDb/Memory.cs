using Headrace.DuckDb;
using Xunit;

namespace Headrace.Tests.DuckDb;

/// <summary>A database in memory with one connection, and a folder of its own for files.</summary>
public sealed class Memory : IDisposable
{
    private readonly DuckDbDatabase database;

    public Memory(IReadOnlyDictionary<string, string>? settings = null)
    {
        database = DuckDbDatabase.Open(DuckDbDatabase.Memory, settings);
        Connection = database.Connect();
        Execute("SET TimeZone = 'UTC'");
    }

    public DuckDbConnection Connection { get; }

    public string Folder { get; } = Directory.CreateTempSubdirectory("headrace-").FullName;

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public string Path(string name) => System.IO.Path.Combine(Folder, name);

    public DuckDbConnection Another() => database.Connect();

    public long Execute(string sql, params ReadOnlySpan<object?> parameters) =>
        Connection.Execute(sql, Cancel, parameters);

    public DuckDbReader Query(string sql, params ReadOnlySpan<object?> parameters) =>
        Connection.Query(sql, Cancel, parameters);

    public T? Scalar<T>(string sql, params ReadOnlySpan<object?> parameters) =>
        Connection.Scalar<T>(sql, Cancel, parameters);

    public DuckDbException Fails(string sql) => Assert.Throws<DuckDbException>(() => Execute(sql));

    public void Dispose()
    {
        Connection.Dispose();
        database.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
