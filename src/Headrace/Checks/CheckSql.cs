using System.Globalization;
using Headrace.Warehouses;

namespace Headrace.Checks;

/// <summary>A column that checks may ask about.</summary>
/// <param name="Name">In the target.</param>
/// <param name="Type">Null for a type of the database that Headrace does not write.</param>
/// <param name="Sql">Its value.</param>
public sealed record CheckedColumn(string Name, ColumnType? Type, string Sql);

/// <summary>What checks need to say themselves in SQL: a dialect, columns and a clock.</summary>
/// <param name="userSql">
/// Makes SQL of what the user wrote for a check, with the columns by their names in the target.
/// </param>
public sealed class CheckSql(
    SqlDialect dialect,
    IReadOnlyList<CheckedColumn> columns,
    DateTimeOffset now,
    Func<Check, string, string> userSql
)
{
    private const string Any = "true";

    public SqlDialect Dialect => dialect;

    public IReadOnlyList<CheckedColumn> Columns => columns;

    public DateTimeOffset Now => now;

    /// <summary>The day of now, in UTC.</summary>
    public DateOnly Today => DateOnly.FromDateTime(now.UtcDateTime);

    /// <summary>The condition for rows that are checked.</summary>
    public string Where(Check check) => check.Where is { } where ? User(check, where) : Any;

    /// <summary>A condition that is asked only of rows for which another one is true.</summary>
    public static string Among(string where, string condition) =>
        where == Any ? $"({condition})" : $"(CASE WHEN {where} THEN {condition} END)";

    /// <summary>SQL of the user's own.</summary>
    public string User(Check check, string text) => $"({userSql(check, text)})";

    /// <summary>A column of a check.</summary>
    /// <exception cref="HeadraceException">HDR-216.</exception>
    public CheckedColumn The(Check check, string name) =>
        columns.FirstOrDefault(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw Error.CheckColumnMissing(check, name, [.. columns.Select(column => column.Name)]);

    /// <summary>A value of a column's type that the user wrote, in SQL.</summary>
    /// <exception cref="HeadraceException">HDR-218 when it is none.</exception>
    public string Value(Check check, CheckedColumn column, string text)
    {
        var value = column.Type?.Kind switch
        {
            TypeKind.Text or TypeKind.Uuid => dialect.Literal(text),
            TypeKind.Boolean => bool.TryParse(text, out var flag) ? (flag ? "true" : "false") : null,
            TypeKind.SmallInt or TypeKind.Integer or TypeKind.BigInt or TypeKind.Decimal => IsNumber(text)
                ? $"({text})"
                : null,
            TypeKind.Real or TypeKind.Double => IsNumber(text) ? Cast(text) : null,
            TypeKind.Date when DateOnly.TryParseExact(text, "yyyy-MM-dd", out _) => Cast(text),
            TypeKind.Time when TimeOnly.TryParse(text, CultureInfo.InvariantCulture, out _) => Cast(text),
            TypeKind.Timestamp
            or TypeKind.TimestampTz
                when DateTimeOffset.TryParse(
                    text,
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal,
                    out var time
                ) => Time(column, time),
            _ => null,
        };
        return value ?? throw Error.CheckValue(check, column.Name, column.Type, text);

        string Cast(string written) => $"CAST({dialect.Literal(written)} AS {dialect.TypeName(column.Type!.Value)})";
    }

    /// <summary>A moment as a value of a column that has times.</summary>
    public string Time(CheckedColumn column, DateTimeOffset time) =>
        column.Type?.Kind switch
        {
            TypeKind.TimestampTz => dialect.Literal(time),
            TypeKind.Date => Day(DateOnly.FromDateTime(time.UtcDateTime)),
            _ =>
                $"CAST({dialect.Literal(
                time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)
            )} AS {dialect.TypeName(new ColumnType(TypeKind.Timestamp))})",
        };

    /// <summary>A day.</summary>
    public string Day(DateOnly day) =>
        $"CAST({dialect.Literal(day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))} AS date)";

    private static bool IsNumber(string text) =>
        decimal.TryParse(
            text,
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint,
            CultureInfo.InvariantCulture,
            out _
        );
}
