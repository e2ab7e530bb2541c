using Xunit;

namespace Headrace.Tests.Snapshots;

/// <summary>Exports with other columns, of several tenants, and of other sizes than the one before.</summary>
public sealed class Columns : ExportTests
{
    [Fact]
    public async Task A_new_column_comes_into_the_table()
    {
        Flow();
        Export("v1", "1,a,1", "2,b,2");
        await World.Load();
        World.Put("items/v2/1.csv", "id,name,note,price\n1,a,,1\n2,b,7,2\n");
        Assert.Equal("0i 1u 0d 1s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|a|1.00|NULL", "2|b|2.00|7"], Rows);
        World.Put("items/v3/1.csv", "note,price,name,id\n,1,a,1\n8,2,b,2\n");
        Assert.Equal("0i 1u 0d 1s 0q", (await World.Load()).Only.Counts);
    }

    [Fact]
    public async Task A_missing_column_stops_unless_it_is_allowed()
    {
        Flow("columns: ");
        Export("v1", "1,a,1", "2,b,2");
        await World.Load();
        World.Put("items/v2/1.csv", "id,name\n1,a\n2,b\n");
        var run = await Stops("HDR-103", exit: 1);
        Assert.Contains("missing_columns: allow", run.ErrorText, StringComparison.Ordinal);
        Flow("columns: ", "missing_columns: allow");
        Assert.Equal("0i 2u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(["1|a|NULL", "2|b|NULL"], Rows);
    }

    [Fact]
    public async Task A_large_export_follows_a_small_one()
    {
        Flow(
            "source: { connection: lake, path: \"{tenant}/{table}/{version}/*.csv.gz\", "
                + "csv: { delimiter: \";\", header: false } }",
            "target: { connection: warehouse, schema: raw, table: \"{tenant}__{table}\" }"
        );
        World.Put("acme/items/v1/part.csv.gz", "1;a;1\n2;b;2\n-3;c;3\n", gzip: true);
        await World.Load();
        World.Put(
            "acme/items/v2/part.csv.gz",
            string.Concat(Enumerable.Range(1, 100_000).Select(i => $"{i};{(i == 1 ? "a" : "n")};{i}\n")),
            gzip: true
        );
        Assert.Equal("99998i 1u 1d 1s 0q", (await World.Load()).Only.Counts);
        Assert.Equal("100000|5000050000.00", World.Value("SELECT count(DISTINCT id), sum(price) FROM raw.acme__items"));
        Assert.Equal(100_003, Operation.Read(Ops).Count);
    }

    [Fact]
    public async Task Each_tenant_is_a_dataset_with_versions_of_its_own()
    {
        Flow(
            "source: { connection: lake, path: \"{tenant}/{version}/*\" }",
            "target: { connection: warehouse, schema: raw, table: \"{tenant}\" }"
        );
        foreach (var tenant in (string[])["a", "b", "c", "d", "e", "f"])
            World
                .Put($"{tenant}/v1/1.csv", $"id,name,price\n1,{tenant},1\n2,x,2\n")
                .Put($"{tenant}/v2/1.csv", $"id,name,price\n1,{tenant}{tenant},1\n2,x,2\n");
        World.Put("g/v0/1.csv", "id,name,price\n");
        var answer = await World.Run("run", "--json");
        Assert.Equal((4, 7), (answer.Exit, answer.Runs.Count));
        Assert.Equal("HDR-205", answer.Run("items/g").Error);
        foreach (var run in answer.Runs.Where(run => run.Dataset != "items/g"))
        {
            var tenant = run.Dataset["items/".Length..];
            Assert.Equal(("2i 1u 0d 1s 0q", 2L, 3L), (run.Counts, run["batches"], run["published"]));
            Assert.Equal(
                [$"1|{tenant}{tenant}|1.00", "2|x|2.00"],
                World.Query($"SELECT * FROM raw.{tenant} ORDER BY id")
            );
            Assert.Equal(
                [$"{run.Dataset} v1", $"{run.Dataset} v1", $"{run.Dataset} v2"],
                Operation
                    .Read(Ops)
                    .Where(operation => operation.Dataset == run.Dataset)
                    .Select(operation => $"{operation.Dataset} {operation.Version}")
            );
        }
    }
}
