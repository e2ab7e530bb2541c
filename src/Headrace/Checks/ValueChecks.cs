using System.Globalization;

namespace Headrace.Checks;

/// <summary>No value of the columns is NULL.</summary>
public sealed record NotNullCheck(IReadOnlyList<string> Of) : RowCheck
{
    public override string Kind => "not_null";

    public override IReadOnlyList<string> Columns => Of;

    public override string Fault => $"NULL in {string.Join(" or ", Of)}";

    public override string Fails(CheckSql sql) => string.Join(" OR ", Parts(sql).Select(part => part.Fails));

    public override IReadOnlyList<(string? Column, string Fails)> Parts(CheckSql sql) =>
        [.. Of.Select(name => ((string?)name, $"{sql.The(this, name).Sql} IS NULL"))];
}

/// <summary>Each value is one of a list; NULL passes.</summary>
public sealed record AcceptedValuesCheck(string Column, IReadOnlyList<string> Values) : RowCheck
{
    public override string Kind => "accepted_values";

    public override IReadOnlyList<string> Columns => [Column];

    public override string Fault => $"{Column} is none of {string.Join(", ", Values)}";

    public override string Fails(CheckSql sql)
    {
        var column = sql.The(this, Column);
        var values = Values.Select(value => sql.Value(this, column, value));
        return $"NOT ({sql.Dialect.IsOneOf(column.Sql, [.. values])})";
    }
}

/// <summary>Each number or time is in a range; NULL passes.</summary>
public sealed record RangeCheck(string Column, string? Min, string? Max) : RowCheck
{
    public override string Kind => "range";

    public override IReadOnlyList<string> Columns => [Column];

    public override string Fault => Bounds.Fault(Column, Min, Max);

    public override string Fails(CheckSql sql)
    {
        var column = sql.The(this, Column);
        if (
            column.Type?.Kind
            is null
                or TypeKind.Text
                or TypeKind.Boolean
                or TypeKind.Bytes
                or TypeKind.Json
                or TypeKind.Uuid
        )
            throw Error.CheckType(this, column.Name, column.Type, "a number or a time");
        return Bounds.Outside(
            column.Sql,
            Min is null ? null : sql.Value(this, column, Min),
            Max is null ? null : sql.Value(this, column, Max)
        );
    }
}

/// <summary>Each value is a day in a range; a text must be written as one. NULL passes.</summary>
/// <param name="Min">A day as yyyy-MM-dd, or <c>today</c>.</param>
/// <param name="Max">The same.</param>
public sealed record ValidDateCheck(string Column, string? Min, string? Max) : RowCheck
{
    /// <summary>The day on which the check is asked, in UTC.</summary>
    public const string Today = "today";

    public override string Kind => "valid_date";

    public override IReadOnlyList<string> Columns => [Column];

    public override string Fault =>
        Min is null && Max is null ? $"{Column} is no date" : Bounds.Fault(Column, Min, Max);

    public override string Fails(CheckSql sql)
    {
        var column = sql.The(this, Column);
        var isText = column.Type?.Kind == TypeKind.Text;
        var day = column.Type?.Kind switch
        {
            TypeKind.Date => column.Sql,
            TypeKind.Timestamp or TypeKind.TimestampTz => $"CAST({column.Sql} AS date)",
            TypeKind.Text => sql.Dialect.DayOf(column.Sql),
            _ => null,
        };
        if (day is null)
            throw Error.CheckType(this, column.Name, column.Type, "a date or a time");
        string? Bound(string? text) =>
            text is null ? null
            : text == Today ? sql.Day(sql.Today)
            : sql.Day(DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture));
        var outside = Min is null && Max is null ? "false" : Bounds.Outside(day, Bound(Min), Bound(Max));
        return isText ? $"({column.Sql} IS NOT NULL AND {day} IS NULL) OR {outside}" : outside;
    }
}

/// <summary>A pattern is found in each text; NULL passes.</summary>
public sealed record MatchesCheck(string Column, string Pattern) : RowCheck
{
    public override string Kind => "matches";

    public override IReadOnlyList<string> Columns => [Column];

    public override string Fault => $"{Column} does not match {Pattern}";

    public override string Fails(CheckSql sql)
    {
        var column = sql.The(this, Column);
        return column.Type?.Kind == TypeKind.Text
            ? $"NOT ({sql.Dialect.Matches(column.Sql, Pattern)})"
            : throw Error.CheckType(this, column.Name, column.Type, "text");
    }
}

/// <summary>SQL that is not false for any row.</summary>
public sealed record ExpressionCheck(string Expression) : RowCheck
{
    public override string Kind => "expression";

    public override string Fault => $"{Expression} does not hold";

    public override string Fails(CheckSql sql) => $"NOT {sql.User(this, Expression)}";
}

/// <summary>What lies between two bounds, of which one may be missing.</summary>
internal static class Bounds
{
    public static string Outside(string value, string? min, string? max) =>
        string.Join(
            " OR ",
            new[] { min is null ? null : $"{value} < {min}", max is null ? null : $"{value} > {max}" }.OfType<string>()
        );

    public static string Fault(string what, string? min, string? max) =>
        (min, max) switch
        {
            (null, _) => $"{what} is more than {max}",
            (_, null) => $"{what} is less than {min}",
            _ => $"{what} is not between {min} and {max}",
        };
}
