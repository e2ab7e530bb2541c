using System.Text;
using System.Text.Json;

namespace Headrace.Tests.Snapshots;

/// <summary>A flow with a random table, and the exports of its tenants.</summary>
public sealed class RandomFlow
{
    private static readonly string[] Formats = ["csv", "header", "jsonl", "parquet"];

    private readonly Random random;
    private readonly string format;

    public RandomFlow(Random random, string name)
    {
        this.random = random;
        Name = name;
        format = Pick(Formats);
        var count = random.Next(8) == 0 ? 60 : random.Next(1, 9);
        Kinds = [.. Enumerable.Range(0, count).Select(_ => Pick(Kind.All))];
        Keys = [.. Shuffle(Enumerable.Range(0, count)).Take(random.Next(1, 4))];
        Compare =
            random.Next(4) == 0
                ? [.. Enumerable.Range(0, count).Where(i => Keys.Contains(i) || random.Next(2) == 0)]
                : [.. Enumerable.Range(0, count)];
        Deletes = Pick(["hard", "hard", "soft", "ignore"]);
        HasBefore = random.Next(2) == 0;
        HasTable = random.Next(5) > 0;
    }

    public string Name { get; }

    public IReadOnlyList<Kind> Kinds { get; }

    /// <summary>The columns of the key, in their order in the flow.</summary>
    public IReadOnlyList<int> Keys { get; }

    public IReadOnlyList<int> Compare { get; }

    public string Deletes { get; }

    public bool HasBefore { get; }

    /// <summary>False for a flow that only publishes.</summary>
    public bool HasTable { get; }

    public string Yaml
    {
        get
        {
            var csv = format switch
            {
                "csv" => ", format: csv, csv: { delimiter: \";\", header: false }",
                "header" => ", format: csv",
                _ => $", format: {format}",
            };
            var compare = Compare.Count == Kinds.Count ? "all" : $"[{string.Join(", ", Compare.Select(i => $"c{i}"))}]";
            return $$"""
                  {{Name}}:
                    source: { connection: lake, path: "{{Name}}/{tenant}/{version}/**"{{csv}} }
                    columns: { {{string.Join(", ", Kinds.Select((kind, i) => $"c{i}: \"{kind.Type}\""))}} }
                    read: snapshot
                    primary_key: [{{string.Join(", ", Keys.Select(i => $"c{i}"))}}]
                    compare: {{compare}}
                    deletes: {{Deletes}}
                    on_fail: quarantine
                    limits: { min_rows: 0, max_deleted: 100% }
                    publish: { connection: ops, before: {{(HasBefore ? "true" : "false")}} }
                    {{(
                    HasTable
                        ? $"write: merge\n    target: {{ schema: raw, table: \"{Name}_{{tenant}}\" }}"
                        : "description: published only"
                )}}

                """;
        }
    }

    /// <summary>
    /// The next export after one with these rows: some stay as they are, some are written in another way, some differ.
    /// </summary>
    public List<RandomRow> Next(IReadOnlyList<RandomRow> rows)
    {
        var next = new List<RandomRow>();
        foreach (var row in rows.Where(row => !row.IsBad && Keys.All(i => row.Texts[i] is not null)))
        {
            var dice = random.Next(100);
            if (dice < 55)
                next.Add(row);
            else if (dice < 70)
                next.Add(Written(row.Values));
            else if (dice < 90)
                next.Add(
                    Written([
                        .. row.Values.Select((value, i) => Keys.Contains(i) || random.Next(3) > 0 ? value : Value(i)),
                    ])
                );
        }

        for (var more = random.Next(rows.Count == 0 ? 12 : 4); more > 0; more--)
            next.Add(Written([.. Kinds.Select((_, i) => Value(i))]));
        next = [.. next.DistinctBy(row => KeyOf(row.Values))];
        if (next.Count > 0 && random.Next(4) == 0)
            Spoil(next);
        return Shuffle(next);
    }

    /// <summary>Writes an export into the lake, in one or several files.</summary>
    public void Write(World world, string tenant, string version, IReadOnlyList<RandomRow> rows)
    {
        var parts = random.Next(1, 4);
        var isPacked = random.Next(2) == 0;
        for (var part = 0; part < parts; part++)
        {
            var mine = rows.Where((_, i) => i % parts == part).ToList();
            var key = $"{Name}/{tenant}/{version}/part-{part}";
            if (format == "parquet")
                world.PutParquet($"{key}.parquet", Sql(mine));
            else
                world.Put(
                    $"{key}.{(format == "jsonl" ? "jsonl" : "csv")}{(isPacked ? ".gz" : "")}",
                    format == "jsonl" ? Json(mine) : Csv(mine),
                    isPacked
                );
        }
    }

    /// <summary>The key's values as one text; null when one of them is NULL.</summary>
    public string? KeyOf(IReadOnlyList<string?> values) =>
        Keys.Any(i => values[i] is null) ? null : JsonSerializer.Serialize(Keys.Select(i => Kinds[i].Plain(values[i])));

    private void Spoil(List<RandomRow> rows)
    {
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            var at = random.Next(rows.Count);
            var row = rows[at];
            switch (random.Next(4))
            {
                case 0:
                    rows.Add(row);
                    break;
                case 1:
                    rows.Add(Written([.. row.Values.Select((value, i) => Keys.Contains(i) ? value : Value(i))]));
                    break;
                case 2:
                    var key = Pick(Keys);
                    rows.Add(Written([.. row.Values.Select((value, i) => i == key ? null : value)]));
                    break;
                default:
                    var bad = Enumerable
                        .Range(0, Kinds.Count)
                        .Where(i => !Keys.Contains(i) && Kinds[i].CanBeBad)
                        .ToList();
                    if (bad.Count > 0 && format != "parquet")
                        rows[at] = row with
                        {
                            IsBad = true,
                            Texts = [.. row.Texts.Select((text, i) => i == bad[0] ? "no value" : text)],
                        };
                    break;
            }
        }
    }

    private string? Value(int column) =>
        !Keys.Contains(column) && random.Next(5) == 0 ? null : Pick(Kinds[column].Values)[0];

    private RandomRow Written(IReadOnlyList<string?> values) =>
        new(
            values,
            [
                .. values.Select(
                    (value, i) => value is null ? null : Pick(Kinds[i].Values.Single(texts => texts[0] == value))
                ),
            ],
            random.Next(4) == 0,
            false
        );

    private string Csv(List<RandomRow> rows)
    {
        var order = format == "csv" ? [.. Enumerable.Range(0, Kinds.Count)] : Shuffle(Enumerable.Range(0, Kinds.Count));
        var delimiter = format == "csv" ? ";" : ",";
        var text = new StringBuilder(format == "csv" ? "" : $"{string.Join(delimiter, order.Select(i => $"c{i}"))}\n");
        foreach (var row in rows)
            text.Append(
                    string.Join(delimiter, order.Select(i => Field(row.Texts[i], row.IsQuoted || order.Count == 1)))
                )
                .Append('\n');
        return text.ToString();
    }

    private static string Field(string? text, bool isQuoted) =>
        text is null ? ""
        : isQuoted || text.Length == 0 || text.AsSpan().ContainsAny(";,\"\n")
            ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
        : text;

    private string Json(List<RandomRow> rows) =>
        string.Concat(
            rows.Select(row =>
                "{"
                + string.Join(", ", Shuffle(Enumerable.Range(0, Kinds.Count)).Select(i => $"\"c{i}\": {Json(i, row)}"))
                + "}\n"
            )
        );

    private string Json(int column, RandomRow row) =>
        row.Texts[column] switch
        {
            null => "null",
            // A text of the file is the JSON in it.
            var text when Kinds[column].Type == "json" && text[0] != '"' => text,
            _ when Kinds[column].IsNumber && !row.IsBad && !row.IsQuoted => row.Values[column]!,
            var text => JsonSerializer.Serialize(text),
        };

    private string Sql(List<RandomRow> rows)
    {
        var order = Shuffle(Enumerable.Range(0, Kinds.Count));
        string Row(IReadOnlyList<string?> values) =>
            $"SELECT {string.Join(", ", order.Select(i => $"{Kinds[i].Literal(values[i])} AS c{i}"))}";
        return rows.Count == 0
            ? $"{Row(new string?[Kinds.Count])} WHERE false"
            : string.Join(" UNION ALL ", rows.Select(row => Row(row.Values)));
    }

    private T Pick<T>(IReadOnlyList<T> choices) => choices[random.Next(choices.Count)];

    private List<T> Shuffle<T>(IEnumerable<T> items)
    {
        var all = items.ToArray();
        random.Shuffle(all);
        return [.. all];
    }
}

/// <summary>A row of an export.</summary>
/// <param name="Values">What its texts mean, each in its plainest text.</param>
/// <param name="IsBad">True when one of the texts is no value.</param>
public sealed record RandomRow(IReadOnlyList<string?> Values, IReadOnlyList<string?> Texts, bool IsQuoted, bool IsBad);
