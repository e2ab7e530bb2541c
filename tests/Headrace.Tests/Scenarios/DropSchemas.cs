using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>The schema documents of the drop folder: they create tables, evolve them, and never lose data.</summary>
public sealed class DropSchemas : ProjectTests
{
    private const string First =
        """{"name": "id", "type": "integer", "nullable": false}, """
        + """{"name": "price", "type": "decimal(10,2)", "nullable": false}""";

    [Fact]
    public async Task A_schema_creates_the_table_with_types_and_not_null()
    {
        World.Flows(Inbox).Put("inbox/shop/schema/prices/1.json", "\uFEFF" + Schema(First));
        await World.Load();
        Assert.Equal(["id INTEGER", "price DECIMAL(10,2)"], World.Columns("shop.prices"));
        Assert.Equal(
            ["false", "false"],
            World.Query("SELECT is_nullable FROM duckdb_columns() WHERE table_name = 'prices'")
        );
        Assert.Equal(["1"], World.Query("SELECT schema_version FROM headrace.schema_documents"));
        World.Put("inbox/shop/append/prices/1.csv", "id,price\n1,1.50\n2,\nx,1\n");
        Assert.Equal("1i 0u 0d 0s 2q", (await World.Load()).Only.Counts);
    }

    [Fact]
    public async Task A_newer_schema_adds_columns_widens_types_and_allows_null()
    {
        await Loaded();
        World.Put(
            "inbox/shop/schema/prices/2.json",
            Schema(
                """{"name": "note", "type": "text"}, {"name": "ID", "type": "bigint"}, """
                    + """{"name": "price", "type": "decimal(14,4)"}""",
                "\"v2\""
            ),
            landedSecondsAgo: 500
        );
        World.Put("inbox/shop/append/prices/2.csv", "id,price,note\n3000000000,1.2345,x\n,,\n", landedSecondsAgo: 400);
        await World.Load();
        Assert.Equal(["id BIGINT", "price DECIMAL(14,4)", "note VARCHAR"], World.Columns("shop.prices"));
        Assert.Equal(
            ["1|1.5000|NULL", "3000000000|1.2345|x", "NULL|NULL|NULL"],
            World.Query("SELECT * FROM shop.prices ORDER BY id NULLS LAST")
        );
        Assert.Equal(
            ["1", "v2"],
            World.Query("SELECT schema_version FROM headrace.schema_documents ORDER BY sequence")
        );
    }

    [Theory]
    [InlineData("""{"name": "id", "type": "integer", "nullable": false}""")]
    [InlineData("""{"name": "id", "type": "smallint"}, {"name": "price", "type": "decimal(10,2)"}""")]
    [InlineData("""{"name": "id", "type": "integer"}, {"name": "price", "type": "decimal(10,1)"}""")]
    [InlineData("""{"name": "id", "type": "integer"}, {"name": "price", "type": "double"}""")]
    [InlineData(
        """{"name": "id", "type": "integer"}, {"name": "price", "type": "decimal(10,2)"}, """
            + """{"name": "must", "type": "text", "nullable": false}"""
    )]
    [InlineData("""{"name": "id", "type": "integer"}, {"name": "cost", "type": "decimal(10,2)"}""")]
    public async Task A_schema_that_would_lose_data_is_refused_and_changes_nothing(string columns)
    {
        await Loaded();
        World
            .Put("inbox/shop/schema/prices/2.json", Schema(columns, "2"), landedSecondsAgo: 500)
            .Put("inbox/shop/append/stock/1.csv", "id\n1\n");
        World.Put("inbox/shop/append/prices/2.csv", "id,price\n2,2.5\n", landedSecondsAgo: 400);
        var answer = await World.Run("run", "--json");
        Assert.Equal(
            (4, "HDR-147", "loaded"),
            (answer.Exit, answer.Run("inbox/shop/prices").Error, answer.Run("inbox/shop/stock").Outcome)
        );
        Assert.Equal(["id INTEGER", "price DECIMAL(10,2)"], World.Columns("shop.prices"));
        Assert.Equal(["1|1.50", "2|2.50"], World.Query("SELECT * FROM shop.prices ORDER BY id"));
        Assert.Equal(
            "refused|HDR-147",
            World.Value("SELECT outcome, error_code FROM headrace.files WHERE key LIKE '%2.json'")
        );
    }

    [Fact]
    public async Task A_schema_that_forbids_null_is_refused_while_there_are_nulls()
    {
        World.Flows(Inbox).Put("inbox/shop/append/prices/1.csv", "id,price\n1,\n2,2\n", landedSecondsAgo: 900);
        await World.Load();
        World.Put(
            "inbox/shop/schema/prices/1.json",
            Schema(
                """{"name": "id", "type": "bigint", "nullable": false}, """
                    + """{"name": "price", "type": "bigint", "nullable": false}"""
            ),
            landedSecondsAgo: 800
        );
        Assert.Equal("HDR-147", (await World.Run("run", "--json")).Only.Error);
        Assert.Equal(
            ["true", "true"],
            World.Query("SELECT is_nullable FROM duckdb_columns() WHERE table_name = 'prices'")
        );
    }

    [Fact]
    public async Task The_highest_version_of_a_table_rules_however_they_arrive()
    {
        World.Flows(Inbox).Put("inbox/shop/schema/prices/new.json", Schema(First, "2"), landedSecondsAgo: 100);
        World.Put(
            "inbox/shop/schema/prices/old.json",
            Schema("""{"name": "other", "type": "text"}"""),
            landedSecondsAgo: 900
        );
        await World.Load();
        World.Put(
            "inbox/shop/schema/prices/late.json",
            Schema("""{"name": "third", "type": "text"}""", "1.5"),
            landedSecondsAgo: 50
        );
        await World.Load();
        Assert.Equal(["id INTEGER", "price DECIMAL(10,2)"], World.Columns("shop.prices"));
        Assert.Equal(
            ["late|superseded", "new|loaded", "old|superseded"],
            World.Query("SELECT regexp_extract(key, '([a-z]+).json', 1) AS k, outcome FROM headrace.files ORDER BY k")
        );
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"schema_version\": 1}")]
    [InlineData("{\"columns\": [{\"name\": \"id\", \"type\": \"bigint\"}]}")]
    [InlineData("{\"schema_version\": 1, \"columns\": []}")]
    [InlineData("{\"schema_version\": 1, \"columns\": [{\"name\": \"id\", \"type\": \"int8\"}]}")]
    [InlineData(
        "{\"schema_version\": 1, \"columns\": [{\"name\": \"id\", \"type\": \"bigint\"}, {\"name\": \"ID\", "
            + "\"type\": \"bigint\"}]}"
    )]
    [InlineData(
        "{\"schema_version\": 1, \"columns\": [{\"name\": \"id\", \"type\": \"bigint\"}], "
            + "\"allowed_operations\": [\"delete\"]}"
    )]
    [InlineData("{\"schema_version\": 1, \"columns\": [{\"name\": \"id\", \"type\": \"bigint\"}], \"colums\": 1}")]
    [InlineData(
        "{\"schema_version\": 1, \"schema_version\": 2, \"columns\": [{\"name\": \"id\", \"type\": \"bigint\"}]}"
    )]
    public async Task A_document_that_is_none_is_refused_until_it_is_mended(string document)
    {
        World.Flows(Inbox).Put("inbox/shop/schema/prices/1.json", document);
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, "HDR-142"), (answer.Exit, answer.Only.Error));
        World.Put("inbox/shop/schema/prices/1.json", Schema(First));
        await World.Load();
        Assert.Equal(["id INTEGER", "price DECIMAL(10,2)"], World.Columns("shop.prices"));
    }

    [Fact]
    public async Task Every_file_has_a_row_with_what_became_of_it()
    {
        await Loaded();
        World.Put("inbox/shop/append/prices/3.csv", "id,prize\n1,2\n", landedSecondsAgo: 300);
        await World.Run("run");
        Assert.Equal(
            [
                "inbox/shop/prices|inbox/shop/schema/prices/1.json|schema|0|1|loaded|true|true|true|NULL",
                "inbox/shop/prices|inbox/shop/append/prices/1.csv|append|1|1|loaded|true|true|true|NULL",
                "inbox/shop/prices|inbox/shop/append/prices/3.csv|append|0|NULL|refused|true|false|false|HDR-141",
            ],
            World.Query(
                """
                SELECT dataset, key, action, rows, schema_version, outcome, landed_at < now() - INTERVAL 4 MINUTES,
                    loaded_at IS NOT NULL, load_id IS NOT NULL, error_code
                FROM headrace.files ORDER BY sequence
                """
            )
        );
        Assert.Equal(
            [$"{new FileInfo(World.PathOf("inbox/shop/append/prices/1.csv")).Length}|64"],
            World.Query("SELECT size, length(sha256) FROM headrace.files WHERE key LIKE '%/1.csv'")
        );
    }

    private async Task Loaded()
    {
        World
            .Flows(Inbox)
            .Put("inbox/shop/schema/prices/1.json", Schema(First), landedSecondsAgo: 900)
            .Put("inbox/shop/append/prices/1.csv", "id,price\n1,1.50\n", landedSecondsAgo: 800);
        await World.Load();
    }

    [Fact]
    public async Task A_touched_document_has_one_row_whatever_rules_by_then()
    {
        World
            .Flows(Inbox)
            .Put("inbox/shop/schema/t/a.json", Schema("""{"name": "id", "type": "bigint"}"""), landedSecondsAgo: 900);
        await World.Load();
        World
            .Put("inbox/shop/schema/t/a.json", Schema("""{"name": "id", "type": "bigint"}"""), landedSecondsAgo: 800)
            .Put(
                "inbox/shop/schema/t/b.json",
                Schema("""{"name": "id", "type": "bigint"}""", version: "2"),
                landedSecondsAgo: 700
            );
        await World.Load();

        Assert.Equal(
            ["a.json|loaded", "b.json|loaded"],
            World.Query("SELECT regexp_extract(key, '[a-z]+.json') AS k, outcome FROM headrace.files ORDER BY k")
        );
    }
}
