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

    /// <summary>The name under which it stands.</summary>
    [NotAKey]
    public string Name { get; init; } = "";

    /// <summary>What happens to a changed file that does <paramref name="operation"/>.</summary>
    public ChangedFiles ChangedFilesFor(Operation operation) =>
        ChangedFiles ?? (operation == Operation.Append ? Headrace.ChangedFiles.Stop : Headrace.ChangedFiles.Replace);

    /// <summary>How its files say what happened to each row.</summary>
    public Cdc Capture => Cdc ?? new Cdc();

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

    /// <summary>The listed columns, in file order.</summary>
    public IReadOnlyList<DeclaredColumn> DeclaredColumns() =>
        [
            .. Columns.Values.Select(column => new DeclaredColumn(
                column.Name,
                column.From ?? column.Name,
                column.Type,
                column.Nullable ?? true
            )
            {
                IsOptional = column.Nullable == true,
            }),
        ];

    /// <summary>True for a column that the flow adds to its files.</summary>
    /// <param name="from">Its name among those of a file.</param>
    public bool Adds(string from) => AddColumns.Keys.Contains(from, StringComparer.OrdinalIgnoreCase);

    /// <summary>A schema document with the columns that the flow adds, which no sender need know of.</summary>
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
        return added.Count == 0 ? document : document with { Columns = [.. document.Columns, .. added] };
    }

    /// <summary>What the flow says about loading.</summary>
    public LoadRules Rules() =>
        new()
        {
            Columns = DeclaredColumns(),
            Added = [.. AddColumns.Keys],
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
            Deletes = Deletes,
            IsAppended = Write == WriteMode.Append,
            History =
                Write != WriteMode.Scd2
                    ? null
                    : new HistoryRules
                    {
                        EffectiveAt = History.EffectiveAt,
                        Track = History.Track,
                        Ignore = History.Ignore,
                        From = History.Columns.From,
                        To = History.Columns.To,
                        Current = History.Columns.Current,
                    },
        };
}
