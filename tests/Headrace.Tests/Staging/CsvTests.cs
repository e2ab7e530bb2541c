using System.Text;
using Xunit;
using static Headrace.Tests.Staging.StagingBench;

namespace Headrace.Tests.Staging;

public sealed class CsvTests : IDisposable
{
    private readonly StagingBench bench = new();

    [Theory]
    [InlineData("a,b\n1,2\n", "2,1,2")]
    [InlineData("a,b\r\n1,2\r\n3,4\r\n", "2,1,2 | 3,3,4")]
    [InlineData("a,b\r1,2\r3,4", "2,1,2 | 3,3,4")]
    [InlineData("a,b\n1,2\r3,4\r\n5,6\n7,8", "2,1,2 | 3,3,4 | 4,5,6 | 5,7,8")]
    [InlineData("a,b\n\n1,2\n\n\n3,4\n\n", "3,1,2 | 6,3,4")]
    [InlineData("a,b\n,\"\"\n", "2,∅,")]
    [InlineData("a,b\n\"x\ny\",\"p\r\nq\"\n1,2\n", "2,x\ny,p\r\nq | 5,1,2")]
    [InlineData("a,b\n\"x\ry\",2\n1,2\n", "2,x\ry,2 | 4,1,2")]
    [InlineData("a,b\n\"say \"\"hi\"\"\",2\n", "2,say \"hi\",2")]
    [InlineData("a,b\n5\" disk,\"x\"\n", "2,5\" disk,x")]
    [InlineData("a,b\n \"x\",2\n", "2, \"x\",2")]
    [InlineData("a,b\n x , y \n", "2, x , y ")]
    [InlineData("a\n1\n\n\"\"\n", "2,1 | 3,∅ | 4,")]
    [InlineData("a,b\n1,\"\"", "2,1,")]
    [InlineData("\n\na,b\n1,2\n", "4,1,2")]
    [InlineData("\uFEFFa,b\n1,2\n", "2,1,2")]
    public async Task F28_records_keep_their_values_and_lines(string text, string rows)
    {
        var staged = await bench.Stage(text);
        Assert.Equal(rows, staged.Text);
        Assert.Equal(text.StartsWith('a') && !text.Contains(',') ? "a" : "a b", staged.Columns);
        Assert.Empty(staged.Rejects);
    }

    [Theory]
    [InlineData("a,b\n1\n1,2\n1,2,3\n", "3,1,2", "2: 1 field where 2 are expected | 4: 3 fields where 2 are expected")]
    [InlineData("a,b\n1,\"x\"y\n1,2\n", "3,1,2", "2: text follows a closing quote")]
    [InlineData("a,b\n1,\"x\n2,y\n3,z\n", "3,2,y | 4,3,z", "2: a quote is opened and never closed")]
    [InlineData("a,b\n1,\"x\n2,\"y\"\n3,z\n", "3,2,y | 4,3,z", "2: text follows a closing quote")]
    [InlineData(
        "a,b\n\"1\n2\" x,3\n4,5\n",
        "4,4,5",
        "2: text follows a closing quote | 3: a quote within a field, after a line with an open quote"
    )]
    [InlineData("a,b\n1,x\0y\n3,4\n", "3,3,4", "2: a NUL byte at byte 4 of the line")]
    [InlineData("a,b,c\n1,\"x\ny\"\n3,4,5\n", "4,3,4,5", "2: 2 fields where 3 are expected")]
    [InlineData("a,b\n1,\"", "", "2: a quote is opened and never closed")]
    public async Task F27_what_is_no_row_is_rejected_with_its_line_and_the_others_go_on(
        string text,
        string rows,
        string rejects
    )
    {
        var staged = await bench.Stage(text);
        Assert.Equal(rows, staged.Text);
        Assert.Equal(rejects, staged.RejectText);
        Assert.Equal(staged.Rejects.Count, staged.File.RejectCount);
        Assert.Equal(staged.Rows.Count, staged.File.Records);
    }

    [Fact]
    public async Task F29_bytes_that_are_no_utf8_reject_their_record_and_are_shown()
    {
        for (var value = 0x80; value <= 0xFF; value++)
        {
            byte[] bytes = [.. "a,b\n1,é\n2,x"u8, (byte)value, .. "y\n3,ü\n"u8];
            var staged = await bench.Stage(bytes);
            Assert.Equal("2,1,é | 4,3,ü", staged.Text);
            Assert.Equal("3: not valid UTF-8 at byte 4 of the line", staged.RejectText);
            Assert.Equal($"2,x\\x{value:X2}y", staged.Rejects[0][2]);
        }
    }

    [Fact]
    public async Task F28_a_stray_quote_in_every_line_takes_no_longer_and_loses_no_other_line()
    {
        bench.Limits = new FileLimits { MaxRecordBytes = 4096 };
        var text = new StringBuilder("a,b\n");
        for (var i = 0; i < 50_000; i++)
            text.Append(i % 1000 == 0 ? $"{i},\"open\n" : $"{i},text\n");
        var staged = await bench.Stage(text.ToString());
        Assert.Equal(49_950, staged.Rows.Count);
        Assert.Equal(50, staged.Rejects.Count);
        Assert.Equal(
            "2: a quote is opened and not closed within max_record_bytes (4096)",
            $"{staged.Rejects[0][0]}: {staged.Rejects[0][1]}"
        );
        Assert.Equal("50001,49999,text", string.Join(',', staged.Rows[^1]));
    }

    [Theory]
    [InlineData("utf-16", true)]
    [InlineData("utf-16BE", true)]
    [InlineData("utf-16", false)]
    [InlineData("windows-1252", false)]
    [InlineData("iso-8859-15", false)]
    [InlineData("utf8", false)]
    public async Task F29_other_encodings_are_read(string name, bool marked)
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        var encoding = Encoding.GetEncoding(name == "utf8" ? "utf-8" : name);
        byte[] bytes = [.. marked ? encoding.GetPreamble() : [], .. encoding.GetBytes("name,größe\nMüller,5 €\n")];
        var staged = await bench.Stage(bytes, marked ? Csv : Dialect(csv => csv with { Encoding = name }));
        Assert.Equal("2,Müller,5 €", staged.Text);
        Assert.Equal("name größe", staged.Columns);
    }

    [Fact]
    public async Task F29_text_that_is_not_in_the_declared_encoding_is_refused()
    {
        var error = await bench.Refuses(
            [0x61, 0, 0x0a, 0, 0x00, 0xd8, 0x61, 0],
            Dialect(csv => csv with { Encoding = "utf-16" })
        );
        Assert.Equal("HDR-121", error.Code);
        Assert.Equal(
            "HDR-121",
            (await bench.Refuses([0x61, 0, 0x0a, 0, 0x61], Dialect(csv => csv with { Encoding = "utf-16" }))).Code
        );
        Assert.Equal("HDR-124", (await bench.Refuses("a\n", Dialect(csv => csv with { Encoding = "utf-9" }))).Code);
    }

    [Theory]
    [InlineData("a,A\n1,2\n", "HDR-131")]
    [InlineData("a,a\n", "HDR-131")]
    [InlineData("a,,c\n", "HDR-132")]
    [InlineData("a,\" \"\n", "HDR-132")]
    [InlineData("a,\"b\n1,2\n", "HDR-121")]
    [InlineData("a,\"b\"c\n1,2\n", "HDR-121")]
    [InlineData("a,b\0\n1,2\n", "HDR-121")]
    [InlineData("a,b\u0007\n1,2\n", "HDR-121")]
    public async Task F25_a_header_that_names_no_table_is_refused(string text, string code) =>
        Assert.Equal(code, (await bench.Refuses(text)).Code);

    [Fact]
    public async Task A_header_that_is_no_utf8_is_refused() =>
        Assert.Equal("HDR-121", (await bench.Refuses([.. "a,b"u8, 0xff, .. "\n1,2\n"u8])).Code);

    [Fact]
    public async Task F23_an_empty_file_and_a_header_alone_have_no_records()
    {
        var empty = await bench.Stage("");
        Assert.Equal((0, 0, 0), (empty.File.Records, empty.File.Columns.Count, empty.File.Segments.Count));
        var header = await bench.Stage("a,b");
        Assert.Equal((0L, "a b"), (header.File.Records, header.Columns));
    }

    [Fact]
    public async Task Columns_without_a_header_are_the_declared_ones_or_numbered()
    {
        var bare = Dialect(csv => csv with { Header = false });
        Assert.Equal("col_1 col_2", (await bench.Stage("1,2\n3,4\n", bare)).Columns);
        var declared = await bench.Stage("1,2\n3\n", bare, "pk", "name");
        Assert.Equal("pk name", declared.Columns);
        Assert.Equal("1,1,2", declared.Text);
        Assert.Equal("2: 1 field where 2 are expected", declared.RejectText);
        Assert.Equal("1,∅ | 2,1", (await bench.Stage("\n1\n", bare, "pk")).Text);
    }

    [Fact]
    public async Task Skipped_lines_count_as_lines()
    {
        var staged = await bench.Stage(
            "made by \"x\r\n\na;b\n1;2\n",
            Dialect(csv => csv with { Skip = 2, Delimiter = ';' })
        );
        Assert.Equal("4,1,2", staged.Text);
    }

    [Theory]
    [InlineData("a;b\n1,5;\"x;y\"\n;\"\"\n", "2,1,5,x;y | 3,∅,")]
    [InlineData("a;b\nsay \"hi\";'x'\n", "2,say \"hi\",'x'")]
    public async Task Another_delimiter_gives_the_same_segments(string text, string rows) =>
        Assert.Equal(rows, (await bench.Stage(text, Dialect(csv => csv with { Delimiter = ';' }))).Text);

    [Fact]
    public async Task Other_quotes_and_escapes_are_resolved()
    {
        var backslash = Dialect(csv => csv with { Escape = '\\' });
        Assert.Equal(
            "2,say \"hi\",a\\b\\c",
            (await bench.Stage("a,b\n\"say \\\"hi\\\"\",\"a\\b\\\\c\"\n", backslash)).Text
        );
        var single = Dialect(csv => csv with { Quote = '\'', Escape = '\'' });
        Assert.Equal("2,it's,\"x\"", (await bench.Stage("a,b\n'it''s',\"x\"\n", single)).Text);
        var none = Dialect(csv => csv with { Quote = null });
        Assert.Equal("2,\"x,y\" | 3,∅,\"", (await bench.Stage("a,b\n\"x,y\"\n,\"\n", none)).Text);
    }

    [Fact]
    public async Task Null_texts_are_null_only_without_quotes()
    {
        var dialect = Dialect(csv => csv with { Null = ["NULL", "\\N"] });
        Assert.Equal(
            "2,∅,NULL,∅, | 3,,x,null,1",
            (await bench.Stage("a,b,c,d\nNULL,\"NULL\",\\N,\n\"\",x,null,1\n", dialect)).Text
        );
        Assert.Equal(
            "2,∅,∅",
            (await bench.Stage("a,b\n,NULL\n", Dialect(csv => csv with { Null = ["", "NULL"] }))).Text
        );
    }

    [Fact]
    public async Task F31_limits_have_names()
    {
        bench.Limits = new FileLimits { MaxRecordBytes = 20, MaxColumns = 3 };
        Assert.Contains("max_columns: 3", (await bench.Refuses("a,b,c,d\n")).What, StringComparison.Ordinal);
        var error = await bench.Refuses("a,b\n1,2\n1,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n");
        Assert.Contains("max_record_bytes: 20", error.What, StringComparison.Ordinal);
        Assert.Contains(error.Facts, fact => fact is { Name: "line", Value: "3" });
        Assert.Equal("3,1,2", (await bench.Stage("a,b\n1,\"aaa\n1,2\n1,\"aaaaa\n")).Text);
    }

    [Fact]
    public async Task A_field_of_ten_megabytes_and_a_thousand_columns_pass()
    {
        var big = new string('x', 10 << 20);
        var staged = await bench.Stage($"a,b\n1,\"{big}\n\"\n2,y\n");
        Assert.Equal(big + "\n", staged.Rows[0][2]);
        Assert.Equal("4,2,y", string.Join(',', staged.Rows[1]));
        var wide = string.Join(',', Enumerable.Range(0, 1000).Select(i => $"c{i}"));
        Assert.Equal(1001, (await bench.Stage($"{wide}\n{wide}\n")).Rows[0].Length);
    }

    [Fact]
    public async Task Segments_end_between_records_and_are_private()
    {
        bench.SegmentBytes = 100;
        var staged = await bench.Stage(
            "a,b\n" + string.Concat(Enumerable.Range(1, 100).Select(i => $"{i},\"line\nbreak\"\n"))
        );
        Assert.True(staged.File.Segments.Count > 10);
        Assert.Equal(Enumerable.Range(1, 100).Select(i => $"{i}"), staged.Rows.Select(row => row[1]));
        Assert.All(
            staged.File.Segments,
            path =>
            {
                Assert.StartsWith(bench.Spool, path, StringComparison.Ordinal);
                if (!OperatingSystem.IsWindows())
                    Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            }
        );
    }

    [Fact]
    public async Task F20_a_file_that_changes_while_it_is_staged_leaves_nothing()
    {
        var file = await bench.Write("file", "a\n1\n"u8.ToArray());
        var lake = new ChangingLake(
            bench.Lake,
            () => File.AppendAllText(Path.Combine(bench.LakeFolder, "file"), "2\n")
        );
        var stager = new Headrace.Staging.Stager(bench.Spool, new FileLimits());
        var error = await Assert.ThrowsAsync<HeadraceException>(() =>
            stager.StageAsync(lake, file, Csv, null, TestContext.Current.CancellationToken)
        );
        Assert.Equal("HDR-111", error.Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(bench.Spool));
    }

    [Fact]
    public async Task Cancelling_leaves_nothing()
    {
        var file = await bench.Write("file", new byte[5 << 20]);
        using var cancel = new CancellationTokenSource();
        var lake = new ChangingLake(bench.Lake, cancel.Cancel);
        var stager = new Headrace.Staging.Stager(bench.Spool, new FileLimits());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            stager.StageAsync(lake, file, Csv, null, cancel.Token)
        );
        Assert.Empty(Directory.EnumerateFileSystemEntries(bench.Spool));
    }

    public void Dispose() => bench.Dispose();

    /// <summary>Lets something happen between opening and reading.</summary>
    private sealed class ChangingLake(ILake lake, Action happens) : ILake
    {
        public string Address => lake.Address;

        public Task<IReadOnlyList<LakeFile>> ListAsync(
            PathPattern pattern,
            Action<string, string> skipped,
            CancellationToken cancel
        ) => lake.ListAsync(pattern, skipped, cancel);

        public async Task<Stream> OpenAsync(LakeFile file, CancellationToken cancel)
        {
            var stream = await lake.OpenAsync(file, cancel);
            happens();
            return stream;
        }

        public Task<bool> HasAsync(string key, CancellationToken cancel) => lake.HasAsync(key, cancel);

        public Task ConfirmAsync(LakeFile file, CancellationToken cancel) => lake.ConfirmAsync(file, cancel);
    }
}
