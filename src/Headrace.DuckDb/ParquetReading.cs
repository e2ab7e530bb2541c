using Headrace.Staging;

namespace Headrace.DuckDb;

/// <summary>
/// Parquet columns that DuckDB is given raw (<see cref="ParquetSchema"/>), as SQL with the values that were written.
/// </summary>
/// <remarks>
/// A value that is none, such as a time of 24:00:00, becomes a text that begins with a NUL: it fits no type, and the
/// row is set aside.
/// </remarks>
internal sealed class ParquetReading(DuckDbConnection db, string path, CancellationToken cancel)
{
    /// <summary>Begins what is no value.</summary>
    public const string NoValue = "chr(0)";

    private static string Seconds(string moment) => $"strftime({moment}, '%Y-%m-%d %H:%M:%S.%f')";

    /// <summary>The column as it is to be read.</summary>
    /// <param name="type">DuckDB's type of it as it stands there.</param>
    public StagedColumn Of(string name, string type, ParquetColumn column)
    {
        var value = Sql.Identifier(name);
        return column.Form switch
        {
            ParquetForm.Int96 => Int96(name, value),
            ParquetForm.UtcNanoseconds => UtcNanoseconds(name, value),
            ParquetForm.Clock => Clock(name, value, column.PerSecond),
            ParquetForm.Nothing => Text(name, "CAST(NULL AS VARCHAR)", ColumnType.Text),
            ParquetForm.Bytes => Text(
                name,
                $"CASE WHEN {value} IS NOT NULL "
                    + $"THEN coalesce(TRY(decode({value})), {NoValue} || CAST({value} AS VARCHAR)) END",
                column.Type!.Value
            ),
            _ => new StagedColumn(name, ParquetType: type) { Holds = column.Type },
        };
    }

    private static StagedColumn Text(string name, string read, ColumnType holds) =>
        new(name, ParquetType: "VARCHAR") { Read = read, Holds = holds };

    private bool All(string condition) =>
        db.Scalar<bool>($"SELECT coalesce(bool_and({condition}), true) FROM read_parquet({Sql.Literal(path)})", cancel);

    // Bytes 0 to 7 are the nanoseconds of the day, 8 to 11 the Julian day, the lowest byte first.
    private StagedColumn Int96(string name, string value)
    {
        string Number(int from, int to, string type) =>
            "CAST('0x' || "
            + string.Join(
                " || ",
                Enumerable
                    .Range(from, to - from + 1)
                    .Reverse()
                    .Select(i => SnapshotColumns.Text($"hex({value})[{(2 * i) + 1}:{(2 * i) + 2}]"))
            )
            + $" AS {type})";
        var nanoseconds = Number(0, 7, "UBIGINT");
        var day = $"(CAST({Number(8, 11, "UBIGINT")} AS BIGINT) - 2440588)";
        // Of the years 0 to 9999.
        var isMoment = $"({nanoseconds} < 86400000000000 AND {day} BETWEEN -719528 AND 2932896)";
        var moment = $"make_timestamp({day} * 86400000000 + CAST({nanoseconds} // 1000 AS BIGINT))";
        if (All($"{isMoment} AND {nanoseconds} % 1000 = 0"))
            return new StagedColumn(name, ParquetType: "TIMESTAMP")
            {
                Read = $"CASE WHEN {value} IS NOT NULL THEN {moment} END",
                Holds = new ColumnType(TypeKind.Timestamp),
            };
        var text = $"{Seconds(moment)} || printf('%03d', CAST({nanoseconds} % 1000 AS BIGINT))";
        var read =
            $"CASE WHEN {isMoment} THEN {Short(text)} WHEN {value} IS NOT NULL THEN {NoValue} || '0x' "
            + $"|| hex({value}) END";
        return Text(
            name,
            read,
            All($"NOT {isMoment} OR {nanoseconds} % 1000 = 0") ? new ColumnType(TypeKind.Timestamp) : ColumnType.Text
        );
    }

    private StagedColumn UtcNanoseconds(string name, string value)
    {
        var (isMoment, moment) = ($"isfinite({value})", $"CAST({value} AS TIMESTAMP)");
        var isMicro = $"CAST({moment} AS TIMESTAMP_NS) = {value}";
        if (All($"{isMoment} AND {isMicro}"))
            return new StagedColumn(name, ParquetType: "TIMESTAMP WITH TIME ZONE")
            {
                Read = $"timezone('UTC', {moment})",
                Holds = new ColumnType(TypeKind.TimestampTz),
            };
        var read =
            $"CASE WHEN {isMoment} THEN CAST({value} AS VARCHAR) || '+00' WHEN {value} IS NOT NULL "
            + $"THEN {NoValue} || CAST({value} AS VARCHAR) END";
        return Text(
            name,
            read,
            All($"NOT {isMoment} OR {isMicro}") ? new ColumnType(TypeKind.TimestampTz) : ColumnType.Text
        );
    }

    private StagedColumn Clock(string name, string value, long perSecond)
    {
        var isTime = SnapshotColumns.Text($"({value} BETWEEN 0 AND {(86_400 * perSecond) - 1})");
        var microseconds =
            perSecond > 1_000_000
                ? SnapshotColumns.Text($"{value} // {perSecond / 1_000_000}")
                : SnapshotColumns.Text($"CAST({value} AS BIGINT) * {1_000_000 / perSecond}");
        var isMicro = perSecond > 1_000_000 ? SnapshotColumns.Text($"{value} % {perSecond / 1_000_000} = 0") : "true";
        if (All($"{isTime} AND {isMicro}"))
            return new StagedColumn(name, ParquetType: "TIME")
            {
                Read = $"CAST(make_timestamp({microseconds}) AS TIME)",
                Holds = new ColumnType(TypeKind.Time),
            };
        var (digits, whole) = (
            perSecond.ToString(System.Globalization.CultureInfo.InvariantCulture).Length - 1,
            SnapshotColumns.Text($"CAST({value} // {perSecond} AS BIGINT)")
        );
        var text = Short(
            SnapshotColumns.Text(
                $"""
                printf('%02d:%02d:%02d.%0{digits}d',
                    {whole} // 3600, {whole} // 60 % 60, {whole} % 60, CAST({value} % {perSecond} AS BIGINT))
                """
            )
        );
        var read =
            $"CASE WHEN {isTime} THEN {text} WHEN {value} >= 0 THEN {NoValue} || {text} "
            + $"WHEN {value} IS NOT NULL THEN {NoValue} || CAST({value} AS VARCHAR) END";
        return Text(name, read, All($"NOT {isTime} OR {isMicro}") ? new ColumnType(TypeKind.Time) : ColumnType.Text);
    }

    // Without the zeros at the end of a fraction, as the engine writes times.
    private static string Short(string text) => $@"regexp_replace({text}, '\.?0+$', '')";
}
