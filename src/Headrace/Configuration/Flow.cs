using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>
/// One entry of <c>flows</c>, complete: the defaults are in it, the target has its names,
/// <see cref="FlowSettings.Settle"/> is the one that holds, and <see cref="FlowSettings.ChangedFiles"/> is set unless
/// the action comes from the path.
/// </summary>
[Description("A way from a source to a target.")]
public sealed record Flow : FlowSettings
{
    [Description("Where the rows come from.")]
    public required Source Source { get; init; }

    [Description(
        "Flows that it runs after when they run together; `headrace serve` runs it after each run of one of them."
    )]
    public IReadOnlyList<string> After { get; init; } = [];

    /// <summary>The name under which it stands.</summary>
    [NotAKey]
    public string Name { get; init; } = "";

    /// <summary>True when the rows come from a stream: each piece that is read of it is a file.</summary>
    [NotAKey]
    public bool ReadsStream { get; init; }

    /// <summary>What happens to a changed file that does <paramref name="operation"/>.</summary>
    public ChangedFiles ChangedFilesFor(Operation operation) =>
        ChangedFiles ?? (operation == Operation.Append ? Headrace.ChangedFiles.Stop : Headrace.ChangedFiles.Replace);

    /// <summary>How its files say what happened to each row.</summary>
    public Cdc Capture => (Cdc ?? new Cdc()) with { IsDynamoDb = ReadsDynamoDb };

    /// <summary>True when the files are exports of DynamoDB.</summary>
    public bool ReadsDynamoDb => Source.Format == FormatKind.DynamodbExport;

    /// <summary>How its table keeps the history of rows.</summary>
    public Scd2 History => Scd2 ?? new Scd2();

    /// <summary>True when the rows go to no table: their operations are only published.</summary>
    public bool IsPublishOnly => Publish is not null && (Write is null || Target.Connection.Length == 0);

    /// <summary>True when the rows come from a table or a query, and not from files.</summary>
    public bool ReadsTable => Source.Table is not null || Source.Query is not null || ReadsList;

    /// <summary>True when the process table says what is read.</summary>
    public bool ReadsList => Source.Tables is not null;

    /// <summary>The table for one set of captured values.</summary>
    public TableName TableFor(IReadOnlyDictionary<string, string> captures) =>
        new(Captures.Fill(Target.Schema, captures), Captures.Fill(Target.Table, captures));

    /// <summary>
    /// True when the primary key tells the datasets of these captures apart: each capture is a column of it.
    /// </summary>
    /// <remarks>
    /// A column that is listed with another type than text may have one value for two captures: 1 and 01.
    /// </remarks>
    public bool KeyHolds(IEnumerable<string> captures) =>
        captures.Any()
        && captures.All(capture =>
            AddColumns
                .Values.Where(column => column.Value == $"{{{capture}}}")
                .Any(added =>
                {
                    var listed = DeclaredColumns()
                        .FirstOrDefault(column => column.From.Equals(added.Name, StringComparison.OrdinalIgnoreCase));
                    return listed?.Type is null or { Kind: TypeKind.Text }
                        && PrimaryKey.Contains(listed?.Name ?? added.Name, StringComparer.OrdinalIgnoreCase);
                })
        );

    /// <summary>True when more is done to rows than to type them: none of them goes on as it came.</summary>
    public bool IsShaped =>
        Masks.Count > 0
        || Where is not null
        || Columns.Values.Any(column =>
            column.Drop || column.Expression is not null || column.Default is not null || column.Unit is not null
        );

    /// <summary>The listed columns that the table has, in file order.</summary>
    public IReadOnlyList<DeclaredColumn> DeclaredColumns() =>
        [.. Columns.Values.Where(column => !column.Drop).Select(Declared)];

    /// <summary>The listed columns of the source that do not go to the table.</summary>
    public IReadOnlyList<DeclaredColumn> DroppedColumns() =>
        [.. Columns.Values.Where(column => column.Drop).Select(Declared)];

    /// <summary>The names of the listed columns that files have, in file order.</summary>
    public IReadOnlyList<string> FileColumns() =>
        [
            .. Columns
                .Values.Where(column => column.Expression is null)
                .Select(column => column.From ?? column.Name)
                .Where(from => !Adds(from)),
        ];

    /// <summary>The masks, by the columns of the source.</summary>
    public IReadOnlyList<Mask> SourceMasks() =>
        [
            .. Masks.Values.Select(mask =>
                mask.Of(
                    Columns
                        .Values.FirstOrDefault(column =>
                            column.Name.Equals(mask.Name, StringComparison.OrdinalIgnoreCase)
                        )
                        ?.From
                        ?? mask.Name,
                    Captures.Of(Target.Table).Count == 0 && !ReadsList
                )
            ),
        ];

    private DeclaredColumn Declared(FlowColumn column)
    {
        var from = column.From ?? column.Name;
        var makesText = column.Expression is null && SourceMasks().Any(mask => mask.MakesText && mask.Hides(from));
        return new DeclaredColumn(
            column.Name,
            from,
            makesText && column.Type is not null ? ColumnType.Text : column.Type,
            column.Nullable ?? true
        )
        {
            IsOptional = column.Nullable == true,
            Came = makesText ? column.Type : null,
            Expression = column.Expression,
            Default = column.Default,
            Unit = column.Unit,
        };
    }

    /// <summary>True for a column of the table that is made by an expression.</summary>
    public bool Makes(string name) =>
        Columns.Values.Any(column =>
            column.Expression is not null && column.Name.Equals(name, StringComparison.OrdinalIgnoreCase)
        );

    /// <summary>True for a column of the source that does not go to the table.</summary>
    public bool Drops(string from) =>
        DroppedColumns().Any(column => column.From.Equals(from, StringComparison.OrdinalIgnoreCase));

    /// <summary>True for a column that the flow adds to its files.</summary>
    /// <param name="from">Its name among those of a file.</param>
    public bool Adds(string from) => AddColumns.Keys.Contains(from, StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// A schema document with the columns that the flow adds and makes, which no sender need know of, without those
    /// that it drops, and with text where a mask makes texts.
    /// </summary>
    /// <param name="table">The columns of the table; null when it is not there.</param>
    public SchemaDocument Complete(SchemaDocument document, IReadOnlyList<Column>? table)
    {
        var added = AddColumns
            .Keys.Select(from =>
                DeclaredColumns().FirstOrDefault(column => column.From.Equals(from, StringComparison.OrdinalIgnoreCase))
                ?? new DeclaredColumn(from, from, null)
            )
            .Where(column =>
                !document.Columns.Any(known => known.Name.Equals(column.Name, StringComparison.OrdinalIgnoreCase))
            )
            .Select(column =>
                table?.FirstOrDefault(known => known.Name.Equals(column.Name, StringComparison.OrdinalIgnoreCase))
                ?? new Column(column.Name, column.Type ?? ColumnType.Text, column.Nullable)
            )
            .ToList();
        var made = Columns
            .Values.Where(column => column.Expression is not null)
            .Where(column =>
                !document.Columns.Any(known => known.Name.Equals(column.Name, StringComparison.OrdinalIgnoreCase))
            )
            .Select(column => new Column(column.Name, column.Type ?? ColumnType.Text, column.Nullable ?? true));
        return added.Count == 0 && !IsShaped
            ? document
            : document with
            {
                Columns = [.. document.Columns.Where(column => !Drops(column.Name)).Select(Masked), .. added, .. made],
            };
    }

    private Column Masked(Column column)
    {
        var from =
            Columns.Values.FirstOrDefault(one => one.Name.Equals(column.Name, StringComparison.OrdinalIgnoreCase))?.From
            ?? column.Name;
        return SourceMasks().Any(mask => mask.MakesText && mask.Hides(from))
            ? column with
            {
                Type = ColumnType.Text,
            }
            : column;
    }

    /// <summary>What the flow says about loading.</summary>
    public LoadRules Rules() =>
        new()
        {
            Columns = DeclaredColumns(),
            Added = [.. AddColumns.Keys],
            Dropped = DroppedColumns(),
            Masks = SourceMasks(),
            Where = Where,
            PrimaryKey = PrimaryKey,
            Infer = Infer,
            SchemaChanges = SchemaChanges,
            OnFail = OnFail,
            Allow = Allow,
            Checks = [.. Checks.Select(check => check.ToCheck()).OfType<Checks.Check>()],
            MinRows = Limits.MinRows,
            Distribution = Target.Distribution,
            Sort = Target.Sort,
            Events = Read == ReadMode.Cdc || Write == WriteMode.Scd2 ? Events() : null,
            Snapshot =
                Read != ReadMode.Snapshot
                    ? null
                    : new SnapshotRules
                    {
                        Compare = Compare is ["all"] ? [] : Compare,
                        Deletes = Deletes,
                        MissingColumns = MissingColumns,
                        MaxDeleted = Limits.MaxDeleted,
                        MaxChanged = Limits.MaxChanged,
                        Publishes = Publish is not null,
                        Before = Publish is { Before: true },
                    },
        };

    private EventRules Events() =>
        new()
        {
            Operation = Read == ReadMode.Cdc ? Capture.OperationColumn : null,
            Envelope = Read == ReadMode.Cdc ? Capture.Envelope : null,
            Truncations = Capture.Profile == CdcProfile.Debezium ? ["t"] : [],
            Inserts = Capture.Meaning.Insert,
            Updates = Capture.Meaning.Update,
            Deletions = Capture.Meaning.Delete,
            OrderBy = Capture.OrderBy,
            Late = Capture.Late,
            Deletes = Deletes,
            IsAppended = Write == WriteMode.Append,
            History = Write == WriteMode.Scd2 ? History.ToRules() : null,
        };
}
