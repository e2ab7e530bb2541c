using System.Security.Cryptography;
using System.Text;

namespace Headrace;

/// <summary>
/// The columns of a batch of changes by what they are for, as their places among the columns that files bring; and the
/// memory that is kept beside its target: of each row the order of its last change, of a history the moments of its
/// events.
/// </summary>
public sealed class EventLayout
{
    /// <summary>
    /// When the memory says that an event was applied of which the table knows the moment and the values itself.
    /// </summary>
    public const string Known = "1970-01-01 00:00:00+00";

    private const string Memory = "order_";
    private const string Facts = "facts_";
    private readonly IReadOnlyList<ShapeColumn> columns;
    private readonly EventRules rules;

    /// <exception cref="HeadraceException">HDR-230 for a column that is not there, HDR-233 for one whose type has no
    /// order.</exception>
    public EventLayout(IReadOnlyList<ShapeColumn> columns, LoadRules rules)
    {
        this.columns = columns;
        this.rules = rules.Events!;
        Keys = [.. rules.PrimaryKey.Select(name => Find("primary_key", name))];
        Order = [.. this.rules.OrderBy.Select(name => Find("cdc: { order_by }", name))];
        if (this.rules.OrderBy.Count == 0 && Sequence() is { } sequence)
            Order = [sequence];
        foreach (var column in Order)
            if (Type(column) is { Kind: TypeKind.Real or TypeKind.Double or TypeKind.Json or TypeKind.Bytes } type)
                throw Error.EventColumnType(
                    "cdc: { order_by }",
                    columns[column].Name,
                    type,
                    "a number, a text or a time"
                );
        if (this.rules.History is not { } history)
            return;
        if (history.EffectiveAt is { } name)
        {
            Moment = Find("scd2: { effective_at }", name);
            if (Type(Moment) is { Kind: not (TypeKind.Date or TypeKind.Timestamp or TypeKind.TimestampTz) } type)
                throw Error.EventColumnType("scd2: { effective_at }", name, type, "timestamptz");
        }

        int[] apart = [.. Keys, .. Order, .. Moment < 0 ? (int[])[] : [Moment]];
        var tracked = history.Track.Select(name => Find("scd2: { track }", name)).ToList();
        var ignored = history.Ignore.Select(name => Find("scd2: { ignore }", name)).ToList();
        var others = Values.Except(apart).ToList();
        Tracked = [.. tracked.Count > 0 ? tracked : others.Except(ignored)];
        OfLast = [.. others.Except(Tracked)];
        OfFirst = [.. apart.Except(Keys).Except(Tracked)];
    }

    /// <summary>The columns of the target that files bring.</summary>
    public IReadOnlyList<int> Values => [.. Enumerable.Range(0, columns.Count)];

    /// <summary>The columns of the key.</summary>
    public IReadOnlyList<int> Keys { get; }

    /// <summary>The columns by which changes are ordered.</summary>
    public IReadOnlyList<int> Order { get; } = [];

    /// <summary>The column with the time of the event; -1 when it is the time of the load.</summary>
    public int Moment { get; } = -1;

    /// <summary>Columns whose change opens a version.</summary>
    public IReadOnlyList<int> Tracked { get; } = [];

    /// <summary>Columns that a version has from the event that opened it.</summary>
    public IReadOnlyList<int> OfFirst { get; } = [];

    /// <summary>Columns that a version has from its last event.</summary>
    public IReadOnlyList<int> OfLast { get; } = [];

    /// <summary>Columns that the memory of a history has of each event.</summary>
    public IReadOnlyList<int> Carried => [.. OfFirst, .. OfLast];

    /// <summary>What a row of the memory was written for: other rules carry other columns.</summary>
    public string Signature => Hash(string.Join('\0', Tracked.Concat([-1]).Concat(Carried).Select(NameOf)), 8);

    /// <summary>The name of a column in the memory.</summary>
    public string MemoryName(int column) => $"u_{Hash(NameOf(column), 8)}";

    /// <summary>The type of the moments of a history.</summary>
    public ColumnType MomentType => Moment < 0 ? new ColumnType(TypeKind.TimestampTz) : Type(Moment);

    /// <summary>True for a column that a delete has to bring too.</summary>
    public bool IsNeeded(int column) => Keys.Contains(column) || Order.Contains(column) || column == Moment;

    /// <summary>Columns that Headrace itself fills.</summary>
    public IReadOnlyList<Column> Own =>
        rules.History is { } history
            ?
            [
                new Column(history.From, MomentType, Nullable: false),
                new Column(history.To, MomentType),
                new Column(history.Current, new ColumnType(TypeKind.Boolean), Nullable: false),
            ]
        : rules.Deletes == Deletes.Soft ? [new Column(RowChanges.DeletedAt, new ColumnType(TypeKind.TimestampTz))]
        : [];

    /// <summary>The columns of the memory: the key, for a history the moment, what is known of the change.</summary>
    public IReadOnlyList<Column> MemoryColumns =>
        [
            .. Keys.Select((column, i) => new Column($"k{i}", Type(column), Nullable: false)),
            .. rules.History is null ? [] : (Column[])[new("happened_at", MomentType, Nullable: false)],
            new("position", ColumnType.Text, Nullable: false),
            new("is_deleted", new ColumnType(TypeKind.Boolean), Nullable: false),
            new("applied_at", new ColumnType(TypeKind.TimestampTz), Nullable: false),
            rules.History is null ? new("values_position", ColumnType.Text) : new("layout", ColumnType.Text),
            .. Carried.Select(column => new Column(MemoryName(column), Type(column))),
        ];

    /// <summary>The columns by which the memory's rows are told apart.</summary>
    public IReadOnlyList<string> MemoryKey =>
        [.. Keys.Select((_, i) => $"k{i}"), .. rules.History is null ? [] : (string[])["happened_at"]];

    /// <summary>
    /// True when the moments of its changes say the place of a change; else their order does. A load's time is no
    /// place: nothing comes late by it.
    /// </summary>
    public bool IsPlacedByMoment => Moment >= 0;

    /// <summary>The table beside a target in which the order of its changes is kept.</summary>
    public static TableName MemoryOf(TableName target) => Beside(target, Memory);

    /// <summary>The table beside a target with one row of what is known of all its changes.</summary>
    public static TableName FactsOf(TableName target) => Beside(target, Facts);

    private static TableName Beside(TableName target, string what)
    {
        var name = Ownership.Folded(target);
        return new TableName("headrace", what + Hash($"{name.Schema}\0{name.Table}", 8));
    }

    private static string Hash(string text, int bytes) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, bytes));

    private string NameOf(int column) => column < 0 ? "" : columns[column].Name.ToLowerInvariant();

    private ColumnType Type(int column) => columns[column].Type!.Value;

    private int Find(string key, string name) =>
        columns.ToList().FindIndex(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            is >= 0
                and var found
            ? found
            : throw Error.EventColumnMissing(
                key,
                name,
                Configuration.Binding.Suggestion.For(name, columns.Select(column => column.Name)),
                columns.Select(column => column.Name)
            );

    // What a transformation rule of DMS adds under a name that people take from its documentation.
    private int? Sequence() =>
        columns
            .ToList()
            .FindIndex(column =>
                column.Name.TrimStart('$').Equals("AR_H_CHANGE_SEQ", StringComparison.OrdinalIgnoreCase)
            )
            is >= 0
                and var found
            ? found
            : null;
}
