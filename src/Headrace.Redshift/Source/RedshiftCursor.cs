using System.Globalization;
using System.Numerics;
using Headrace.Postgres;
using Npgsql;

namespace Headrace.Redshift;

/// <summary>
/// A column by which new rows of a table of Redshift are told, and how far it may move. Redshift does not show who
/// writes, so rows are read again from some time before the position.
/// </summary>
internal sealed class RedshiftCursor
{
    private enum Method
    {
        Zoned,
        Time,
        Day,
        Number,
    }

    private const string Moment = "yyyy-MM-dd HH:mm:ss.ffffff";
    private static readonly TimeSpan UsualLookback = TimeSpan.FromMinutes(10);

    private readonly SourceTable table;
    private readonly SourceColumn column;
    private readonly Method method;
    private readonly bool isOnce;
    private readonly TimeSpan lookback;

    /// <param name="isOnce">Each row is to be read once: what may come late is left for later. Else rows are read to
    /// now, and again.</param>
    public RedshiftCursor(SourceTable table, string name, string address, bool isOnce, TimeSpan? lookback)
    {
        this.table = table;
        this.isOnce = isOnce;
        this.lookback = lookback ?? UsualLookback;
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
            { Kind: TypeKind.TimestampTz } => Method.Zoned,
            { Kind: TypeKind.Timestamp } => Method.Time,
            { Kind: TypeKind.Date } => Method.Day,
            { Kind: TypeKind.SmallInt or TypeKind.Integer or TypeKind.BigInt }
            or { Kind: TypeKind.Decimal, Scale: 0 } => Method.Number,
            _ => throw Error.CursorUnfit(
                address,
                table.Name,
                name,
                $"is {column.TypeName}, which does not say what is new",
                "name a column with a time or a growing number, or use read: snapshot"
            ),
        };
    }

    public string Name => column.Name;

    public bool IsNullable => !column.IsNotNull;

    /// <summary>
    /// The rows that are new since a position. A number that was the largest has been read; a moment may have more
    /// rows.
    /// </summary>
    public string Since(string value) =>
        method == Method.Number
            ? Compare(isOnce ? ">" : ">=", value)
            : Compare(
                Failpoint.Planted("cursor-strict") ? ">" : ">=",
                isOnce ? value : Text(Back(Parse(value)!.Value))
            );

    /// <summary>The rows that a position is behind of.</summary>
    public string Until(string value) => Compare(method == Method.Number ? "<=" : "<", value);

    /// <summary>
    /// How far the column may move once all rows there are have been read: to the largest value, so that a column in
    /// another zone than UTC and rows that come with times of long ago are not passed over, and not beyond the server's
    /// clock. Asked before the rows are read.
    /// </summary>
    /// <param name="now">The server's clock, asked before.</param>
    public async Task<CursorMove> NextAsync(NpgsqlConnection db, DateTime now, string? before, CancellationToken cancel)
    {
        var most = await db.ScalarAsync<string>(
            RedshiftSql.Most(
                table.From,
                column.Name,
                column.Type.Kind == TypeKind.Decimal ? Compare("<=", new string('9', column.Type.Precision)) : null
            ),
            cancel
        );
        if (method == Method.Number)
            return new CursorMove(
                Later(most, before),
                "none",
                $"Redshift does not show who writes: rows that commit late with a smaller {column.Name} may be skipped"
            );
        string? next = null;
        if (most is not null && !most.EndsWith('C')) // BC is before everything
        {
            var time = Parse(most) is { } value && value < now ? value : now;
            next = Text(isOnce ? Back(time) : time);
        }

        return new CursorMove(
            Later(next, before),
            "lookback",
            "Redshift does not show who writes: "
                + $"rows that commit later than the lookback ({Words(lookback)}) may be skipped"
        );
    }

    /// <summary>
    /// True when the source stands clearly before a position that it had reached; nobody knows in which zone a time
    /// without one is.
    /// </summary>
    public bool IsRewound(string from, DateTime now) =>
        method switch
        {
            Method.Zoned => Parse(from) > now + TimeSpan.FromMinutes(1),
            Method.Time => Parse(from) > now + TimeSpan.FromHours(15),
            _ => false, // the newest rows may have been deleted
        };

    /// <summary>
    /// A time as Redshift writes it, with a zone that is UTC or without; null for one that has no year of four digits.
    /// </summary>
    public static DateTime? Parse(string text)
    {
        var plain = text.EndsWith("+00", StringComparison.Ordinal) ? text[..^3] : text;
        return DateTime.TryParseExact(
            plain,
            ["yyyy-MM-dd HH:mm:ss.FFFFFF", "yyyy-MM-dd"],
            CultureInfo.InvariantCulture,
            DateTimeStyles.None,
            out var time
        )
            ? time
            : null;
    }

    private string Text(DateTime time) =>
        method switch
        {
            Method.Day => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            Method.Zoned => $"{time.ToString(Moment, CultureInfo.InvariantCulture)}+00",
            _ => time.ToString(Moment, CultureInfo.InvariantCulture),
        };

    private DateTime Back(DateTime time) => time - DateTime.MinValue > lookback ? time - lookback : DateTime.MinValue;

    // A position does not go back when the newest rows are deleted.
    private string? Later(string? next, string? before) =>
        next is null || before is null ? next ?? before
        : method == Method.Number
            ? BigInteger.Parse(next, CultureInfo.InvariantCulture)
                > BigInteger.Parse(before, CultureInfo.InvariantCulture)
                    ? next
                : before
        : Parse(next) > Parse(before) ? next
        : before;

    // In the column's own type: a column that is cast is not looked up by the blocks it is sorted into.
    private string Compare(string order, string value) =>
        RedshiftSql.Compare(
            column.Name,
            order,
            value,
            method switch
            {
                Method.Zoned => "timestamptz",
                Method.Time => "timestamp",
                Method.Day => "date",
                _ => RedshiftTypes.Name(column.Type),
            }
        );

    private static string Words(TimeSpan span)
    {
        var (many, units) =
            span >= TimeSpan.FromMinutes(1) ? (span.TotalMinutes, "minutes") : (span.TotalSeconds, "seconds");
        return string.Create(CultureInfo.InvariantCulture, $"{many:0.#} {units}");
    }
}
