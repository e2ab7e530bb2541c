using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Headrace.Tests.RealData;

/// <summary>
/// A data file as the simplest reader that can be right reads it: columns of texts, null where there is none.
/// </summary>
internal sealed class NaiveTable
{
    private readonly Dictionary<string, List<string>> columns = [];

    public long Rows { get; private set; }

    public IEnumerable<string> Columns => columns.Keys;

    public static NaiveTable Read(string path)
    {
        var text = File.ReadAllText(path);
        return path.EndsWith(".csv", StringComparison.Ordinal) ? Csv(text) : Json(text);
    }

    /// <summary>How many values a column has, and their sum as numbers.</summary>
    public string Sum(string column)
    {
        var sum = columns[column].Sum(text => decimal.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture));
        return $"{columns[column].Count}|{sum:0.############}";
    }

    /// <summary>How many values a column has, and how many characters they have.</summary>
    public string Length(string column) =>
        $"{columns[column].Count}|{columns[column].Sum(text => text.EnumerateRunes().Count())}";

    private static NaiveTable Json(string text)
    {
        var table = new NaiveTable();
        using var document = JsonDocument.Parse(text);
        foreach (var row in document.RootElement.EnumerateArray())
        {
            table.Rows++;
            foreach (var property in row.EnumerateObject())
                table.Add(
                    property.Name,
                    property.Value.ValueKind switch
                    {
                        JsonValueKind.Null => null,
                        JsonValueKind.String => property.Value.GetString(),
                        _ => property.Value.GetRawText(),
                    }
                );
        }

        return table;
    }

    private static NaiveTable Csv(string text)
    {
        var table = new NaiveTable();
        var records = Records(text.TrimStart('\uFEFF')).ToList();
        foreach (var record in records.Skip(1))
        {
            table.Rows++;
            for (var i = 0; i < record.Count; i++)
                table.Add(records[0][i]!, record[i]);
        }

        return table;
    }

    private static IEnumerable<List<string?>> Records(string text)
    {
        var (record, field, quoted, wasQuoted) = (new List<string?>(), new StringBuilder(), false, false);
        for (var i = 0; i < text.Length; i++)
        {
            if (quoted && text[i] == '"' && i + 1 < text.Length && text[i + 1] == '"')
                field.Append(text[i++]);
            else if (text[i] == '"')
                (quoted, wasQuoted) = (!quoted, true);
            else if (quoted || text[i] is not (',' or '\n' or '\r'))
                field.Append(text[i]);
            else if (text[i] != '\r')
            {
                record.Add(field.Length == 0 && !wasQuoted ? null : field.ToString());
                (field, wasQuoted) = (new StringBuilder(), false);
                if (text[i] == ',')
                    continue;
                yield return record;
                record = [];
            }
        }

        if (record.Count == 0 && field.Length == 0)
            yield break;
        record.Add(field.Length == 0 && !wasQuoted ? null : field.ToString());
        yield return record;
    }

    private void Add(string column, string? text)
    {
        if (!columns.TryGetValue(column, out var values))
            columns[column] = values = [];
        if (text is not null)
            values.Add(text);
    }
}
