namespace Headrace.Torture;

/// <summary>Random changes to the lake, each done to the folder and to the model alike.</summary>
internal sealed class Operations(Random random, Folder folder, Model model, Exports exports, Action<string> log)
{
    private readonly Content content = new(random);
    private readonly Dictionary<string, Changes> changes = Model.OfChanges.ToDictionary(
        name => name,
        name => new Changes(random, name)
    );
    private int clock;
    private int names;

    /// <summary>Something new lands, so that the next run has work to be killed in.</summary>
    public void Drop()
    {
        switch (random.Next(20))
        {
            case < 4:
                Event();
                break;
            case < 6:
                Person();
                break;
            case < 7:
                Stock();
                break;
            case < 10:
                Inbox();
                break;
            case < 14:
                Change(random.Next(1, 3));
                break;
            case < 16:
                Card();
                break;
            default:
                Export(Math.Max(1, random.Next(5) - 1));
                break;
        }
    }

    /// <summary>Rows that a mask hides a value of.</summary>
    public void Card()
    {
        var (bytes, rows, bad) = content.Cards();
        Land(
            new LakeItem
            {
                Dataset = "cards",
                Key = Name("cards", late: false) + ".csv",
                Bytes = bytes,
                Rows = rows,
                Bad = bad,
            }
        );
    }

    /// <summary>Exports of one dataset land.</summary>
    public void Export(int count)
    {
        for (var dataset = exports.Any(); count > 0; count--)
            Land(exports.Next(dataset));
    }

    /// <summary>Files of changes of one table land.</summary>
    public void Change(int count)
    {
        for (var dataset = Any(Model.OfChanges); count > 0; count--)
            Land(changes[dataset].Next());
    }

    /// <summary>What mends a change that is held: <c>column=value</c>.</summary>
    public string Mending(HeldRow row) => changes[row.Dataset].Mending(row.Column!);

    /// <summary>
    /// One operation; the weights make the ordinary common and each trap frequent enough to be met in a few rounds.
    /// </summary>
    public void Any()
    {
        switch (random.Next(138))
        {
            case < 42:
                Drop();
                break;
            case < 52:
                SameContent();
                break;
            case < 58:
                Touch();
                break;
            case < 66:
                CutOff();
                break;
            case < 74:
                Mend();
                break;
            case < 81:
                Event(late: true);
                break;
            case < 86:
                Remove();
                break;
            case < 92:
                NewVersion();
                break;
            case < 100:
                Schema(Any(["alpha", "beta"]));
                break;
            case < 106:
                Land(exports.Next(exports.Any(), isCut: true));
                break;
            case < 112:
                Land(exports.Same());
                break;
            case < 118:
                Land(exports.Late());
                break;
            case < 126:
                Land(changes[Any(Model.OfChanges)].Next(isLate: true));
                break;
            case < 132:
                NewChanges();
                break;
            default:
                Forget();
                break;
        }
    }

    private void Event(bool late = false)
    {
        var (plain, rows, bad) = content.Events();
        var (bytes, ending) = random.Next(6) switch
        {
            0 or 1 => (content.Gzip(plain), ".csv.gz"),
            2 => (Folder.PackZstd(plain), ".csv.zst"),
            _ => (plain, ".csv"),
        };
        Land(
            new LakeItem
            {
                Dataset = "events",
                Key = Name("events", late) + ending,
                Bytes = bytes,
                Rows = rows,
                Bad = bad,
            }
        );
    }

    /// <summary>People, whose history a model keeps.</summary>
    public void Person()
    {
        var (plain, rows, keys) = content.People();
        var isPacked = random.Next(4) == 0;
        Land(
            new LakeItem
            {
                Dataset = "people",
                Key = Name("people", random.Next(6) == 0) + (isPacked ? ".jsonl.gz" : ".jsonl"),
                Bytes = isPacked ? content.Gzip(plain) : plain,
                Rows = rows,
                Keys = keys,
            }
        );
    }

    // What waits together replaces the table together; a second group before the first is known to be loaded would make
    // the outcome depend on how far a killed run got.
    private void Stock()
    {
        if (!model.IsSettled("stock"))
            return;
        for (var files = random.Next(4) == 0 ? 2 : 1; files > 0; files--)
        {
            var (bytes, rows) = content.Stock();
            Land(
                new LakeItem
                {
                    Dataset = "stock",
                    Key = Name("stock", late: false) + ".csv",
                    Bytes = bytes,
                    Rows = rows,
                }
            );
        }
    }

    private void Inbox()
    {
        var table = Any(["alpha", "beta"]);
        var dataset = $"inbox/{table}";
        if (!model.Items.Exists(item => item.Dataset == dataset))
            Schema(table);
        var action = random.Next(4) == 0 ? "truncate" : "append";

        // A file that the schema does not allow waits for ever; a few of them are enough.
        var ruling = model.Items.Last(item => item.Dataset == dataset && item.Action == "schema");
        if (!ruling.Allowed.Contains(action) && random.Next(3) > 0)
            action = "append";
        var (bytes, rows, bad) = content.Inbox();
        Land(
            new LakeItem
            {
                Dataset = dataset,
                Action = action,
                Key = $"{Name($"inbox/{action}/{table}", late: false)}.csv",
                Bytes = bytes,
                Rows = rows,
                Bad = bad,
            }
        );
    }

    // Schemas go before rows, so a new one lands only when it is known what became of every file before it.
    private void Schema(string table)
    {
        var dataset = $"inbox/{table}";
        if (!model.IsSettled(dataset))
            return;
        for (var documents = random.Next(4) == 0 ? 2 : 1; documents > 0; documents--)
        {
            var allowed = new List<string> { "schema" };
            foreach (var action in (string[])["append", "truncate"])
                if (random.Next(4) > 0)
                    allowed.Add(action);
            Land(
                new LakeItem
                {
                    Dataset = dataset,
                    Action = "schema",
                    Key = $"{Name($"inbox/schema/{table}", late: false)}.json",
                    Bytes = content.Schema(allowed),
                    Allowed = allowed,
                }
            );
        }
    }

    private void SameContent()
    {
        if (
            Pick(item => item.Dataset is "events" or "people" || item.Action == "append" || IsOfChanges(item))
            is not { } original
        )
            return;
        if (IsOfChanges(original))
        {
            Land(original.CopyTo(changes[original.Dataset].NameFor(original), 0));
            return;
        }

        var folderName = original.Key[..original.Key.LastIndexOf('/')];
        var ending = original.Key[original.Key.IndexOf('.', StringComparison.Ordinal)..];
        Land(original.CopyTo(Name(folderName, late: false) + ending, 0));
    }

    private void Touch()
    {
        // An older schema that is written anew is meant to rule again, so only the ruling one can be merely touched; an
        // older export is late then.
        if (
            Pick(item =>
                item.Outcome is Outcome.Loaded or Outcome.Alias
                && (
                    item.Version is null
                    || (item.Version == model.Of(item.Dataset).Version && model.IsSettled(item.Dataset))
                )
                && (
                    item.Action == "load"
                    || (
                        item.Action == "schema"
                        && model.IsSettled(item.Dataset)
                        && model.Of(item.Dataset).Schema == item
                    )
                )
            )
            is not { } item
        )
            return;
        folder.Lake.Touch(item, ++clock);
        log($"touch {item.Key}");
    }

    private void CutOff()
    {
        if (random.Next(3) == 0)
        {
            Land(changes[Any(Model.OfChanges)].Next(isLate: random.Next(2) == 0, isCut: true));
            return;
        }

        var (plain, rows, bad) = content.Events();
        var whole = content.Gzip(plain);
        Land(
            new LakeItem
            {
                Dataset = "events",
                Key = Name("events", late: false) + ".csv.gz",
                Bytes = content.Cut(whole),
                Whole = whole,
                Rows = rows,
                Bad = bad,
            }
        );
    }

    private void Mend()
    {
        // An export that cannot be read is passed over by a newer one, as soon as a run comes that far.
        if (
            Pick(item =>
                item.Whole is not null
                && !model.Items.Exists(other =>
                    other.Dataset == item.Dataset && string.CompareOrdinal(other.Version, item.Version) > 0
                )
            )
            is not { } item
        )
            return;
        (item.Bytes, item.Whole, item.Outcome, item.ErrorCode, item.Landed) = (
            item.Whole!,
            null,
            Outcome.Waiting,
            null,
            ++clock
        );
        folder.Lake.Land(item);
        log($"mend {item.Key}");
    }

    private void Remove()
    {
        if (Pick(item => item.Outcome == Outcome.Loaded && item.Action == "load") is not { } item)
            return;
        item.IsPresent = false;
        folder.Lake.Remove(item);
        log($"remove {item.Key}");
    }

    private void NewVersion()
    {
        if (
            Pick(item =>
                item.Dataset == "people"
                && item.Outcome is Outcome.Loaded or Outcome.Alias
                && item.Key.EndsWith(".jsonl", StringComparison.Ordinal)
            )
            is not { } old
        )
            return;
        old.IsPresent = false;
        var (bytes, rows, keys) = content.People();
        Land(
            new LakeItem
            {
                Dataset = "people",
                Key = old.Key,
                Bytes = bytes,
                Rows = rows,
                Keys = keys,
            }
        );
    }

    // Other changes under a name that is known: what the old ones said holds on. Their bad rows have numbers of lines
    // that must stay apart.
    private void NewChanges()
    {
        if (
            Pick(item =>
                IsOfChanges(item)
                && item.Outcome == Outcome.Loaded
                && Changes.PlaceOf(item.Key).Length > 0
                && item.Key.EndsWith(".csv", StringComparison.Ordinal)
                && !model.Items.Exists(other => other.Key == item.Key && other.Bad.Count > 0)
            )
            is not { } old
        )
            return;
        old.IsPresent = false;
        Land(changes[old.Dataset].Again(old));
    }

    /// <summary>
    /// A second full load of a history whose first copy is one file lands; null where there is none, or where something
    /// waits.
    /// </summary>
    public LakeItem? CopyAgain()
    {
        const string dataset = "customers_history";
        var copies = model
            .Present.Where(item => item.Dataset == dataset && Changes.PlaceOf(item.Key).Length == 0)
            .ToList();
        if (
            copies is not [{ Outcome: Outcome.Loaded, Changes.Count: > 0 } old]
            || model.Items.Exists(item =>
                item.Dataset == dataset && item.Outcome is Outcome.Waiting or Outcome.Refused && item.IsPresent
            )
        )
            return null;
        old.IsPresent = false;
        var again = changes[dataset].CopyAgain(old);
        Land(again);
        return again;
    }

    private static bool IsOfChanges(LakeItem item) => Model.OfChanges.Contains(item.Dataset);

    // Only where a table is: it brings back what is lost, rows that wait in quarantine too.
    private void Forget()
    {
        var dataset = exports.Any();
        if (dataset == "feed")
            return;
        folder.Forget(dataset);
        log($"lose the memory of {dataset}");
    }

    private void Land(IEnumerable<LakeItem> items)
    {
        foreach (var item in items)
            Land(item);
    }

    private void Land(LakeItem item)
    {
        item.Landed = ++clock;
        folder.Lake.Land(item);
        model.Items.Add(item);
        log(
            $"land {item.Key}{(item.Whole is null ? "" : " (cut off)")}: "
                + $"{item.Rows.Count} rows, {item.Bad.Count} bad"
                + (item.Allowed.Count > 0 ? $", allows {string.Join(' ', item.Allowed)}" : "")
        );
    }

    // A late name sorts before all that is there; a tool that remembers only the greatest name loses it.
    private string Name(string inFolder, bool late) =>
        late ? $"{inFolder}/0{99999 - ++names:D5}" : $"{inFolder}/5{++names:D5}";

    private LakeItem? Pick(Func<LakeItem, bool> fits)
    {
        var fitting = model.Present.Where(fits).ToList();
        return fitting.Count == 0 ? null : fitting[random.Next(fitting.Count)];
    }

    private T Any<T>(T[] of) => of[random.Next(of.Length)];
}
