using System.Globalization;
using Headrace.Checks;

namespace Headrace.DuckDb;

/// <summary>
/// Staged files with the same columns as SQL: their rows with types, those that fit and those that do not. Rows stay
/// in DuckDB.
/// </summary>
internal sealed class StagedRows(IReadOnlyList<ShapedFile> files, TableShape shape, ChangeSet changes)
{
    private readonly ShapedFile shaped = files[0];
    private readonly CsvDialect? dialect = files[0].File.IsParquet ? null : changes.Format.Csv;
    private readonly EventSql? events = changes.Rules.Events is null ? null : new EventSql(files, shape, changes);

    /// <summary>True when the files have columns at all; an empty file has none and no rows.</summary>
    public bool HasRows => shaped.Columns.Count > 0 && files.Any(file => file.File.Segments.Count > 0);

    /// <summary>
    /// The rows as they were staged: <c>line</c> and <c>c0…</c>, and what conditions of checks need.
    /// </summary>
    public string Source =>
        shape.Conditions.Count == 0
            ? Staged
            : $"(SELECT *{Asked(shape.Conditions.SelectMany(condition => condition.Uses))} FROM {Staged})";

    private string Staged => From([.. files.Select(file => file.File)], shaped.Columns);

    /// <summary>
    /// Rows that fit their types, as they were staged, with <c>asked</c> (false for one that only deletes) and
    /// <c>v0…</c> for these columns.
    /// </summary>
    public string Checked(IEnumerable<int> columns) => $"(SELECT *{Asked(columns)} FROM {Staged} WHERE {Fits()})";

    private string Asked(IEnumerable<int> columns) =>
        $", NOT ({events?.Deletion ?? "false"}) AS asked"
        + string.Concat(columns.Distinct().Order().Select(i => $", {Value(i)} AS {StagedTable.Column(i)}"));

    /// <summary>A table function over the segments of staged files.</summary>
    public static string From(IReadOnlyList<StagedFile> files, IReadOnlyList<StagedColumn> columns)
    {
        if (files[0].Envelope is not null)
            return EnvelopeColumns.From(files, columns);
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

    private static string Text(string? value) => value is null ? "NULL::VARCHAR" : $"{Sql.Literal(value)}::VARCHAR";

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
        events is { MayDelete: true } && !events.IsNeeded(column) && shaped.Indexes[column] >= 0;

    private string Typed(int column)
    {
        var type = shape.Columns[column].Type!.Value;
        var index = shaped.Indexes[column];
        if (index < 0)
            return $"CAST(NULL AS {DuckDbTypes.Name(type)})";
        return shaped.Columns[index].IsAdded ? DuckDbTypes.Cast(Raw(index), type, null)
            : shaped.File.IsParquet ? ParquetValue(index, type)
            : IsWritten(index, type) ? DuckDbTypes.WrittenCast(Raw(index), type)
            : DuckDbTypes.Cast(Given(index, type), type, dialect);
    }

    /// <summary>The condition that a row fits all columns, and that no check sets it aside.</summary>
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
            .Where(fits => fits is not null)
            .ToList();
        return conditions.Count == 0 ? "true" : string.Join("\n  AND ", conditions);
    }

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
                var value =
                    index < 0 ? "NULL"
                    : shaped.File.IsParquet ? Shown(shaped.Columns[index], index)
                    : Given(index, column.Type!.Value);
                if (Limit(i) is { } limit)
                    problems.Add(
                        $"CASE WHEN NOT coalesce({limit.Fits}, true) "
                            + $"THEN {{'c': {name}, 'v': {value}, 'r': {Sql.Literal(limit.Reason)}}} END"
                    );
                if (FitsOrDeletes(i) is not { } fits)
                    continue;
                var isKey = changes.Rules.PrimaryKey.Contains(column.Name, StringComparer.OrdinalIgnoreCase);
                var isNull = Sql.Literal(
                    isKey ? $"the key column '{column.Name}' is NULL" : $"'{column.Name}' is NULL and may not be"
                );
                var reason =
                    $"CASE WHEN {value} IS NULL THEN {isNull}{Why(i, value)} ELSE '''' || left({value}, 200) "
                    + $"|| {Sql.Literal($"' is no {column.Type}")} END";
                problems.Add($"CASE WHEN NOT ({fits}) THEN {{'c': {name}, 'v': {value}, 'r': {reason}}} END");
            }

            foreach (var condition in shape.Conditions)
                problems.Add(
                    $"CASE WHEN ({Fits()}) AND ({condition.Fails(shaped.File)}) THEN {{'c': {Name(condition)}, "
                        + $"'v': {Shown(condition.Column)}, 'r': {Sql.Literal(condition.Reason)}}} END"
                );
            return problems.Count == 0 ? "[]" : $"list_filter([{string.Join(",\n  ", problems)}], x -> x IS NOT NULL)";
        }
    }

    /// <summary>The row as it came, as a JSON object of the file's own column names.</summary>
    public string Json =>
        "json_object("
        + string.Join(", ", shaped.Columns.Select((column, i) => $"{Sql.Literal(column.Name)}, {AsText(column, i)}"))
        + ")";

    private string Name(RowCondition condition) =>
        condition.Column < 0 ? "NULL::VARCHAR" : Sql.Literal(shape.Columns[condition.Column].Name);

    /// <summary>A value to be looked at, as text.</summary>
    public string Shown(int column) =>
        column >= 0 && shape.Columns[column].Fact is not null ? Value(column)
        : column < 0 || shaped.Indexes[column] is not (>= 0 and var index) ? "NULL::VARCHAR"
        : shaped.File.IsParquet ? Shown(shaped.Columns[index], index)
        : Raw(index);

    // Each value as a CSV file would have it, so that nothing is lost and the row can be read again.
    private static string AsText(StagedColumn column, int index) =>
        column switch
        {
            { ParquetType: null } => Raw(index),
            { IsJson: true } => $"to_json({Raw(index)})",
            { ParquetType: "BLOB" } => $"'\\x' || hex({Raw(index)})",
            _ => $"CAST({Raw(index)} AS VARCHAR)",
        };

    private static string Shown(StagedColumn column, int index) =>
        column is { Read: not null, ParquetType: "VARCHAR" }
            ? $"ltrim({Raw(index)}, {ParquetReading.NoValue})"
            : $"CAST({AsText(column, index)} AS VARCHAR)";

    // What else there is to say of a value that does not fit, as branches of CASE.
    private string Why(int i, string value)
    {
        var (type, index, name) = (shape.Columns[i].Type!.Value, shaped.Indexes[i], shape.Columns[i].Name);
        if (index < 0 || IsWritten(index, type))
            return "";
        var column = shaped.Columns[index];
        if (
            shaped.File.IsParquet
            && column.Read is not null
            && shaped.File.Parquet!.Columns[column.Name].Form == Staging.ParquetForm.Bytes
        )
            return $" WHEN starts_with({Raw(index)}, {ParquetReading.NoValue}) THEN 'not valid UTF-8'";
        if (
            shaped.File.IsParquet
            && (column.IsJson || (column.ParquetType == "VARCHAR" && column.Read is null && type.Kind == TypeKind.Text))
        )
            return " WHEN true THEN "
                + Sql.Literal(
                    column.IsJson ? $"a NUL character, NaN or Infinity in '{name}'" : $"a NUL character in '{name}'"
                );
        var why = "";
        if (IsKept(i))
            why =
                $" WHEN {DuckDbTypes.Fits(value, type, dialect)} THEN '''' || left({value}, 200) || "
                + Sql.Literal(
                    $"' would change as {type}, a type that nobody declared: "
                        + "declare the column under columns:, as this type or as text"
                );
        return type.Kind != TypeKind.Decimal
            ? why
            : $"{why} WHEN {DuckDbTypes.Fits(value, new ColumnType(TypeKind.Decimal, 38, 19), dialect)}"
                + $" THEN '''' || left({value}, 200) || {Sql.Literal($"' has more digits than {type} holds")}";
    }

    // Of a value that does not fit its type nothing is asked: there it is NULL.
    private (string Fits, string Reason)? Limit(int column) =>
        // A NUL is no text of any file.
        shaped.Indexes[column] < 0
            ? null
            : changes.Limits?.Invoke(shape.Columns[column], false, Value(column));

    // A text without a letter is no value of a type that has none.
    private string Given(int index, ColumnType type) =>
        NoValue is { } none ? $"nullif({Raw(index)}, {Sql.Literal(none)})"
        : type.HasEmpty || !files.Any(file => file.File.HasEmptyTexts) ? Raw(index)
        : $"nullif({Raw(index)}, '')";

    private string? NoValue => shaped.File.Envelope?.NoValue;

    /// <summary>The condition that a change does not bring a column, which keeps its value then.</summary>
    public string IsKeptValue(int column) =>
        NoValue is { } none && shaped.Indexes[column] is >= 0 and var index
            ? $"coalesce({Raw(index)} = {Sql.Literal(none)}, false)"
            : "false";

    // What was inferred is kept for later files, which must not be changed by it.
    private bool IsKept(int column) =>
        shape.Columns[column].IsKept
        && shaped.Columns[shaped.Indexes[column]] is { Written: null, Holds: null }
        && changes.Cursor is null;

    private static string Raw(int index) => string.Create(CultureInfo.InvariantCulture, $"c{index}");

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
            target.Nullable
            && !changes.Rules.PrimaryKey.Contains(target.Name, StringComparer.OrdinalIgnoreCase)
            && events?.MustBe(column) != true;
        if (index < 0)
            return mayBeNull || target.HasDefault ? null : "false";

        var fits = shaped.Columns[index].IsAdded
            ? target.Type!.Value.Kind == TypeKind.Text
                ? null
                : DuckDbTypes.Fits(Raw(index), target.Type.Value, null, IsKept(column))
            : shaped.File.IsParquet
                ? ParquetFits(index, target.Type!.Value, IsKept(column))
                : target.Type!.Value.Kind == TypeKind.Text
                    ? null
                    : IsWritten(index, target.Type.Value)
                        ? DuckDbTypes.WrittenFits(Raw(index), target.Type.Value)
                        : DuckDbTypes.Fits(Given(index, target.Type.Value), target.Type.Value, dialect, IsKept(column));
        var given = shaped.File.IsParquet ? Raw(index) : Given(index, target.Type!.Value);
        return (mayBeNull, fits) switch
        {
            (true, null) => null,
            (true, _) => $"({given} IS NULL OR {fits})",
            (false, null) => $"{given} IS NOT NULL",
            _ => $"({given} IS NOT NULL AND {fits})",
        };
    }

    private bool IsWritten(int index, ColumnType type) => shaped.Columns[index].Written == type;

    private string ParquetValue(int index, ColumnType type) =>
        shaped.Columns[index] switch
        {
            { IsJson: true } => $"to_json({Raw(index)})",
            { ParquetType: "VARCHAR" } => DuckDbTypes.Cast(Raw(index), type, null),
            _ => $"TRY_CAST({Raw(index)} AS {DuckDbTypes.Name(type)})",
        };

    private string? ParquetFits(int index, ColumnType type, bool isKept)
    {
        var column = shaped.Columns[index];
        var isOwn = shaped.File.Parquet is null; // Headrace wrote it
        if (column.IsJson)
            return isOwn ? null : IsJson($"CAST(to_json({Raw(index)}) AS VARCHAR)");
        if (column.ParquetType == "VARCHAR")
            return type.Kind != TypeKind.Text ? DuckDbTypes.Fits(Raw(index), type, null, isKept)
                : isOwn ? null
                : $"NOT contains({Raw(index)}, chr(0))";

        // There and back again: a cast that loses something does not come back equal. Infinity does, and is no day.
        var isSame =
            column.ParquetType == DuckDbTypes.Name(type)
                ? null
                : $"TRY_CAST({ParquetValue(index, type)} AS {column.ParquetType}) IS NOT DISTINCT FROM {Raw(index)}";
        var isFinite =
            column.ParquetType!.StartsWith("TIMESTAMP", StringComparison.Ordinal) || column.ParquetType == "DATE"
                ? $"isfinite({Raw(index)})"
                : null;
        return isSame is null || isFinite is null ? isSame ?? isFinite : $"({isFinite} AND {isSame})";
    }

    // The engine writes NUL, NaN and Infinity into JSON, which has none of them.
    private static string IsJson(string text) =>
        $"""
            (CASE WHEN contains({text}, '\u0000') AND regexp_matches({text}, '(^|[^\\])(\\\\)*\\u0000') THEN false
                WHEN contains({text}, 'NaN') OR contains({text}, 'Infinity')
                    THEN NOT regexp_matches(regexp_replace({text}, '"([^"\\]|\\.)*"', 's', 'g'), 'NaN|Infinity')
                    ELSE true END)
            """;
}
