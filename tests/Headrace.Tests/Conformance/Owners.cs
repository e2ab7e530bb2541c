using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>Who may load into a table.</summary>
public abstract class Owners(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private static string Merge(string name, string table = "t") =>
        $$"""{{name}}: { source: { connection: lake, path: "{{name}}/*.csv" }, read: incremental, write: merge, """
        + $$"""primary_key: id, target: { table: {{table}} } }""";

    private static string Append(string name, string table = "t") =>
        $$"""{{name}}: { source: { connection: lake, path: "{{name}}/*.csv" }, read: incremental, write: append, """
        + $$"""target: { table: {{table}} } }""";

    private static void Refused(Answer answer, params string[] datasets)
    {
        Assert.Equal(datasets, answer.Runs.Where(run => run.Error == "HDR-328").Select(run => run.Dataset));
        Assert.All(answer.Runs, run => Assert.True(run.Error is null or "HDR-328", answer.Text));
        Assert.Contains("--take-over", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TwoFlowsThatWouldUndoEachOtherAreRefusedUntilOneTakesTheTable()
    {
        await Flows(Merge("a"), Merge("b", "T"));
        World.Put("a/1.csv", "id,v\n1,a\n").Put("b/1.csv", "id,v\n1,b\n");
        var plan = await World.Run("plan", "--json");
        Refused(plan, "a", "b");
        Assert.Contains("HDR-328", (await World.Run("doctor")).Text, StringComparison.Ordinal);
        Refused(await World.Run("run", "--json"), "a", "b");

        // One alone becomes the owner, and stays it when the other one comes back: on this machine or on another one.
        await Flows(Merge("a"));
        await World.Load();
        await Flows(Merge("a"), Merge("b", "T"));
        Refused(await World.Run("run", "--json"), "b");
        await Flows(Merge("b", "T"));
        Refused(await World.Run("run", "--json"), "b");
        Assert.Contains("b (merge)", (await World.Run("plan")).Text, StringComparison.Ordinal);
        Assert.Equal(["1|a"], await Rows("SELECT id, v FROM raw.t"));

        await Flows(Merge("a"), Merge("b", "T"));
        World.Put("a/2.csv", "id,v\n2,a\n");
        var taken = await World.Run("run", "--json", "--take-over", "b");
        Refused(taken, "a");
        Assert.Equal("0i 1u 0d 0s 0q", taken.Run("b").Counts);
        Assert.Equal(["1|b"], await Rows("SELECT id, v FROM raw.t"));
        Refused(await World.Run("run", "--json"), "a");
        Assert.Equal(["b"], await Rows("SELECT dataset FROM headrace.owners"));
        Assert.Equal(0, (await World.Run("run", "b", "--take-over", "b")).Exit);
    }

    [Fact]
    public async Task RowsThatAreOnlyAddedShareATableAndNothingElse()
    {
        await Flows(Append("a"), Append("b"));
        World.Put("a/1.csv", "id\n1\n").Put("b/1.csv", "id\n1\n");
        await World.Load();
        Assert.Equal(["2"], await Rows("SELECT count(*) FROM raw.t"));

        // No row of the other one is extra; nothing is deleted where that cannot be told.
        var verify = await World.Run("verify", "a", "--repair", "--json");
        Assert.Equal(3, verify.Exit);
        Assert.Contains("b too; its rows cannot be told apart", verify.Text, StringComparison.Ordinal);
        Assert.Equal(["2"], await Rows("SELECT count(*) FROM raw.t"));

        World.Put("c/1.csv", "id\n9\n");
        await Flows(
            Append("a"),
            Append("b"),
            Append("c").Replace("write: append", "write: replace", StringComparison.Ordinal)
        );
        Refused(await World.Run("run", "--json"), "c");
        await Flows(Append("a").Replace("write: append", "write: replace", StringComparison.Ordinal), Append("b"));
        World.Put("a/2.csv", "id\n9\n");
        Refused(await World.Run("run", "--json"), "a");
        Assert.Equal(["2"], await Rows("SELECT count(*) FROM raw.t"));
    }

    [Fact]
    public async Task NamesThatFoldToOneTableAreRefused()
    {
        await Flows(
            """byname: { source: { connection: lake, path: "names/{t}/*.csv" }, read: incremental, """
                + """write: replace, target: { table: "{t}" } }""",
            """byparts: { source: { connection: lake, path: "parts/{x}/{y}/*.csv" }, read: incremental, """
                + """write: replace, target: { table: "{x}__{y}" } }""",
            """byversion: { source: { connection: lake, path: "exports/{t}/{version}/*.csv" }, read: snapshot, """
                + """settle: 0s, write: merge, primary_key: id, target: { table: "export_{t}" } }"""
        );
        World
            .Put("names/Orders/1.csv", "id\n1\n")
            .Put("names/orders/1.csv", "id\n2\n")
            .Put("names/other/1.csv", "id\n3\n")
            .Put("parts/a__b/c/1.csv", "id\n1\n")
            .Put("parts/a/b__c/1.csv", "id\n2\n")
            .Put("exports/T/v1/1.csv", "id\n1\n")
            .Put("exports/t/v1/1.csv", "id\n1\n");
        var answer = await World.Run("run", "--json");
        Refused(
            answer,
            "byname/Orders",
            "byname/orders",
            "byparts/a/b__c",
            "byparts/a__b/c",
            "byversion/T",
            "byversion/t"
        );
        Assert.Equal((4, "loaded"), (answer.Exit, answer.Run("byname/other").Outcome));
    }

    [Fact]
    public async Task OneKeyOfTwoRegionsIsRefused()
    {
        const string Stock =
            """stock: { source: { connection: lake, path: "stock/{region}/*.csv" }, read: incremental, """
            + "write: merge, primary_key: id }";
        await Flows(Stock);
        World.Put("stock/eu/1.csv", "id,v\n1,eu\n").Put("stock/us/1.csv", "id,v\n1,us\n");
        Refused(await World.Run("run", "--json"), "stock/eu", "stock/us");
    }
}

public sealed class OwnersInDuckDb(PostgresServer server) : Owners(server, WarehouseKind.DuckDb);

public sealed class OwnersInPostgres(PostgresServer server) : Owners(server, WarehouseKind.Postgres);

public sealed class OwnersInRedshift(PostgresServer server) : Owners(server, WarehouseKind.Redshift);
