using System.Text.Json;
using Xunit;

namespace Headrace.Tests.Snapshots;

/// <summary>One published operation, as a consumer reads it.</summary>
public sealed record Operation(
    string Id,
    string Dataset,
    string Version,
    string Op,
    JsonElement Key,
    JsonElement Before,
    JsonElement After
)
{
    private static readonly string[] Members = ["id", "dataset", "version", "op", "key", "before", "after"];

    /// <summary>All operations of a folder: its files by name, repeats dropped by id.</summary>
    public static IReadOnlyList<Operation> Read(string folder)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return [.. Files(folder).SelectMany(File.ReadLines).Select(Parse).Where(operation => seen.Add(operation.Id))];
    }

    /// <summary>What a reader finds in the folder: whole files only, everything else is hidden.</summary>
    public static IReadOnlyList<string> Files(string folder) =>
        !Directory.Exists(folder)
            ? []
            :
            [
                .. Directory
                    .GetFiles(folder)
                    .Where(file => !Path.GetFileName(file).StartsWith('.'))
                    .Order(StringComparer.Ordinal),
            ];

    public static Operation Parse(string line)
    {
        var json = JsonDocument.Parse(line).RootElement.Clone();
        Assert.Equal(Members, json.EnumerateObject().Select(member => member.Name));
        return new Operation(
            json.GetProperty("id").GetString()!,
            json.GetProperty("dataset").GetString()!,
            json.GetProperty("version").GetString()!,
            json.GetProperty("op").GetString()!,
            json.GetProperty("key"),
            json.GetProperty("before"),
            json.GetProperty("after")
        );
    }

    /// <summary>For example <c>UPDATE 1: 1|a -> 1|b</c>.</summary>
    public override string ToString() => $"{Op} {Show(Key)}: {Show(Before)} -> {Show(After)}";

    private static string Show(JsonElement row) =>
        row.ValueKind == JsonValueKind.Null
            ? "-"
            : string.Join(
                '|',
                row.EnumerateObject()
                    .Select(member => member.Value.ValueKind == JsonValueKind.Null ? "NULL" : member.Value.ToString())
            );
}
