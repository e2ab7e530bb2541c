namespace Headrace.DuckDb;

/// <summary>Ending transactions.</summary>
internal static class Transactions
{
    /// <summary>
    /// Takes back what the open transaction did; nothing when the error of a statement has ended it already.
    /// </summary>
    public static void Rollback(this DuckDbConnection db)
    {
        try
        {
            db.Execute("ROLLBACK", CancellationToken.None);
        }
        catch (DuckDbException)
        {
            // The statement's own error has ended it.
        }
    }
}
