using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>The rows that a table takes are counted against those that were staged for it.</summary>
public abstract class RowCounts(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    [Theory]
    [InlineData("write: append", "id <> 2")]
    [InlineData("write: replace", "id <> 2")]
    [InlineData("write: append", "false")]
    public async Task ATableThatDropsRowsIsNotLoaded(string write, string kept)
    {
        await Flows(
            $$"""stock: { source: { connection: lake, path: "stock/*.csv" }, read: incremental, {{write}}, """
                + "retries: 0 }"
        );
        World.Put("stock/1.csv", "id,name\n1,a\n");
        await World.Load();
        await Alter(
            $"""
            CREATE FUNCTION raw.drop() RETURNS trigger
            LANGUAGE plpgsql AS $$ BEGIN IF NEW.{kept} THEN RETURN NEW; END IF; RETURN NULL; END $$
            """.Replace("NEW.false", "false", StringComparison.Ordinal)
                + "; CREATE TRIGGER dropping BEFORE INSERT ON raw.stock FOR EACH ROW EXECUTE FUNCTION raw.drop()"
        );
        World.Put("stock/2.csv", "id,name\n2,b\n3,c\n");
        var run = (await World.Run("run", "--json")).Only;
        Assert.Equal("HDR-326", run.Error);
        Assert.Equal(["1|a"], await Rows("SELECT * FROM raw.stock"));

        await Alter("DROP TRIGGER dropping ON raw.stock");
        await World.Load();
        Assert.Equal(write == "write: append" ? "3" : "2", await Value("SELECT count(*) FROM raw.stock"));
    }

    [Fact]
    public async Task RowsInPartitionsCount()
    {
        await Flows(
            """stock: { source: { connection: lake, path: "stock/*.csv" }, read: incremental, write: append, """
                + "retries: 0 }"
        );
        await Alter(
            """
            CREATE SCHEMA raw; CREATE TABLE raw.stock (id bigint, name text) PARTITION BY LIST (id);
            CREATE TABLE raw.first PARTITION OF raw.stock FOR VALUES IN (1);
            CREATE TABLE raw.others PARTITION OF raw.stock DEFAULT
            """
        );
        World.Put("stock/1.csv", "id,name\n1,a\n2,b\n3,c\n");
        await World.Load();
        Assert.Equal("3", await Value("SELECT count(*) FROM raw.stock"));
    }
}

public sealed class RowCountsIntoPostgres(PostgresServer server) : RowCounts(server, WarehouseKind.Postgres)
{
    [Fact]
    public async Task AFileOfRowsThatSomebodyCutsShortIsNotLoaded()
    {
        await Flows(
            """stock: { source: { connection: lake, path: "stock/*.csv" }, read: incremental, primary_key: id, """
                + "write: merge, retries: 0 }"
        );
        World.Put("stock/1.csv", "id,name\n1,a\n");
        await World.Load();
        World.Put("stock/2.csv", "id,name\n2,b\n3,c\n");
        using (var child = World.Start(World.At("transaction_begun", "stop"), "run", "--json"))
        {
            await child.Stopped();
            var spool = Path.Combine(World.Folder, ".headrace", "spool");
            var rows = Assert.Single(
                Directory.GetFiles(spool, "*.csv", SearchOption.AllDirectories),
                file => file.Contains("-rows", StringComparison.Ordinal)
            );
            await File.WriteAllLinesAsync(rows, (await File.ReadAllLinesAsync(rows, Cancel)).SkipLast(1), Cancel);
            child.Signal("CONT");
            Assert.Equal("HDR-334", (await child.Ended()).Only.Error);
        }

        await World.Load();
        Assert.Equal("3", await Value("SELECT count(*) FROM raw.stock"));
    }
}
