using System.Globalization;

namespace Headrace.Checks;

/// <summary>
/// No two rows have the same values in the columns; one with a NULL is like no other. The last row of each passes.
/// </summary>
public sealed record UniqueCheck(IReadOnlyList<string> Of) : Check
{
    public override string Kind => "unique";

    public override IReadOnlyList<string> Columns => Of;

    public override string Fault => $"another row has the same {string.Join(", ", Of)}";
}

/// <summary>Each value is in a column of another table of the warehouse; NULL passes.</summary>
public sealed record RelationshipsCheck(string Column, TableName Table, string Key) : Check
{
    public override string Kind => "relationships";

    public override IReadOnlyList<string> Columns => [Column];

    public override string Fault => $"{Column} is not in {Table}.{Key}";
}

/// <summary>So many rows are there, not less and not more.</summary>
public sealed record RowCountCheck(long? Min, long? Max) : Check
{
    public override string Kind => "row_count";

    public override bool IsOfRows => false;

    public override string Fault =>
        Bounds.Fault(
            "the number of rows",
            Min?.ToString(CultureInfo.InvariantCulture),
            Max?.ToString(CultureInfo.InvariantCulture)
        );

    public override long Failed(long rows, IReadOnlyList<long> counts) => rows < Min || rows > Max ? 1 : 0;

    public override string Said(long rows, IReadOnlyList<long> counts) => $"{Fault}: {rows}";
}

/// <summary>The newest time is not too old. A batch without rows passes, a table without them does not.</summary>
public sealed record FreshnessCheck(string Column, TimeSpan? WarnAfter, TimeSpan? ErrorAfter) : Check
{
    public override string Kind => "freshness";

    public override IReadOnlyList<string> Columns => [Column];

    public override bool IsOfRows => false;

    public override string Fault => Older((WarnAfter ?? ErrorAfter)!.Value);

    // How many rows are new enough.
    public override IReadOnlyList<string> Counted(CheckSql sql)
    {
        var column = sql.The(this, Column);
        if (column.Type?.Kind is not (TypeKind.Date or TypeKind.Timestamp or TypeKind.TimestampTz))
            throw Error.CheckType(this, column.Name, column.Type, "a date or a time");
        string After(TimeSpan? age) => age is { } most ? $"{column.Sql} >= {sql.Time(column, sql.Now - most)}" : "true";
        return [After(WarnAfter), After(ErrorAfter)];
    }

    public override long Failed(long rows, IReadOnlyList<long> counts) =>
        IsOld(WarnAfter, rows, counts[0]) || IsOld(ErrorAfter, rows, counts[1]) ? 1 : 0;

    public override CheckOutcome Outcome(long rows, IReadOnlyList<long> counts) =>
        IsOld(ErrorAfter, rows, counts[1])
            ? OnFail == CheckAction.Warn
                ? CheckOutcome.Warned
                : CheckOutcome.Stopped
            : IsOld(WarnAfter, rows, counts[0])
                ? CheckOutcome.Warned
                : CheckOutcome.Passed;

    public override string Said(long rows, IReadOnlyList<long> counts) =>
        IsOld(ErrorAfter, rows, counts[1]) ? Older(ErrorAfter!.Value) : Fault;

    private bool IsOld(TimeSpan? age, long rows, long isNew) =>
        age is not null && isNew == 0 && (rows > 0 || Scope == CheckScope.Table);

    private string Older(TimeSpan age) => $"no {Column} is newer than {Configuration.Binding.Quantity.Text(age)}";
}
