namespace Headrace.DuckDb;

/// <summary>What staged rows of a file of changes say about themselves, in SQL.</summary>
/// <param name="files">With the same columns and the same place.</param>
internal sealed class EventSql(IReadOnlyList<ShapedFile> files, TableShape shape, ChangeSet changes)
{
    /// <summary>Characters of a row's number in the order; numbers are filled up with zeros.</summary>
    private const int LineDigits = 12;

    /// <summary>Digits of a place in a log.</summary>
    private const int EnvelopeDigits = 24;

    private readonly EventRules rules = changes.Rules.Events!;
    private readonly Lazy<EventLayout> layout = new(() => new EventLayout(shape.Columns, changes.Rules));
    private readonly int operation = Place(files[0].Columns, changes.Rules.Events!.Operation);

    private bool IsFirstCopy => files[0].File.Place is not { Length: > 0 };

    private string Raw => SnapshotColumns.Text($"c{operation}");

    /// <summary>True when rows say that a row was deleted, so that not all of its values have to be there.</summary>
    public bool MayDelete => operation >= 0 && !rules.IsAppended;

    /// <summary>The condition that a row deletes.</summary>
    public string Deletes => $"coalesce({Raw} IN ({List(rules.Deletions)}), false)";

    /// <summary>The same, whatever becomes of the row; null where no row says it.</summary>
    public string? Deletion => operation < 0 ? null : Deletes;

    /// <summary>The condition that a row says that the table was emptied; null when none can.</summary>
    public string? Emptied => operation < 0 ? null : $"coalesce({Raw} IN ({List(rules.Truncations)}), false)";

    /// <summary><c>I</c>, <c>U</c> or <c>D</c>; NULL for what is no operation.</summary>
    public string Operation
    {
        get
        {
            if (operation < 0)
                return "'I'";
            var isNone = IsFirstCopy ? $"WHEN {Raw} IS NULL OR {Raw} = '' THEN 'I' " : "";
            return $"CASE {isNone}WHEN {Raw} IN ({List(rules.Inserts)}) THEN 'I' "
                + $"WHEN {Raw} IN ({List(rules.Updates)}) THEN 'U' "
                + $"WHEN {Raw} IN ({List(rules.Deletions)}) THEN 'D' END";
        }
    }

    /// <summary>Why a row's operation is none, as a struct like those of <see cref="StagedRows.Problems"/>.</summary>
    public string Problem =>
        $"CASE WHEN {Operation} IS NULL THEN {{'c': {Sql.Literal(OperationName)}, 'v': {Raw}, 'r': "
        + $"CASE WHEN {Raw} IS NULL THEN 'the operation is NULL' ELSE '''' || left({Raw}, 200) || "
        + Sql.Literal(
            $"' is no operation ({string.Join(", ", [.. rules.Inserts, .. rules.Updates, .. rules.Deletions])})"
        )
        + " END} END";

    // As who reads of it knows it.
    private string OperationName =>
        rules.Envelope is { Operation.Length: > 0 } envelope ? envelope.Operation : rules.Operation!;

    /// <summary>The condition that the operation is one; null when every row has one.</summary>
    public string? Fits => operation < 0 ? null : $"{Operation} IS NOT NULL";

    /// <summary>True for a column that a row must bring, though it may be NULL in the target.</summary>
    public bool MustBe(int column) =>
        (layout.Value.Order.Contains(column) && !IsFirstCopy) || column == layout.Value.Moment;

    /// <summary>True for a column that a row that deletes has to bring too.</summary>
    public bool IsNeeded(int column) => layout.Value.IsNeeded(column);

    /// <summary>A fact of the change, as text.</summary>
    public string Fact(EventFact fact, Func<int, string> value) =>
        fact switch
        {
            EventFact.Operation => Operation,
            EventFact.Order => Order(value),
            _ => Sql.Literal(files[0].File.File.Key),
        };

    /// <summary>
    /// A text by which changes sort byte by byte: all of the first copy before all others, then the order's columns,
    /// then the place of the file and the row in it.
    /// </summary>
    /// <param name="value">The typed value of a column.</param>
    public string Order(Func<int, string> value) =>
        IsFirstCopy
            ? "'0'"
            : "concat("
                + string.Join(
                    ", ",
                    [
                        "'1 '",
                        .. layout.Value.Order.Count == 0 ? Found() : [],
                        .. layout.Value.Order.Select(column =>
                            Sortable(value(column), shape.Columns[column].Type!.Value)
                        ),
                        Sql.Literal($"{files[0].File.Place} "),
                        SnapshotColumns.Text($"lpad(line::VARCHAR, {LineDigits}, '0')"),
                    ]
                )
                + ")";

    // What the envelope says of the order.
    private IEnumerable<string> Found()
    {
        if (changes.Rules.Events!.Envelope is not { } envelope)
            yield break;
        for (var part = 0; part < envelope.Order.Count; part++)
            if (Place(files[0].Columns, Envelope.OrderColumn(part)) is >= 0 and var column)
                yield return envelope.Order[part][^1] == Envelope.AsText
                    ? SnapshotColumns.Text($"coalesce(c{column}, ''), chr(1)")
                    : SnapshotColumns.Text($"lpad(coalesce(c{column}, ''), {EnvelopeDigits}, '0'), ' '");
    }

    // A text that sorts as the value does, with an end that sorts before anything that may follow in a longer one.
    private static string Sortable(string value, ColumnType type) =>
        type.Kind switch
        {
            TypeKind.SmallInt or TypeKind.Integer or TypeKind.BigInt => Digits($"{value}::HUGEINT", 19),
            TypeKind.Decimal => Digits($"replace(CAST({value} AS VARCHAR), '.', '')::HUGEINT", 38),
            TypeKind.Boolean => $"CASE WHEN {value} THEN '1 ' ELSE '0 ' END",
            TypeKind.Timestamp or TypeKind.TimestampTz => Digits($"epoch_us({value})::HUGEINT", 19),
            TypeKind.Date => Digits($"epoch_us({value}::TIMESTAMP)::HUGEINT", 19),
            _ => $"replace(replace(CAST({value} AS VARCHAR), chr(2), chr(2) || chr(3)), chr(1), chr(2) || chr(2)), "
                + "chr(1)",
        };

    private static string Digits(string number, int digits)
    {
        var most = new string('9', digits);
        return $"CASE WHEN {number} < 0 THEN '0' || lpad(({most}::HUGEINT + 1 + {number})::VARCHAR, {digits}, '0') "
            + $"ELSE '1' || lpad(({number})::VARCHAR, {digits}, '0') END, ' '";
    }

    private static string List(IReadOnlyList<string> values) =>
        values.Count == 0 ? "NULL" : string.Join(", ", values.Select(Sql.Literal));

    private static int Place(IReadOnlyList<StagedColumn> columns, string? name)
    {
        for (var i = 0; i < columns.Count; i++)
            if (columns[i].Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                return i;
        return -1;
    }
}
