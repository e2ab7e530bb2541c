using Headrace.Configuration;
using Headrace.Postgres;
using Npgsql;

namespace Headrace.Redshift;

/// <summary>The next step of an incremental read of Redshift: one condition, for one UNLOAD.</summary>
internal static class RedshiftStep
{
    /// <summary>Settled before the rows are read.</summary>
    /// <exception cref="HeadraceException">HDR-153, HDR-155.</exception>
    public static async Task<IncrementalStep> PrepareAsync(
        NpgsqlConnection db,
        Flow flow,
        SourceTable table,
        TableCursor? before,
        Dataset dataset,
        bool isConfirmed,
        string address,
        CancellationToken cancel
    )
    {
        var isOnce = flow.Write == WriteMode.Append;
        var updated = flow.UpdateKey is { } u ? new RedshiftCursor(table, u, address, isOnce, flow.Lookback) : null;
        var created = flow.CreateKey is { } c ? new RedshiftCursor(table, c, address, isOnce, flow.Lookback) : null;
        var clock = (await db.ScalarAsync<string>(RedshiftSql.Clock, cancel))!;
        var now = RedshiftCursor.Parse(clock) ?? throw Error.Bug($"the clock of Redshift says '{clock}'.");
        if (IsRewound(updated, before?.Updated, now) || IsRewound(created, before?.Created, now))
            before = isConfirmed
                ? null
                : throw Error.SourceRewound(
                    address,
                    table.Name,
                    dataset.Name,
                    before!.Updated ?? before.Created!,
                    clock
                );

        var moves = new List<CursorMove>();
        async Task<string?> MoveAsync(RedshiftCursor? column, string? from)
        {
            if (column is null)
                return null;
            moves.Add(await column.NextAsync(db, now, from, cancel));
            return moves[^1].Value;
        }

        var next = new TableCursor
        {
            Source = table.Identity,
            Updated = await MoveAsync(updated, before?.Updated),
            Created = await MoveAsync(created, before?.Created),
            Promise = string.Join(", ", moves.Select(move => move.Promise).Distinct()),
        };
        var warnings = moves.Select(move => move.Warning).OfType<string>().Distinct().ToList();
        if (updated is { IsNullable: true } && created is null)
            warnings.Add(
                $"{flow.UpdateKey} may be NULL: rows without it are seen by the first sync only; "
                    + "name a create_key, or make the column NOT NULL"
            );

        // Without a bound what is appended now would be appended again: nothing is read until there is one.
        if (isOnce && next.Updated is null && next.Created is null)
            return new IncrementalStep([], next, true, warnings);
        return new IncrementalStep(
            [
                before is null
                    ? First(updated, created, isOnce ? next : null)
                    : Changed(updated, created, before, next, isOnce),
            ],
            next,
            true,
            warnings
        );
    }

    private static bool IsRewound(RedshiftCursor? column, string? from, DateTime now) =>
        column is not null && from is not null && column.IsRewound(from, now);

    // Rows without any time are read by the first sync.
    private static string First(RedshiftCursor? updated, RedshiftCursor? created, TableCursor? below)
    {
        if (below is null)
            return IncrementalStep.All;
        var left =
            created is null ? null
            : below.Created is null ? RedshiftSql.IsNull(created.Name)
            : $"({created.Until(below.Created)} OR {RedshiftSql.IsNull(created.Name)})";
        if (updated is null)
            return left!;
        var without = left is null
            ? RedshiftSql.IsNull(updated.Name)
            : $"({RedshiftSql.IsNull(updated.Name)} AND {left})";
        return below.Updated is null ? without : $"({updated.Until(below.Updated)} OR {without})";
    }

    /// <summary>
    /// The rows that are new since a position, by the one key or the other; what is appended once goes by one of its
    /// keys for good.
    /// </summary>
    private static string Changed(
        RedshiftCursor? updated,
        RedshiftCursor? created,
        TableCursor before,
        TableCursor next,
        bool isOnce
    )
    {
        var either = new List<string>();
        if (Range(updated, before.Updated, next.Updated, isOnce) is { } changed)
            either.Add(changed);
        if (Range(created, before.Created, next.Created, isOnce) is { } made)
            either.Add(updated is not null && isOnce ? $"({RedshiftSql.IsNull(updated.Name)} AND {made})" : made);
        return either.Count == 1 ? either[0] : $"({string.Join(" OR ", either)})";
    }

    private static string? Range(RedshiftCursor? column, string? from, string? to, bool isOnce)
    {
        if (column is null || (isOnce && to is null))
            return null;
        var since = from is null ? $"NOT ({RedshiftSql.IsNull(column.Name)})" : column.Since(from);
        return isOnce ? $"({since} AND {column.Until(to!)})" : since;
    }
}
