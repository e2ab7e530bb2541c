using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>
/// Lines of CSV files that are no records: comments, a line that tells the delimiter, titles above the header.
/// </summary>
public abstract class FirstLines(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private static string Stock(string csv, string write = "append") =>
        $$"""stock: { source: { connection: lake, path: "stock/*.csv", csv: { {{csv}} } }, read: incremental, """
        + $$"""write: {{write}} }""";

    [Fact]
    public async Task CommentsAreNoRecordsAndLinesKeepTheirNumbers()
    {
        await Flows(Stock("comment: \"#\""));
        World.Put("stock/1.csv", "# made by tool\n#\nid,name\n1,a\n# between\n2,\"x\n# no comment\"\nbad\n3,#c\n#end");
        var run = (await World.Load()).Only;
        Assert.Equal("3i 0u 0d 0s 1q", run.Counts);
        Assert.Equal(["1|a", "2|x\n# no comment", "3|#c"], await Rows("SELECT id, name FROM raw.stock ORDER BY id"));
        Assert.Equal(["8"], await Rows("SELECT line FROM headrace.quarantine"));
        Assert.StartsWith("000 ", await Verified(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ALineThatTellsTheDelimiterIsUnderstood()
    {
        await Flows(Stock("\"null\": \"\""));
        World
            .Put("stock/1.csv", "sep=;\r\nid;name\r\n1;a,b\r\n", landedSecondsAgo: 900)
            .Put("stock/2.csv", "\"SEP=\t\"\nid\tname\n2\tc\n", landedSecondsAgo: 800)
            .Put("stock/3.csv", "\uFEFFsep=,\nid,name\n3,d\n", landedSecondsAgo: 700)
            .Put("stock/4.csv", "id,name\n4,e\n");
        await World.Load();
        Assert.Equal(["1|a,b", "2|c", "3|d", "4|e"], await Rows("SELECT id, name FROM raw.stock ORDER BY id"));
        Assert.StartsWith("000 ", await Verified(), StringComparison.Ordinal);

        // A declared delimiter holds, and the line is no record all the same.
        await Flows(Stock("delimiter: \";\", skip: 1"));
        World.Put("stock/5.csv", "sep=,\nid;name\n5;f\n");
        await World.Load();
        Assert.Equal(["5|f"], await Rows("SELECT id, name FROM raw.stock WHERE id = 5"));
    }

    [Fact]
    public async Task ExportsHaveCommentsAndDelimitersOfTheirOwn()
    {
        await Flows(
            """stock: { source: { connection: lake, path: "{version}/stock.csv", csv: { comment: "//" } }, """
                + "read: snapshot, settle: 0s, primary_key: id, write: merge }"
        );
        World
            .Put("v1/stock.csv", "// one\nid,name\n1,a\n2,b\n", landedSecondsAgo: 900)
            .Put("v2/stock.csv", "sep=;\n// two\nid;name\n// 1;a\n1;a\n3;c\n");
        var run = (await World.Load()).Only;
        Assert.Equal("3i 0u 1d 1s 0q", run.Counts);
        Assert.Equal(["1|a", "3|c"], await Rows("SELECT id, name FROM raw.stock ORDER BY id"));
    }

    private async Task<string> Verified()
    {
        var answer = await World.Run("verify", "--json");
        var one = Assert.Single(answer.Json.GetProperty("datasets").EnumerateArray());
        return $"{one.GetProperty("missing")}{one.GetProperty("extra")}{one.GetProperty("different")} {answer.Text}";
    }
}

public sealed class FirstLinesIntoDuckDb(PostgresServer server) : FirstLines(server, WarehouseKind.DuckDb)
{
    [Theory]
    [InlineData("# made by tool\nid,name\n1,x\n", "", "csv: { comment: \"#\" }")]
    [InlineData("Sales report\nof 2024\n\nid,name\n1,x\n2,y\n3,z\n", "", "csv: { skip: 3 }")]
    [InlineData("# made by tool\nid,name\n1,x\n", "columns: { id: integer, name: text }", "csv: { comment: \"#\" }")]
    [InlineData("# made by tool\nid,name\n1,x\n", "primary_key: id", "csv: { comment: \"#\" }")]
    [InlineData("Sales report,,\nid,name,note\n1,x,\n", "", "csv: { header: false, skip: 1 }")]
    [InlineData("id,name\n# a comment\n# another\n1,x\n", "", "csv: { comment: \"#\" }")]
    public async Task WhatTheFirstLinesLookLikeIsSaid(string text, string setting, string hint)
    {
        await Flows(
            """stock: { source: { connection: lake, path: "stock/*.csv" }, read: incremental, """
                + $$"""write: append{{(setting.Length > 0 ? ", " + setting : "")}} }"""
        );
        World.Put("stock/1.csv", text);
        var answer = await World.Run("run", "--json");
        var said = (answer.Only.Warnings + answer.Only.ErrorText)
            .Replace("\\u0022", "\"", StringComparison.Ordinal)
            .Replace("\\\"", "\"", StringComparison.Ordinal);
        if (await Rows("SELECT reason FROM headrace.quarantine") is { Length: > 0 } reasons)
            said += reasons[0];
        Assert.Contains(hint, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADropFolderAndDiffHaveComments()
    {
        await Flows(
            """stock: { source: { connection: lake, path: "inbox/{action}/{table}/*", csv: { comment: "#" } }, """
                + "read: drop }"
        );
        World.Put("inbox/append/stock/1.csv", "# one\nid\n1\n");
        await World.Load();
        Assert.Equal(["1"], await Rows("SELECT id FROM raw.stock"));

        World.Put("a.csv", "# one\nid,v\n1,a\n").Put("b.csv", "sep=;\nid;v\n1;b\n# 2;c\n");
        var answer = await World.Run(
            "diff",
            World.PathOf("a.csv"),
            World.PathOf("b.csv"),
            "--key",
            "id",
            "--comment",
            "#",
            "--json"
        );
        Assert.Equal(
            (0, 1, 0),
            (answer.Exit, answer.Json.GetProperty("updated").GetInt32(), answer.Json.GetProperty("inserted").GetInt32())
        );
    }

    [Theory]
    [InlineData("comment: \"\"")]
    [InlineData("comment: \",\"")]
    [InlineData("comment: \"é\"")]
    public async Task ACommentThatCannotBeOneIsRefused(string csv)
    {
        await Flows(
            $$"""stock: { source: { connection: lake, path: "*.csv", csv: { {{csv}} } }, read: incremental, """
                + "write: append }"
        );
        Assert.Equal(2, (await World.Run("run")).Exit);
    }
}

public sealed class FirstLinesIntoPostgres(PostgresServer server) : FirstLines(server, WarehouseKind.Postgres);

public sealed class FirstLinesIntoRedshift(PostgresServer server) : FirstLines(server, WarehouseKind.Redshift);
