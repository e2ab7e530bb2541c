using System.Globalization;
using System.Text;

namespace Headrace.Torture;

/// <summary>A file of an export: its bytes, its rows that count, and its lines that do not.</summary>
internal sealed class ExportPart
{
    public StringBuilder Text { get; } = new("id,name,amount\n");

    public List<long> Keys { get; } = [];

    public List<string> Rows { get; } = [];

    public List<long> HeldKeys { get; } = [];

    public List<BadLine> Bad { get; } = [];

    public long NextLine { get; set; } = 2;
}

/// <summary>A table of a source system: its rows change between two exports, and an export has its accidents.</summary>
internal sealed class ExportTable(Random random)
{
    // One of them has more digits than a double.
    private static readonly (string Csv, string Value)[] Amounts =
    [
        .. Content.Amounts,
        ("12345678901234567890.12", "12345678901234567890.12"),
    ];

    private readonly Dictionary<long, ((string Csv, string Value) Name, (string Csv, string Value) Amount)> rows = [];

    /// <summary>Changes some rows.</summary>
    public void Change()
    {
        for (var changes = random.Next(6); changes > 0; changes--)
        {
            var key = random.Next(1, 13);
            if (!rows.ContainsKey(key) || random.Next(3) > 0)
                rows[key] = (Any(Content.Texts), Any(Amounts));
            else
                rows.Remove(key);
        }

        if (rows.Count == 0)
            rows[1] = (Any(Content.Texts), Any(Amounts));
    }

    /// <summary>All rows, in any order, in one part or several; at least one of them counts.</summary>
    public IReadOnlyList<ExportPart> Export()
    {
        var parts = Enumerable
            .Range(0, random.Next(3) == 0 ? random.Next(2, 4) : 1)
            .Select(_ => new ExportPart())
            .ToList();
        var keys = rows.Keys.ToArray();
        random.Shuffle(keys);
        for (var i = 0; i < keys.Length; i++)
        {
            var (key, (name, amount)) = (keys[i], rows[keys[i]]);

            // Two texts of one number are one value.
            if (amount.Value != Content.Null && random.Next(3) == 0)
                amount.Csv = amount.Value;
            switch (i == 0 ? -1 : random.Next(24))
            {
                case 0:
                    Hold(parts, $"{key},{name.Csv},{Any(["x", "12.345", "1e3"])}", key);
                    break;
                case 1:
                    Hold(parts, $"{key},{name.Csv}{Any(["", ",1,2"])}", null, isRow: false);
                    break;
                case 2:
                    Hold(parts, $"n{key},{name.Csv},{amount.Csv}", null);
                    break;
                case 3:
                    Hold(parts, $"{key},{name.Csv},{amount.Csv}", key);
                    Hold(parts, $"{key},{name.Csv},{Any([amount.Csv, "7", "x"])}", key);
                    break;
                case 4:
                    Hold(parts, $",{name.Csv},{amount.Csv}", null);
                    goto default;
                default:
                    var part = Any(parts);
                    part.Keys.Add(key);
                    part.Rows.Add($"{key}|{name.Value}|{amount.Value}");
                    Write(part, $"{key},{name.Csv},{amount.Csv}");
                    break;
            }
        }

        return parts;
    }

    private void Hold(IReadOnlyList<ExportPart> parts, string line, long? key, bool isRow = true)
    {
        var part = Any(parts);
        part.Bad.Add(new BadLine(part.NextLine, null));
        if (key is { } readable)
            part.HeldKeys.Add(readable);

        // A record that is no row spares each key whose text is among its fields.
        if (!isRow)
            part.HeldKeys.AddRange(
                line.Split(',')
                    .Select(field => field.Trim(' ', '"'))
                    .Where(field =>
                        long.TryParse(field, CultureInfo.InvariantCulture, out var number) && $"{number}" == field
                    )
                    .Select(field => long.Parse(field, CultureInfo.InvariantCulture))
            );
        Write(part, line);
    }

    private static void Write(ExportPart part, string line)
    {
        part.Text.Append(CultureInfo.InvariantCulture, $"{line}\n");
        part.NextLine += 1 + line.Count(c => c == '\n');
    }

    private T Any<T>(IReadOnlyList<T> of) => of[random.Next(of.Count)];
}
