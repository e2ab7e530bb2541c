namespace Headrace.DuckDb;

/// <summary>A bit for each row of a file, which several threads may set at once.</summary>
internal sealed class RowBits(int count)
{
    private readonly uint[] words = new uint[(count + 31) / 32];

    public int Count => count;

    public bool this[int row] => (Volatile.Read(ref words[row >> 5]) & (1u << row)) != 0;

    public void Set(int row) => Interlocked.Or(ref words[row >> 5], 1u << row);
}
