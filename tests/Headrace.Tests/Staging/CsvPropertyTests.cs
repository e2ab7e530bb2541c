using System.Text;
using Xunit;
using static Headrace.Tests.Staging.StagingBench;

namespace Headrace.Tests.Staging;

public sealed class CsvPropertyTests : IDisposable
{
    private static readonly string[] Pieces =
    [
        "a",
        "7",
        " ",
        "\"",
        "\"\"",
        "'",
        ",",
        ";",
        "|",
        "\t",
        "\n",
        "\r",
        "\r\n",
        "\\",
        "é",
        "日本",
        "😀",
        "NULL",
        "\\N",
        "\u0001",
        "x y",
    ];

    private readonly StagingBench bench = new();

    [Fact]
    public async Task F28_any_table_in_any_dialect_comes_back_as_it_was_written()
    {
        for (var seed = 0; seed < 1000; seed++)
        {
            var random = new Random(seed);
            bench.SegmentBytes = random.Next(3) == 0 ? 64 : 32 << 20;
            var (dialect, bytes, expected) = Table(random);
            var staged = await bench.Stage(
                random.Next(4) == 0 ? Gzip(bytes) : bytes,
                new FileFormat(FormatKind.Csv, dialect)
            );
            Assert.True(
                staged.Rejects.Count == 0,
                $"seed {seed}: {staged.RejectText}\n{Encoding.UTF8.GetString(bytes)}"
            );
            Assert.True(
                expected.SequenceEqual(staged.Rows, Same),
                $"seed {seed}: {dialect}\n{Encoding.UTF8.GetString(bytes)}\n-> {staged.Text}"
            );
            bench.EmptySpool();
        }
    }

    [Fact]
    public async Task F28_any_bytes_end_as_rows_or_rejects_or_one_error_and_no_line_is_read_twice()
    {
        var alphabet = "aé,\"\"\n\n\r\\;\0\uFFFD "u8.ToArray();
        for (var seed = 0; seed < 1500; seed++)
        {
            var random = new Random(seed);
            byte[] bytes =
            [
                .. "h,i\n"u8,
                .. Enumerable.Range(0, random.Next(60)).Select(_ => alphabet[random.Next(alphabet.Length)]),
            ];
            bench.Limits = new FileLimits { MaxRecordBytes = random.Next(2) == 0 ? 1000 : 12 };
            try
            {
                var staged = await bench.Stage(bytes, Dialect(csv => csv with { Escape = seed % 3 == 0 ? '\\' : '"' }));
                var lines = staged
                    .Rows.Concat(staged.Rejects)
                    .Select(row => int.Parse(row[0]!, System.Globalization.CultureInfo.InvariantCulture))
                    .ToList();
                Assert.Equal(lines.Count, lines.Distinct().Count());
                Assert.All(staged.Rows, row => Assert.Equal(3, row.Length));
                bench.EmptySpool();
            }
            catch (HeadraceException e)
            {
                Assert.Equal("HDR-123", e.Code);
            }
        }
    }

    /// <summary>A table, written field by field the long way; beside it what must come back.</summary>
    private static (CsvDialect Dialect, byte[] Bytes, List<string?[]> Rows) Table(Random random)
    {
        var quote = random.Next(4) == 0 ? '\'' : '"';
        var dialect = new CsvDialect
        {
            Delimiter = ",;|\t,,"[random.Next(6)],
            Quote = quote,
            Escape = random.Next(4) == 0 ? '\\' : quote,
            Header = random.Next(2) == 0,
            Null = random.Next(3) switch
            {
                0 => ["NULL"],
                1 => ["", "\\N"],
                _ => [""],
            },
            Skip = random.Next(5) == 0 ? 2 : 0,
        };
        var text = new StringBuilder();
        var line = 1;
        if (dialect.Skip > 0)
        {
            text.Append("skipped \"\n\r\n");
            line = 3;
        }

        var columns = random.Next(1, 6);
        if (dialect.Header)
        {
            text.AppendJoin(dialect.Delimiter, Enumerable.Range(1, columns).Select(number => $"h{number}"));
            EndLine();
        }

        var rows = new List<string?[]>();
        for (var count = random.Next(8); count > 0; count--)
        {
            var row = new List<string?> { $"{line}" };
            for (var column = 0; column < columns; column++)
            {
                if (column > 0)
                    text.Append(dialect.Delimiter);
                row.Add(Field(random, dialect, text, isOnly: columns == 1, ref line));
            }

            rows.Add([.. row]);
            if (count == 1 && random.Next(2) == 0 && (columns > 1 || row[1] is { Length: > 0 }))
                break; // no final line end
            EndLine();
        }

        return (dialect, Encoding.UTF8.GetBytes(text.ToString()), rows);

        void EndLine()
        {
            text.Append(
                random.Next(3) switch
                {
                    0 => "\r\n",
                    _ => "\n",
                }
            );
            line++;
        }
    }

    private static string? Field(Random random, CsvDialect dialect, StringBuilder text, bool isOnly, ref int line)
    {
        if (random.Next(5) == 0)
        {
            var isNull = dialect.Null[random.Next(dialect.Null.Count)];
            if (!isOnly || isNull.Length > 0)
            {
                text.Append(isNull);
                return null;
            }
        }

        var value = string.Concat(Enumerable.Range(0, random.Next(5)).Select(_ => Pieces[random.Next(Pieces.Length)]));
        var quote = dialect.Quote!.Value;
        var mustQuote =
            value.Length == 0
            || value.StartsWith(quote)
            || dialect.Null.Contains(value)
            || value.IndexOfAny([dialect.Delimiter, '\r', '\n']) >= 0;
        if (!mustQuote && random.Next(2) == 0)
        {
            text.Append(value); // a quote further inside is plain text
            return value;
        }

        text.Append(quote);
        foreach (var c in value)
        {
            if (c == quote || c == dialect.Escape)
                text.Append(dialect.Escape);
            text.Append(c);
        }

        text.Append(quote);
        line += value.ReplaceLineEndings("\n").Count(c => c == '\n');
        return value;
    }

    private static readonly IEqualityComparer<string?[]> Same = EqualityComparer<string?[]>.Create(
        (a, b) => a!.SequenceEqual(b!),
        row => row.Length
    );

    public void Dispose() => bench.Dispose();
}
