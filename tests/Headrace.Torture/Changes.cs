using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Headrace.Torture;

/// <summary>
/// Files of changes of one table as AWS DMS writes them: a first copy in parts, which may come late, and change files
/// with all that they may have: several changes of a row, older ones, deletes, returns, and lines that are no change.
/// </summary>
internal sealed class Changes(Random random, string dataset)
{
    private readonly bool isDebezium = dataset == "accounts";
    private readonly HashSet<long> taken = [];
    private const int Keys = 12;
    private const int KeysOfPart = 4;
    private static readonly DateTime Start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Unspecified);

    private readonly Content content = new(random);
    private readonly Dictionary<long, Change> lasts = [];
    private int sequence;
    private int parts;
    private int copies;
    private int files;

    /// <summary>The place of a file; empty for one of the first copy.</summary>
    public static string PlaceOf(string key)
    {
        var name = key[(key.LastIndexOf('/') + 1)..];
        return name.StartsWith("LOAD", StringComparison.Ordinal) ? "" : $"{name[..8]}{name[9..18]}000 {key}";
    }

    /// <summary>The next file of changes, or a part of the first copy.</summary>
    /// <param name="isLate">Its name is before all that are there, and its changes are older than most.</param>
    /// <param name="isCut">It lost its end on the way.</param>
    public LakeItem Next(bool isLate = false, bool isCut = false) =>
        !isDebezium && parts < Keys / KeysOfPart && !isCut && random.Next(4) == 0
            ? Part()
            : Item(Name(isLate), isLate, isCut);

    /// <summary>Other changes under the name of a file that was loaded.</summary>
    public LakeItem Again(LakeItem old) => Item(old.Key, isLate: false, isCut: false, mayPack: false);

    /// <summary>A part of the first copy once more, with other rows.</summary>
    public LakeItem CopyAgain(LakeItem old)
    {
        var rows = old.Changes.Select(
            (row, i) =>
                row with
                {
                    Op = "I",
                    Name = "copied again",
                    City = "",
                    Amount = "1.00",
                    At = Moment(isLate: true),
                    Line = i + 1,
                }
        );
        List<Change> changes = [.. rows];
        var text = changes.Select(row => $"{row.Key},copied again,\"\",1,{Change.Text(row.At)},\n");
        return new LakeItem
        {
            Dataset = dataset,
            Key = old.Key,
            Bytes = Encoding.UTF8.GetBytes(string.Concat(text)),
            Rows = [.. changes.Select(change => change.ToString())],
            Changes = changes,
        };
    }

    /// <summary>A name for the same content once more.</summary>
    public string NameFor(LakeItem item) =>
        (PlaceOf(item.Key).Length == 0 ? CopyName() : Name(random.Next(3) == 0))
        + item.Key[item.Key.IndexOf('.', StringComparison.Ordinal)..];

    /// <summary>What mends a line: <c>column=value</c>.</summary>
    public string Mending(string column) =>
        column switch
        {
            "Op" => $"Op={Any(["I", "U", "D"])}",
            "id" => $"id={random.Next(1, Keys + 1)}",
            "seq" => string.Create(CultureInfo.InvariantCulture, $"seq={Sequence(isLate: true)}"),
            "changed_at" => $"changed_at={Change.Text(Moment(isLate: true))}",
            _ => "amount=1.00",
        };

    // Each part has keys of its own, so that no two rows of the first copy are of one key.
    private LakeItem Part()
    {
        var (text, changes, bad, line) = (new StringBuilder(), new List<Change>(), new List<BadLine>(), 1L);
        for (var key = (parts * KeysOfPart) + 1; key <= (parts + 1) * KeysOfPart; key++)
        {
            if (changes.Count > 0 && random.Next(3) == 0)
                continue;
            var (name, city, amount) = (Any(Content.Texts), Any(Content.Texts), Any(Content.Amounts));
            var row = new Change("I", key, name.Value, city.Value, amount.Value, Moment(isLate: true), null);
            var isBad = changes.Count > 0 && random.Next(6) == 0;
            text.Append(
                CultureInfo.InvariantCulture,
                $"{key},{name.Csv},{city.Csv},{(isBad ? "x" : amount.Csv)},{Change.Text(row.At)},\n"
            );
            if (isBad)
                bad.Add(new BadLine(line, null, "amount", row));
            else
                changes.Add(row with { Line = line });
            line += 1 + Breaks(name.Csv) + Breaks(city.Csv);
        }

        parts++;
        return new LakeItem
        {
            Dataset = dataset,
            Key = $"{CopyName()}.csv",
            Bytes = Encoding.UTF8.GetBytes(text.ToString()),
            Rows = [.. changes.Select(change => change.ToString())],
            Changes = changes,
            Bad = bad,
        };
    }

    private LakeItem Item(string key, bool isLate, bool isCut, bool mayPack = true)
    {
        var (text, changes, bad, line) = (new StringBuilder(), new List<Change>(), new List<BadLine>(), 1L);

        // Few keys, so that a file has several changes of a row.
        var among = random.Next(1, 4);
        var first = random.Next(Keys);
        for (var count = random.Next(1, 8); count > 0; count--)
        {
            var row = 1 + ((first + random.Next(among)) % Keys);
            var (name, city, amount) = Values(row);
            var op = Any(["I", "U", "U", "u", "D", "d"]);
            var change = new Change(
                op,
                row,
                name.Value,
                city.Value,
                amount.Value,
                Moment(isLate),
                Sequence(isLate, mayTie: mayPack)
            );
            string[] fields =
                change.IsGone && random.Next(3) > 0
                    ? [op, $"{row}", "", "", Any(["", "x"]), Change.Text(change.At), $"{change.Seq}"]
                    : [op, $"{row}", name.Csv, city.Csv, amount.Csv, Change.Text(change.At), $"{change.Seq}"];
            string? column = null;
            if (changes.Count > 0 && !change.IsGone && !isDebezium)
                (fields, column) = Accident(fields);
            if (isDebezium)
                text.Append(Event(change, amount.Csv)).Append('\n');
            else
                text.AppendJoin(',', fields).Append('\n');
            if (column is not null)
                bad.Add(new BadLine(line, null, column, change));
            else
            {
                changes.Add(change with { Line = line });
                lasts[row] = change;
            }

            line += 1 + (isDebezium ? 0 : fields.Sum(Breaks));
        }

        var plain = Encoding.UTF8.GetBytes(text.ToString());
        var isPacked = isCut || (mayPack && random.Next(3) == 0);
        var packed = isPacked ? content.Gzip(plain) : plain;
        return new LakeItem
        {
            Dataset = dataset,
            Key = mayPack ? $"{key}{(isDebezium ? ".json" : ".csv")}{(isPacked ? ".gz" : "")}" : key,
            Bytes = isCut ? content.Cut(packed) : packed,
            Whole = isCut ? packed : null,
            Rows = [.. changes.Select(change => change.ToString())],
            Changes = changes,
            Bad = bad,
        };
    }

    // The fields of a line that is no change, and the column that mends it; a line that nothing mends names none.
    private (string[] Fields, string? Column) Accident(string[] fields)
    {
        switch (random.Next(18))
        {
            case 0:
                return (With(0, Any(["X", "", "i"])), "Op");
            case 1:
                return (With(1, Any([$"n{fields[1]}", ""])), "id");
            case 2:
                return (With(4, Any(["x", "12.345", "1e3"])), "amount");
            case 3:
                return (With(5, Any(["yesterday", "2026-02-30 00:00:00"])), "changed_at");
            case 4:
                return (With(6, Any(["", "s1"])), "seq");
            case 5:
                return (Any([fields[..6], [.. fields, "1"]]), "");
            default:
                return (fields, null);
        }

        string[] With(int field, string value) => [.. fields[..field], value, .. fields[(field + 1)..]];
    }

    // Often what the row has already, or all of it but the column that opens no version.
    private (
        (string Csv, string Value) Name,
        (string Csv, string Value) City,
        (string Csv, string Value) Amount
    ) Values(long key)
    {
        var last = lasts.GetValueOrDefault(key);
        (string Csv, string Value) Keep((string Csv, string Value)[] among, string? value) =>
            random.Next(2) == 0 && value is not null ? among.First(one => one.Value == value) : Any(among);
        return (Keep(Content.Texts, last?.Name), Keep(Content.Texts, last?.City), Keep(Content.Amounts, last?.Amount));
    }

    // A late one falls between others; at times two changes have one number, and their places tell.
    private long Sequence(bool isLate, bool mayTie = true)
    {
        while (true)
        {
            var number =
                isLate || (mayTie && random.Next(8) == 0)
                    ? (random.Next(sequence + 1) * 10L) + random.Next(10)
                    : ++sequence * 10L;

            // The place of an event of Debezium is that of its file's landing, which a touch changes.
            if (!isDebezium || taken.Add(number))
                return number;
            (isLate, mayTie) = (false, false);
        }
    }

    // What Debezium writes; an event of a log's first copy is one like others.
    private string Event(Change change, string amount)
    {
        static string Text(string value) => value == Content.Null ? "null" : JsonSerializer.Serialize(value);
        var row =
            $$"""{"id":{{change.Key}},"name":{{Text(change.Name)}},"city":{{Text(change.City)}},"amount":{{(amount.Length == 0 ? "null" : amount)}},"changed_at":"{{Change.Text(change.At)}}","seq":{{change.Seq}}}""";
        var (op, before, after) =
            change.IsGone ? ("d", row, "null")
            : change.Op == "I" ? (random.Next(2) == 0 ? "c" : "r", "null", row)
            : ("u", "null", row);
        var envelope =
            $$"""{"before":{{before}},"after":{{after}},"source":{"lsn":{{change.Seq}},"ts_ms":1},"op":"{{op}}"}""";
        return random.Next(3) == 0 ? $$"""{"payload":{{envelope}}}""" : envelope;
    }

    // Moments rise with the sequence, roughly: changes come out of order, and some share a moment.
    private DateTime Moment(bool isLate) =>
        Start.AddMinutes(isLate ? random.Next(1 + (sequence / 2)) : Math.Max(0, (sequence / 2) + random.Next(-6, 3)));

    private string Name(bool isLate)
    {
        files++;
        var time = isLate ? $"20251231-0{99999999 - files:D8}" : $"20260101-5{files:D8}";
        return $"{dataset}/{(random.Next(3) == 0 ? "2026/01/" : "")}{time}";
    }

    private string CopyName() => $"{dataset}/LOAD{++copies:X8}";

    private static long Breaks(string field) => field.Count(c => c == '\n');

    private T Any<T>(T[] of) => of[random.Next(of.Length)];
}
