using System.Text;
using Headrace.Configuration;
using Xunit;

namespace Headrace.Tests.Configuration;

public class YamlTests
{
    [Theory]
    [InlineData("a:\n  cron: */15 * * * *\n", "HDR-502 2:9", "put the cron expression in quotes: \"*/15 * * * *\"")]
    [InlineData("c: { host: ${X} }\n", "HDR-502 1:13", "put it in quotes: \"${X}\"")]
    [InlineData("path: **/x.csv\n", "HDR-502 1:7", "put it in quotes: \"**/x.csv\"")]
    [InlineData("path: {shop}/{table}/*.csv\n", "HDR-502 1:13", "put it in quotes: \"{shop}/{table}/*.csv\"")]
    [InlineData("a:\n\tb: 1\n", "HDR-502 2:1", "indent with blanks")]
    [InlineData("a: @x\n", "HDR-502 1:4", "put the text in quotes")]
    [InlineData("a: %d\n", "HDR-502 1:4", "put the text in quotes")]
    [InlineData("quote: '\n", "HDR-502 1:8", "close the quotes; a quote alone is written '\"'")]
    [InlineData("a: b: c\n", "HDR-502 1:5", "put the text in quotes, or align the key with the ones above it")]
    [InlineData(
        "a: [1, 2\nb: 3\n",
        "HDR-502 1:5",
        "put texts with any of : # { } [ ] * & ! % @ in quotes, and align keys of one level"
    )]
    [InlineData("a: !!str 1\n", "HDR-512 1:4", "remove the tag: each key has one type anyway")]
    [InlineData("a: !ruby/object:Gem {}\n", "HDR-512 1:4", "remove the tag: each key has one type anyway")]
    [InlineData(
        "version: 1\n---\nversion: 1\n",
        "HDR-512 3:1",
        "remove the line --- and what comes after it, or make it a file of its own"
    )]
    [InlineData("- version: 1\n", "HDR-505 1:1", "start it with `version: 1`")]
    [InlineData("version 1\n", "HDR-505 1:1", "start it with `version: 1`")]
    [InlineData("", "HDR-504 1:1", "start it with `version: 1`, or let `headrace init` write one")]
    [InlineData("# nothing\n\n# yet\n", "HDR-504 1:1", "start it with `version: 1`, or let `headrace init` write one")]
    [InlineData("project: x\n", "HDR-504 1:1", "add `version:` to the file")]
    public void What_cannot_be_read_is_said_in_words_that_help(string yaml, string at, string next)
    {
        var problem = Written.Problem(yaml);
        Assert.Equal((at, next), (Written.At(problem), problem.Next));
    }

    [Fact]
    public void No_is_a_text_where_a_text_is_wanted() =>
        Assert.Equal("no", Written.Flow("write: append", "description: no").Description);

    [Fact]
    public void A_file_may_start_with_a_byte_order_mark_and_end_its_lines_with_both_characters()
    {
        using var folder = new TemporaryFolder();
        folder.Write("headrace.yaml", "\uFEFF" + Written.FlowText("write: append").Replace("\n", "\r\n"));
        Assert.Empty(ProjectFile.Load(folder.Path, null, _ => null).Problems);

        folder.Write("headrace.yaml", "\uFEFF" + Written.FlowText("write: append", "retires: 1").Replace("\n", "\r\n"));
        Assert.Equal(
            "HDR-503 12:5",
            Written.At(Assert.Single(ProjectFile.Load(folder.Path, null, _ => null).Problems))
        );
    }

    [Fact]
    public void A_file_that_is_not_utf_8_is_refused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(Path.Combine(folder.Path, "headrace.yaml"), [.. "version: 1 # "u8, 0xE9, (byte)'\n']);
        Assert.Equal("HDR-502", Assert.Single(ProjectFile.Load(folder.Path, null, _ => null).Problems).Code);
    }

    [Fact]
    public void A_file_beyond_five_megabytes_is_refused()
    {
        using var folder = new TemporaryFolder();
        folder.Write("headrace.yaml", "version: 1\n" + new string('#', 5 * 1024 * 1024));
        Assert.Equal("HDR-512", Assert.Single(ProjectFile.Load(folder.Path, null, _ => null).Problems).Code);
    }

    [Fact]
    public void Aliases_that_multiply_are_refused_before_they_do()
    {
        var bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var level = 1; level < 20; level++)
            bomb.Append($"a{level}: &a{level} [{string.Join(", ", Enumerable.Repeat($"*a{level - 1}", 10))}]\n");
        Assert.Equal("HDR-512 5:5", Written.At(Written.Problem(bomb.ToString())));
    }

    [Theory]
    [InlineData("a: &x [*x]\n")]
    [InlineData("a: &x { b: *x }\n")]
    [InlineData("a: *x\n")]
    public void An_alias_of_itself_or_of_nothing_is_a_mistake(string yaml) =>
        Assert.Equal("HDR-502", Written.Problem(yaml).Code);

    [Theory]
    [InlineData("[")]
    [InlineData("{ a: ")]
    [InlineData("- ")]
    public void Deep_nesting_is_refused_quickly(string open) =>
        Assert.Equal("HDR-512", Written.Problem("a:\n  " + string.Concat(Enumerable.Repeat(open, 20_000))).Code);

    [Fact]
    public void Too_many_parts_are_refused() =>
        Assert.Equal("HDR-512", Written.Problem("a: [" + string.Concat(Enumerable.Repeat("1, ", 300_000)) + "]").Code);

    [Fact]
    public void An_anchor_may_be_used_again() =>
        Assert.Equal(
            ["ean", "shop"],
            Written
                .Project(
                    Written.FlowText("write: merge", "primary_key: &key [ean, shop]")
                        + "  g:\n    source: { connection: lake, path: g }\n    read: incremental\n"
                        + "    write: merge\n    primary_key: *key\n"
                )
                .Flows["g"]
                .PrimaryKey
        );

    [Theory]
    [InlineData("? [a]\n: 1\n")]
    [InlineData("a\u0000b: 1\n")]
    [InlineData("%YAML 9.9\n---\na: 1\n")]
    [InlineData("\"\\ud800\": 1\n")]
    [InlineData("a: |9\n  x\n")]
    [InlineData("*a : 1\n")]
    [InlineData("{ , }")]
    [InlineData("a: \"\\x\"\n")]
    [InlineData("---\n...\n---\n")]
    [InlineData("&a\n")]
    public void Odd_files_are_problems_and_never_crashes(string yaml) => Assert.NotEmpty(Written.Load(yaml).Problems);

    [Fact]
    public void No_damage_to_a_file_crashes_the_loader()
    {
        const string pieces = "{}[]:-*&!|>'\"%@#,?~ \n\t\\$x0é\u2028";
        var random = new Random(20261004);
        for (var round = 0; round < 3000; round++)
        {
            var text = new StringBuilder(LoadingTests.Contract);
            for (var cut = random.Next(1, 4); cut > 0; cut--)
            {
                var at = random.Next(text.Length);
                _ = random.Next(4) switch
                {
                    0 => text.Remove(at, Math.Min(random.Next(1, 30), text.Length - at)),
                    1 => text.Insert(at, pieces[random.Next(pieces.Length)]),
                    2 => text.Insert(at, text.ToString(0, at).Split('\n')[^1] + "\n"),
                    _ => text.Replace(text[at], pieces[random.Next(pieces.Length)], at, 1),
                };
            }

            var loaded = Written.Load(text.ToString());
            Assert.True(loaded.Project is null == loaded.Problems.Count > 0, text.ToString());
        }
    }
}
