using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Headrace.Torture;

/// <summary>Makes the bytes of lake files together with the rows that must come of them.</summary>
internal sealed class Content(Random random)
{
    public const string Null = "∅";

    // What a lenient reader would change without a word: blanks, zeros, quotes, line ends, an empty text beside NULL.
    public static readonly (string Csv, string Value)[] Texts =
    [
        ("a", "a"),
        ("", Null),
        ("\"\"", ""),
        (" b ", " b "),
        ("007", "007"),
        ("NULL", "NULL"),
        ("\"say \"\"hi\"\", then\"", "say \"hi\", then"),
        ("\"two\nlines\"", "two\nlines"),
        ("größe", "größe"),
        ("\"x,y\"", "x,y"),
        ("日本", "日本"),
    ];

    public static readonly (string Csv, string Value)[] Amounts =
    [
        ("2.5", "2.50"),
        ("-3", "-3.00"),
        ("0.10", "0.10"),
        ("", Null),
        ("9999999999.99", "9999999999.99"),
        ("17.000", "17.00"),
    ];

    private long number;
    private long cards;

    /// <summary>Rows for <c>cards</c>, whose last column is masked; some are none.</summary>
    public (byte[] Bytes, List<string> Rows, List<BadLine> Bad) Cards()
    {
        var (bytes, rows, bad) = (new MemoryStream(), new List<string>(), new List<BadLine>());
        Write(bytes, "n,card\n");
        var end = random.Next(4, 9);
        for (var line = 2L; line < end; line++)
        {
            var (n, last) = (++cards, $"{random.Next(10_000):0000}");
            var isBad = rows.Count > 0 && random.Next(6) == 0;
            Write(bytes, $"{(isBad ? "x" : "")}{n},{Leaks.Canary}{n}-{last}\n");
            if (isBad)
                bad.Add(new BadLine(line, null));
            else
                rows.Add($"{n}|***{last}");
        }

        return (bytes.ToArray(), rows, bad);
    }

    /// <summary>Rows for <c>events</c>: rising numbers, and a share of rows that are none.</summary>
    public (byte[] Bytes, List<string> Rows, List<BadLine> Bad) Events()
    {
        var (bytes, rows, bad, line) = (new MemoryStream(), new List<string>(), new List<BadLine>(), 2L);
        Write(bytes, "n,kind,amount\n");
        var count = random.Next(1, 9);
        for (var i = 0; i < count; i++)
        {
            var (n, text, amount) = (++number, Any(Texts), Any(Amounts));
            var mended = $"{n}|{text.Value}|1.00";
            // A file without a good row stops the run, which is another rule than those to be shown.
            switch (i == count - 1 && rows.Count == 0 ? 13 : random.Next(14))
            {
                case 0:
                    Write(bytes, $"{n},{text.Csv},{Any(["x", "12.345", "99999999999.99", "1e3"])}\n");
                    bad.Add(new BadLine(line, mended));
                    break;
                case 1:
                    Write(bytes, $"{n},{text.Csv}{Any(["", ",1,2"])}\n");
                    bad.Add(new BadLine(line, null));
                    break;
                case 2:
                    text = ("", "");
                    Write(bytes, $"{n},z");
                    bytes.Write([0xff, 0xfe]);
                    Write(bytes, ",1.00\n");
                    bad.Add(new BadLine(line, null));
                    break;
                case 3:
                    Write(bytes, $"n{n},{text.Csv},{amount.Csv}\n");
                    bad.Add(new BadLine(line, null));
                    break;
                default:
                    Write(bytes, $"{n},{text.Csv},{amount.Csv}\n");
                    rows.Add($"{n}|{text.Value}|{amount.Value}");
                    break;
            }

            line += 1 + text.Csv.Count(c => c == '\n');
        }

        return (bytes.ToArray(), rows, bad);
    }

    /// <summary>JSON lines for <c>people</c>, with several versions of some keys.</summary>
    public (byte[] Bytes, List<string> Rows, List<long> Keys) People()
    {
        var (text, rows, keys) = (new StringBuilder(), new List<string>(), new List<long>());
        var count = random.Next(1, 7);
        for (var i = 0; i < count; i++)
        {
            var (id, rev) = (random.Next(1, 12), ++number);
            var name = random.Next(5) == 0 ? null : $"n\"{random.Next(100)}\"ü";
            text.Append(
                    CultureInfo.InvariantCulture,
                    $$"""{"id":{{id}},"name":{{(name is null ? "null" : System.Text.Json.JsonSerializer.Serialize(name))}},"rev":{{rev}}}"""
                )
                .Append('\n');
            rows.Add($"{id}|{name ?? Null}|{rev}");
            keys.Add(id);
        }

        return (Encoding.UTF8.GetBytes(text.ToString()), rows, keys);
    }

    /// <summary>Rows for <c>stock</c>.</summary>
    public (byte[] Bytes, List<string> Rows) Stock()
    {
        var (text, rows) = (new StringBuilder("sku,qty\n"), new List<string>());
        for (var i = random.Next(1, 6); i > 0; i--)
        {
            text.Append(CultureInfo.InvariantCulture, $"s{++number},{i}\n");
            rows.Add($"s{number}|{i}");
        }

        return (Encoding.UTF8.GetBytes(text.ToString()), rows);
    }

    /// <summary>Rows for a table of the drop folder.</summary>
    public (byte[] Bytes, List<string> Rows, List<BadLine> Bad) Inbox()
    {
        var (text, rows, bad) = (new StringBuilder("id,label,qty\n"), new List<string>(), new List<BadLine>());
        var count = random.Next(1, 6);
        for (var i = 0; i < count; i++)
        {
            // A truncate that is mostly bad is stopped, which is another rule than the one to be shown.
            var (id, isBad) = (++number, i > 0 && random.Next(12) == 0 && (bad.Count + 1) * 2 <= count);
            text.Append(CultureInfo.InvariantCulture, $"{id},l{i},{(isBad ? "many" : "7")}\n");
            if (isBad)
                bad.Add(new BadLine(i + 2, null));
            else
                rows.Add($"{id}|l{i}|7");
        }

        return (Encoding.UTF8.GetBytes(text.ToString()), rows, bad);
    }

    public byte[] Schema(IReadOnlyList<string> allowed) =>
        Encoding.UTF8.GetBytes(
            $$"""
            {"schema_version": {{++number}}, "allowed_operations": [{{string.Join(
                ", ",
                allowed.Select(action => $"\"{action}\"")
            )}}],
             "columns": [{"name": "id", "type": "bigint"}, {"name": "label", "type": "text"}, {"name": "qty", "type": "integer", "nullable": true}]}
            """
        );

    /// <summary>gzip, at times in two members.</summary>
    public byte[] Gzip(byte[] plain)
    {
        var packed = new MemoryStream();
        var cut = random.Next(4) == 0 ? random.Next(plain.Length) : plain.Length;
        foreach (var part in (byte[][])[plain[..cut], plain[cut..]])
            if (part.Length > 0)
                using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
                    gzip.Write(part);
        return packed.ToArray();
    }

    /// <summary>A gzip file that lost its end on the way; what is left still begins as one.</summary>
    public byte[] Cut(byte[] packed)
    {
        // Cut exactly between two members it would be a whole file, and nobody could know.
        int at;
        do at = random.Next(12, packed.Length);
        while (packed.AsSpan(at).StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b, 0x08]));
        return packed[..at];
    }

    private static void Write(MemoryStream bytes, string text) => bytes.Write(Encoding.UTF8.GetBytes(text));

    private T Any<T>(T[] of) => of[random.Next(of.Length)];
}
