using System.Globalization;
using System.Text;
using Xunit;
using static Headrace.Tests.Staging.StagingBench;

namespace Headrace.Tests.Staging;

public sealed class JsonTests : IDisposable
{
    private readonly StagingBench bench = new();

    [Theory]
    [InlineData("{\"a\":1,\"b\":\"x\"}\n{\"b\":\"y\",\"a\":2}\n", "1,1,x | 2,2,y")]
    [InlineData("[{\"a\":1,\"b\":\"x\"},\n\n {\"a\":2, \"b\":\"y\"}]", "1,1,x | 2,2,y")]
    [InlineData("\uFEFF\r\n\n{\"a\":1,\"b\":null}\r\n\r\n{\"a\":true,\"b\":\"\"}", "3,1,∅ | 5,true,")]
    [InlineData("{\"a\":12345678901234567890.10,\"b\":1e5}\n", "1,12345678901234567890.10,1e5")]
    [InlineData("{\"a\":{\"x\": [1, \"é\"]},\"b\":[]}\n", "1,{\"x\": [1, \"é\"]},[]")]
    [InlineData("{\"a\":\"q\\\"uote\\n\\u00e9\",\"b\":\"007\"}\n", "1,q\"uote\né,007")]
    public async Task An_object_is_a_record_and_no_digit_is_lost(string text, string rows)
    {
        var staged = await bench.Stage(text, Json);
        Assert.Equal(rows, staged.Text);
        Assert.Equal("a b", staged.Columns);
        Assert.Empty(staged.Rejects);
    }

    [Fact]
    public async Task Columns_tell_text_and_json_from_bare_values()
    {
        var staged = await bench.Stage("{\"n\":1,\"t\":\"1\",\"j\":{},\"m\":1}\n{\"m\":\"x\",\"n\":null}\n", Json);
        Assert.Equal(
            [new("n"), new("t", IsText: true), new("j", IsJson: true), new("m", IsText: true)],
            staged.File.Columns
        );
    }

    [Fact]
    public async Task Properties_that_come_late_are_null_in_the_records_before()
    {
        bench.SegmentBytes = 40;
        var staged = await bench.Stage(
            "{\"a\":\"x\\n,\\\"\"}\n{}\n{\"b\":1}\n"
                + "{\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}\n{\"c\":\"z\",\"a\":5}\n",
            Json
        );
        Assert.Equal(
            "1,x\n,\",∅,∅ | 2,∅,∅,∅ | 3,∅,1,∅ | 4,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,∅,∅ | 5,5,∅,z",
            staged.Text
        );
        Assert.Equal("a b c", staged.Columns);
        Assert.True(staged.File.Segments.Count > 1);
    }

    [Theory]
    [InlineData("{\"a\":1,\"a\":2}", "the property 'a' stands twice")]
    [InlineData("{\"a\":{\"x\":1,\"x\":2}}", "a property within 'a' stands twice")]
    [InlineData("{\"a\":[{\"x\":1,\"\\u0078\":2}]}", "a property within 'a' stands twice")]
    [InlineData("{\"a\":", "not valid JSON at byte 6")]
    [InlineData("{\"a\":1}{\"a\":2}", "not valid JSON at byte 8")]
    [InlineData("{\"a\":01}", "not valid JSON at byte 7")]
    [InlineData("{\"a\":NaN}", "not valid JSON at byte 6")]
    [InlineData("5", "not a JSON object")]
    [InlineData("\"x\"", "not a JSON object")]
    [InlineData("null", "not a JSON object")]
    [InlineData("{\"a\":\"x\\u0000\"}", "a NUL character in 'a'")]
    [InlineData("{\"a\":[\"\\u0000\"]}", "a NUL character in 'a'")]
    [InlineData("{\"a\":\"\\ud800\"}", "an escape that is no character (half of a surrogate pair)")]
    [InlineData("{\"\":1}", "a property without a name, or with a NUL character in it")]
    public async Task F45_a_line_that_is_no_row_is_rejected_and_the_next_goes_on(string bad, string reason)
    {
        var staged = await bench.Stage($"{{\"a\":0}}\n{bad}\n{{\"a\":3}}\n", Json);
        Assert.Equal("1,0 | 3,3", staged.Text);
        Assert.Equal($"2: {reason}", staged.RejectText);
        Assert.Equal(bad, staged.Rejects[0][2]);
        Assert.Equal("a", staged.Columns);
    }

    [Fact]
    public async Task A_rejected_line_adds_no_column()
    {
        var staged = await bench.Stage("{\"a\":0}\n{\"z\":1,\"Y\":\"\\u0000\"}\n{\"y\":3}\n", Json);
        Assert.Equal("a y", staged.Columns);
        Assert.Equal("1,0,∅ | 3,∅,3", staged.Text);
    }

    [Fact]
    public async Task Invalid_utf8_rejects_its_record()
    {
        byte[] bytes = [.. "{\"a\":\"x\"}\n{\"a\":\""u8, 0xff, .. "\"}\n"u8];
        Assert.Equal("2: not valid UTF-8", (await bench.Stage(bytes, Json)).RejectText);
    }

    [Theory]
    [InlineData("[{\"a\":1},{\"a\":]", "HDR-121")]
    [InlineData("[{\"a\":1}", "HDR-121")]
    [InlineData("[{\"a\":1}] x", "HDR-121")]
    [InlineData("[{\"a\":1},]", "HDR-121")]
    [InlineData("{\n \"data\": [\n  {\"a\":1},\n  {\"a\":2}\n ]\n", "HDR-128")]
    [InlineData("{\n \"data\": [\n  {\"a\":1},\n  {\"a\":2,}\n ]\n}", "HDR-128")]
    [InlineData("{\"data\": [\n{\"a\":1}\n{\"a\":2}\n]}\n", "HDR-128")]
    [InlineData("  {\"a\":1},\n  {\"a\":2}\n ]\n}\n", "HDR-128")]
    [InlineData("{\n \"a\": 1\n},\n{\n \"a\": 2\n}\n", "HDR-128")]
    [InlineData("{\"data\": [\n{\"a\":1}\n", "HDR-128")]
    public async Task A_broken_document_refuses_the_file(string text, string code) =>
        Assert.Equal(code, (await bench.Refuses(text, Json)).Code);

    [Theory]
    [InlineData("{\n  \"a\": 1,\n  \"b\": \"x\"\n}\n", "1,1,x")]
    [InlineData("\r\n{\r\n  \"a\": 1\r\n}\r\n\r\n{\r\n  \"a\": 2\r\n}", "2,1 | 6,2")]
    [InlineData("{\n\"a\": 1\n}{\n\"a\": 2\n}\n{\"a\": 3}\n", "1,1 | 3,2 | 6,3")]
    [InlineData("{\"data\": [\n {\"a\": 1},\n {\"a\": 2}\n]}", "1,[\n {\"a\": 1},\n {\"a\": 2}\n]")]
    [InlineData("[\n {\n  \"a\": 1\n },\n {\n  \"a\": 2\n }\n]\n", "1,1 | 2,2")]
    public async Task A_document_over_several_lines_is_read_as_what_it_is(string text, string rows)
    {
        Assert.Equal(rows, (await bench.Stage(text, Json)).Text);
        var many = await bench.Stage(
            "{\"a\":0}\n" + string.Concat(Enumerable.Repeat("{\n \"a\": [\n  1\n ]\n}\n", 200_000)),
            Json
        ); // over many buffers
        Assert.Equal((200_001, 0), (many.File.Records, many.File.RejectCount));
    }

    [Theory]
    [InlineData("{\"a\": 1, \"b")]
    [InlineData("{\"a\": 12")]
    [InlineData("{\"a\": [")]
    [InlineData("{\"a\":")]
    [InlineData("{\"a\": {\"b\": 1,")]
    [InlineData("{\"a\": tr")]
    [InlineData("{")]
    public async Task A_line_that_is_cut_short_is_set_aside_alone(string cut)
    {
        foreach (var rest in (string[])["", "{\"a\":2}\n", "{\"a\":2}\n\n{\"a\":3}\n{\"a\":4}\n"])
        {
            var staged = await bench.Stage($"{{\"a\":0}}\n{cut}\n{rest}", Json);
            Assert.Equal((1, 1 + rest.Count(c => c == '{')), (staged.File.RejectCount, staged.File.Records));
            Assert.Equal(cut, staged.Rejects[0][2]);
        }
    }

    [Fact]
    public async Task Properties_that_differ_only_in_case_are_one_column_unless_a_row_has_both()
    {
        foreach (
            var text in (string[])
                [
                    "{\"Id\":1,\"Upn\":\"a\"}\n{\"ID\":2,\"upn\":\"b\"}\n{\"id\":3,\"ID\":3}\n",
                    "[{\"Id\":1,\"Upn\":\"a\"},{\"ID\":2,\"upn\":\"b\"},{\"id\":3,\"ID\":3}]",
                ]
        )
        {
            var staged = await bench.Stage(text, Json);
            Assert.Equal(("1,1,a | 2,2,b", "Id Upn"), (staged.Text, staged.Columns));
            Assert.Equal("3: the properties 'Id' and 'ID' are one column (case does not count)", staged.RejectText);
        }
    }

    [Fact]
    public async Task Elements_that_are_no_objects_are_rejected_by_number()
    {
        var staged = await bench.Stage("[{\"a\":1}, 5, [1], {\"a\":2,\"a\":3}, null, {\"a\":4}]", Json);
        Assert.Equal("1,1 | 6,4", staged.Text);
        Assert.Equal(
            "2: not a JSON object | 3: not a JSON object | 4: the property 'a' stands twice | 5: not a JSON object",
            staged.RejectText
        );
        Assert.Equal("", (await bench.Stage(" [ ] ", Json)).Text);
        Assert.Equal(0, (await bench.Stage("", Json)).File.Records);
    }

    [Fact]
    public async Task F31_limits_hold_for_json()
    {
        bench.Limits = new FileLimits { MaxRecordBytes = 50, MaxColumns = 2 };
        var longer = new string('x', 60);
        Assert.Equal("HDR-123", (await bench.Refuses($"{{\"a\":\"{longer}\"}}\n", Json)).Code);
        Assert.Equal("HDR-123", (await bench.Refuses($"[{{\"a\":\"{longer}\"}}]", Json)).Code);
        Assert.Equal("HDR-123", (await bench.Refuses("{\"a\":1,\"b\":1,\"c\":1}\n", Json)).Code);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Many_megabytes_come_back_whole(bool isArray)
    {
        var text = new StringBuilder(isArray ? "[" : "");
        for (var i = 0; i < 60_000; i++)
            text.Append(
                CultureInfo.InvariantCulture,
                $"{(isArray && i > 0 ? "," : "")}{{\"id\":{i},\"text\":\"{new string('x', i % 90)}\\u00e9\"}}\n"
            );
        if (isArray)
            text.Append(']');
        var staged = await bench.Stage(Gzip(text.ToString()), Json);
        Assert.Equal(60_000, staged.Rows.Count);
        for (var i = 0; i < 60_000; i++)
            Assert.Equal($"{i + 1},{i},{new string('x', i % 90)}é", string.Join(',', staged.Rows[i]));
    }

    public void Dispose() => bench.Dispose();
}
