using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>
/// Which schema document of a drop folder rules which file: the highest version, and for a file the one that ruled when
/// it landed.
/// </summary>
public abstract class SchemaOrder(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private const string Id = """{"name": "id", "type": "integer", "nullable": false}""";
    private const string IdAndNote = Id + """, {"name": "note", "type": "text"}""";

    private Task Inbox() =>
        Flows(
            """inbox: { source: { connection: lake, path: "inbox/{action}/{table}/*" }, read: drop, """
                + """target: { schema: raw, table: "{table}" } }"""
        );

    private void Schema(
        string name,
        string version,
        string columns,
        double ago,
        string allowed = "\"append\",\"truncate\",\"schema\""
    ) =>
        World.Put(
            $"inbox/schema/t/{name}.json",
            $$"""{"schema_version": {{version}}, "columns": [{{columns}}], "allowed_operations": [{{allowed}}]}""",
            landedSecondsAgo: ago
        );

    private Task<string[]> Ids() => Rows("SELECT id FROM raw.t ORDER BY id");

    private async Task<RunAnswer> Fails(string code)
    {
        var answer = await World.Run("run", "--json");
        Assert.NotEqual(0, answer.Exit);
        Assert.Equal(code, answer.Only.Error);
        return answer.Only;
    }

    [Fact]
    public async Task TheHighestVersionRulesWhateverLandsWhen()
    {
        await Inbox();
        Schema("two", "2", Id, 900, "\"append\",\"schema\"");
        World.Put("inbox/append/t/1.csv", "id\n1\n", landedSecondsAgo: 800);
        await World.Load();
        Schema("one", "1", Id, 700);
        Assert.Contains(
            "one.json has schema_version 1, and 2 rules already",
            (await World.Load()).Only.Warnings,
            StringComparison.Ordinal
        );
        World.Put("inbox/truncate/t/2.csv", "id\n2\n", landedSecondsAgo: 600);
        await Fails("HDR-143");
        Assert.Equal(["1"], await Ids());
        Assert.Equal(
            ["one|superseded", "two|loaded"],
            await Rows(
                """
                SELECT split_part(split_part(key, '/', 4), '.', 1) AS k, outcome FROM headrace.files
                WHERE action = 'schema' ORDER BY 1
                """
            )
        );

        // The same version says one thing; said again it is nothing new.
        Schema("again", "2", Id + " ", 500, "\"append\", \"schema\"");
        await Fails("HDR-143");
        Schema("before", "2", Id, 950);
        await Fails("HDR-143");
        Schema("other", "2", Id, 400);
        await World.Load(); // of one version, and landed later: it allows the truncate
        Assert.Equal(["2"], await Ids());
        Schema("ten", "10", Id, 300);
        await World.Load();
        Schema("nine", "9", Id, 200, "\"append\",\"schema\"");
        await World.Load();
        World.Put("inbox/truncate/t/3.csv", "id\n3\n", landedSecondsAgo: 100);
        await World.Load();
        Assert.Equal(["3"], await Ids());
    }

    [Fact]
    public async Task RowsWaitForASchemaThatCannotBeRead()
    {
        await Inbox();
        World.Put("inbox/schema/t/1.json", "{\"schema_version\": 1, ", landedSecondsAgo: 900);
        World.Put("inbox/append/t/1.csv", "id\n1\n", landedSecondsAgo: 800);
        World.Put("inbox/truncate/t/0.csv", "id\n7\n", landedSecondsAgo: 950); // not even what landed before
        foreach (var _ in (int[])[1, 2])
        {
            var run = await Fails("HDR-142");
            Assert.Contains(
                "2 files wait for the schema file inbox/schema/t/1.json",
                run.Warnings,
                StringComparison.Ordinal
            );
            Assert.Empty(await Rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'raw'"));
        }

        Schema("1", "1", Id, 100, "\"append\",\"schema\"");
        await Fails("HDR-143"); // the truncate
        Assert.Equal(["1"], await Ids());

        // A newer one that cannot be read holds back what landed after it.
        World.Put("inbox/append/t/2.csv", "id\n2\n", landedSecondsAgo: 90);
        World.Put("inbox/schema/t/2.json", "[]", landedSecondsAgo: 80);
        World.Put("inbox/append/t/3.csv", "id,note\n3,x\n", landedSecondsAgo: 70);
        World.Remove("inbox/truncate/t/0.csv");
        Assert.Contains("inbox/append/t/3.csv", (await Fails("HDR-142")).Warnings, StringComparison.Ordinal);
        Assert.Equal(["1", "2"], await Ids());
        Schema("2", "2", IdAndNote, 60);
        await World.Load();
        Assert.Equal(["1", "2", "3"], await Ids());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AFileIsLoadedUnderTheSchemaThatRuledWhenItLanded(bool oneByOne)
    {
        await Inbox();
        async Task Between()
        {
            if (oneByOne)
                await World.Run("run");
        }

        Schema("1", "1", Id, 900, "\"append\",\"schema\"");
        World.Put("inbox/append/t/1.csv", "id\n1\n", landedSecondsAgo: 800);
        await Between();
        World.Put("inbox/append/t/2.csv", "id\n2\n", landedSecondsAgo: 700);
        World.Put("inbox/append/t/early.csv", "id,note\n9,x\n", landedSecondsAgo: 650); // made for the next one
        await Between();
        Schema("2", "2", IdAndNote, 600);
        await Between();
        World.Put("inbox/append/t/3.csv", "id,note\n3,c\n", landedSecondsAgo: 500);
        await Between();
        Schema("3", "3", IdAndNote, 400, "\"append\",\"schema\"");
        await Between();
        await World.Load();
        Assert.Equal(
            ["1|NULL", "2|NULL", "3|c", "9|x"],
            await Rows("SELECT id, coalesce(note, 'NULL') FROM raw.t ORDER BY id")
        );
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Fact]
    public async Task TwoSpellingsOfATableAreOne()
    {
        await Inbox();
        Schema("1", "1", Id, 900, "\"append\",\"schema\"");
        World.Put("inbox/append/t/1.csv", "id\n1\n", landedSecondsAgo: 800);
        await World.Load();
        World.Put("inbox/truncate/T/2.csv", "id\n2\n", landedSecondsAgo: 700);
        foreach (var _ in (int[])[1, 2])
        {
            var answer = await World.Run("run", "--json");
            Assert.NotEqual(0, answer.Exit);
            // The owner of a table is asked first.
            Assert.Contains(answer.Run("inbox/T").Error, (string?[])["HDR-215", "HDR-328"]);
        }

        Assert.Equal(["1"], await Ids());
    }
}

public sealed class SchemaOrderInDuckDb(PostgresServer server) : SchemaOrder(server, WarehouseKind.DuckDb);

public sealed class SchemaOrderInPostgres(PostgresServer server) : SchemaOrder(server, WarehouseKind.Postgres);

public sealed class SchemaOrderInRedshift(PostgresServer server) : SchemaOrder(server, WarehouseKind.Redshift);
