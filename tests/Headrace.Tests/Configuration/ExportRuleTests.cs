using Xunit;

namespace Headrace.Tests.Configuration;

/// <summary>What must hold for a flow that exports a table of DynamoDB, and for a ledger in one.</summary>
public class ExportRuleTests
{
    private const string Connections = """
        version: 1
        connections:
          lake: { type: s3, bucket: acme-lake }
          here: { type: folder, path: ./lake }
          dynamo: { type: dynamodb, region: eu-west-1 }
          warehouse: { type: duckdb, path: ./warehouse.duckdb }

        """;

    private static string Carts(string source, string more = "") =>
        Connections
        + $$"""
            flows:
              carts:
                source: { connection: dynamo, {{source}} }
                read: cdc
                primary_key: id
                columns: { id: text }
                write: merge
                target: { connection: warehouse, schema: raw }
                {{more}}
            """;

    [Fact]
    public void A_flow_reads_the_exports_from_where_they_go()
    {
        var flow = Written.Project(Carts("table: Carts, export: { to: lake, path: exports/ }")).Flows["carts"];
        Assert.Equal(("lake", "exports/", null), (flow.Source.Connection, flow.Source.Path, flow.Source.Table));
        Assert.Equal(
            ("dynamo", "Carts", TimeSpan.FromHours(1)),
            (flow.Source.Export!.Connection, flow.Source.Export.Table, flow.Source.Export.Window)
        );
        Assert.True(flow.ReadsDynamoDb);
    }

    [Theory]
    [InlineData("table: Carts", "HDR-504", "export")]
    [InlineData("export: { to: lake, path: x/ }", "HDR-504", "table")]
    [InlineData("table: Carts, export: { to: here, path: x/ }", "HDR-514", "'here'")]
    [InlineData("table: Carts, export: { to: lake, path: ../x }", "HDR-516", "does not stay inside")]
    [InlineData("table: Carts, export: { to: lake, path: x/, window: 5m }", "HDR-515", "15 minutes to 24 hours")]
    [InlineData("table: Carts, path: y, export: { to: lake, path: x/ }", "HDR-515", "'path' does not go")]
    public void What_is_wrong_with_an_export_is_said(string source, string code, string what)
    {
        var problem = Written.Load(Carts(source)).Problems[0];
        Assert.Contains(what, problem.What, StringComparison.Ordinal);
        Assert.Equal(code, problem.Code);
    }

    [Theory]
    [InlineData("connection: lake", "'lake'")]
    [InlineData("connection: dynamo, state: { connection: dynamo }", "'dynamo'")]
    [InlineData("connection: dynamo, state: { connection: lake, path: /x }", "does not stay inside")]
    public void What_is_wrong_with_a_ledger_is_said(string ledger, string what) =>
        Assert.Contains(
            what,
            Assert.Single(Written.Load($"ledger: {{ {ledger} }}\n{Connections}").Problems).What,
            StringComparison.Ordinal
        );
}
