using System.Diagnostics;
using System.Text.Json;
using Headrace.Tests.House;
using Xunit;

namespace Headrace.Tests.Serving;

/// <summary>What programs ask over HTTP, and what they are answered.</summary>
public sealed class Questions
{
    private const string Inbox = """
        inbox:
          source: { connection: lake, path: "inbox/{database}/{action}/{table}/*" }
          read: drop
          target: { schema: "{database}", table: "{table}" }
        """;

    private const string Orders = """
        orders:
          source: { connection: lake, path: "orders/*.csv" }
          read: incremental
          write: merge
          primary_key: id
          columns: { id: integer, amount: integer }
          on_fail: quarantine
          checks:
            - { range: { column: amount, max: 1000 }, name: not_too_much, on_fail: warn }
        """;

    [Fact]
    public async Task Files_of_a_table_are_found_by_its_name_and_by_the_time_they_landed()
    {
        var world = new World().Flows(Inbox);
        world.Put("inbox/shop/append/stock/1.csv", "id,n\n1,10\n2,20\n", landedSecondsAgo: 5000);
        world.Put("inbox/shop/append/stock/2.csv", "id,n\n3,30\n", landedSecondsAgo: 4000);
        world.Put("inbox/shop/append/prices/1.csv", "id\n1\n", landedSecondsAgo: 3000);
        await using var served = await ServedProject.Start(world);
        await served.Run("inbox");

        var all = (await served.Get("/api/v1/files?table_name=stock")).GetProperty("files");
        var first = all[1].GetProperty("landed_timestamp").GetString()!;
        var exact = await served.Get($"/api/v1/files?table_name=stock&landed_timestamp={Uri.EscapeDataString(first)}");
        var plus = first.Replace("Z", "+00:00", StringComparison.Ordinal); // its + is a blank to a URL
        var asBlank = await served.Get($"/api/v1/files?table_name=shop.STOCK&landed_timestamp={plus}");
        var until = await served.Get($"/api/v1/files?table_name=stock&landed_to={first}");
        var since = await served.Get($"/api/v1/files?table_name=stock&landed_from={first}");

        Assert.Equal(["inbox/shop/append/stock/2.csv", "inbox/shop/append/stock/1.csv"], Keys(all));
        Assert.Equal(
            [
                "table_name",
                "database",
                "key",
                "action",
                "landed_timestamp",
                "loaded_timestamp",
                "size",
                "rows",
                "quarantined",
                "schema_version",
                "outcome",
                "error",
                "dataset",
                "load_id",
            ],
            all[0].EnumerateObject().Select(member => member.Name)
        );
        Assert.EndsWith("Z", first, StringComparison.Ordinal);
        Assert.EndsWith("Z", all[0].GetProperty("loaded_timestamp").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            ("stock", "shop", "append", "loaded", 2),
            (
                all[1].GetProperty("table_name").GetString(),
                all[1].GetProperty("database").GetString(),
                all[1].GetProperty("action").GetString(),
                all[1].GetProperty("outcome").GetString(),
                all[1].GetProperty("rows").GetInt32()
            )
        );
        Assert.Equal(["inbox/shop/append/stock/1.csv"], Keys(exact.GetProperty("files")));
        Assert.Equal(["inbox/shop/append/stock/1.csv"], Keys(asBlank.GetProperty("files")));
        Assert.Equal(["inbox/shop/append/stock/1.csv"], Keys(until.GetProperty("files")));
        Assert.Equal(2, since.GetProperty("files").GetArrayLength());
        Assert.Equal(3, (await served.Get("/api/v1/files")).GetProperty("files").GetArrayLength());
        Assert.Empty(Keys((await served.Get("/api/v1/files?table_name=nothing")).GetProperty("files")));
    }

    [Fact]
    public async Task Pages_of_files_and_runs_have_each_of_them_once_the_newest_first()
    {
        var world = new World().Flows(Orders);
        for (var i = 0; i < 7; i++)
            world.Put($"orders/{i}.csv", $"id,amount\n{i},1\n", landedSecondsAgo: i < 4 ? 5000 : 1000 + i);
        await using var served = await ServedProject.Start(world);
        for (var i = 0; i < 3; i++)
            await served.Run("orders");

        var files = await Pages(served, "/api/v1/files?limit=2", "files", "key");
        var runs = await Pages(served, "/api/v1/runs?limit=1", "runs", "run");

        Assert.Equal(7, files.Distinct().Count());
        Assert.Equal(7, files.Count);
        Assert.Equal(["orders/4.csv", "orders/5.csv", "orders/6.csv"], files.Take(3));
        Assert.Equal(3, runs.Distinct().Count());
        Assert.Equal(runs.OrderDescending(StringComparer.Ordinal), runs);
        Assert.Single((await served.Get("/api/v1/runs?outcome=loaded")).GetProperty("runs").EnumerateArray());
    }

    [Fact]
    public async Task Rows_that_were_set_aside_are_shown_released_and_discarded()
    {
        var world = new World().Flows(Orders).Put("orders/1.csv", "id,amount\n1,10\n2,twenty\n3,x\n4,5000\n");
        await using var served = await ServedProject.Start(world);

        var ran = await served.Run("orders");
        var counts = await served.Get("/api/v1/quarantine");
        var rows = (await served.Get("/api/v1/quarantine?flow=orders")).GetProperty("rows");
        var id = rows[0].GetProperty("id").GetInt64();
        var (released, text) = await served.Ask(
            HttpMethod.Post,
            "/api/v1/quarantine/release",
            $$"""{"of": "orders", "ids": [{{id}}], "set": {"amount": "20"} }"""
        );
        var (discarded, rest) = await served.Ask(
            HttpMethod.Post,
            "/api/v1/quarantine/discard",
            """{"of": "orders", "reason": "no number"}"""
        );
        var status = (await served.Get("/api/v1/datasets")).GetProperty("datasets")[0];
        var check = (await served.Get("/api/v1/checks?flow=orders")).GetProperty("checks")[0];

        Assert.Equal(2, ran.GetProperty("runs")[0].GetProperty("quarantined").GetInt32());
        Assert.Equal(2, counts.GetProperty("datasets")[0].GetProperty("rows").GetInt32());
        Assert.Equal((200, """{"released":1,"kept":0,"discarded":0}"""), (released, text));
        Assert.Equal((200, """{"released":0,"kept":0,"discarded":1}"""), (discarded, rest));
        Assert.Equal("ok", status.GetProperty("state").GetString());
        Assert.Equal(
            ("not_too_much", "warned", 1),
            (
                check.GetProperty("name").GetString(),
                check.GetProperty("outcome").GetString(),
                check.GetProperty("failed").GetInt32()
            )
        );
        await ServedProject.Until(() => Task.FromResult(!served.Server.Hosts.IsOpen));
        Assert.Equal(["1|10", "2|20", "4|5000"], world.Query("SELECT id, amount FROM raw.orders ORDER BY id"));
    }

    [Fact]
    public async Task A_plan_writes_nothing_and_verify_compares()
    {
        var world = new World().Flows(Orders).Put("orders/1.csv", "id,amount\n1,10\n");
        await using var served = await ServedProject.Start(world);

        var (planned, plan) = await served.Ask(HttpMethod.Post, "/api/v1/flows/orders/plan");
        var none = await served.Get("/api/v1/runs");
        await served.Run("orders");
        var (verified, verify) = await served.Ask(HttpMethod.Post, "/api/v1/flows/orders/verify");

        Assert.Equal(200, planned);
        Assert.Contains("\"would_load\"", plan, StringComparison.Ordinal);
        Assert.Empty(none.GetProperty("runs").EnumerateArray());
        Assert.True(verified == 200, verify);
        Assert.Contains("\"equal\":true", verify, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_of_s3_starts_the_flows_whose_lake_it_names()
    {
        var world = new World().Flows(Orders + "\n" + Inbox).Put("orders/1.csv", "id,amount\n1,10\n");
        await using var served = await ServedProject.Start(world);
        static string S3(string bucket) =>
            $$"""{"Records": [{"s3": {"bucket": {"name": "{{bucket}}"}, "object": {"key": "orders/1.csv"} } }]}""";

        var (status, text) = await served.Ask(HttpMethod.Post, "/api/v1/events", S3("lake"));
        var ended = await served.Ended(JsonDocument.Parse(text).RootElement.GetProperty("request").GetString()!);
        var other = await served.Ask(HttpMethod.Post, "/api/v1/events", S3("elsewhere"));
        var bridge = await served.Ask(
            HttpMethod.Post,
            "/api/v1/events",
            """{"detail-type": "Object Created", "detail": {"bucket": {"name": "lake"}, "object": {"key": "orders/2.csv"}}}"""
        );
        var test = await served.Ask(
            HttpMethod.Post,
            "/api/v1/events",
            """{"Event": "s3:TestEvent", "Bucket": "lake"}"""
        );

        Assert.Equal(202, status);
        Assert.Contains(
            ended.GetProperty("runs").EnumerateArray(),
            run => run.GetProperty("dataset").GetString() == "orders" && run.GetProperty("inserted").GetInt32() == 1
        );
        Assert.Equal((202, """{"request":null,"flows":[]}"""), other);
        Assert.Contains("\"orders\"", bridge.Text, StringComparison.Ordinal);
        Assert.Equal((202, """{"request":null,"flows":[]}"""), test);
    }

    [Theory]
    [InlineData("GET", "/api/v1/files?landed_timestmap=2026-01-01", null, "400 HDR-608")]
    [InlineData("GET", "/api/v1/files?landed_from=yesterday", null, "400 HDR-608")]
    [InlineData("GET", "/api/v1/files?limit=0", null, "400 HDR-608")]
    [InlineData("GET", "/api/v1/files?after=xyz", null, "400 HDR-608")]
    [InlineData("GET", "/api/v1/runs?outcome=good", null, "400 HDR-608")]
    [InlineData("GET", "/api/v1/runs?flow=ordres", null, "404 HDR-518")]
    [InlineData("GET", "/api/v1/runs/r_none", null, "404 HDR-533")]
    [InlineData("GET", "/api/v1/requests/q_none", null, "404 HDR-533")]
    [InlineData("GET", "/api/v1/nothing", null, "404 HDR-610")]
    [InlineData("POST", "/api/v1/flows/ordres/run", null, "404 HDR-518")]
    [InlineData("POST", "/api/v1/flows/orders/run", "{\"accepted\": []}", "400 HDR-609")]
    [InlineData("POST", "/api/v1/flows/orders/run", "no json", "400 HDR-609")]
    [InlineData("POST", "/api/v1/flows/orders/export", null, "400 HDR-531")]
    [InlineData("POST", "/api/v1/flows/ordres/export", null, "404 HDR-518")]
    [InlineData("POST", "/api/v1/events", "no json", "400 HDR-609")]
    [InlineData("POST", "/api/v1/events", "{}", "400 HDR-609")]
    [InlineData("POST", "/api/v1/events", "[[[[[[{}]]]]]]", "400 HDR-609")]
    [InlineData("POST", "/api/v1/quarantine/release", "{}", "400 HDR-609")]
    [InlineData("POST", "/api/v1/quarantine/discard", "{\"of\": \"orders\", \"id\": [1]}", "400 HDR-609")]
    public async Task What_cannot_be_answered_says_why(string method, string path, string? body, string expected)
    {
        await using var served = await ServedProject.Start(new World().Flows(Orders));

        Assert.Equal(expected, await served.Fault(new HttpMethod(method), path, body));
    }

    [Fact]
    public async Task The_endpoints_describe_themselves_and_numbers_are_there_for_prometheus()
    {
        var world = new World().Flows(Orders).Put("orders/1.csv", "id,amount\n1,10\n2,x\n");
        await using var served = await ServedProject.Start(world);
        await served.Run("orders");

        var document = await served.Get("/openapi/v1.json");
        var (_, metrics) = await served.Ask(HttpMethod.Get, "/metrics");

        Assert.Equal("3.1.0", document.GetProperty("openapi").GetString());
        Assert.Equal(
            "date-time",
            document
                .GetProperty("paths")
                .GetProperty("/api/v1/files")
                .GetProperty("get")
                .GetProperty("parameters")[2]
                .GetProperty("schema")
                .GetProperty("format")
                .GetString()
        );
        Assert.Contains(
            "headrace_rows_loaded_total{headrace_flow=\"orders\",headrace_change=\"insert\"} ",
            metrics,
            StringComparison.Ordinal
        );
        Assert.Contains("# TYPE headrace_run_duration_seconds histogram\n", metrics, StringComparison.Ordinal);
        Assert.Contains("le=\"+Inf\"} ", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_validator_finds_no_fault_in_the_document_of_the_endpoints()
    {
        await using var served = await ServedProject.Start(new World().Flows(Orders));
        var (_, document) = await served.Ask(HttpMethod.Get, "/openapi/v1.json");

        using var node = Process.Start(
            new ProcessStartInfo("node", ["openapi.mjs"])
            {
                WorkingDirectory = Path.Combine(Repository.Root, "tests", "Browser"),
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        using var validator = new Child(node);
        await node.StandardInput.WriteAsync(document);
        node.StandardInput.Close();
        var answer = await validator.Ended();

        Assert.Equal("valid", answer.Text.Trim());
    }

    [Fact]
    public async Task A_secret_is_in_no_answer()
    {
        const string secret = "canary-4711";
        var world = new World().Configuration(
            $$"""
            version: 1
            connections:
              lake: { type: folder, path: ./lake }
              shop: { type: postgres, host: 127.0.0.1, port: 1, database: shop, user: me, password: "{{secret}}" }
              warehouse: { type: duckdb, path: ./warehouse.duckdb }
            notifications:
              team: { webhook: "http://127.0.0.1:1/{{secret}}", when: [failed] }
            flows:
              orders:
                description: It has {{secret}} in it
                source: { connection: shop, table: public.orders }
                read: incremental
                create_key: created_at
                write: merge
                primary_key: id
                retries: 0
                target: { connection: warehouse, schema: raw }
            """
        );
        await using var served = await ServedProject.Start(world);

        var ran = await served.Run("orders");

        Assert.Equal("failed", ran.GetProperty("runs")[0].GetProperty("outcome").GetString());
        Assert.Contains("was not sent", ran.ToString(), StringComparison.Ordinal);
        foreach (
            var path in (string[])
                [
                    "/api/v1/flows",
                    "/api/v1/runs",
                    "/api/v1/datasets",
                    "/api/v1/requests",
                    "/openapi/v1.json",
                    "/metrics",
                ]
        )
            Assert.DoesNotContain(secret, (await served.Ask(HttpMethod.Get, path)).Text, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Keys(JsonElement files) =>
        files.EnumerateArray().Select(file => file.GetProperty("key").GetString()!);

    private static async Task<List<string>> Pages(ServedProject served, string path, string list, string member)
    {
        var all = new List<string>();
        for (string? next = null; ; )
        {
            var page = await served.Get(next is null ? path : $"{path}&after={next}");
            all.AddRange(page.GetProperty(list).EnumerateArray().Select(one => one.GetProperty(member).GetString()!));
            next = page.GetProperty("next").GetString();
            if (next is null)
                return all;
        }
    }
}
