using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Headrace.DuckDb;

/// <summary>
/// Which rows of a target may have a staged key: a condition that DuckDB asks while it scans the key, so that of all
/// other rows no other column is read. A join alone reads them all first.
/// </summary>
/// <remarks>https://duckdb.org/docs/stable/clients/c/api#scalar-functions</remarks>
internal sealed unsafe class KeyFilter : IDisposable
{
    private const string Function = "headrace_may_be_staged";

    // More of them are in nearly all blocks of a target anyway.
    private const int Most = 100_000;

    // Fewer are read as a whole before anything has been asked.
    private const int LeastInTarget = 10_000;

    // SQL has a number for the hashes of one column of a key.
    private static readonly ConcurrentDictionary<long, HashSet<long>> Known = new();
    private static long last;

    private readonly List<(string Column, long Number)> columns = [];

    /// <param name="key">The key's columns, by their names in the target and in <paramref name="rows"/>.</param>
    /// <param name="rows">Rows of <c>temp.staged</c> in SQL: what may follow FROM.</param>
    /// <param name="count">How many they are.</param>
    public KeyFilter(
        DuckDbConnection db,
        TableName target,
        IReadOnlyList<(string Name, string Staged)> key,
        string rows,
        long count,
        CancellationToken cancel
    )
    {
        if (
            count > Most
            || target.IsNone
            || db.Scalar<long>($"SELECT count(*) FROM {HeadraceTables.Target(target)}", cancel) < LeastInTarget
            || !HashesAlike(db, target, key, cancel)
        )
            return;
        foreach (
            var (column, hashes) in key.Select(column => (column.Name, Hashes(db, column.Staged, rows, cancel)))
                .ToList()
        )
        {
            columns.Add((column, Interlocked.Increment(ref last)));
            Known[columns[^1].Number] = hashes;
        }
    }

    /// <summary>Makes the function known to a database.</summary>
    public static void Register(DuckDbConnection db)
    {
        var function = Native.CreateScalarFunction();
        Native.SetScalarName(function, Function);
        foreach (var type in (TypeId[])[TypeId.BigInt, TypeId.UBigInt])
        {
            var parameter = Native.CreateType((int)type);
            Native.AddScalarParameter(function, parameter);
            Native.DestroyType(ref parameter);
        }

        var boolean = Native.CreateType((int)TypeId.Boolean);
        Native.SetScalarReturn(function, boolean);
        Native.DestroyType(ref boolean);
        Native.SetScalarFunction(function, &Ask);
        var state = Native.RegisterScalarFunction(db.Handle, function);
        Native.DestroyScalarFunction(ref function);
        if (state != 0)
            throw Error.Bug($"DuckDB does not take the function {Function}.");
    }

    /// <summary>True for each row of the target with a staged key, and for hardly another.</summary>
    /// <param name="target">What the target is called where this stands.</param>
    public string Condition(string target) =>
        columns.Count == 0
            ? "true"
            : string.Join(
                " AND ",
                columns.Select(column => $"{Function}({column.Number}, hash({target}.{Sql.Identifier(column.Column)}))")
            );

    public void Dispose() => columns.ForEach(column => Known.TryRemove(column.Number, out _));

    private static HashSet<long> Hashes(DuckDbConnection db, string column, string rows, CancellationToken cancel)
    {
        var hashes = new HashSet<long>();
        using var reader = db.Query($"SELECT hash({column}) FROM {rows}", cancel);
        while (reader.ReadChunk() > 0)
            foreach (var hash in reader.Longs(0))
                hashes.Add(hash);
        return hashes;
    }

    // Equal values have one hash when they are of one type, and texts when they are compared byte by byte.
    private static bool HashesAlike(
        DuckDbConnection db,
        TableName target,
        IReadOnlyList<(string Name, string Staged)> key,
        CancellationToken cancel
    ) =>
        db.Scalar<bool>(
            $"""
            SELECT count(*) = $4 AND (SELECT bool_and(NOT contains(lower(sql), 'collate')) FROM duckdb_tables()
                WHERE database_name = '{HeadraceTables.Catalog}' AND lower(schema_name) = lower($1)
                    AND lower(table_name) = lower($2)) IS TRUE
            FROM duckdb_columns() AS t JOIN duckdb_columns() AS s ON s.column_name = list_extract($5,
                list_position($3, lower(t.column_name))) AND s.data_type = t.data_type
            WHERE t.database_name = '{HeadraceTables.Catalog}' AND lower(t.schema_name) = lower($1)
                AND lower(t.table_name) = lower($2)
                AND s.database_name = 'temp' AND s.table_name = 'staged' AND list_contains($3, lower(t.column_name))
            """,
            cancel,
            target.Schema,
            target.Table,
            key.Select(column => column.Name.ToLowerInvariant()).ToList(),
            (long)key.Count,
            key.Select(column => column.Staged).ToList()
        );

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Ask(nint info, nint chunk, nint answers)
    {
        var rows = (int)Native.ChunkSize(chunk);
        var hashes = new Vector(Native.ChunkVector(chunk, 1)).Span<long>(rows);
        var answer = Native.VectorData(answers);
        if (!Known.TryGetValue(new Vector(Native.ChunkVector(chunk, 0)).Get<long>(0), out var known))
        {
            Native.SetScalarError(info, "no such keys");
            return;
        }

        for (var row = 0; row < rows; row++)
            answer[row] = known.Contains(hashes[row]) ? (byte)1 : (byte)0;
    }
}
