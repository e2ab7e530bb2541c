using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary><c>headrace diff</c>: two files or folders, and no project.</summary>
public sealed class Diffs : IDisposable
{
    private readonly World world = new();

    public void Dispose() => world.Dispose();

    private async Task<Answer> Diff(string old, string @new, params string[] args) =>
        await world.Run(["diff", world.PathOf(old), world.PathOf(@new), .. args]);

    private static string Counts(Answer answer) =>
        string.Join(
            ' ',
            ((string[])["inserted", "updated", "deleted", "unchanged", "not_compared"]).Select(name =>
                answer.Json.GetProperty(name)
            )
        );

    private static IEnumerable<string> Operations(Answer answer) =>
        answer
            .Json.GetProperty("operations")
            .EnumerateArray()
            .Select(one =>
                $"{one.GetProperty("op")} {one.GetProperty("key")} {one.GetProperty("before")} "
                + $"{one.GetProperty("after")}"
            );

    [Fact]
    public async Task WhatChangedIsFoundByKey()
    {
        world
            .Put("a.csv", "id,name,n\n1,a,1\n2,b,2\n3,c,\n")
            .Put("b.csv.gz", "id,name,n\n3,c,\n2,b,2.5\n4,d,4\n", gzip: true);
        var answer = await Diff("a.csv", "b.csv.gz", "--key", "id", "--json");
        Assert.Equal((0, "1 1 1 1 0"), (answer.Exit, Counts(answer)));
        Assert.Equal(
            [
                """DELETE {"id":1} {"id":1,"name":"a","n":1} """.TrimEnd(),
                """INSERT {"id":4}  {"id":4,"name":"d","n":4}""",
                """UPDATE {"id":2} {"id":2,"name":"b","n":2} {"id":2,"name":"b","n":2.5}""",
            ],
            Operations(answer)
                .Select(line =>
                    line.TrimEnd()
                        .Replace("1.0", "1", StringComparison.Ordinal)
                        .Replace("2.0", "2", StringComparison.Ordinal)
                        .Replace("4.0", "4", StringComparison.Ordinal)
                )
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task NanosecondsOfParquetFilesCount()
    {
        foreach (
            var (name, v) in ((string, MadeColumn)[])
                [
                    (
                        "int96",
                        new MadeColumn(
                            "v",
                            3,
                            [ParquetMaker.Int96(DateTime.UnixEpoch, 1000), ParquetMaker.Int96(DateTime.UnixEpoch, 5)]
                        )
                    ),
                    (
                        "utc",
                        new MadeColumn(
                            "v",
                            2,
                            [ParquetMaker.Int64(1000), ParquetMaker.Int64(5)],
                            ParquetMaker.Timestamp(true, 3)
                        )
                    ),
                    (
                        "local",
                        new MadeColumn(
                            "v",
                            2,
                            [ParquetMaker.Int64(1000), ParquetMaker.Int64(5)],
                            ParquetMaker.Timestamp(false, 3)
                        )
                    ),
                    (
                        "clock",
                        new MadeColumn(
                            "v",
                            2,
                            [ParquetMaker.Int64(1000), ParquetMaker.Int64(5)],
                            ParquetMaker.Time(false, 3)
                        )
                    ),
                ]
        )
        {
            var later = v with { Values = [v.Values[0], [.. v.Values[1]!.Select((b, i) => i == 0 ? (byte)6 : b)]] };
            world
                .Put($"{name}-a.parquet", ParquetMaker.File(ParquetMaker.Ids(2), v))
                .Put($"{name}-b.parquet", ParquetMaker.File(ParquetMaker.Ids(2), later));
            Assert.Equal(
                $"{name} 0 1 0 1 0",
                $"{name} {Counts(await Diff($"{name}-a.parquet", $"{name}-b.parquet", "--key", "id", "--json"))}"
            );
        }
    }

    [Fact]
    public async Task KeysOfJsonInAnyCaseAndEmptyQuotesAreCompared()
    {
        world
            .Put("a.jsonl", "{\"Id\":1,\"V\":\"a\"}\n{\"ID\":2,\"v\":\"b\"}\n")
            .Put("b.jsonl", "{\"id\":1,\"V\":\"a\"}\n{\n \"ID\":2,\n \"V\":\"c\"\n}\n");
        Assert.Equal("0 1 0 1 0", Counts(await Diff("a.jsonl", "b.jsonl", "--key", "id", "--json")));
        world.Put("a.csv", "id,n,c\n1,\"\",12E4\n2,5,x\n").Put("b.csv", "id,n,c\n1,,120000\n2,5.0,x\n");
        Assert.Equal("0 1 0 1 0", Counts(await Diff("a.csv", "b.csv", "--key", "id", "--json")));
    }

    [Fact]
    public async Task FilesWithoutAHeaderAreComparedByTheirColumnsNumbers()
    {
        world.Put("a.csv", "1;a\n2;b\n").Put("b.csv", "2;b\n1;x\n");
        var answer = await Diff("a.csv", "b.csv", "--key", "col_1", "--no-header", "--delimiter", ";", "--json");
        Assert.Equal((0, "0 1 0 1 0"), (answer.Exit, Counts(answer)));
    }

    [Fact]
    public async Task FoldersAndKeysOfSeveralColumns()
    {
        world.Put("a/1.csv", "k,l,v\n1,a,1\n").Put("a/2.csv", "k,l,v\n1,b,1\n").Put("b/1.csv", "l,k,v\nb,1,2\na,1,1\n");
        var answer = await Diff("a", "b", "--key", "k,l", "--csv");
        Assert.Equal(0, answer.Exit);
        Assert.Equal(
            ["headrace:op,k,l,v,headrace:before", "UPDATE,1,b,2,\"{\"\"v\"\":1}\""],
            answer.Output.Trim().ReplaceLineEndings("\n").Split('\n')
        );
    }

    [Fact]
    public async Task OneIsNotOnePointZeroAsTextAndIsAsANumber()
    {
        world.Put("a.csv", "id,n,t\n1,1,x1\n2,2,y\n").Put("b.csv", "id,n,t\n1,1.0,x1\n2,2,z\n");
        var answer = await Diff("a.csv", "b.csv", "--key", "id", "--json");
        Assert.Equal("0 1 0 1 0", Counts(answer));
    }

    [Fact]
    public async Task AKeyThatIsThereTwiceIsNotCompared()
    {
        world.Put("a.csv", "id,n\n1,1\n1,2\n2,2\n").Put("b.csv", "id,n\n1,1\n2,3\n");
        var answer = await Diff("a.csv", "b.csv", "--key", "id", "--json");
        Assert.Equal(0, answer.Exit);
        Assert.Equal(
            (0, 1, 0),
            (
                answer.Json.GetProperty("inserted").GetInt32(),
                answer.Json.GetProperty("updated").GetInt32(),
                answer.Json.GetProperty("deleted").GetInt32()
            )
        );
        Assert.True(answer.Json.GetProperty("not_compared").GetInt32() > 0);
    }

    [Fact]
    public async Task EqualFilesAreSaidToBe()
    {
        world.Put("a.csv", "id,n\n1,1\n").Put("b.csv", "id,n\n1,1\n");
        var answer = await Diff("a.csv", "b.csv", "--key", "id");
        Assert.Equal((0, "The same 1 row on both sides."), (answer.Exit, answer.Output.Trim()));
    }

    [Theory]
    [InlineData("n.csv", "")]
    [InlineData("n.csv", "\uFEFF\n\n")]
    [InlineData("n.jsonl", "")]
    [InlineData("n.csv", "other\n1\n")]
    public async Task ASideWithoutTheKeyIsNoTable(string name, string text)
    {
        world
            .Put("a.csv", "id,n\n1,1\n2,2\n")
            .Put(name, text)
            .Put("folder/1.csv", "id,n\n1,1\n")
            .Put($"folder/2{Path.GetExtension(name)}", text);
        foreach (var (old, @new) in ((string, string)[])[("a.csv", name), (name, "a.csv"), ("folder", "a.csv")])
        {
            var answer = await Diff(old, @new, "--key", "id", "--json");
            Assert.NotEqual(0, answer.Exit);
            Assert.Contains("HDR-106", answer.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AHeaderAloneIsATableWithoutRows()
    {
        world.Put("a.csv", "id,n\n1,1\n2,2\n").Put("b.csv", "id,n\n");
        Assert.Equal("0 0 2 0 0", Counts(await Diff("a.csv", "b.csv", "--key", "id", "--json")));
        Assert.Equal("2 0 0 0 0", Counts(await Diff("b.csv", "a.csv", "--key", "id", "--json")));
    }

    [Fact]
    public async Task AColumnOfOneSideIsNamedAndChangesNoRow()
    {
        world.Put("a.csv", "id,old,n\n1,x,1\n2,y,2\n3,z,3\n").Put("b.csv", "id,new,n\n1,p,1\n2,q,5\n4,r,4\n");
        var answer = await Diff("a.csv", "b.csv", "--key", "id", "--json");
        Assert.Equal((0, "1 1 1 1 0"), (answer.Exit, Counts(answer)));
        Assert.Equal(
            ("""["old"]""", """["new"]"""),
            ($"{answer.Json.GetProperty("columns_only_in_old")}", $"{answer.Json.GetProperty("columns_only_in_new")}")
        );
        Assert.Contains("""UPDATE {"id":2} {"id":2,"old":"y","n":2} {"id":2,"n":5,"new":"q"}""", Operations(answer));
        var text = (await Diff("a.csv", "b.csv", "--key", "id")).Output;
        Assert.Contains("A column is in OLD only and was not compared: old", text, StringComparison.Ordinal);
        Assert.Contains("A column is in NEW only and was not compared: new", text, StringComparison.Ordinal);
        var csv = await Diff("a.csv", "b.csv", "--key", "id", "--csv");
        Assert.Contains("2,,5,q,\"{\"\"n\"\":2}\"", csv.Output, StringComparison.Ordinal);
        Assert.Contains("OLD only", csv.Messages, StringComparison.Ordinal);

        world.Put("c.csv", "id,else\n1,x\n2,y\n3,z\n");
        Assert.Equal("0 0 0 3 0", Counts(await Diff("a.csv", "c.csv", "--key", "id", "--json")));
    }

    [Fact]
    public async Task ColumnsOfTheDataMayHaveAnyName()
    {
        world.Put("a.csv", "id,op,before,headrace:op\n1,x,y,z\n").Put("b.csv", "id,op,before,headrace:op\n1,X,y,z\n");
        Assert.Equal(
            [
                "headrace:op,id,op,before,headrace:headrace:op,headrace:before",
                "UPDATE,1,X,y,z,\"{\"\"op\"\":\"\"x\"\"}\"",
            ],
            (await Diff("a.csv", "b.csv", "--key", "id", "--csv")).Output.Trim().ReplaceLineEndings("\n").Split('\n')
        );
    }

    [Fact]
    public async Task AKeyWhoseOldRecordCannotBeReadIsNoInsert()
    {
        world.Put("a.csv", "id,n\n1,1\n2,2,too,many\n").Put("b.csv", "id,n\n1,1\n2,2\n3,3\n");
        Assert.Equal("1 0 0 1 2", Counts(await Diff("a.csv", "b.csv", "--key", "id", "--json")));
        world
            .Put("a.jsonl", "{\"id\":1,\"n\":1}\n{\"id\":2,\"n\":NaN}\n")
            .Put("b.jsonl", "{\"id\":1,\"n\":1}\n{\"id\":2,\"n\":2}\n{\"id\":3,\"n\":3}\n");
        Assert.Equal("1 0 0 1 2", Counts(await Diff("a.jsonl", "b.jsonl", "--key", "id", "--json")));
        Assert.Equal("0 0 1 1 1", Counts(await Diff("b.jsonl", "a.jsonl", "--key", "id", "--json")));
    }

    [Fact]
    public async Task JsonIsComparedByWhatItMeans()
    {
        world.Put("a.jsonl", "{\"id\":1,\"d\":{\"a\":1,\"b\":[1.50]}}\n{\"id\":2,\"d\":[12345678901234567890]}\n");
        world.Put(
            "b.jsonl",
            "{\"id\":1,\"d\":{\"b\":[ 15e-1 ],\"\\u0061\":1.0}}\n{\"id\":2,\"d\":[12345678901234567891]}\n"
        );
        Assert.Equal("0 1 0 1 0", Counts(await Diff("a.jsonl", "b.jsonl", "--key", "id", "--json")));
    }

    [Theory]
    [InlineData("a.csv", "b.csv", "nokey", "HDR-106")]
    [InlineData("a.csv", "nothing.csv", "id", "HDR-533")]
    public async Task AMistakeIsSaidByName(string old, string @new, string key, string code)
    {
        world.Put("a.csv", "id,n\n1,1\n").Put("b.csv", "id,n\n2,1\n");
        var answer = await Diff(old, @new, "--key", key, "--json");
        Assert.NotEqual(0, answer.Exit);
        Assert.Contains(code, answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATruncatedFileStops()
    {
        world.Put("a.csv.gz", string.Concat(Enumerable.Range(0, 5000).Select(i => $"{i},{i}\n")), gzip: true);
        var whole = await File.ReadAllBytesAsync(world.PathOf("a.csv.gz"), TestContext.Current.CancellationToken);
        world.Put("b.csv.gz", whole[..(whole.Length / 2)]);
        var answer = await Diff("a.csv.gz", "b.csv.gz", "--key", "col_1", "--no-header");
        Assert.Contains("HDR-121", answer.Text, StringComparison.Ordinal);
    }
}
