namespace Headrace.Torture;

/// <summary>A row that must be in quarantine.</summary>
internal sealed class HeldRow
{
    public required string Dataset { get; init; }

    public required string File { get; init; }

    public required long Line { get; init; }

    public string? Mended { get; init; }

    /// <summary>The column that mends a change; null for other rows.</summary>
    public string? Column { get; init; }

    public Change? Change { get; init; }

    public string Status { get; set; } = "waiting";
}

/// <summary>
/// What the lake holds and what the warehouse must hold: the protocol's promises said a second time, as plainly as
/// possible. It knows nothing of batches, runs or crashes; that is the point. Operations are chosen so that the outcome
/// does not depend on how far a killed run got.
/// </summary>
/// <param name="flows">Their names.</param>
/// <param name="isSoft">Customers that are gone stay, and say so.</param>
internal sealed class Model(IReadOnlyList<string> flows, bool isSoft)
{
    /// <summary>The model whose history is that of the people.</summary>
    public const string OfPeople = "people_history";

    /// <summary>
    /// The datasets that changes go to: the rows as they are now, and their history, of DMS; the rows of Debezium.
    /// </summary>
    public static readonly string[] OfChanges = ["customers", "customers_history", "accounts"];

    private readonly Dictionary<string, Table> tables = [];

    public bool IsSoft => isSoft;

    public List<LakeItem> Items { get; } = [];

    public List<HeldRow> Held { get; } = [];

    public IEnumerable<LakeItem> Present => Items.Where(item => item.IsPresent);

    public Table Of(string dataset) =>
        tables.TryGetValue(dataset, out var table)
            ? table
            : tables[dataset] = new Table
            {
                Make = dataset switch
                {
                    "customers" => changes => Changed.Now(changes, isSoft),
                    "customers_history" => Changed.History,
                    "accounts" => changes => Changed.Now(changes, isSoft: false),
                    _ => _ => [],
                },
            };

    /// <summary>True when a run that ended by itself, and was checked, has seen every file of the dataset.</summary>
    public bool IsSettled(string dataset) =>
        !Items.Exists(item => item.Dataset == dataset && item.Outcome == Outcome.Waiting);

    /// <summary>The datasets that a run must name.</summary>
    public IReadOnlyList<string> Datasets
    {
        get
        {
            var names = Present.Select(item => item.Dataset).Distinct().ToList();
            return
            [
                .. flows
                    .SelectMany(flow =>
                        names.Where(name => name.StartsWith($"{flow}/", StringComparison.Ordinal)).DefaultIfEmpty(flow)
                    )
                    .Order(StringComparer.Ordinal),
            ];
        }
    }

    /// <summary>Does what a run that ends by itself must have done.</summary>
    public void Settle()
    {
        foreach (var dataset in Items.Select(item => item.Dataset).Distinct().ToList())
        {
            var open = Present
                .Where(item =>
                    item.Dataset == dataset && item.Outcome is Outcome.Waiting or Outcome.Refused or Outcome.PassedOver
                )
                .OrderBy(item => item.Landed)
                .ThenBy(item => item.Key, StringComparer.Ordinal)
                .ToList();
            if (dataset.StartsWith("inbox/", StringComparison.Ordinal))
                SettleInbox(Of(dataset), open);
            else if (OfChanges.Contains(dataset))
                SettleChanges(Of(dataset), open);
            else if (open.Exists(item => item.Version is not null))
                SettleExports(Of(dataset), open);
            else
                SettleFiles(dataset, Of(dataset), open);
        }
    }

    /// <param name="set">What a release sets in each row: <c>column=value</c>.</param>
    public void Release(HeldRow row, string set)
    {
        var isMended = row.Change is null
            ? row.Mended is not null
            : set.StartsWith($"{row.Column}=", StringComparison.Ordinal);
        if (row.Status != "waiting" || !isMended)
            return;
        row.Status = "released";
        if (row.Change is { } change)
            Of(row.Dataset).Changes.Add(change.Mend(set));
        else
            Of(row.Dataset).Rows.Add(row.Mended!);
    }

    /// <summary>
    /// Does what a confirmed second full load must have done: the table is what the first copy says now, and what comes
    /// then.
    /// </summary>
    /// <param name="copy">The only part of it.</param>
    public void Rebuild(LakeItem copy)
    {
        foreach (var old in Items.Where(item => item != copy && item.Key == copy.Key))
        {
            old.IsReplaced = true;
            foreach (var row in Held.Where(row => row.File == old.Key && row.Status == "waiting"))
                row.Status = "superseded";
        }

        Of(copy.Dataset).Changes.Clear();
        Load(copy, Of(copy.Dataset));
    }

    // Each file once, whenever it comes; its changes say themselves where they belong.
    private void SettleChanges(Table table, List<LakeItem> open)
    {
        foreach (var item in open)
            if (item.Whole is not null)
                Refuse(item, "HDR-121");
            else
                Load(item, table);
    }

    private void SettleFiles(string dataset, Table table, List<LakeItem> open)
    {
        var first = true;
        foreach (var item in open)
        {
            if (item.Whole is not null)
            {
                Refuse(item, "HDR-121");
                continue;
            }

            // A replace or a merge says how things are now: the same words again matter when others were said since.
            var isAlias = dataset switch
            {
                "events" => table.Contents.TryGetValue(item.Sha256, out var known) && known != item.Key,
                "people" => table.LastContent == item.Sha256 && table.Contents[item.Sha256] != item.Key,
                _ => false,
            };
            if (isAlias)
            {
                item.Outcome = Outcome.Alias;
                continue;
            }

            if (dataset == "stock" && first)
                table.Rows.Clear();
            first = false;
            Load(item, table);
        }
    }

    private void SettleInbox(Table table, List<LakeItem> open)
    {
        var schemas = open.Where(item => item.Action == "schema").ToList();
        foreach (var older in schemas.SkipLast(1))
            older.Outcome = Outcome.Superseded;
        if (schemas.Count > 0)
        {
            table.Schema = schemas[^1];
            schemas[^1].Outcome = Outcome.Loaded;
        }

        foreach (var item in open.Where(item => item.Action != "schema"))
        {
            if (!table.Schema!.Allowed.Contains(item.Action))
                Refuse(item, "HDR-143");
            else if (item.Action == "truncate" && table.NewestRows > item.Landed)
                Refuse(item, "HDR-145");
            else if (item.Outcome == Outcome.Refused && item.Landed < table.Replaced)
                item.Outcome = Outcome.Superseded;
            else if (
                item.Action == "append"
                && table.Contents.TryGetValue(item.Sha256, out var first)
                && first != item.Key
            )
                item.Outcome = Outcome.Alias;
            else
            {
                if (item.Action == "truncate")
                {
                    table.Rows.Clear();
                    table.Contents.Clear();
                    table.Replaced = item.Landed;
                }

                Load(item, table);
            }
        }
    }

    /// <summary>
    /// Exports in order, each whole or not at all; one that cannot be read is passed over by a newer one.
    /// </summary>
    private void SettleExports(Table table, List<LakeItem> open)
    {
        var before = table.Version;
        foreach (
            var parts in open.GroupBy(item => item.Version!)
                .OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => group.OrderBy(item => item.Key, StringComparer.Ordinal).ToList())
        )
        {
            if (string.CompareOrdinal(parts[0].Version, before) < 0)
                parts.ForEach(part => part.Outcome = Outcome.Superseded);
            else if (parts.Exists(part => part.Whole is not null))
                parts.ForEach(part => Refuse(part, part == parts[0] ? "HDR-213" : null));
            else
                Apply(table, parts);
        }

        foreach (
            var item in open.Where(item =>
                item.Outcome == Outcome.Refused && string.CompareOrdinal(item.Version, table.Version) < 0
            )
        )
            item.Outcome = Outcome.PassedOver;
    }

    /// <summary>The table holds the export then, but for the keys of bad lines: their rows stay as they are.</summary>
    private void Apply(Table table, List<LakeItem> parts)
    {
        var rows = parts
            .SelectMany(part => part.Keys.Zip(part.Rows))
            .ToDictionary(pair => pair.First, pair => pair.Second);
        var gone = table.Keyed.Keys.Except(rows.Keys).Except(parts.SelectMany(part => part.HeldKeys)).ToList();
        var inserted = rows.Keys.Except(table.Keyed.Keys).Count();
        var updated = rows.Count(row => table.Keyed.TryGetValue(row.Key, out var old) && old != row.Value);
        table.Loads.Add(
            $"{inserted} inserted, {updated} updated, {gone.Count} deleted, {rows.Count - inserted - updated} "
                + $"unchanged, {parts.Sum(part => part.Bad.Count)} in quarantine"
        );
        table.Version = parts[0].Version;
        gone.ForEach(key => table.Keyed.Remove(key));
        foreach (var row in Held.Where(row => row.Dataset == parts[0].Dataset && row.Status == "waiting"))
            row.Status = "superseded";
        foreach (var part in parts)
            Load(part, table);
    }

    private static void Refuse(LakeItem item, string? code) => (item.Outcome, item.ErrorCode) = (Outcome.Refused, code);

    private void Load(LakeItem item, Table table)
    {
        item.Outcome = Outcome.Loaded;
        table.Contents[item.Sha256] = item.Key;
        table.LastContent = item.Sha256;
        table.NewestRows = Math.Max(table.NewestRows, item.Landed);
        var place = item.Changes.Count > 0 ? Torture.Changes.PlaceOf(item.Key) : "";
        table.Changes.AddRange(item.Changes.Select(change => change with { Place = place }));
        for (var i = 0; i < item.Rows.Count && item.Changes.Count == 0; i++)
            if (item.Keys.Count > 0)
                table.Keyed[item.Keys[i]] = item.Rows[i];
            else
                table.Rows.Add(item.Rows[i]);
        foreach (var bad in item.Bad)
            Held.Add(
                new HeldRow
                {
                    Dataset = item.Dataset,
                    File = item.Key,
                    Line = bad.Line,
                    Mended = bad.Mended,
                    Column = bad.Column,
                    Change = bad.Change is { } change ? change with { Place = place, Line = bad.Line } : null,
                }
            );
    }

    /// <summary>A target table, and what the model remembers of how it came to be.</summary>
    internal sealed class Table
    {
        public List<string> Rows { get; } = [];

        public Dictionary<long, string> Keyed { get; } = [];

        /// <summary>All changes that were seen, in any order.</summary>
        public List<Change> Changes { get; } = [];

        /// <summary>What changes make of the table.</summary>
        public required Func<IEnumerable<Change>, IEnumerable<string>> Make { get; init; }

        public Dictionary<string, string> Contents { get; } = [];

        public string? LastContent { get; set; }

        /// <summary>The export that was applied last.</summary>
        public string? Version { get; set; }

        /// <summary>What each export changed, in order.</summary>
        public List<string> Loads { get; } = [];

        public LakeItem? Schema { get; set; }

        public int NewestRows { get; set; } = -1;

        public int Replaced { get; set; } = -1;

        public IEnumerable<string> Expected => Rows.Concat(Keyed.Values).Concat(Make(Changes));
    }
}
