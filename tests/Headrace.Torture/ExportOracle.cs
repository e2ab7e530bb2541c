using System.Globalization;

namespace Headrace.Torture;

/// <summary>
/// Compares what exports left behind with the model: loads, operations, and the files between the two.
/// </summary>
internal sealed class ExportOracle(Model model, Folder folder, Snapshot found, Consumer consumer, List<string> problems)
{
    public void Check()
    {
        var rows = consumer.Apply();
        foreach (
            var dataset in model.Items.Where(item => item.Version is not null).Select(item => item.Dataset).Distinct()
        )
        {
            Same(
                $"rows that the operations of {dataset} make",
                model.Of(dataset).Expected,
                rows.GetValueOrDefault(dataset, []).Values
            );
            Same(
                $"headrace.loads of {dataset}",
                model.Of(dataset).Loads.Select(Numbered),
                Loads(dataset).Select(Text).Select(Numbered)
            );
            Same(
                $"headrace.published of {dataset}",
                Loads(dataset)
                    .Where(load => Changes(load) > 0)
                    .Select(load => $"{load.Id} batch {load.Generation}, {Changes(load)} operations, published True"),
                found
                    .Published.Where(row => row.Dataset == dataset)
                    .Select(row =>
                        $"{row.LoadId} batch {row.Generation}, {row.Operations} operations, published {row.IsPublished}"
                    )
            );
        }

        if (consumer.IsStream)
            Same(
                "operations in the stream",
                found
                    .Published.GroupBy(row => row.Dataset)
                    .Select(rows => $"{rows.Sum(row => row.Operations)} of {rows.Key}"),
                consumer.Counts.Select(count => $"{count.Value} of {count.Key}")
            );
        else
            Same(
                "files of operations",
                found.Published.Select(row =>
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{row.Dataset.Replace('/', '.')}-{row.Generation:D8}-{row.LoadId}.jsonl, "
                            + $"{row.Operations} operations"
                    )
                ),
                consumer.Files
            );
        Same("left beside the files of operations", [], FilesIn(folder.Operations).Where(name => name.StartsWith('.')));
        Same("left in the outbox", [], FilesIn(folder.Outbox));
        var counting = found.Positions.Values.Select(position => position.LoadId).ToHashSet();
        Same(
            "memories that do not count",
            [],
            FilesIn(folder.Memories).Where(name => !counting.Contains(name.Split('.')[0]))
        );
    }

    private IEnumerable<LoadRow> Loads(string dataset) => found.Loads.Where(load => load.Dataset == dataset);

    private static long Changes(LoadRow load) => load.Inserted + load.Updated + load.Deleted;

    private static string Text(LoadRow load) =>
        $"{load.Inserted} inserted, {load.Updated} updated, {load.Deleted} deleted, {load.Unchanged} "
        + $"unchanged, {load.Quarantined} in quarantine";

    private static string Numbered(string load, int number) => $"{number + 1}: {load}";

    private static IEnumerable<string> FilesIn(string path) =>
        Directory.Exists(path)
            ? Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Select(file => Path.GetFileName(file))
            : [];

    private void Same(string what, IEnumerable<string> expected, IEnumerable<string> actual) =>
        Oracle.Same(problems, what, expected, actual);
}
