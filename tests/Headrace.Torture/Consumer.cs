using System.Globalization;
using System.Text.Json;

namespace Headrace.Torture;

/// <summary>
/// Whoever reads the published operations: looks at the folder after each process, however it ended, and applies what
/// is there to rows of its own, without a word from the warehouse.
/// </summary>
internal sealed class Consumer(Folder folder, Tally tally, List<string> problems)
{
    private readonly SortedDictionary<string, string> files = new(StringComparer.Ordinal);

    /// <summary>Not files that come whole, but a stream that more is put into.</summary>
    public bool IsStream => folder.Published.Grows;

    /// <summary>The names of the files that are visible, in order, with the number of their operations.</summary>
    public IEnumerable<string> Files =>
        files.Select(file => $"{file.Key}, {file.Value.Count(c => c == '\n')} operations");

    /// <summary>How many operations of each dataset there are, repeats dropped, as of <see cref="Apply"/>.</summary>
    public Dictionary<string, int> Counts { get; } = [];

    /// <summary>
    /// Reads what is visible. A file is whole from the moment it can be seen, and stays as it is; so does what is in a
    /// stream.
    /// </summary>
    public async Task LookAsync()
    {
        var visible = new HashSet<string>();
        foreach (var (name, text) in await folder.Published.ReadAsync())
        {
            visible.Add(name);
            if (
                files.TryGetValue(name, out var before)
                && !(IsStream ? text.StartsWith(before, StringComparison.Ordinal) : text == before)
            )
                problems.Add($"ops/{name} is not what it was");
            if (
                !(text.EndsWith('\n') || (IsStream && text.Length == 0))
                || text.Split('\n')[..^1].Any(line => PublishedOperation.Parse(line) is null)
            )
                problems.Add($"ops/{name} is not whole: {text}");
            files[name] = text;
        }

        foreach (var name in files.Keys.Where(name => !visible.Contains(name)))
            problems.Add($"ops/{name} is gone");
    }

    /// <summary>
    /// The rows of each dataset after all operations, repeats dropped by their ids; each must fit the rows before it.
    /// </summary>
    public Dictionary<string, Dictionary<long, string>> Apply()
    {
        var rows = new Dictionary<string, Dictionary<long, string>>();
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        var versions = new Dictionary<string, string>();
        Counts.Clear();
        foreach (var (name, text) in files)
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (PublishedOperation.Parse(line) is not { } operation)
                continue;
            if (!known.TryAdd(operation.Id, line))
            {
                if (known[operation.Id] != line)
                    problems.Add($"ops/{name}: one id for two operations: {known[operation.Id]} and {line}");
                continue;
            }

            Counts[operation.Dataset] = Counts.GetValueOrDefault(operation.Dataset) + 1;

            // A stream keeps the order of each key alone.
            var ordered = IsStream ? $"{operation.Dataset} {operation.Key}" : operation.Dataset;
            if (string.CompareOrdinal(versions.GetValueOrDefault(ordered), operation.Version) > 0)
                problems.Add($"ops/{name}: {line} comes after version {versions[ordered]}");
            versions[ordered] = operation.Version;
            if (tally.IdOf(operation.Name, operation.Id) is var id && id != operation.Id)
                problems.Add($"ops/{name}: {operation.Name} had the id {id} elsewhere, here {operation.Id}");
            if (!rows.TryGetValue(operation.Dataset, out var table))
                rows[operation.Dataset] = table = [];
            if (!Fits(operation, table.GetValueOrDefault(operation.Key)))
                problems.Add(
                    $"ops/{name}: {line} where the row was {table.GetValueOrDefault(operation.Key) ?? "not there"}"
                );
            if (operation.After is null)
                table.Remove(operation.Key);
            else
                table[operation.Key] = operation.After;
        }

        return rows;
    }

    // The feed is published without the rows before.
    private static bool Fits(PublishedOperation operation, string? row) =>
        operation.Before == (operation.Dataset == "feed" ? null : row)
        && operation.Op
            == (
                row is null ? "INSERT"
                : operation.After is null ? "DELETE"
                : "UPDATE"
            )
        && (
            operation.After is null
            || (operation.After != row && operation.After.StartsWith($"{operation.Key}|", StringComparison.Ordinal))
        );
}

/// <summary>A line of a file of operations; rows as the model writes them.</summary>
internal sealed record PublishedOperation(
    string Id,
    string Dataset,
    string Version,
    string Op,
    long Key,
    string? Before,
    string? After
)
{
    /// <summary>All that an id may depend on.</summary>
    public string Name => $"{Op} of {Dataset} {Version} key {Key}";

    /// <summary>Null when the line is none.</summary>
    public static PublishedOperation? Parse(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            return new PublishedOperation(
                root.GetProperty("id").GetString()!,
                root.GetProperty("dataset").GetString()!,
                root.GetProperty("version").GetString()!,
                root.GetProperty("op").GetString()!,
                root.GetProperty("key").GetProperty("id").GetInt64(),
                Row(root.GetProperty("before")),
                Row(root.GetProperty("after"))
            );
        }
        catch (Exception error)
            when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static string? Row(JsonElement row) =>
        row.ValueKind == JsonValueKind.Null
            ? null
            : $"{row.GetProperty("id").GetInt64()}|{row.GetProperty("name").GetString() ?? Content.Null}|"
                + $"{Amount(row.GetProperty("amount"))}";

    private static string Amount(JsonElement amount) =>
        amount.ValueKind == JsonValueKind.Null
            ? Content.Null
            : amount.GetDecimal().ToString("0.00", CultureInfo.InvariantCulture);
}
