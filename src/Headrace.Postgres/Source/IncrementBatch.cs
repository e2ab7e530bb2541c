using Headrace.Configuration;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>
/// The next batch of rows by their cursors when more than one is waiting: by update_key as long as those rows are more
/// than a batch, then by create_key. What is left after that, and what no position may pass yet, is the last batch.
/// </summary>
internal sealed class IncrementBatch(
    NpgsqlConnection db,
    Flow flow,
    SourceTable table,
    CursorColumn? updated,
    CursorColumn? created,
    Horizon horizon
)
{
    /// <summary>
    /// Conditions for its rows, each of which is read on its own, and the position once they are applied; null when one
    /// batch is all.
    /// </summary>
    /// <param name="from">The position.</param>
    /// <param name="to">The position after the last batch.</param>
    /// <param name="isFirst">Nothing has been read yet: rows without any cursor come now or never.</param>
    public async Task<(IReadOnlyList<string> Slices, TableCursor Next)?> FindAsync(
        TableCursor from,
        TableCursor to,
        bool isFirst,
        CancellationToken cancel
    )
    {
        if (table.Bytes > 0 && table.Bytes <= flow.BatchBytes)
            return null;
        var isExact = flow.Write == WriteMode.Append;
        var next = to with
        {
            Updated = from.Updated,
            Created = from.Created,
            Began = from.Began,
            IsFirst = isFirst ? true : from.IsFirst,
        };
        var probe = new CursorProbe(db, table, flow.BatchBytes) { MayScan = next.IsFirst == true };
        if (updated is not null)
        {
            // Rows that merge and have no position yet are all read at once.
            if (!isExact && from.Updated is null)
                return null;
            if (await probe.FindAsync(updated, from.Updated, to.Updated, "", cancel) is { } cut)
                return (
                    [$"{Since(updated, from.Updated)} AND {updated.Until(cut)}", .. Bare(isFirst)],
                    next with
                    {
                        Updated = cut,
                        Began = isExact ? null : from.Began ?? from.Updated,
                    }
                );
        }

        if (created is not null && (isExact || from.Created is not null))
        {
            var others = Others(updated, from, horizon, isExact);
            if (await probe.FindAsync(created, from.Created, to.Created, others, cancel) is { } cut)
                return (
                    [$"{Since(created, from.Created)} AND {created.Until(cut)}{others}", .. Bare(isFirst)],
                    next with
                    {
                        Created = cut,
                    }
                );
        }

        return null;
    }

    /// <summary>What keeps rows that come by update_key from coming by create_key, too; with AND before it.</summary>
    public static string Others(CursorColumn? updated, TableCursor from, Horizon horizon, bool isExact) =>
        updated is null ? ""
        : isExact ? $" AND {updated.Quoted} IS NULL" // what is appended once goes by one of its keys for good
        : (from.Began ?? from.Updated) is { } since ? $" AND ({updated.Since(since, horizon)}) IS NOT TRUE"
        : " AND false";

    private string Since(CursorColumn column, string? from) => from is null ? "true" : column.Since(from, horizon);

    private IEnumerable<string> Bare(bool isFirst) =>
        isFirst
            ?
            [
                string.Join(
                    " AND ",
                    new[] { updated, created }.OfType<CursorColumn>().Select(column => $"{column.Quoted} IS NULL")
                ),
            ]
            : [];
}
