using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Headrace.DuckDb;

/// <summary>
/// Rows as PostgreSQL writes them, as a table of DuckDB's that each of its threads reads blocks of: a value goes from
/// the bytes into a vector, and never through text or an object. Their order is kept within a block.
/// </summary>
/// <remarks>https://duckdb.org/docs/stable/clients/c/table_functions</remarks>
internal sealed unsafe class BinaryTable : IDisposable
{
    private const string Function = "headrace_binary_rows";
    private const int BlockBytes = 1 << 20;
    private const int MostBlocks = 4;

    // SQL has a number for what it reads.
    private static readonly ConcurrentDictionary<long, BinaryTable> Known = new();
    private static long last;

    private readonly long number = Interlocked.Increment(ref last);
    private readonly IReadOnlyList<BinaryColumn> columns;
    private readonly int fields;
    private readonly BlockingCollection<BinaryBlock> blocks = new(MostBlocks);
    private readonly ConcurrentBag<byte[]> free = [];
    private readonly CancellationTokenSource over;
    private Exception? failure;

    private BinaryTable(IReadOnlyList<BinaryColumn> columns, int fields, CancellationToken cancel)
    {
        this.columns = columns;
        this.fields = fields;
        over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Known[number] = this;
    }

    /// <summary>Makes the function that reads them known to a database.</summary>
    public static void Register(DuckDbConnection db)
    {
        var function = Native.CreateTableFunction();
        Native.SetFunctionName(function, Function);
        var id = Native.CreateType((int)TypeId.BigInt);
        Native.AddFunctionParameter(function, id);
        Native.DestroyType(ref id);
        Native.SetFunctionBind(function, &Bind);
        Native.SetFunctionInit(function, &Begin);
        Native.SetFunctionLocalInit(function, &BeginThread);
        Native.SetFunction(function, &Fill);
        var state = Native.RegisterTableFunction(db.Handle, function);
        Native.DestroyTableFunction(ref function);
        if (state != 0)
            throw Error.Bug($"DuckDB does not take the function {Function}.");
    }

    /// <summary>Inserts all rows of a stream into a table, within the transaction that is open.</summary>
    /// <param name="target">Qualified and quoted.</param>
    /// <param name="columns">The table's columns.</param>
    /// <param name="fields">How many fields a row has.</param>
    /// <param name="isOrdered">True when rows are to be numbered as they come, which one thread alone does.</param>
    /// <returns>How many they are.</returns>
    /// <exception cref="UnfitValueException">A value is beyond what its type has in DuckDB; some rows may be in the
    /// transaction.</exception>
    public static long Insert(
        DuckDbConnection db,
        string target,
        IReadOnlyList<BinaryColumn> columns,
        int fields,
        bool isOrdered,
        Stream rows,
        CancellationToken cancel
    )
    {
        using var own = new BinaryTable(columns, fields, cancel);

        // What comes out of a join has no order, so that all threads write. This one keeps each row once, whatever it
        // holds.
        var anyOrder = isOrdered
            ? ""
            : $" LEFT JOIN (VALUES (false)) AS one(row) ON one.row = (r.{Sql.Identifier(columns[0].Name)} IS NULL)";
        var insert = $"""
            INSERT INTO
            {target} ({string.Join(", ", columns.Select(column => Sql.Identifier(column.Name)))})
            SELECT r.* FROM {Function}({own.number}) AS r{anyOrder}
            """;
        var inserting = Task.Run(
            () =>
            {
                try
                {
                    return db.Execute(insert, cancel);
                }
                finally
                {
                    own.over.Cancel(); // nobody takes what still comes
                }
            },
            CancellationToken.None
        );
        var fed = own.Feed(rows);
        try
        {
            var inserted = inserting.GetAwaiter().GetResult();
            return inserted == fed ? inserted : throw Error.Bug($"{fed} rows were read and {inserted} inserted.");
        }
        catch (DuckDbException) when (own.failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
            throw;
        }
    }

    public void Dispose()
    {
        Known.TryRemove(number, out _);
        over.Dispose();
        blocks.Dispose();
    }

    private long Feed(Stream rows)
    {
        var cut = new BinaryBlocks(
            rows,
            fields,
            () => free.TryTake(out var used) ? used : GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true)
        );
        try
        {
            while (cut.Next() is { } block)
                blocks.Add(block, over.Token);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The insertion has ended, and says why.
        }
        catch (Exception error)
        {
            Fail(error);
        }

        blocks.CompleteAdding();
        return cut.Rows;
    }

    private void Fail(Exception error) => Interlocked.CompareExchange(ref failure, error, null);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Bind(nint info)
    {
        var value = Native.BindParameter(info, 0);
        var number = Native.GetInt64(value);
        Native.DestroyValue(ref value);
        if (!Known.TryGetValue(number, out var rows))
        {
            Native.SetBindError(info, "no such rows");
            return;
        }

        foreach (var column in rows.columns)
        {
            var type = column.CreateType();
            Native.AddResultColumn(info, column.Name, type);
            Native.DestroyType(ref type);
        }

        // Nobody knows; of the two sides of a join DuckDB keeps the smaller one in memory.
        Native.SetCardinality(info, 1_000_000, false);
        Native.SetBindData(info, (nint)number, null);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Begin(nint info) => Native.SetMaxThreads(info, (ulong)Environment.ProcessorCount);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void BeginThread(nint info) =>
        Native.SetInitData(
            info,
            GCHandle.ToIntPtr(GCHandle.Alloc(new Share(Known[Native.InitBindData(info)]))),
            &EndThread
        );

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void EndThread(nint share) => GCHandle.FromIntPtr(share).Free();

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Fill(nint info, nint chunk)
    {
        var share = (Share)GCHandle.FromIntPtr(Native.FunctionLocalData(info)).Target!;
        try
        {
            Native.SetChunkSize(chunk, (ulong)share.Fill(chunk));
        }
        catch (Exception error)
        {
            // No exception may leave through DuckDB; the caller that inserts throws it again.
            share.Of.Fail(error);
            Native.SetFunctionError(info, "the rows cannot be read");
        }
    }

    /// <summary>The blocks that one of DuckDB's threads takes.</summary>
    private sealed class Share(BinaryTable of)
    {
        private readonly BinaryColumn[] columns = [.. of.columns.Select(column => column.Copy())];
        private readonly int most = (int)Native.VectorSize();
        private BinaryBlock block;
        private int at;

        public BinaryTable Of => of;

        /// <summary>Says how many rows there are in the chunk now; none after the last.</summary>
        public int Fill(nint chunk)
        {
            if (at == block.End && !Next())
                return 0;
            var byField = new BinaryColumn?[of.fields];
            for (var i = 0; i < columns.Length; i++)
            {
                columns[i].Begin(Native.ChunkVector(chunk, (ulong)i));
                if (columns[i].Field >= 0)
                    byField[columns[i].Field] = columns[i];
            }

            var row = 0;
            fixed (byte* bytes = block.Bytes)
                for (; row < most && at < block.End; row++)
                {
                    at += sizeof(short); // how many fields there are
                    foreach (var column in byField)
                    {
                        var length = BinaryPrimitives.ReadInt32BigEndian(
                            new ReadOnlySpan<byte>(bytes + at, sizeof(int))
                        );
                        at += sizeof(int);
                        column?.Set(row, bytes + at, length);
                        at += Math.Max(0, length); // -1 is NULL
                    }

                    foreach (var column in columns)
                        if (column.Field < 0)
                            column.Set(row, null, -1);
                }

            return row;
        }

        private bool Next()
        {
            // What the last chunk showed of the block was taken by now.
            if (block.Bytes is { Length: BlockBytes } used)
                of.free.Add(used);
            (block, at) = (default, 0);
            if (!of.blocks.TryTake(out var next, Timeout.Infinite, of.over.Token))
                return of.failure is null ? false : throw of.failure;
            (block, at) = (next, next.Start);
            return true;
        }
    }
}

/// <summary>A value that DuckDB's type does not have: infinity, NaN, a year that has not four digits, 24:00.</summary>
internal sealed class UnfitValueException(string column) : Exception($"a value of {column} is beyond its type");
