namespace Headrace.DuckDb;

/// <summary>
/// The rows of a result, one after the other, read in place from DuckDB's chunks. Valid until it is disposed or
/// <see cref="Read"/> returned false; then the connection is free for the next statement.
/// </summary>
public sealed partial class DuckDbReader : IDisposable
{
    private readonly DuckDbConnection connection;
    private readonly StatementHandle statement;
    private readonly ResultHandle result;
    private readonly CancellationToken cancel;
    private readonly DuckDbColumn[] columns;
    private readonly Vector[] vectors;
    private nint chunk;
    private long rows;
    private long row = -1;
    private bool over;

    internal unsafe DuckDbReader(
        DuckDbConnection connection,
        StatementHandle statement,
        ResultHandle result,
        CancellationToken cancel
    )
    {
        this.connection = connection;
        this.statement = statement;
        this.result = result;
        this.cancel = cancel;
        columns = new DuckDbColumn[Native.ColumnCount(result.Pointer)];
        vectors = new Vector[columns.Length];
        for (var i = 0; i < columns.Length; i++)
            columns[i] = DuckDbColumn.Of(result, i);
    }

    /// <summary>How many columns there are; they are counted from 0.</summary>
    public int ColumnCount => columns.Length;

    /// <summary>The name of a column.</summary>
    public string Name(int column) => columns[column].Name;

    /// <summary>
    /// The type of a column as DuckDB writes it, for example <c>DECIMAL(18,3)</c>, <c>VARCHAR[]</c> or <c>JSON</c>.
    /// </summary>
    public string TypeName(int column) => columns[column].TypeName;

    /// <summary>Goes to the next row; false when there is none.</summary>
    public bool Read()
    {
        if (++row < rows)
            return true;
        if (over)
        {
            (row, rows) = (-1, 0);
            return false;
        }

        return Fetch();
    }

    /// <summary>
    /// Goes to the next rows, as many as DuckDB gives at once; 0 when there are none. Not to be mixed with <see
    /// cref="Read"/>.
    /// </summary>
    internal int ReadChunk() => !over && Fetch() ? (int)rows : 0;

    /// <summary>The numbers of a BIGINT column without NULL, for the rows of this chunk.</summary>
    internal ReadOnlySpan<long> Longs(int column) => vectors[column].Span<long>((int)rows);

    /// <summary>Ends the query, wherever it is, and frees the connection.</summary>
    public void Dispose()
    {
        var early = !over;
        over = true;
        (row, rows) = (-1, 0);
        if (chunk != 0)
            Native.DestroyChunk(ref chunk);
        chunk = 0;
        result.Dispose();
        statement.Dispose();
        connection.Done(this);
        if (early)
            connection.Abandon();
    }

    private unsafe bool Fetch()
    {
        try
        {
            using var interruption = new Interruption(connection.Handle, cancel);
            do
            {
                if (chunk != 0)
                    Native.DestroyChunk(ref chunk);
                chunk = Native.FetchChunk(*result.Pointer);
                if (chunk == 0)
                {
                    // The end and a failure look the same until the result is asked.
                    if (Native.ResultError(result.Pointer) is not null)
                        throw interruption.Explain(DuckDbConnection.Failure(result));
                    over = true;
                    Dispose();
                    return false;
                }

                rows = (long)Native.ChunkSize(chunk);
            } while (rows == 0);
        }
        catch
        {
            Dispose();
            throw;
        }

        for (var i = 0; i < vectors.Length; i++)
            vectors[i] = new Vector(Native.ChunkVector(chunk, (ulong)i));
        row = 0;
        return true;
    }
}
