using System.Text;
using Xunit;

namespace Headrace.Tests.Faults;

/// <summary>F27 to F31: rows that are not as the format asks, bytes that are no text, fields without end.</summary>
public sealed class Texts : ProjectTests
{
    private const string Notes = """
        notes:
          source: { connection: lake, path: "notes/*" }
          columns: { id: bigint, note: text }
          read: incremental
          write: append
        """;

    [Fact]
    public async Task F27_rows_with_too_few_or_too_many_fields_go_to_quarantine_with_their_lines()
    {
        World.Flows(Notes).Put("notes/1.csv", "id,note\n1,a\n2\n3,c,d\n4,d\n");
        Assert.Equal("2i 0u 0d 0s 2q", (await World.Load()).Only.Counts);
        Assert.Equal(["1", "4"], World.Query("SELECT id FROM raw.notes ORDER BY id"));
        Assert.Equal(
            ["notes/1.csv|3|2|1 field where 2 are expected", "notes/1.csv|4|3,c,d|3 fields where 2 are expected"],
            World.Query("SELECT file, line, value, reason FROM headrace.quarantine ORDER BY line")
        );
    }

    [Fact]
    public async Task F28_quoted_newlines_and_line_ends_of_all_kinds_are_read_as_written()
    {
        World.Flows(Notes).Put("notes/1.csv", "id,note\r\n1,\"a\r\nb\"\n2,\"say \"\"hi\"\"\"\r3,\"c,d\"\r\n4,last");
        await World.Load();
        Assert.Equal(
            ["1|a\r\nb", "2|say \"hi\"", "3|c,d", "4|last"],
            World.Query("SELECT * FROM raw.notes ORDER BY id")
        );
    }

    [Fact]
    public async Task F28_a_quote_that_is_never_closed_takes_only_its_own_line_with_it()
    {
        World.Flows(Notes).Put("notes/1.csv", "id,note\n1,a\n2,\"open\n3,c\n4,d\n");
        Assert.Equal("3i 0u 0d 0s 1q", (await World.Load()).Only.Counts);
        Assert.Equal(
            ["3|2,\"open|a quote is opened and never closed"],
            World.Query("SELECT line, value, reason FROM headrace.quarantine")
        );
    }

    [Fact]
    public async Task F28_lines_are_counted_through_quoted_newlines()
    {
        World.Flows(Notes).Put("notes/1.csv", "id,note\n1,\"a\nb\nc\"\nx,d\n");
        await World.Load();
        Assert.Equal(["5"], World.Query("SELECT line FROM headrace.quarantine"));
    }

    [Fact]
    public async Task F29_byte_order_marks_are_no_part_of_the_first_name()
    {
        World.Flows(Notes);
        foreach (
            var encoding in (Encoding[])[Encoding.UTF8, Encoding.Unicode, Encoding.BigEndianUnicode, Encoding.UTF32]
        )
            World.Put(
                $"notes/{encoding.WebName}.csv",
                [
                    .. encoding.GetPreamble(),
                    .. encoding.GetBytes($"id,note\n{encoding.CodePage},Zoë 🙂 {encoding.CodePage}\n"),
                ]
            );
        await World.Load();
        Assert.Equal(
            ["1200|Zoë 🙂 1200", "1201|Zoë 🙂 1201", "12000|Zoë 🙂 12000", "65001|Zoë 🙂 65001"],
            World.Query("SELECT * FROM raw.notes ORDER BY id")
        );
    }

    [Fact]
    public async Task F29_bytes_that_are_no_utf_8_go_to_quarantine_wherever_they_stand()
    {
        World.Flows(Notes);
        var text = new List<byte>([.. "id,note\n"u8]);
        for (var value = 0x80; value <= 0xFF; value++)
            text.AddRange([.. Encoding.ASCII.GetBytes($"{value},a"), (byte)value, .. "b\n"u8]);
        World.Put("notes/1.csv", [.. text]).Put("notes/2.csv", "id,note\n1,good\n");
        Assert.Equal("1i 0u 0d 0s 128q", (await World.Load()).Only.Counts);
        Assert.Equal(
            "128|2|129",
            World.Value(
                """
                SELECT count(*) FILTER (starts_with(reason, 'not valid UTF-8')), min(line), max(line)
                FROM headrace.quarantine
                """
            )
        );
        Assert.Equal("0", World.Value("SELECT count(*) FROM raw.notes WHERE contains(note, chr(65533))"));
    }

    [Fact]
    public async Task F29_a_declared_encoding_is_read_and_bytes_outside_it_are_not_guessed()
    {
        World.Flows(
            Notes.Replace("\"notes/*\"", "\"notes/*\", csv: { encoding: windows-1252 }", StringComparison.Ordinal)
        );
        World.Put("notes/1.csv", [.. "id,note\n1,Zo"u8, 0xEB, .. " 5"u8, 0x80, (byte)'\n']);
        await World.Load();
        Assert.Equal("Zoë 5€", World.Value("SELECT note FROM raw.notes"));
    }

    [Fact]
    public async Task F30_a_nul_in_a_text_goes_to_quarantine()
    {
        World
            .Flows(Notes)
            .Put("notes/1.csv", "id,note\n1,a\0b\n2,c\n")
            .Put("notes/2.jsonl", "{\"id\":3,\"note\":\"a\\u0000b\"}\n{\"id\":4,\"note\":\"d\"}\n");
        Assert.Equal("2i 0u 0d 0s 2q", (await World.Load()).Only.Counts);
        Assert.Equal(["2", "4"], World.Query("SELECT id FROM raw.notes ORDER BY id"));
        Assert.Equal("2", World.Value("SELECT count(*) FROM headrace.quarantine WHERE contains(reason, 'NUL')"));
    }

    [Fact]
    public async Task F31_a_field_of_10_MB_and_a_table_of_1000_columns_are_loaded()
    {
        World.Flows(
            Notes + "\nwide: { source: { connection: lake, path: \"wide/*\" }, read: incremental, write: append }"
        );
        World.Put(
            "notes/1.csv",
            $"id,note\n1,{new string('x', 10_000_000)}\n"
                + $"2,\"{new string('y', 5_000_000)}\n{new string('z', 5_000_000)}\"\n"
        );
        World.Put(
            "wide/1.csv",
            string.Join(',', Enumerable.Range(0, 1000).Select(i => $"c_{i}"))
                + "\n"
                + string.Join(',', Enumerable.Range(0, 1000))
                + "\n"
        );
        await World.Load();
        Assert.Equal(["1|10000000", "2|10000001"], World.Query("SELECT id, length(note) FROM raw.notes ORDER BY id"));
        Assert.Equal("999", World.Value("SELECT c_999 FROM raw.wide"));
        Assert.Equal(1000, World.Columns("raw.wide").Length);
    }

    [Theory]
    [InlineData("max_record_bytes: 1MB", "max_record_bytes")]
    [InlineData("max_columns: 1", "max_columns")]
    public async Task F31_a_file_beyond_a_limit_is_refused_by_the_name_of_the_limit(string limit, string named)
    {
        World
            .Flows(Notes + $"\n  limits: {{ {limit} }}")
            .Put("notes/1.csv", $"id,note\n1,{new string('x', 2_000_000)}\n");
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, "HDR-123"), (answer.Exit, answer.Only.Error));
        Assert.Contains(named, answer.Only.ErrorText, StringComparison.Ordinal);
    }
}
