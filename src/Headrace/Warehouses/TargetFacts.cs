namespace Headrace.Warehouses;

/// <summary>
/// What is known of all changes of a target: up to where their order was forgotten, and the columns that its history
/// tracks. One row in a table of its own, so that loads of other targets do not wait.
/// </summary>
internal sealed class TargetFacts
{
    private static readonly IReadOnlyList<Column> Columns =
    [
        new("forgotten", ColumnType.Text),
        new("tracked", ColumnType.Text),
        new("looked_at", new ColumnType(TypeKind.TimestampTz)),
    ];

    private readonly OpenLoad load;
    private readonly EventLayout layout;
    private readonly TableName name;
    private bool isThere;
    private string? tracked;
    private DateTimeOffset? lookedAt;
    private string? written;

    private TargetFacts(OpenLoad load, EventLayout layout)
    {
        (this.load, this.layout) = (load, layout);
        name = EventLayout.FactsOf(load.Changes.Target);
    }

    /// <summary>The place up to which the memory was pruned; null while nothing was.</summary>
    public string? Forgotten { get; private set; }

    /// <summary>What is to be said when the history tracks other columns than before.</summary>
    public IReadOnlyList<string> Said =>
        Tracks is { } now && tracked is not null && tracked != now
            ? [$"scd2 tracks {now} now, and tracked {tracked} before; versions that are there stay as they are"]
            : [];

    private SqlDialect Dialect => load.Warehouse.Dialect;

    private EventRules Rules => load.Changes.Rules.Events!;

    private string Table => Dialect.Qualified(name);

    private string? Tracks =>
        Rules.History is not { } history ? null
        : history.Track.Count > 0 ? List(history.Track)
        : history.Ignore.Count > 0 ? $"all columns but {List(history.Ignore)}"
        : "all columns";

    public static async Task<TargetFacts> ReadAsync(OpenLoad load, EventLayout layout)
    {
        var facts = new TargetFacts(load, layout);
        if (await load.Warehouse.FindAsync(load.Db, facts.name, load.Cancel) is null)
            return facts;
        facts.isThere = true;
        foreach (
            var (forgotten, tracked, lookedAt) in await load.Db.RowsAsync(
                $"SELECT forgotten, tracked, looked_at FROM {facts.Table}",
                row => (row.TextOrNull(0), row.TextOrNull(1), row.TimeOrNull(2)),
                load.Cancel
            )
        )
            (facts.Forgotten, facts.written, facts.tracked, facts.lookedAt) = (forgotten, forgotten, tracked, lookedAt);
        return facts;
    }

    /// <summary>The target and its memory are made anew: all that comes has a place again.</summary>
    public void Rebuild() => Forgotten = null;

    /// <summary>Forgets what is old enough, and writes down what is known now.</summary>
    /// <param name="hasMemory">False while there is no memory.</param>
    public async Task KeepAsync(bool hasMemory)
    {
        var now = load.Warehouse.Now;
        var isDue = hasMemory && Rules.Late is { } late && !(now - lookedAt < late / 10);
        if (!isDue && (isThere ? Forgotten == written && Tracks == tracked : Tracks is null))
            return;
        if (isDue)
            (Forgotten, lookedAt) = (await ForgetAsync(now - Rules.Late!.Value) ?? Forgotten, now);
        var rules = load.Changes.Rules with { Distribution = null, Sort = [] };
        var table = new Raw(Table);
        string[] statements =
        [
            isThere ? $"DELETE FROM {Table}" : Dialect.CreateTable(name, Columns, rules),
            Dialect.Sql(
                $"INSERT INTO {table} (forgotten, tracked, looked_at) VALUES ({Forgotten}, {Tracks}, {lookedAt})"
            ),
        ];
        foreach (var statement in statements)
            await load.Db.ExecuteAsync(statement, load.Cancel);
    }

    // What is older than every change that was applied since. Of a row with changes that stay, the newest of the others
    // stays too where a version says what its last event said: a late event may fall between them.
    private async Task<string?> ForgetAsync(DateTimeOffset since)
    {
        var memory = EventLayout.MemoryOf(load.Changes.Target);
        var (table, own) = (Dialect.Qualified(memory), Dialect.Identifier(memory.Table));
        var place = layout.IsPlacedByMoment ? "happened_at" : Dialect.Bytes("position");
        var cutoff = Dialect.Literal(since);
        var newer = $"(SELECT min({place}) FROM {table} WHERE applied_at >= {cutoff})";
        var isOld = $"applied_at < {cutoff} AND {place} < {newer}";
        var last = layout.IsPlacedByMoment
            ? $"CAST(max(happened_at) AS {Dialect.TypeName(ColumnType.Text)})"
            : $"max({place})";
        var known = Dialect.Literal(DateTimeOffset.UnixEpoch);
        var forgotten = (
            await load.Db.RowsAsync(
                $"SELECT {last} FROM {table} WHERE {isOld} AND applied_at > {known}",
                row => row.TextOrNull(0),
                load.Cancel
            )
        )[0];
        if (forgotten is null)
            return null;
        var stays = "";
        if (layout.IsPlacedByMoment && layout.OfLast.Count > 0)
        {
            var keys = layout.MemoryColumns.Take(layout.Keys.Count).ToList();
            var told = string.Join(", ", keys.Select(key => Dialect.Tell(key.Name, key.Type)));
            var on = string.Join(
                " AND ",
                keys.Select(key => Dialect.Same($"s.{key.Name}", $"{own}.{key.Name}", key.Type))
            );
            stays = $"""
                 AND NOT EXISTS (SELECT 1 FROM (
                    SELECT {string.Join(", ", keys.Select(key => key.Name))}, max(CASE WHEN {isOld}
                        THEN happened_at END) AS newest
                    FROM {table} GROUP BY {told} HAVING max(happened_at) >= {newer}) AS s
                    WHERE {on} AND s.newest = {own}.happened_at)
                """;
        }

        await load.Db.ExecuteAsync($"DELETE FROM {table} WHERE {isOld}{stays}", load.Cancel);
        return string.CompareOrdinal(forgotten, Forgotten) > 0 ? forgotten : Forgotten;
    }

    private static string List(IEnumerable<string> names) =>
        string.Join(", ", names.Select(name => $"'{name.ToLowerInvariant()}'").Order(StringComparer.Ordinal));
}
