using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Headrace.Warehouses;

/// <summary>SQL that goes into a statement as it is: a quoted name, a condition, a statement's part.</summary>
public readonly record struct Raw(string Sql)
{
    public override string ToString() => Sql;
}

/// <summary>
/// A statement as an interpolated string: a value in it becomes a literal of the dialect, so that none can be taken for
/// SQL. Only
/// <see cref="Raw"/> goes in as it is.
/// </summary>
[InterpolatedStringHandler]
public readonly ref struct SqlText
{
    private readonly StringBuilder text;
    private readonly SqlDialect dialect;

    public SqlText(int literalLength, int formattedCount, SqlDialect dialect)
    {
        text = new StringBuilder(literalLength + (formattedCount * 16));
        this.dialect = dialect;
    }

    public void AppendLiteral(string sql) => text.Append(sql);

    public void AppendFormatted(Raw sql) => text.Append(sql.Sql);

    public void AppendFormatted(string? value) => text.Append(value is null ? "NULL" : dialect.Literal(value));

    public void AppendFormatted(long? value) => text.Append(value?.ToString(CultureInfo.InvariantCulture) ?? "NULL");

    public void AppendFormatted(bool value) => text.Append(value ? "true" : "false");

    public void AppendFormatted(DateTimeOffset? value) =>
        text.Append(value is { } time ? dialect.Literal(time) : "NULL");

    /// <summary>
    /// Values with commas between them; one that is no value where there is none, so that a list is never empty.
    /// </summary>
    public void AppendFormatted(IEnumerable<string> values) =>
        text.Append(values.Any() ? string.Join(", ", values.Select(dialect.Literal)) : "NULL");

    /// <inheritdoc cref="AppendFormatted(IEnumerable{string})"/>
    public void AppendFormatted(IEnumerable<long> values) =>
        text.Append(
            values.Any()
                ? string.Join(", ", values.Select(value => value.ToString(CultureInfo.InvariantCulture)))
                : "NULL"
        );

    public override string ToString() => text.ToString();
}
