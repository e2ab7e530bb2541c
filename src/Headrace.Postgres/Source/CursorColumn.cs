using Npgsql;

namespace Headrace.Postgres;

/// <summary>A column by which new rows of a table are told, and how far it may move.</summary>
internal sealed class CursorColumn
{
    private enum Method
    {
        Time,
        Day,
        Sequence,
        Xid,
    }

    private static readonly TimeSpan UsualLookback = TimeSpan.FromMinutes(10);

    private readonly SourceTable table;
    private readonly SourceColumn column;
    private readonly Method method;
    private readonly bool isExact;
    private readonly TimeSpan? lookback;

    /// <param name="isExact">Each row is to be read once: what may come late is left for later. Else rows are read to
    /// now, and again.</param>
    public CursorColumn(SourceTable table, string name, string address, bool isExact, TimeSpan? lookback)
    {
        this.table = table;
        this.isExact = isExact;
        this.lookback = lookback;
        column =
            table.Find(name)
            ?? throw Error.CursorUnfit(
                address,
                table.Name,
                name,
                "is not there",
                $"the columns are {string.Join(", ", table.Columns.Select(column => column.Name))}"
            );
        method = column.Type switch
        {
            _ when column.TypeName == "xid8" => Method.Xid,
            { Kind: TypeKind.Timestamp or TypeKind.TimestampTz } => Method.Time,
            { Kind: TypeKind.Date } => Method.Day,
            { Kind: TypeKind.SmallInt or TypeKind.Integer or TypeKind.BigInt } => Method.Sequence,
            { Kind: TypeKind.Decimal, Scale: 0 } => Method.Sequence,
            _ => throw Error.CursorUnfit(
                address,
                table.Name,
                name,
                $"is {column.TypeName}, which does not say what is new",
                "name a column with a time, a growing number or a transaction (xid8), or use read: snapshot"
            ),
        };
    }

    public string Quoted => column.Quoted;

    public bool IsNullable => !column.IsNotNull;

    // A value as the database reads it again.
    private string Literal(string value) => $"{PostgresSql.Literal(value)}::{column.TypeName}";

    /// <summary>
    /// The rows that are new since a position. A number that was the largest has been read; a moment may have more
    /// rows.
    /// </summary>
    public string Since(string value, Horizon horizon) =>
        $"{Quoted} "
        + (Failpoint.Planted("cursor-strict") || (isExact && method == Method.Sequence) ? ">" : ">=")
        + $" {From(value, horizon)}";

    /// <summary>
    /// The rows that come after a position, without a look back; before the first one all that have a value.
    /// </summary>
    public string Beyond(string? value) =>
        value is null
            ? $"{Quoted} IS NOT NULL"
            : $"{Quoted} {(isExact && method == Method.Sequence ? ">" : ">=")} {Literal(value)}";

    /// <summary>The rows that a position is behind of.</summary>
    public string Until(string value) => $"{Quoted} {(method == Method.Sequence ? "<=" : "<")} {Literal(value)}";

    // The position, or before it by the lookback.
    private string From(string value, Horizon horizon)
    {
        var back = Back(horizon);
        return back == TimeSpan.Zero || isExact || method is Method.Sequence or Method.Xid
            ? Literal(value)
            : $"({Literal(value)} - {Interval(back)})";
    }

    private TimeSpan Back(Horizon horizon) => lookback ?? (horizon.Obstacle is null ? TimeSpan.Zero : UsualLookback);

    private static string Interval(TimeSpan span) =>
        string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"interval '{Math.Ceiling(span.TotalSeconds)} seconds'"
        );

    /// <summary>
    /// How far the column may move once all rows there are have been read: null when it must stay where it is. Asked
    /// before the snapshot whose rows are read.
    /// </summary>
    /// <param name="open">A connection on which no transaction is open.</param>
    public async Task<CursorMove> NextAsync(NpgsqlConnection open, Horizon horizon, CancellationToken cancel)
    {
        switch (method)
        {
            case Method.Xid when horizon.Obstacle is null || !horizon.IsFilled:
                return new CursorMove(horizon.HasPrepared ? null : horizon.OldestXid, "xid", null);
            case Method.Xid:
                return new CursorMove(
                    horizon.OldestXid,
                    "none",
                    $"{horizon.Obstacle}: rows that come late with a smaller {column.Name} may be skipped"
                );
            case Method.Sequence:
                return await NumberAsync(open, horizon, cancel);
            case var _ when horizon.HasPrepared:
                return new CursorMove(
                    null,
                    "horizon",
                    "a prepared transaction is open, so the position stays where it is"
                );
        }

        var upTo = horizon.Obstacle is null && !Failpoint.Planted("cursor-to-now") ? horizon.Time : horizon.Now;
        var time = $"({PostgresSql.Literal(upTo)}::timestamptz - {Interval(isExact ? Back(horizon) : TimeSpan.Zero)})";
        var value = await ScalarAsync(
            open,
            (method, column.Type.Kind) switch
            {
                (Method.Day, _) => $"({time} AT TIME ZONE 'UTC')::date - 1",
                (_, TypeKind.TimestampTz) => time,

                // Who writes a time without its zone writes it in UTC or in the server's own; where clocks are set
                // back, an hour comes twice.
                _ => $"least({time} AT TIME ZONE 'UTC', (SELECT {time} AT TIME ZONE reset_val - CASE "
                    + "WHEN reset_val IN ('UTC', 'Etc/UTC') THEN interval '0' ELSE interval '1 hour' END "
                    + "FROM pg_settings WHERE name = 'TimeZone'))",
            },
            cancel
        );
        return horizon.Obstacle is null
            ? new CursorMove(
                value,
                "horizon",
                horizon.Lag > TimeSpan.FromHours(1)
                    ? $"a transaction has been open for {horizon.Lag.TotalHours:0.#} hours and holds the "
                        + "position back; rows since then are read again each time"
                    : null
            )
            : new CursorMove(
                value,
                "lookback",
                $"{horizon.Obstacle}: rows that commit later than the lookback may be skipped"
            );
    }

    /// <summary>True when the source stands clearly before a position that it had reached.</summary>
    public async Task<bool> IsRewoundAsync(
        NpgsqlConnection open,
        string from,
        Horizon horizon,
        CancellationToken cancel
    ) =>
        method switch
        {
            Method.Xid => await ScalarAsync(open, $"{Literal(horizon.OldestXid)} < {Literal(from)}", cancel) == "true",
            Method.Time => await ScalarAsync(
                open,
                $"{Literal(from)} > ({PostgresSql.Literal(horizon.Now)}::timestamptz AT TIME ZONE "
                    + $"'UTC')::timestamp{(column.Type.Kind == TypeKind.TimestampTz ? " AT TIME ZONE 'UTC'" : "")}"
                    + $" + interval '{(column.Type.Kind == TypeKind.TimestampTz ? "1 minute" : "15 hours")}'",
                cancel
            ) == "true",
            _ => false, // the newest rows may have been deleted
        };

    /// <summary>
    /// The largest number, as soon as every transaction that could have taken a smaller one has ended. A sequence gives
    /// numbers in their order, so what begins later gets larger ones.
    /// </summary>
    private async Task<CursorMove> NumberAsync(NpgsqlConnection open, Horizon horizon, CancellationToken cancel)
    {
        var most = await ScalarAsync(
            open,
            $"(SELECT max({Quoted}) FROM {table.From}{(Endless is null ? "" : $" WHERE {Quoted} < {Endless}")})",
            cancel
        );
        if ((horizon.Obstacle ?? await CursorNumbers.ObstacleAsync(open, table, column.Name, cancel)) is { } obstacle)
        {
            var isOver = horizon.Obstacle is not null || await CursorNumbers.AllEndedAsync(open, cancel);
            return new CursorMove(
                isOver ? most : null,
                "none",
                $"{obstacle}: rows that commit late with a smaller {column.Name} may be skipped"
            );
        }

        return await CursorNumbers.AllEndedAsync(open, cancel)
            ? new CursorMove(most, "sequence", null)
            : new CursorMove(
                null,
                "sequence",
                "a transaction that began before this run is still open, so the position stays where it is; "
                    + "rows are read again by the next run"
            );
    }

    /// <summary>What is larger than every value and no position; null where there is none.</summary>
    private string? Endless =>
        method switch
        {
            Method.Time or Method.Day => Literal("infinity"),
            Method.Sequence when column.Type.Kind == TypeKind.Decimal => Literal("NaN"),
            _ => null,
        };

    /// <summary>What the run's record says of rows that no position will reach, where each row is read once.</summary>
    public async Task<string?> EndlessAsync(NpgsqlConnection open, CancellationToken cancel) =>
        isExact
        && Endless is { } endless
        && await ScalarAsync(open, $"EXISTS (SELECT FROM {table.From} WHERE {Quoted} = {endless})", cancel) == "true"
            ? $"rows whose {column.Name} is infinity or NaN are not read: no position comes after them"
            : null;

    /// <summary>True unless a position is the text of no value: the column had another type when it was kept.</summary>
    public async Task<bool> TakesAsync(NpgsqlConnection open, string position, CancellationToken cancel)
    {
        try
        {
            await ScalarAsync(open, Literal(position), cancel);
            return true;
        }
        catch (PostgresException error) when (error.SqlState is "22P02" or "22007" or "22008" or "22003")
        {
            return false;
        }
    }

    public string Name => column.Name;

    public string TypeName => column.TypeName;

    private static Task<string?> ScalarAsync(NpgsqlConnection db, string expression, CancellationToken cancel) =>
        db.ScalarAsync<string>($"SELECT ({expression})::text", cancel);
}

/// <summary>How far a cursor may move.</summary>
/// <param name="Value">Null: not at all.</param>
/// <param name="Promise">What keeps late commits from being skipped.</param>
/// <param name="Warning">What the run's record says of it.</param>
internal sealed record CursorMove(string? Value, string Promise, string? Warning);
