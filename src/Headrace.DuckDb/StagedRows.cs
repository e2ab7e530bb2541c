using Headrace.Checks;

namespace Headrace.DuckDb;

/// <summary>
/// Staged files with the same columns as SQL: their rows with types, those that fit, those that do not, and those that
/// the flow does not want. Rows stay in DuckDB.
/// </summary>
internal sealed partial class StagedRows(IReadOnlyList<ShapedFile> files, TableShape shape, ChangeSet changes)
{
    private const string Wanted = "k";

    private readonly ShapedFile shaped = files[0];
    private readonly CsvDialect? dialect = files[0].File.IsParquet ? null : changes.Format.Csv;
    private readonly EventSql? events = changes.Rules.Events is null ? null : new EventSql(files, shape, changes);
    private readonly bool hasEmptyTexts = files.Any(file => file.File.HasEmptyTexts);
    private readonly RowInputs inputs = new(shape, changes.Rules);

    /// <summary>True when the files have columns at all; an empty file has none and no rows.</summary>
    public bool HasRows => shaped.Columns.Count > 0 && files.Any(file => file.File.Segments.Count > 0);

    /// <summary>
    /// The rows as they were staged: <c>line</c> and <c>c0…</c>, and what conditions of checks need.
    /// </summary>
    public string Source =>
        shape.Conditions.Count == 0
            ? Staged
            : $"(SELECT *{Asked(shape.Conditions.SelectMany(condition => condition.Uses))} FROM {Staged})";

    /// <summary>
    /// Rows that fit their types, as they were staged, with <c>asked</c> (false for one that only deletes) and
    /// <c>v0…</c> for these columns.
    /// </summary>
    public string Checked(IEnumerable<int> columns) => $"(SELECT *{Asked(columns)} FROM {Staged} WHERE {Fits()})";

    private string Asked(IEnumerable<int> columns) =>
        $", NOT ({events?.Deletion ?? "false"}) AS asked"
        + string.Concat(columns.Distinct().Order().Select(i => $", {Unmasked(i)} AS {StagedTable.Column(i)}"));

    // Masked where a mask says so, and with what expressions made.
    private string Staged
    {
        get
        {
            var rows = From([.. files.Select(file => file.File)], shaped.Columns);
            var masked = shaped.Columns.Index().Where(column => MaskOf(column.Index) is not null).ToList();
            if (masked.Count > 0)
                rows =
                    $"(SELECT * REPLACE ({Join(masked, column => $"{Hidden(column.Index)} AS {Raw(column.Index)}")}), "
                    + $"{Join(masked, column => $"{Raw(column.Index)} AS {Came(column.Index)}")} FROM {rows})";
            var made = shape.Made.Values.SelectMany(one => one.Columns).Select(Number).Distinct().Order().ToList();
            var asked = (shape.Wanted?.Columns ?? []).Select(Number).Distinct().Order().ToList();
            if (made.Count + asked.Count > 0)
                rows = Add(
                    rows,
                    [
                        .. made.Select(number => $"{Masked(inputs[number])} AS {Name(FlowExpressions.Masked, number)}"),
                        .. asked.Select(number => $"{CameAs(inputs[number])} AS {Name(FlowExpressions.Came, number)}"),
                    ]
                );
            if (shape.Made.Count > 0 || shape.Wanted is not null)
                rows = Add(
                    rows,
                    [
                        .. shape.Made.Select(one => $"TRY({{'v': {one.Value.Sql}}}) AS {Name("e", one.Key)}"),
                        .. shape.Wanted is { } wanted ? [$"TRY({{'v': {wanted.Sql}}}) AS {Wanted}"] : (string[])[],
                    ]
                );
            return rows;
        }
    }

    /// <summary>A table function over the segments of staged files, with their values as they came.</summary>
    public static string From(IReadOnlyList<StagedFile> files, IReadOnlyList<StagedColumn> columns)
    {
        if (files[0].IsParquet)
        {
            var paths = string.Join(", ", files.SelectMany(file => file.Segments).Select(Sql.Literal));
            var names = columns.Select(
                (column, i) =>
                    $"{(column.IsAdded ? Text(column.Value) : column.Read ?? Sql.Identifier(column.Name))} AS {Raw(i)}"
            );
            return $"""
                (SELECT file_row_number + 1 AS line, {string.Join(", ", names)}
                FROM read_parquet([{paths}], file_row_number = true))
                """;
        }

        (string, string)[] digests = files[0].HasInlineDigests ? [("hi", "BIGINT"), ("lo", "BIGINT")] : [];
        var rows = SpoolCsv.Read(
            files.SelectMany(file => file.Segments),
            files.Max(file => file.LongestRecord),
            [
                ("line", "BIGINT"),
                .. digests,
                .. columns
                    .Index()
                    .Where(column => !column.Item.IsAdded)
                    .Select(column => (Raw(column.Index), "VARCHAR")),
            ]
        );
        var added = columns
            .Index()
            .Where(column => column.Item.IsAdded)
            .Select(column => $"{Text(column.Item.Value)} AS {Raw(column.Index)}")
            .ToList();
        return added.Count == 0 ? rows : $"(SELECT *, {string.Join(", ", added)} FROM {rows})";
    }

    /// <summary>The value of a target column, sound only for rows that fit.</summary>
    public string Value(int column) =>
        shape.Columns[column].Fact is { } fact ? events!.Fact(fact, Typed)
        : IsLeftOut(column) ? $"CASE WHEN {events!.Deletes} THEN NULL ELSE {Typed(column)} END"
        : Typed(column);

    /// <summary>What a row of changes says of itself: the operation, and a text by which changes sort.</summary>
    public (string Operation, string Order) Event => (events!.Operation, events.Order(Typed));

    /// <summary>The condition that a row of changes says that the table was emptied; null when none can.</summary>
    public string? Emptied => events!.Emptied;

    // A row that deletes need not bring it.
    private bool IsLeftOut(int column) =>
        events is { MayDelete: true }
        && !events.IsNeeded(column)
        && (shaped.Indexes[column] >= 0 || shape.Made.ContainsKey(column));

    private string Typed(int column)
    {
        var type = shape.Columns[column].Type!.Value;
        if (shape.Made.TryGetValue(column, out var made))
            return MadeSql.Value(Name("e", column), made, type);
        var index = shaped.Indexes[column];
        var value =
            index < 0 ? $"CAST(NULL AS {DuckDbTypes.Name(type)})"
            : MaskOf(index) is { } mask ? Masked(index, mask, type, UnitOf(column))
            : Typed(CellOf(index), type, UnitOf(column));
        return shape.Listed(column) is { Default: { } text }
            ? $"coalesce({value}, {DuckDbTypes.Cast(Sql.Literal(text), type, null)})"
            : value;
    }

    /// <summary>The condition that a row fits all columns and is wanted, and that no check sets it aside.</summary>
    public string Good =>
        string.Join(
            "\n  AND ",
            shape.Conditions.Select(condition => $"({condition.Fails(shaped.File)}) IS NOT TRUE").Prepend(Fits())
        );

    private string Fits()
    {
        var columns = Enumerable.Range(0, shape.Columns.Count);
        var conditions = columns
            .Select(FitsOrDeletes)
            .Append(events?.Fits)
            .Concat(columns.Select(column => Limit(column) is { } limit ? $"coalesce({limit.Fits}, true)" : null))
            .Concat(Looked.Select(input => CameFits(input) is { } fits ? OrDeletes(fits) : null))
            .Append(shape.Wanted is null ? null : IsWanted)
            .Where(fits => fits is not null)
            .ToList();
        return conditions.Count == 0 ? "true" : string.Join("\n  AND ", conditions);
    }

    /// <summary>
    /// The condition that the flow does not want a row, and that it can be told; null when it wants all of them.
    /// </summary>
    public string? Unwanted =>
        shape.Wanted is null ? null : $"({IsDecided}) AND {Wanted} IS NOT NULL AND NOT {IsWanted}";

    /// <summary>The condition that a row fits these columns, and that none of them is NULL.</summary>
    public string Fitting(IEnumerable<int> columns) =>
        string.Join(" AND ", columns.Select(column => $"({Fits(column) ?? "true"}) AND {Value(column)} IS NOT NULL"));

    /// <summary>
    /// A list of structs <c>{c, v, r}</c> (column, value, reason), one for each column that a row does not fit.
    /// </summary>
    public string Problems
    {
        get
        {
            var problems = new List<string>();
            if (events is { Fits: not null })
                problems.Add(events.Problem);
            for (var i = 0; i < shape.Columns.Count; i++)
            {
                var (column, index) = (shape.Columns[i], shaped.Indexes[i]);
                var name = Sql.Literal(column.Name);
                var isHidden = index >= 0 && MaskOf(index) is not null;
                var value =
                    shape.Made.TryGetValue(i, out var made) ? MadeSql.Shown(Name("e", i))
                    : index < 0 ? "NULL"
                    : isHidden ? Raw(index)
                    : CellOf(index).Shown(column.Type!.Value);
                if (Limit(i) is { } limit)
                    problems.Add(
                        $"CASE WHEN NOT coalesce({limit.Fits}, true) "
                            + $"THEN {{'c': {name}, 'v': {value}, 'r': {Sql.Literal(limit.Reason)}}} END"
                    );
                if (FitsOrDeletes(i) is not { } fits)
                    continue;
                var isNull = Sql.Literal(
                    shape.IsKey(i)
                        ? $"the key column '{column.Name}' is NULL"
                        : $"'{column.Name}' is NULL and may not be"
                );
                var reason =
                    made is not null ? MadeSql.Why(Name("e", i), column.Name, column.Type!.Value, isNull)
                    : isHidden
                        ? $"CASE WHEN {Came(index)} IS NULL THEN {isNull} ELSE "
                            + $"{Sql.Literal($"a value of '{column.Name}' is no {Expected(i)}")} END"
                    : $"CASE WHEN {value} IS NULL THEN {isNull}{Why(i, value)} ELSE '''' || left({value}, 200) "
                        + $"|| {Sql.Literal($"' is no {Expected(i)}")} END";
                problems.Add($"CASE WHEN NOT ({fits}) THEN {{'c': {name}, 'v': {value}, 'r': {reason}}} END");
            }

            foreach (var input in Looked)
                if (CameFits(input) is { } fits && IndexOf(input) is var index)
                    problems.Add(
                        $"CASE WHEN NOT ({OrDeletes(fits)}) THEN {{'c': {Sql.Literal(input.Name)}, "
                            + $"'v': {CellOf(index).Text}, 'r': "
                            + Sql.Literal(
                                $"a value of '{input.Name}', which the flow looks at, is no {inputs.Came(input)}"
                            )
                            + "} END"
                    );
            if (shape.Wanted is not null)
                problems.Add(
                    $"CASE WHEN ({IsDecided}) AND {Wanted} IS NULL AND NOT {IsWanted} THEN {{'c': NULL, 'v': NULL, "
                        + "'r': 'the condition of where fails on this row'} END"
                );
            foreach (var condition in shape.Conditions)
                problems.Add(
                    $"CASE WHEN ({Fits()}) AND ({condition.Fails(shaped.File)}) THEN {{'c': {Name(condition)}, "
                        + $"'v': {Shown(condition.Column)}, 'r': {Sql.Literal(condition.Reason)}}} END"
                );
            return problems.Count == 0 ? "[]" : $"list_filter([{string.Join(",\n  ", problems)}], x -> x IS NOT NULL)";
        }
    }

    private string Name(RowCondition condition) =>
        condition.Column < 0 ? "NULL::VARCHAR" : Sql.Literal(shape.Columns[condition.Column].Name);

    /// <summary>A value to be looked at, as text.</summary>
    public string Shown(int column) =>
        column >= 0 && shape.Columns[column].Fact is not null ? Value(column)
        : column < 0 || shaped.Indexes[column] is not (>= 0 and var index) ? "NULL::VARCHAR"
        : CellOf(index).Text;

    /// <summary>The row as it came, or masked, as a JSON object of the file's own column names.</summary>
    public string Json
    {
        get
        {
            var members = shaped.Columns.Select((column, i) => $"{Sql.Literal(column.Name)}, {CellOf(i).Text}");
            return $"json_object({string.Join(", ", members)})";
        }
    }

    // What deletes a row need not say more than its key.
    private string IsWanted => OrDeletes($"coalesce(struct_extract({Wanted}, 'v'), false)");

    private string OrDeletes(string condition) =>
        events is { MayDelete: true } ? $"({events.Deletes} OR {condition})" : condition;

    // The columns that the condition looks at are what they should be.
    private string IsDecided =>
        string.Join(
            " AND ",
            shape
                .Wanted!.Columns.Select(Number)
                .Distinct()
                .Select(number => inputs[number])
                .Select(input => input.Column >= 0 ? Fits(input.Column) : CameFits(input))
                .Where(fits => fits is not null)
                .Select(fits => $"({fits})")
                .DefaultIfEmpty("true")
        );

    // Columns that do not go to the target, and that an expression or the condition looks at.
    private IEnumerable<RowInput> Looked =>
        shape
            .Made.Values.SelectMany(one => one.Columns)
            .Concat(shape.Wanted?.Columns ?? [])
            .Select(Number)
            .Distinct()
            .Select(number => inputs[number])
            .Where(input => input.Column < 0);

    // Of a value that does not fit its type nothing is asked: there it is NULL.
    private (string Fits, string Reason)? Limit(int column) =>
        // A NUL is no text of any file.
        shaped.Indexes[column] < 0
        && !shape.Made.ContainsKey(column)
            ? null
            : changes.Limits?.Invoke(shape.Columns[column], false, Value(column));

    /// <summary>The condition that a change does not bring a column, which keeps its value then.</summary>
    public string IsKeptValue(int column) =>
        shaped.File.Envelope?.NoValue is { } none && shaped.Indexes[column] is >= 0 and var index
            ? $"coalesce({CameCell(index).Sql} = {Sql.Literal(none)}, false)"
            : "false";

    // What Headrace knows itself always fits, and of a row that deletes not all is asked.
    private string? FitsOrDeletes(int column) =>
        shape.Columns[column].Fact is not null ? null
        : Fits(column) is not { } fits ? null
        : IsLeftOut(column) ? $"({events!.Deletes} OR {fits})"
        : fits;

    /// <summary>The condition that a row's value fits a column; null when every value does.</summary>
    private string? Fits(int column)
    {
        var (target, index) = (shape.Columns[column], shaped.Indexes[column]);
        var mayBeNull =
            (target.Nullable && !shape.IsKey(column) && events?.MustBe(column) != true)
            || shape.Listed(column) is { Default: not null };
        if (shape.Made.TryGetValue(column, out var made))
            return MadeSql.Fits(Name("e", column), made, target.Type!.Value, mayBeNull);
        if (index < 0)
            return mayBeNull || target.HasDefault ? null : "false";
        var mask = MaskOf(index);
        if (mask is { Kind: MaskKind.Null })
            return mayBeNull ? null : "false";
        var type = mask is { MakesText: true } ? CameType(column) : target.Type!.Value;
        var (cell, unit) = (CameCell(index), UnitOf(column));
        var fits = unit is { } one ? UnitSql.Fits(cell.Text, one, type) : cell.Fits(type, IsKept(column));
        var given = cell.Given(type);
        return (mayBeNull, fits) switch
        {
            (true, null) => null,
            (true, _) => $"({given} IS NULL OR {fits})",
            (false, null) => $"{given} IS NOT NULL",
            _ => $"({given} IS NOT NULL AND {fits})",
        };
    }
}
