using System.Text;
using System.Text.Json;
using Headrace.Configuration;
using Headrace.Staging;

namespace Headrace.Sources;

/// <summary>
/// Changes that were set aside, staged once more under the places that they had: released, an older one overwrites
/// nothing newer.
/// </summary>
/// <param name="folder">An absolute folder of its own.</param>
/// <param name="set">Values that mend columns, by their names in the table.</param>
public sealed class HeldChanges(Flow flow, string folder, IReadOnlyDictionary<string, string?> set)
{
    /// <summary>Stages rows of one dataset, those of each file as a file; rows without a text are left out.</summary>
    /// <param name="landedAt">When a file landed, by its key.</param>
    public IReadOnlyList<StagedFile> Stage(
        IReadOnlyList<QuarantinedRow> rows,
        Func<string, DateTimeOffset?> landedAt
    ) =>
        [
            .. rows.Where(row => row is { Row: not null, Line: not null })
                .GroupBy(row => row.File)
                .Select((file, i) => Stage(file.Key, [.. file.OrderBy(row => row.Line)], landedAt, i)),
        ];

    private StagedFile Stage(
        string key,
        IReadOnlyList<QuarantinedRow> rows,
        Func<string, DateTimeOffset?> landedAt,
        int number
    )
    {
        var texts = rows.Select(row => JsonDocument.Parse(row.Row!)).ToList();
        var mended = set.Select(one => new StagedColumn(From(one.Key)) { IsAdded = true, Value = one.Value }).ToList();
        var names = texts
            .SelectMany(text => text.RootElement.EnumerateObject().Select(member => member.Name))
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Where(name => !mended.Exists(one => one.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
            .ToList();
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"{number}.csv");
        var longest = 0L;
        using (var segment = new SpoolFile(path, new byte[64 << 10]))
        {
            for (var i = 0; i < rows.Count; i++)
            {
                var begin = segment.Length;
                Write(segment, rows[i].Line!.Value, texts[i].RootElement, names);
                longest = Math.Max(longest, segment.Length - begin);
            }

            segment.Close();
        }

        texts.ForEach(text => text.Dispose());
        var file = new LakeFile(key, 0, landedAt(key) ?? rows[0].HeldAt, "", new Dictionary<string, string>());
        return new StagedFile
        {
            File = file,
            Sha256 = "",
            Bytes = 0,
            Records = rows.Count,
            LongestRecord = longest,
            Columns = [.. names.Select(name => new StagedColumn(name))],
            Segments = [path],
            HasEmptyTexts = true,
            Place = flow.Read == ReadMode.Snapshot ? null : ChangeFiles.PlaceOf(flow, file),
        }.With(mended);
    }

    private static void Write(SpoolFile segment, long line, JsonElement row, IReadOnlyList<string> names)
    {
        segment.WriteNumber(line);
        for (var i = 0; i < names.Count; i++)
        {
            if (i > 0)
                segment.Write((byte)',');
            if (!row.TryGetProperty(names[i], out var value) || value.ValueKind == JsonValueKind.Null)
                continue;
            var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
            segment.WriteQuoted(Encoding.UTF8.GetBytes(text));
        }

        segment.Write((byte)'\n');
    }

    private string From(string column) =>
        flow.DeclaredColumns().FirstOrDefault(one => one.Name.Equals(column, StringComparison.OrdinalIgnoreCase))?.From
        ?? column;
}
