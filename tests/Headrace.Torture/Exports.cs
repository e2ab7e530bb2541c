using System.Text;

namespace Headrace.Torture;

/// <summary>
/// Full exports of one or two tenants, and of a table without a target. A version between the last applied one and one
/// that waits never lands: what became of it would depend on how far a killed run got.
/// </summary>
internal sealed class Exports(Random random, Model model, IReadOnlyList<string> datasets)
{
    private readonly Content content = new(random);
    private readonly Dictionary<string, ExportTable> tables = datasets.ToDictionary(
        name => name,
        _ => new ExportTable(random)
    );
    private readonly Dictionary<string, int> numbers = datasets.ToDictionary(name => name, _ => 0);
    private readonly HashSet<string> late = [];

    public string Any() => datasets[random.Next(datasets.Count)];

    /// <summary>The parts of the next export.</summary>
    /// <param name="isCut">One of its files lost its end on the way.</param>
    public IReadOnlyList<LakeItem> Next(string dataset, bool isCut = false)
    {
        tables[dataset].Change();
        return Parts(dataset, Version(numbers[dataset] += 10), isCut);
    }

    /// <summary>The bytes of the newest export once more, as the next one.</summary>
    public IReadOnlyList<LakeItem> Same()
    {
        var dataset = Any();
        if (model.Items.FindLast(item => item.Dataset == dataset)?.Version is not { } newest)
            return [];
        var version = Version(numbers[dataset] += 10);
        return
        [
            .. model
                .Items.Where(item => item.Dataset == dataset && item.Version == newest)
                .Select(item => new LakeItem
                {
                    Dataset = dataset,
                    Key = item.Key.Replace(newest, version, StringComparison.Ordinal),
                    Version = version,
                    Bytes = item.Bytes,
                    Whole = item.Whole,
                    Rows = item.Rows,
                    Keys = item.Keys,
                    HeldKeys = item.HeldKeys,
                    Bad = item.Bad,
                }),
        ];
    }

    /// <summary>An export that is older than one that was applied.</summary>
    public IReadOnlyList<LakeItem> Late()
    {
        var dataset = Any();
        if (model.Of(dataset).Version is not { } applied)
            return [];
        var version = Version(
            int.Parse(applied[1..], System.Globalization.CultureInfo.InvariantCulture) - random.Next(1, 10)
        );
        return late.Add($"{dataset} {version}") ? Parts(dataset, version, isCut: random.Next(4) == 0) : [];
    }

    private List<LakeItem> Parts(string dataset, string version, bool isCut)
    {
        var items = new List<LakeItem>();
        foreach (var part in tables[dataset].Export())
        {
            var whole = content.Gzip(Encoding.UTF8.GetBytes(part.Text.ToString()));
            var isShort = isCut && items.Count == 0;
            items.Add(
                new LakeItem
                {
                    Dataset = dataset,
                    Key = $"{dataset}/{version}/part-{items.Count + 1}.csv.gz",
                    Version = version,
                    Bytes = isShort ? content.Cut(whole) : whole,
                    Whole = isShort ? whole : null,
                    Rows = part.Rows,
                    Keys = part.Keys,
                    HeldKeys = part.HeldKeys,
                    Bad = part.Bad,
                }
            );
        }

        return items;
    }

    private static string Version(int number) => $"v{number:D6}";
}
