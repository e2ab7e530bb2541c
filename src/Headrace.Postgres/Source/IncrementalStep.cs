using System.Globalization;
using Headrace.Configuration;
using Npgsql;

namespace Headrace.Postgres;

/// <summary>The next step of an incremental read: which rows, and how far the position moves with them.</summary>
/// <param name="Slices">Conditions, each of which is read on its own; together they have each row once. None: nothing
/// can be read yet.</param>
/// <param name="Next">The position once they are applied.</param>
/// <param name="IsLast">False while there are more batches.</param>
internal sealed record IncrementalStep(
    IReadOnlyList<string> Slices,
    TableCursor Next,
    bool IsLast,
    IReadOnlyList<string> Warnings
)
{
    /// <summary>The condition of all rows.</summary>
    public const string All = "true";

    /// <summary>True when no key narrows the table, so that its pages may be read in parts.</summary>
    public bool IsWhole { get; private init; }

    /// <summary>Settled before the snapshot in which the rows are read.</summary>
    public static async Task<IncrementalStep> PrepareAsync(
        NpgsqlConnection db,
        Flow flow,
        SourceTable table,
        TableCursor? before,
        Dataset dataset,
        StageAttempt attempt,
        string address,
        CancellationToken cancel
    )
    {
        var isExact = flow.Write == WriteMode.Append;
        var updated = flow.UpdateKey is { } u ? new CursorColumn(table, u, address, isExact, flow.Lookback) : null;
        var created = flow.CreateKey is { } c ? new CursorColumn(table, c, address, isExact, flow.Lookback) : null;
        var horizon = await Horizon.AskAsync(db, table.Number, cancel);
        if (
            attempt.IsConfirmed
            && (
                await UntakenAsync(db, updated, before?.Updated, cancel)
                ?? await UntakenAsync(db, created, before?.Created, cancel)
            )
                is not null
        )
            before = null;
        await CheckAsync(db, table, updated, created, before, dataset, address, cancel);
        if (
            await IsRewoundAsync(db, updated, before?.Updated, horizon, cancel)
            || await IsRewoundAsync(db, created, before?.Created, horizon, cancel)
        )
            before = attempt.IsConfirmed
                ? null
                : throw Error.SourceRewound(
                    address,
                    table.Name,
                    dataset.Name,
                    before!.Updated ?? before.Created!,
                    horizon.Now
                );
        var cursor = before ?? new TableCursor();

        var warnings = new List<string>();
        var moves = new List<CursorMove>();
        async Task<string?> MoveAsync(CursorColumn? column, string? from)
        {
            if (column is null)
                return null;
            var move = await column.NextAsync(db, horizon, cancel);
            moves.Add(move);
            if (move.Warning is not null && !warnings.Contains(move.Warning))
                warnings.Add(move.Warning);
            if (horizon.Warning is { } hidden && move.Promise == "horizon" && !warnings.Contains(hidden))
                warnings.Add(hidden);
            if (await column.EndlessAsync(db, cancel) is { } endless && !warnings.Contains(endless))
                warnings.Add(endless);
            return move.Value ?? from;
        }

        // A first sync in several batches keeps the position of its beginning: what changes meanwhile is read after it.
        var isUnderWay = cursor.After is not null;
        var next = new TableCursor
        {
            Source = table.Identity,
            Updated = isUnderWay ? cursor.Updated : await MoveAsync(updated, cursor.Updated),
            Created = isUnderWay ? cursor.Created : await MoveAsync(created, cursor.Created),
            Promise = isUnderWay ? cursor.Promise : string.Join(", ", moves.Select(move => move.Promise).Distinct()),
        };
        if (updated is { IsNullable: true } && created is null)
            warnings.Add(
                $"{flow.UpdateKey} may be NULL: rows without it are seen by the first sync only; "
                    + "name a create_key, or make the column NOT NULL"
            );

        // Without a bound what is appended now would be appended again: nothing is read until there is one.
        if (isExact && ((updated is not null && next.Updated is null) || (created is not null && next.Created is null)))
            return new IncrementalStep([], next, true, warnings);
        if (isUnderWay || before is null)
        {
            if (
                before is null
                && isExact
                && flow.PrimaryKey.Count == 0
                && table.Bytes > flow.BatchBytes
                && await new IncrementBatch(db, flow, table, updated, created, horizon).FindAsync(
                    cursor,
                    next,
                    isFirst: true,
                    cancel
                )
                    is { } first
            )
                return new IncrementalStep(first.Slices, first.Next, false, warnings);
            var upper = isExact ? Bound(updated, next.Updated, created, next.Created) : null;
            return await FirstAsync(db, flow, table, cursor, next, upper, warnings, cancel);
        }

        // A plan has no warehouse that remembers where a batch ended.
        return
            !attempt.IsPlan
            && await new IncrementBatch(db, flow, table, updated, created, horizon).FindAsync(
                cursor,
                next,
                isFirst: false,
                cancel
            )
                is { } batch
            ? new IncrementalStep(batch.Slices, batch.Next, false, warnings)
            : new IncrementalStep(Changed(updated, created, cursor, next, horizon, isExact), next, true, warnings);
    }

    /// <summary>Looks whether the columns of a flow can serve as its cursors, and go on from its position.</summary>
    /// <exception cref="HeadraceException">HDR-153.</exception>
    public static Task CheckAsync(
        NpgsqlConnection db,
        Flow flow,
        SourceTable table,
        TableCursor? before,
        Dataset dataset,
        string address,
        CancellationToken cancel
    )
    {
        CursorColumn? Column(string? name) =>
            name is null ? null : new CursorColumn(table, name, address, false, flow.Lookback);
        return CheckAsync(db, table, Column(flow.UpdateKey), Column(flow.CreateKey), before, dataset, address, cancel);
    }

    private static async Task CheckAsync(
        NpgsqlConnection db,
        SourceTable table,
        CursorColumn? updated,
        CursorColumn? created,
        TableCursor? before,
        Dataset dataset,
        string address,
        CancellationToken cancel
    )
    {
        if (
            (
                await UntakenAsync(db, updated, before?.Updated, cancel)
                ?? await UntakenAsync(db, created, before?.Created, cancel)
            )
            is var (column, position)
        )
            throw Error.CursorUnfit(
                address,
                table.Name,
                column.Name,
                $"is {column.TypeName} now, and was read to '{position}', which is none",
                $"give it back its type, or read the table again from the start: headrace run --confirm {dataset.Name}"
            );
    }

    /// <summary>All rows, or those of the next range of keys where they are more than a batch.</summary>
    private static async Task<IncrementalStep> FirstAsync(
        NpgsqlConnection db,
        Flow flow,
        SourceTable table,
        TableCursor cursor,
        TableCursor next,
        string? upper,
        IReadOnlyList<string> warnings,
        CancellationToken cancel
    )
    {
        var keys = flow
            .PrimaryKey.Select(key =>
                table.Find(flow.DeclaredColumns().FirstOrDefault(column => column.Name == key)?.From ?? key)!
            )
            .ToList();
        if (
            cursor.After is null
            && (keys.Count == 0 || table.Bytes <= flow.BatchBytes || !keys.TrueForAll(key => key.IsOrdered))
        )
            return new IncrementalStep([upper ?? All], next, true, warnings) { IsWhole = true };

        var names = string.Join(", ", keys.Select(key => key.Quoted));
        string Row(IReadOnlyList<string> values) =>
            $"({string.Join(", ", values.Select((value, i) => $"{PostgresSql.Literal(value)}::{keys[i].TypeName}"))})";
        var after = cursor.After is { Count: > 0 } last ? $"({names}) > {Row(last)}" : null;

        // A row with a NULL in its key stands in no range: those come together, with the last one.
        var maybe = keys.Where(key => !key.IsNotNull).Select(key => key.Quoted).ToList();
        var there = maybe.Select(key => $"{key} IS NOT NULL").ToList();
        string Both(IEnumerable<string?> conditions) =>
            string.Join(" AND ", conditions.OfType<string>().DefaultIfEmpty(All));
        var rows = await new CursorProbe(db, table, flow.BatchBytes).RowsAsync(cancel);
        var end =
            (
                await db.RowsAsync(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"""
                        SELECT {string.Join(", ", keys.Select(key => $"{key.Quoted}::text"))}
                        FROM (SELECT {names} FROM {table.From} WHERE {Both([after, .. there])}
                        ORDER BY {names} OFFSET {rows - 1} LIMIT 1) AS last
                        """
                    ),
                    row => keys.Select((_, i) => row.GetString(i)).ToList(),
                    cancel
                )
            ).FirstOrDefault() ?? [];
        List<string> slices = [Both([after, end.Count > 0 ? $"({names}) <= {Row(end)}" : null, .. there, upper])];
        if (end.Count == 0 && maybe.Count > 0)
            slices.Add(Both([$"({string.Join(" OR ", maybe.Select(key => $"{key} IS NULL"))})", upper]));

        // After the last range comes what changed since the first one, by the same run.
        return new IncrementalStep(slices, next with { After = end.Count > 0 ? end : null }, false, warnings);
    }

    /// <summary>
    /// The rows that are new since a position; those that come by the one key do not come by the other.
    /// </summary>
    private static List<string> Changed(
        CursorColumn? updated,
        CursorColumn? created,
        TableCursor from,
        TableCursor to,
        Horizon horizon,
        bool isExact
    )
    {
        var slices = new List<string>();
        if (updated is not null)
            slices.Add(
                (from.Updated is null ? "true" : updated.Since(from.Updated, horizon))
                    + (isExact && to.Updated is not null ? $" AND {updated.Until(to.Updated)}" : "")
            );
        if (created is not null)
            slices.Add(
                (from.Created is null ? "true" : created.Since(from.Created, horizon))
                    + IncrementBatch.Others(updated, from, horizon, isExact)
                    + (isExact && to.Created is not null ? $" AND {created.Until(to.Created)}" : "")
            );
        return slices;
    }

    // What is appended once cannot be put right: only rows that no late commit can precede.
    private static string? Bound(CursorColumn? updated, string? updatedTo, CursorColumn? created, string? createdTo)
    {
        var below = new List<string>();
        if (updated is not null && updatedTo is not null)
            below.Add(updated.Until(updatedTo));
        if (created is not null && createdTo is not null)
            below.Add(created.Until(createdTo));
        return below.Count == 0 ? null : $"coalesce({string.Join(", ", below)}, true)";
    }

    // The column, where a position is none of its values.
    private static async Task<(CursorColumn Column, string Position)?> UntakenAsync(
        NpgsqlConnection db,
        CursorColumn? column,
        string? position,
        CancellationToken cancel
    ) =>
        column is null || position is null || await column.TakesAsync(db, position, cancel) ? null : (column, position);

    private static async Task<bool> IsRewoundAsync(
        NpgsqlConnection db,
        CursorColumn? column,
        string? from,
        Horizon horizon,
        CancellationToken cancel
    ) => column is not null && from is not null && await column.IsRewoundAsync(db, from, horizon, cancel);
}
