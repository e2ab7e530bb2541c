namespace Headrace.DuckDb;

/// <summary>
/// Chooses a type for each column that has none: the narrowest that every value of the change set fits, so that a
/// file is never refused for a type that Headrace itself chose. Digits are never lost: a number with leading zeros
/// stays text, one with a point becomes a decimal, one with an exponent a double only where that gives back what was
/// written.
/// </summary>
/// <param name="isKept">Later values are to fit, too: a decimal has more places than the values of now.</param>
internal sealed class TypeInference(DuckDbConnection db, CancellationToken cancel, bool isKept = true)
{
    // A glance at a few rows rules most types out; the engine is asked of the first one left, for more rows, and then
    // for all.
    private const int FewRows = 200;
    private const int SampleRows = 20_000;

    // A statement of ten thousand expressions, for a table of a thousand columns, does not end.
    private const int QuestionsAtOnce = 200;

    private const string Point = @"(0|-?[1-9][0-9]*|0\.[0-9]+|-0\.[0-9]*[1-9][0-9]*|-?[1-9][0-9]*\.[0-9]+)";

    // In order of preference. A column without a value stays text.
    private static readonly (ColumnType Type, string? Pattern)[] ChangedRecords =
    [
        (new ColumnType(TypeKind.Boolean), "(?i)(true|false)"),
        (ColumnType.BigInt, "0|-?[1-9][0-9]*"),
        (new ColumnType(TypeKind.Decimal, 38, 0), "0|-?[1-9][0-9]*"),
        // Amounts: each value has two places.
        (new ColumnType(TypeKind.Decimal, 18, 2), @"(0|-?[1-9][0-9]*|-0)\.[0-9]{2}"),
        (new ColumnType(TypeKind.Decimal, 18, 4), Point),
        (new ColumnType(TypeKind.Decimal, 18, 9), Point),
        (new ColumnType(TypeKind.Decimal, 38, 12), Point),
        (new ColumnType(TypeKind.Decimal, 38, 18), Point),
        (new ColumnType(TypeKind.Double), @"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?"),
        (new ColumnType(TypeKind.Date), null),
        (new ColumnType(TypeKind.TimestampTz), null), // where every value tells its zone
        (new ColumnType(TypeKind.Timestamp), null),
        (new ColumnType(TypeKind.Time), null),
        (ColumnType.Json, null),
    ];

    /// <summary>Settles every column of <paramref name="shape"/> that has no type yet.</summary>
    public void Settle(TableShape shape, CsvDialect? dialect)
    {
        for (var column = 0; column < shape.Columns.Count; column++)
            if (shape.Columns[column].Type is null && Declared(shape, column) is { } known)
                shape.Settle(column, known);

        for (var column = 0; column < shape.Columns.Count; column++)
            if (shape.Columns[column].Type is null && Added(shape, column) is { } type)
                shape.Settle(column, type);

        var open = Enumerable
            .Range(0, shape.Columns.Count)
            .Where(column => shape.Columns[column].Type is null)
            .ToList();
        var guesses = open.ToDictionary(column => column, column => Options(shape, column));
        Glance(shape, guesses, dialect);
        var isSmall = shape.Files.All(file => file.File.Records is >= 0 and <= SampleRows);
        foreach (int? rows in isSmall ? [null] : (int?[])[SampleRows, null])
        {
            // A value beyond the rows before did not fit the first choice; then the next choice is asked.
            for (IReadOnlyCollection<int> asked = guesses.Keys; asked.Count > 0; )
                asked = Narrow(shape, guesses, asked, dialect, rows);
        }

        foreach (var (column, options) in guesses)
        {
            var type = options.Count == 0 ? ColumnType.Text : ChangedRecords[options[0]].Type;
            shape.Settle(
                column,
                isKept || type.Scale == 0 ? type : type with { Scale = Places(shape, column, dialect) }
            );
        }
    }

    // The most digits behind the point that a value has.
    private int Places(TableShape shape, int column, CsvDialect? dialect) =>
        (int)
            Alike(shape)
                .Where(group => group[0].Indexes[column] >= 0)
                .Max(group =>
                {
                    var (text, point) = ($"c{group[0].Indexes[column]}", Sql.Literal($"{dialect?.Decimal ?? '.'}"));
                    return db.Scalar<long>(
                        $"SELECT coalesce(max(strlen({text}) - strpos({text}, "
                            + $"{point})) FILTER (contains({text}, {point})), 0) FROM "
                            + StagedRows.From([.. group.Select(one => one.File)], group[0].Columns),
                        cancel
                    );
                });

    // The texts of an added column are at hand: no row has to be read.
    private ColumnType? Added(TableShape shape, int column)
    {
        var added = shape
            .Files.Where(file => file.Indexes[column] >= 0)
            .Select(file => file.Columns[file.Indexes[column]])
            .ToList();
        if (added.Count == 0 || !added.TrueForAll(one => one.IsAdded))
            return null;
        var texts = added
            .Where(one => one.Value is not null)
            .Select(one => $"({Sql.Literal(one.Value!)})")
            .Distinct()
            .ToList();
        return texts.Count == 0
            ? ColumnType.Text
            : Options(shape, column)
                .Where(option =>
                    db.Scalar<bool>(
                        $"""
                        SELECT coalesce({Question("c", option, null)}, false)
                        FROM (VALUES {string.Join(", ", texts)}) AS texts(c)
                        """,
                        cancel
                    )
                )
                .Select(option => ChangedRecords[option].Type)
                .DefaultIfEmpty(ColumnType.Text)
                .First();
    }

    // Parquet knows its types; the widest of several files wins, and text where they have nothing in common.
    private ColumnType? Declared(TableShape shape, int column)
    {
        ColumnType? widest = null;
        foreach (var file in shape.Files)
        {
            if (file.Indexes[column] < 0 || file.Columns[file.Indexes[column]].ParquetType is not { } name)
                continue;
            var type =
                file.Columns[file.Indexes[column]].Holds is { } holds ? holds
                : file.Columns[file.Indexes[column]].IsJson ? ColumnType.Json
                : name == "TIMESTAMP_NS" && IsMicroseconds(file, column) ? new ColumnType(TypeKind.Timestamp)
                : DuckDbTypes.Holding(name);
            widest =
                widest is not { } seen || type.Holds(seen) ? type
                : seen.Holds(type) ? seen
                : ColumnType.Text;
        }

        return widest;
    }

    // Nanoseconds fit a timestamp as long as none of them says anything.
    private bool IsMicroseconds(ShapedFile file, int column) =>
        db.Scalar<bool>(
            $"SELECT coalesce(bool_and(c{file.Indexes[column]}::TIMESTAMP::TIMESTAMP_NS = "
                + $"c{file.Indexes[column]}), true) FROM {StagedRows.From([file.File], file.Columns)}",
            cancel
        );

    private static List<int> Options(TableShape shape, int column)
    {
        var sources = shape
            .Files.Where(file => file.Indexes[column] >= 0)
            .Select(file => file.Columns[file.Indexes[column]])
            .ToList();
        var isText = sources.Exists(source => source.IsText);
        var isJson = sources.Exists(source => source.IsJson);
        var all = Enumerable.Range(0, ChangedRecords.Length).ToList();
        if (isJson)
            return isText ? [] : [.. all.Where(i => ChangedRecords[i].Type.Kind == TypeKind.Json)];
        all.RemoveAll(i => ChangedRecords[i].Type.Kind == TypeKind.Json);
        if (shape.IsKey(column)) // 1.1 and 1.10 are two keys
            all.RemoveAll(i =>
                ChangedRecords[i].Type is { Kind: TypeKind.Double } or { Kind: TypeKind.Decimal, Scale: > 0 }
            );
        if (isText)
            all.RemoveAll(i =>
                ChangedRecords[i].Type.Kind
                    is TypeKind.Boolean
                        or TypeKind.BigInt
                        or TypeKind.Decimal
                        or TypeKind.Double
            );
        return all;
    }

    /// <summary>
    /// Drops from the options of columns those that one of the first few values plainly does not fit.
    /// </summary>
    private void Glance(TableShape shape, Dictionary<int, List<int>> guesses, CsvDialect? dialect)
    {
        if (Alike(shape) is not [[var first, ..], ..])
            return;
        var texts = guesses
            .Keys.Where(column =>
                first.Indexes[column] >= 0 && first.Columns[first.Indexes[column]] is { IsJson: false }
            )
            .ToList();
        if (texts.Count == 0)
            return;
        var names = string.Join(", ", texts.Select(column => $"c{first.Indexes[column]}"));
        using var reader = db.Query(
            $"SELECT {names} FROM "
                + StagedRows.From([first.File with { Segments = [first.File.Segments[0]] }], first.Columns)
                + $" LIMIT {FewRows}",
            cancel
        );
        while (reader.Read())
            for (var i = 0; i < texts.Count; i++)
                if (reader.GetText(i) is { } text && (text.Length > 0 || !first.File.HasEmptyTexts))
                    guesses[texts[i]]
                        .RemoveAll(option => !TypePreview.MayBe(text, ChangedRecords[option].Type.Kind, dialect));
    }

    /// <summary>
    /// Drops from the options of columns the first one when some value does not fit it; gives those columns. Only the
    /// first is asked, since it usually holds.
    /// </summary>
    private HashSet<int> Narrow(
        TableShape shape,
        Dictionary<int, List<int>> guesses,
        IEnumerable<int> asked,
        CsvDialect? dialect,
        int? sample
    )
    {
        var questions = new List<(int Column, int Option)>();
        foreach (var column in asked)
        foreach (var option in guesses[column].Take(1))
            questions.Add((column, option));
        var fell = new HashSet<int>();
        if (questions.Count == 0)
            return fell;

        var hasValue = new HashSet<int>();
        foreach (var group in Alike(shape))
        {
            var file = group[0];
            var limit = sample is { } rows ? $" LIMIT {rows}" : "";
            foreach (var mine in questions.Where(question => file.Indexes[question.Column] >= 0).Chunk(QuestionsAtOnce))
            {
                var hasEmpty = group.Exists(one => one.File.HasEmptyTexts);
                var answers = mine.Select(question =>
                    Question(
                        hasEmpty
                            ? $"nullif(c{file.Indexes[question.Column]}, '')"
                            : $"c{file.Indexes[question.Column]}",
                        question.Option,
                        dialect
                    )
                );
                using var reader = db.Query(
                    $"""
                    SELECT {string.Join(", ", answers)} FROM (SELECT *
                    FROM {StagedRows.From([.. group.Select(one => one.File)], file.Columns)}{limit})
                    """,
                    cancel
                );
                reader.Read();
                for (var i = 0; i < mine.Length; i++)
                {
                    if (reader.IsNull(i))
                        continue; // no value at all: nothing is said against the option
                    hasValue.Add(mine[i].Column);
                    if (reader.GetBoolean(i))
                        continue;
                    guesses[mine[i].Column].Remove(mine[i].Option);
                    fell.Add(mine[i].Column);
                }
            }
        }

        // Without a single value in the whole change set there is nothing to choose by.
        if (sample is null)
            foreach (var column in asked)
                if (!hasValue.Contains(column))
                    guesses[column].Clear();
        return fell;
    }

    private static string Question(string text, int option, CsvDialect? dialect)
    {
        var (type, pattern) = ChangedRecords[option];
        var number =
            dialect is { Decimal: ',' } && type.Kind is TypeKind.Double or TypeKind.Decimal
                ? $"translate({text}, ',.', '.;')"
                : text;
        var fits = pattern is null
            ? DuckDbTypes.Fits(text, type, dialect, isKept: true)
            : $"(CASE WHEN regexp_full_match({number}, {Sql.Literal(pattern)}) "
                + $"THEN {DuckDbTypes.Fits(text, type, dialect)} ELSE false END)";
        if (
            type.Kind == TypeKind.TimestampTz
            && dialect?.Timestamp is { } format
            && !format.Contains("%z", StringComparison.OrdinalIgnoreCase)
        )
            fits = "false";
        else if (type.Kind == TypeKind.Double)
            fits = $"({fits} AND {DuckDbTypes.IsWholeInDouble(number)})";
        var all = $"bool_and({fits}) FILTER ({text} IS NOT NULL)";

        // 12E4 is a code, unless numbers beside it have a point or the sign of an exponent.
        return type.Kind != TypeKind.Double
            ? all
            : $"({all} AND (bool_or(regexp_matches({text}, '[.,]|[eE][+-]')) "
                + $"OR NOT bool_or(regexp_matches({text}, '[eE]'))))";
    }

    // Files with the same columns are asked together, so that the engine reads them in parallel.
    private static List<List<ShapedFile>> Alike(TableShape shape)
    {
        var groups = new List<List<ShapedFile>>();
        foreach (var file in shape.Files.Where(file => file.Columns.Count > 0 && file.File.Segments.Count > 0))
        {
            if (
                groups is [.., var last]
                && last.Count < 500
                && !file.File.IsParquet
                && !last[0].File.IsParquet
                && last[0].File.HasInlineDigests == file.File.HasInlineDigests
                && last[0].Columns.Count == file.Columns.Count
                && last[0].Indexes.SequenceEqual(file.Indexes)
            )
                last.Add(file);
            else
                groups.Add([file]);
        }

        return groups;
    }
}
