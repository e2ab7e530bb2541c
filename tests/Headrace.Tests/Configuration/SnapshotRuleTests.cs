using Xunit;

namespace Headrace.Tests.Configuration;

public class SnapshotRuleTests
{
    private const string Ok = "path: \"f/{version}/*\"";

    [Theory]
    [InlineData("read: snapshot needs a primary_key", Ok, "write: merge")]
    [InlineData("read: snapshot needs write: merge", Ok, "write: append", "primary_key: id")]
    [InlineData(
        "read: snapshot needs the capture {version} in the source's path",
        "path: \"f/*\"",
        "write: merge",
        "primary_key: id"
    )]
    [InlineData(
        "the target uses {version}, and all versions go to one table",
        Ok,
        "write: merge",
        "primary_key: id",
        "target: { table: \"t_{version}\" }"
    )]
    [InlineData(
        "each {tenant} is a dataset of its own and needs a table of its own",
        "path: \"{tenant}/{version}/*\"",
        "write: merge",
        "primary_key: id",
        "target: { table: t }"
    )]
    [InlineData(
        "the marker is no file below the folder of {version}",
        Ok,
        "write: merge",
        "primary_key: id",
        "complete_when: { marker: \"../x\" }"
    )]
    [InlineData(
        "the marker is no file below the folder of {version}",
        Ok,
        "write: merge",
        "primary_key: id",
        "complete_when: { marker: /x }"
    )]
    [InlineData("'write' is missing", Ok, "primary_key: id")]
    [InlineData("'connection' is missing", Ok, "write: merge", "primary_key: id", "publish: { before: true }")]
    [InlineData(
        "name a connection of type jsonl",
        Ok,
        "write: merge",
        "primary_key: id",
        "publish: { connection: lake }"
    )]
    public void A_wrong_snapshot_is_told(string what, string path, params string[] keys) =>
        Assert.Contains(what, Written.Text(Written.Problem(Text(path, keys))), StringComparison.Ordinal);

    [Fact]
    public void Only_snapshots_publish()
    {
        var problem = Written.Problem(
            Written
                .FlowText("write: append", "publish: { connection: lake }")
                .Replace("connection: lake }\n", "connection: ops }\n", StringComparison.Ordinal)
                .Replace(
                    "connections:\n",
                    "connections:\n  ops: { type: jsonl, path: ./ops }\n",
                    StringComparison.Ordinal
                )
        );
        Assert.Equal("HDR-515", problem.Code);
        Assert.Contains("'publish' needs read: snapshot", problem.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_flow_that_only_publishes_needs_no_target()
    {
        var text = Text(Ok, "primary_key: id", "publish: { connection: ops }")
            .Replace("defaults:\n  target: { connection: warehouse, schema: raw }\n", "", StringComparison.Ordinal);
        Assert.True(Written.Project(text).Flows["f"].IsPublishOnly);
    }

    [Fact]
    public void What_is_not_said_is_filled_in()
    {
        var flow = Written.Project(Text(Ok, "write: merge", "primary_key: id")).Flows["f"];
        Assert.Equal(
            (TimeSpan.FromSeconds(30), Headrace.Deletes.Hard, false),
            (flow.Settle, flow.Deletes, flow.IsPublishOnly)
        );
        Assert.Equal(
            TimeSpan.FromMinutes(5),
            Written
                .Project(Text(Ok, "write: merge", "primary_key: id", "complete_when: { settle: 5m }", "settle: 1s"))
                .Flows["f"]
                .Settle
        );
        Assert.NotEqual(
            TimeSpan.FromSeconds(30),
            Written
                .Project(Text(Ok, "write: merge", "primary_key: id", "complete_when: { marker: _DONE }"))
                .Flows["f"]
                .Settle
        );
    }

    private static string Text(string path, params string[] keys) =>
        Written
            .FlowText(keys)
            .Replace("path: \"f/*.csv\"", path, StringComparison.Ordinal)
            .Replace("read: incremental", "read: snapshot", StringComparison.Ordinal)
            .Replace("connections:\n", "connections:\n  ops: { type: jsonl, path: ./ops }\n", StringComparison.Ordinal);
}
