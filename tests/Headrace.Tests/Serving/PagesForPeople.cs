using System.Text.Json;
using Xunit;

namespace Headrace.Tests.Serving;

/// <summary>Pages: what they show, and what they do not let through.</summary>
public sealed class PagesForPeople
{
    private const string Project = """
        version: 1
        project: "Shop <script>alert(1)</script>"
        connections:
          lake: { type: folder, path: ./lake }
          warehouse: { type: duckdb, path: ./warehouse.duckdb }
        defaults:
          target: { connection: warehouse, schema: raw }
        flows:
          orders:
            description: "What was <b>ordered</b>"
            source: { connection: lake, path: "orders/*.csv" }
            read: incremental
            write: append
            columns: { id: integer, note: text }
            schedule: every 1d
        models:
          totals:
            sql: totals.sql
            write: replace
        """;

    private static async Task<ServedProject> Shop()
    {
        var world = new World().Configuration(Project);
        File.WriteAllText(Path.Combine(world.Folder, "totals.sql"), "SELECT count(*) AS n FROM raw.orders");
        world.Put("orders/<img src=x>.csv", "id,note\n1,fine\n<i>x</i>,\"<script>alert(2)</script>\"\n");
        var served = await ServedProject.Start(world);
        await served.Run("orders");
        return served;
    }

    [Fact]
    public async Task Every_page_shows_what_its_document_says_and_lets_nothing_of_a_lake_through()
    {
        await using var served = await Shop();
        var run = (await served.Get("/api/v1/runs?flow=orders")).GetProperty("runs")[0].GetProperty("run").GetString();
        foreach (
            var (path, expected) in (IReadOnlyList<(string, string)>)
                [
                    ("/", "need"),
                    ("/flows/orders", "What was &lt;b&gt;ordered"),
                    ("/flows/totals", "totals"),
                    ("/runs", run!),
                    ($"/runs/{run}", "set aside"),
                    ("/files?table_name=orders", "&lt;img src=x&gt;.csv"),
                    ("/quarantine?dataset=orders", "&lt;i&gt;x&lt;/i&gt;"),
                    ("/schedules", "every 1d"),
                    ("/models", "/flows/orders"),
                    ("/process_table", "No table is listed"),
                ]
        )
        {
            var (status, text) = await served.Ask(HttpMethod.Get, path, null, ("Accept", "text/html"));
            var (_, json) = await served.Ask(HttpMethod.Get, path, null, ("Accept", "application/json"));

            Assert.True(status == 200, text);
            Assert.Contains(expected, text, StringComparison.Ordinal);
            Assert.DoesNotContain("<script>", text, StringComparison.Ordinal);
            Assert.DoesNotContain("<img", text, StringComparison.Ordinal);
            Assert.DoesNotContain("<i>", text, StringComparison.Ordinal);
            Assert.DoesNotContain(" style=", text, StringComparison.Ordinal);
            Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(json).RootElement.ValueKind);
        }
    }

    [Fact]
    public async Task Models_are_drawn_to_the_right_of_what_they_read_with_their_state()
    {
        var world = new World().Configuration(
            Project + "\n  shares: { sql: shares.sql, write: replace }\n  broken: { sql: broken.sql, write: replace }\n"
        );
        foreach (
            var (name, sql) in (IReadOnlyList<(string, string)>)
                [
                    ("totals", "SELECT count(*) AS n FROM raw.orders"),
                    ("shares", "SELECT n, (SELECT count(*) FROM raw.orders) AS all_rows FROM raw.totals"),
                    ("broken", "SELECT error('it is broken') AS n FROM raw.totals"),
                ]
        )
            await File.WriteAllTextAsync(
                Path.Combine(world.Folder, $"{name}.sql"),
                sql,
                TestContext.Current.CancellationToken
            );
        world.Put("orders/1.csv", "id,note\n1,fine\n");
        await using var served = await ServedProject.Start(world);
        await served.Run("orders");

        var document = await served.Get("/api/v1/models");
        var (_, text) = await served.Ask(HttpMethod.Get, "/models", null, ("Accept", "text/html"));

        Assert.Equal("ok", document.GetProperty("flows")[0].GetProperty("state").GetString());
        var graph = text.Split("<svg class=\"graph\"")[1].Split("</svg>")[0];
        int Left(string name) =>
            int.Parse(
                graph.Split($"href=\"/flows/{name}\"")[1].Split("<rect x=\"")[1].Split('"')[0],
                System.Globalization.CultureInfo.InvariantCulture
            );
        string State(string name) => graph.Split($"href=\"/flows/{name}\"")[1].Split("<text class=\"")[1].Split('<')[0];
        Assert.True(Left("orders") < Left("totals") && Left("totals") < Left("shares"), graph);
        Assert.Equal(Left("shares"), Left("broken"));
        Assert.Equal(4, graph.Split("<path ").Length - 1); // totals, shares twice, broken
        Assert.StartsWith("good\"", State("orders"), StringComparison.Ordinal);
        Assert.EndsWith("● ok", State("shares"), StringComparison.Ordinal);
        Assert.StartsWith("bad\"", State("broken"), StringComparison.Ordinal);
        Assert.EndsWith("failed", State("broken"), StringComparison.Ordinal);
        Assert.Contains("<title>shares reads ", graph, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flow_shows_when_its_columns_came()
    {
        await using var served = await Shop();
        var made = (await served.Get("/api/v1/runs?flow=orders")).GetProperty("runs")[0].GetProperty("run").GetString();
        served.World.Put("orders/2.csv", "id,note,amount<b>\n3,c,7\n");
        await served.Run("orders");
        await served.Run("orders"); // changes nothing

        var (_, json) = await served.Ask(HttpMethod.Get, "/flows/orders", null, ("Accept", "application/json"));
        var (_, text) = await served.Ask(HttpMethod.Get, "/flows/orders", null, ("Accept", "text/html"));

        var history = JsonDocument.Parse(json).RootElement.GetProperty("schema_history");
        Assert.True(history.GetArrayLength() is 2, $"{history}");
        Assert.Contains("amount<b>", history[0].GetProperty("change").GetString(), StringComparison.Ordinal);
        Assert.Contains("CREATE TABLE", history[1].GetProperty("change").GetString(), StringComparison.Ordinal);
        Assert.Equal(made, history[1].GetProperty("run").GetString());
        Assert.Equal("raw.orders", history[1].GetProperty("target").GetString());
        var shown = text.Split("<h2>Schema history</h2>")[1].Split("<h2>")[0];
        Assert.Contains("amount&lt;b&gt;", shown, StringComparison.Ordinal);
        Assert.Contains($"/runs/{made}", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_failed_is_shown_with_what_the_error_says()
    {
        await using var served = await Shop();
        served.World.Put("orders/2.csv", "other\n1\n");
        await served.Run("orders");
        var run = (await served.Get("/api/v1/runs?flow=orders")).GetProperty("runs")[0].GetProperty("run").GetString();

        foreach (var path in (string[])["/", "/flows/orders", "/runs", $"/runs/{run}"])
        {
            var (status, text) = await served.Ask(HttpMethod.Get, path, null, ("Accept", "text/html"));
            Assert.True(status == 200 && text.Contains("HDR-105", StringComparison.Ordinal), $"{path}: {text}");
        }
    }

    [Fact]
    public async Task Buttons_do_what_they_say_without_a_script_and_only_from_the_servers_own_pages()
    {
        await using var served = await Shop();
        using var handler = new HttpClientHandler { AllowAutoRedirect = false };
        using var browser = new HttpClient(handler) { BaseAddress = new Uri(served.Server.Address) };
        var (_, page) = await served.Ask(HttpMethod.Get, "/flows/orders", null, ("Accept", "text/html"));
        var token = page.Split("name=\"form\" value=\"")[1].Split('"')[0];
        async Task<HttpResponseMessage> Press(string path, string? origin, params (string, string)[] fields)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path)
            {
                Content = new FormUrlEncodedContent(
                    fields.Append(("form", token)).Select(one => KeyValuePair.Create(one.Item1, one.Item2))
                ),
            };
            request.Headers.Add("Origin", origin ?? served.Server.Address);
            return await browser.SendAsync(request, TestContext.Current.CancellationToken);
        }

        using var foreign = await Press("/quarantine/discard", "http://evil.example", ("of", "orders"));
        var waiting = await served.Get("/api/v1/quarantine?flow=orders");
        var id = waiting.GetProperty("rows")[0].GetProperty("id").ToString();
        using var discarded = await Press(
            "/quarantine/discard",
            null,
            ("of", "orders"),
            ("ids", id),
            ("reason", "no number")
        );
        using var run = await Press("/flows/orders/run", null);
        var (_, request) = await served.Ask(
            HttpMethod.Get,
            run.Headers.Location!.ToString(),
            null,
            ("Accept", "text/html")
        );

        Assert.Equal(403, (int)foreign.StatusCode);
        Assert.Equal((303, "/quarantine?dataset=orders"), ((int)discarded.StatusCode, $"{discarded.Headers.Location}"));
        Assert.Empty((await served.Get("/api/v1/quarantine")).GetProperty("datasets").EnumerateArray());
        Assert.Equal(303, (int)run.StatusCode);
        Assert.Contains("by request", request, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_carry_what_keeps_a_browser_from_running_anything_else()
    {
        await using var served = await Shop();
        using var browser = new HttpClient { BaseAddress = new Uri(served.Server.Address) };
        using var answer = await browser.GetAsync("/", TestContext.Current.CancellationToken);
        using var style = await browser.GetAsync("/assets/style.css", TestContext.Current.CancellationToken);
        var (missing, text) = await served.Ask(HttpMethod.Get, "/nothing", null, ("Accept", "text/html"));

        Assert.StartsWith(
            "default-src 'self'",
            answer.Headers.GetValues("Content-Security-Policy").Single(),
            StringComparison.Ordinal
        );
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("text/css", style.Content.Headers.ContentType!.MediaType);
        Assert.Equal(404, missing);
        Assert.Contains("HDR-610", text, StringComparison.Ordinal);
    }
}
