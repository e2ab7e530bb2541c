using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>
/// Tables of PostgreSQL that do not take or give away rows as a load would have it: nothing is loaded then, and the
/// message has a name.
/// </summary>
public sealed class GuardedTargets(PostgresServer server) : FileWorld(server, WarehouseKind.Postgres)
{
    private const string Flow =
        """stock: { source: { connection: lake, path: "*/stock.csv" }, target: { schema: raw, table: stock }, """
        + "settle: 0s, ";
    private const string Replace = Flow + "read: incremental, write: replace }";
    private const string Merge = Flow + "read: incremental, primary_key: id, write: merge }";
    private const string Append = Flow + "read: incremental, write: append }";
    private const string Snapshot =
        """stock: { source: { connection: lake, path: "{version}/stock.csv" }, target: { schema: raw, """
        + "table: stock }, settle: 0s, read: snapshot, primary_key: id, write: merge }";

    private async Task<RunAnswer> Fails(string code)
    {
        var answer = await World.Run("run", "--json");
        Assert.Equal(1, answer.Exit);
        Assert.Equal(code, answer.Only.Error);
        return answer.Only;
    }

    [Theory]
    [InlineData(Replace, "CASCADE")]
    [InlineData(Replace, "SET NULL")]
    [InlineData(Replace, "SET DEFAULT")]
    [InlineData(Snapshot, "CASCADE")]
    public async Task RowsThatOthersReferToAreNotDeleted(string flow, string action)
    {
        await Flows(flow);
        World.Put("1/stock.csv", "id,v\n1,a\n2,b\n3,c\n", landedSecondsAgo: 900);
        await World.Load();
        await Alter(
            (flow == Replace ? "ALTER TABLE raw.stock ADD PRIMARY KEY (id);" : "")
                + " CREATE TABLE raw.parts (id int, stock bigint CONSTRAINT parts_of_stock REFERENCES raw.stock "
                + $"ON DELETE {action}); INSERT INTO raw.parts VALUES (1, 1), (2, 2)"
        );
        World.Put("2/stock.csv", "id,v\n1,a\n3,c\n", landedSecondsAgo: 800);
        Assert.Contains("parts_of_stock", (await Fails("HDR-323")).ErrorText, StringComparison.Ordinal);
        Assert.Equal(["1|1", "2|2"], await Rows("SELECT id, stock FROM raw.parts ORDER BY id"));
        Assert.Equal(["1|a", "2|b", "3|c"], await Rows("SELECT id, v FROM raw.stock ORDER BY id"));
    }

    [Fact]
    public async Task ARepairDeletesNoRowThatOthersReferTo()
    {
        await Flows(Merge);
        World.Put("1/stock.csv", "id,v\n1,a\n", landedSecondsAgo: 900);
        await World.Load();
        await Alter(
            """
            INSERT INTO raw.stock VALUES (2, 'b'); CREATE TABLE raw.parts (id int, stock bigint CONSTRAINT
            parts_of_stock REFERENCES raw.stock ON DELETE CASCADE); INSERT INTO raw.parts VALUES (2, 2)
            """
        );
        var answer = await World.Run("verify", "--repair", "--json");
        Assert.Equal("HDR-323", answer.Json.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(["2|2"], await Rows("SELECT id, stock FROM raw.parts"));
    }

    [Theory]
    [InlineData(Append, "INSERT")]
    [InlineData(Replace, "INSERT")]
    [InlineData(Merge, "INSERT")]
    [InlineData(Merge, "UPDATE")]
    [InlineData(Snapshot, "INSERT")]
    [InlineData(Snapshot, "UPDATE")]
    [InlineData(Snapshot, "DELETE")]
    [InlineData(Replace, "DELETE")]
    public async Task ATriggerThatKeepsRowsOutIsNamed(string flow, string what)
    {
        await Flows(flow);
        World.Put("1/stock.csv", "id,v\n1,a\n2,b\n3,c\n", landedSecondsAgo: 900);
        await World.Load();
        await Alter(
            $"""
            CREATE FUNCTION raw.no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
            CREATE TRIGGER keeps_out BEFORE {what} ON raw.stock FOR EACH ROW EXECUTE FUNCTION raw.no()
            """
        );
        World.Put("2/stock.csv", "id,v\n1,a\n2,B\n4,d\n", landedSecondsAgo: 800);
        Assert.Contains("keeps_out", (await Fails("HDR-326")).ErrorText, StringComparison.Ordinal);
        Assert.Equal(["1|a", "2|b", "3|c"], await Rows("SELECT id, v FROM raw.stock ORDER BY id"));
        await Alter("DROP TRIGGER keeps_out ON raw.stock");
        await World.Load();
    }

    [Fact]
    public async Task ARuleThatKeepsRowsOutIsNamed()
    {
        await Flows(Merge);
        World.Put("1/stock.csv", "id,v\n1,a\n", landedSecondsAgo: 900);
        await World.Load();
        await Alter("CREATE RULE keeps_out AS ON INSERT TO raw.stock DO INSTEAD NOTHING");
        World.Put("2/stock.csv", "id,v\n4,d\n", landedSecondsAgo: 800);
        Assert.Contains("keeps_out", (await Fails("HDR-326")).ErrorText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CREATE VIEW raw.stock AS SELECT 1 AS id", "a view")]
    [InlineData("CREATE MATERIALIZED VIEW raw.stock AS SELECT 1 AS id", "a materialized view")]
    [InlineData("CREATE SEQUENCE raw.stock", "a sequence")]
    public async Task WhatIsNoTableIsNamed(string ddl, string found)
    {
        await Flows(Append);
        await Alter($"CREATE SCHEMA raw; {ddl}");
        World.Put("1/stock.csv", "id\n1\n");
        Assert.Contains(found, (await Fails("HDR-324")).ErrorText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RowsThatPoliciesHideStopALoad()
    {
        var role = $"hidden_{Guid.NewGuid():N}";
        await Flows(Merge);
        World.Put("1/stock.csv", "id,v\n1,a\n2,b\n", landedSecondsAgo: 900);
        await World.Load();
        await Alter(
            $"""
            CREATE ROLE {role} LOGIN PASSWORD 'known'; GRANT ALL ON SCHEMA raw, headrace TO {role};
                GRANT ALL ON ALL TABLES IN SCHEMA raw, headrace TO {role};
            GRANT ALL ON ALL SEQUENCES IN SCHEMA raw, headrace TO {role};
                ALTER TABLE raw.stock ENABLE ROW LEVEL SECURITY; CREATE POLICY first_only ON raw.stock USING (id = 1)
            """
        );
        try
        {
            var file = Path.Combine(World.Folder, "headrace.yaml");
            await File.WriteAllTextAsync(
                file,
                (await File.ReadAllTextAsync(file, Cancel)).Replace(
                    "user: tester",
                    $"user: {role}",
                    StringComparison.Ordinal
                ),
                Cancel
            );
            World.Put("2/stock.csv", "id,v\n1,A\n2,B\n", landedSecondsAgo: 800);
            await Fails("HDR-325");
            Assert.Contains("HDR-325", (await World.Run("verify", "--json")).Text, StringComparison.Ordinal);
        }
        finally
        {
            await Alter($"DROP OWNED BY {role}; DROP ROLE {role}");
        }
    }

    [Fact]
    public async Task PartitionedTablesAreLoaded()
    {
        await Flows(Merge);
        await Alter(
            """
            CREATE SCHEMA raw; CREATE TABLE raw.stock (id bigint, v text) PARTITION BY RANGE (id);
            CREATE TABLE raw.a PARTITION OF raw.stock FOR VALUES FROM (0) TO (10);
            CREATE TABLE raw.b PARTITION OF raw.stock DEFAULT
            """
        );
        World.Put("1/stock.csv", "id,v\n1,a\n20,b\n", landedSecondsAgo: 900);
        Assert.Equal("2i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        World.Put("2/stock.csv", "id,v\n1,A\n20,b\n30,c\n", landedSecondsAgo: 800);
        Assert.Equal("1i 1u 0d 1s 0q", (await World.Load()).Only.Counts);
        await Flows(Replace);
        World.Put("3/stock.csv", "id,v\n5,e\n50,f\n", landedSecondsAgo: 700);
        Assert.Equal("2i 0u 3d 0s 0q", (await World.Load()).Only.Counts);
    }
}

/// <summary>A name that is not a table's, in DuckDB and Redshift.</summary>
public abstract class ViewsAsTargets(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    [Fact]
    public async Task AreRefusedByName()
    {
        await Flows("""stock: { source: { connection: lake, path: "stock.csv" }, read: incremental, write: append }""");
        await Alter("CREATE SCHEMA raw; CREATE VIEW raw.stock AS SELECT 1 AS id");
        World.Put("stock.csv", "id\n1\n");
        Assert.Equal("HDR-324", (await World.Run("run", "--json")).Only.Error);
    }
}

public sealed class ViewsAsTargetsInDuckDb(PostgresServer server) : ViewsAsTargets(server, WarehouseKind.DuckDb);

public sealed class ViewsAsTargetsInRedshift(PostgresServer server) : ViewsAsTargets(server, WarehouseKind.Redshift);
