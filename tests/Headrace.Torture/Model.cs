namespace Headrace.Torture;

/// <summary>A row that must be in quarantine.</summary>
internal sealed class HeldRow
{
    public required string Dataset { get; init; }

    public required string File { get; init; }

    public required long Line { get; init; }

    public string? Mended { get; init; }

    public string Status { get; set; } = "waiting";
}

/// <summary>
/// What the lake holds and what the warehouse must hold: the protocol's promises said a second time, as plainly as
/// possible. It knows nothing of batches, runs or crashes; that is the point. Operations are chosen so that the outcome
/// does not depend on how far a killed run got.
/// </summary>
internal sealed class Model
{
    private readonly Dictionary<string, Table> tables = [];

    public List<LakeItem> Items { get; } = [];

    public List<HeldRow> Held { get; } = [];

    public IEnumerable<LakeItem> Present => Items.Where(item => item.IsPresent);

    public Table Of(string dataset) => tables.TryGetValue(dataset, out var table) ? table : tables[dataset] = new Table();

    /// <summary>True when a run that ended by itself, and was checked, has seen every file of the dataset.</summary>
    public bool IsSettled(string dataset) => !Items.Exists(item => item.Dataset == dataset && item.Fate == Fate.Waiting);

    /// <summary>The datasets that a run must name.</summary>
    public IReadOnlyList<string> Datasets
    {
        get
        {
            var inbox = Present.Select(item => item.Dataset).Where(name => name.StartsWith("inbox/", StringComparison.Ordinal)).Distinct().ToList();
            return [.. ((string[])["events", "people", "stock"]).Concat(inbox.Count == 0 ? ["inbox"] : inbox).Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>True when some file of the dataset must be refused, which each run has to say.</summary>
    public bool HasRefused(string dataset) => Present.Any(item => item.Dataset == dataset && item.Fate == Fate.Refused);

    /// <summary>Does what a run that ends by itself must have done.</summary>
    public void Settle()
    {
        foreach (var dataset in Items.Select(item => item.Dataset).Distinct().ToList())
        {
            var open = Present.Where(item => item.Dataset == dataset && item.Fate is Fate.Waiting or Fate.Refused)
                .OrderBy(item => item.Landed).ThenBy(item => item.Key, StringComparer.Ordinal).ToList();
            if (dataset.StartsWith("inbox/", StringComparison.Ordinal))
                SettleInbox(Of(dataset), open);
            else
                SettleFiles(dataset, Of(dataset), open);
        }
    }

    public void Release(HeldRow row)
    {
        if (row.Status != "waiting" || row.Mended is null)
            return;
        row.Status = "released";
        Of(row.Dataset).Rows.Add(row.Mended);
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
                item.Fate = Fate.Alias;
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
            older.Fate = Fate.Superseded;
        if (schemas.Count > 0)
        {
            table.Schema = schemas[^1];
            schemas[^1].Fate = Fate.Loaded;
        }

        foreach (var item in open.Where(item => item.Action != "schema"))
        {
            if (!table.Schema!.Allowed.Contains(item.Action))
                Refuse(item, "HDR-143");
            else if (item.Action == "truncate" && table.NewestRows > item.Landed)
                Refuse(item, "HDR-145");
            else if (item.Fate == Fate.Refused && item.Landed < table.Replaced)
                item.Fate = Fate.Superseded;
            else if (item.Action == "append" && table.Contents.TryGetValue(item.Sha256, out var first) && first != item.Key)
                item.Fate = Fate.Alias;
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

    private static void Refuse(LakeItem item, string code) => (item.Fate, item.ErrorCode) = (Fate.Refused, code);

    private void Load(LakeItem item, Table table)
    {
        item.Fate = Fate.Loaded;
        table.Contents[item.Sha256] = item.Key;
        table.LastContent = item.Sha256;
        table.NewestRows = Math.Max(table.NewestRows, item.Landed);
        for (var i = 0; i < item.Rows.Count; i++)
            if (item.Keys.Count > 0)
                table.Keyed[item.Keys[i]] = item.Rows[i];
            else
                table.Rows.Add(item.Rows[i]);
        foreach (var bad in item.Bad)
            Held.Add(new HeldRow { Dataset = item.Dataset, File = item.Key, Line = bad.Line, Mended = bad.Mended });
    }

    /// <summary>A target table, and what the model remembers of how it came to be.</summary>
    internal sealed class Table
    {
        public List<string> Rows { get; } = [];

        public Dictionary<long, string> Keyed { get; } = [];

        public Dictionary<string, string> Contents { get; } = [];

        public string? LastContent { get; set; }

        public LakeItem? Schema { get; set; }

        public int NewestRows { get; set; } = -1;

        public int Replaced { get; set; } = -1;

        public IEnumerable<string> Expected => Rows.Concat(Keyed.Values);
    }
}
