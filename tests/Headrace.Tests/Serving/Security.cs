using System.Text.Json;
using Headrace.Configuration;
using Xunit;

namespace Headrace.Tests.Serving;

/// <summary>What nobody must be able to do, and what must be nowhere; docs/serve.md lists it by number.</summary>
public sealed class Security
{
    private const string Flow = """
        orders:
          source: { connection: lake, path: "orders/*.csv" }
          read: incremental
          write: append
          columns: { id: integer, note: text }
        """;

    private static async Task<ServedProject> WithTokens(TimeProvider? clock = null)
    {
        var world = new World().Flows(Flow);
        var tokens = Path.Combine(world.Folder, "tokens");
        File.WriteAllText(tokens, "read: reader-token\noperate: operator-token\n");
        return await ServedProject.Start(world, clock, tokens: tokens);
    }

    // Every endpoint that the server describes, and every page.
    private static async Task<IReadOnlyList<(HttpMethod Method, string Path)>> Places(ServedProject served)
    {
        var (_, text) = await served.Ask(
            HttpMethod.Get,
            "/openapi/v1.json",
            null,
            ("Authorization", "Bearer operator-token")
        );
        var places = new List<(HttpMethod, string)>();
        foreach (var path in JsonDocument.Parse(text).RootElement.GetProperty("paths").EnumerateObject())
        foreach (var method in path.Value.EnumerateObject())
            places.Add(
                (
                    new HttpMethod(method.Name.ToUpperInvariant()),
                    path.Name.Replace("{name}", "orders", StringComparison.Ordinal)
                        .Replace("{run}", "r_0", StringComparison.Ordinal)
                        .Replace("{request}", "q_0", StringComparison.Ordinal)
                )
            );
        string[] pages =
        [
            "/",
            "/flows/orders",
            "/runs",
            "/files",
            "/quarantine",
            "/schedules",
            "/models",
            "/process_table",
            "/openapi/v1.json",
            "/assets/style.css",
            "/nothing",
        ];
        places.AddRange(pages.Select(page => (HttpMethod.Get, page)));
        string[] forms = ["/flows/orders/run", "/quarantine/release", "/quarantine/discard"];
        places.AddRange(forms.Select(form => (HttpMethod.Post, form)));
        return places;
    }

    [Fact]
    public async Task Every_place_asks_for_a_token_and_a_reader_changes_nothing()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var served = await WithTokens(clock);
        var places = await Places(served);
        Assert.True(places.Count > 25, $"{places.Count}");
        foreach (var (method, path) in places.Where(one => !one.Path.StartsWith("/health", StringComparison.Ordinal)))
        {
            clock.Advance(TimeSpan.FromSeconds(61)); // who is sent away too often has to wait
            async Task<int> As(string? token) =>
                (
                    await served.Ask(method, path, null, token is null ? [] : [("Authorization", $"Bearer {token}")])
                ).Status;
            var (nobody, reader, operates) = (await As(null), await As("reader-token"), await As("operator-token"));

            Assert.True(nobody == 401, $"{method} {path}: nobody gets {nobody}");
            Assert.True(
                method == HttpMethod.Get ? reader is 200 or 404 : reader == 403,
                $"{method} {path}: a reader gets {reader}"
            );
            Assert.True(
                operates is not 401 && (operates != 403 || !path.StartsWith("/api", StringComparison.Ordinal)),
                $"{method} {path}: who operates gets {operates}"
            );
            Assert.Equal(401, (await served.Ask(method, $"{path}?token=operator-token")).Status);
        }
    }

    [Fact]
    public async Task A_form_that_no_page_made_does_nothing()
    {
        await using var served = await ServedProject.Start(new World().Flows(Flow));
        using var client = new HttpClient { BaseAddress = new Uri(served.Server.Address) };
        async Task<int> Post(string form, string field)
        {
            using var content = new FormUrlEncodedContent([new("of", "orders"), new("form", field)]);
            using var answer = await client.PostAsync(form, content, TestContext.Current.CancellationToken);
            return (int)answer.StatusCode;
        }

        foreach (var form in (string[])["/flows/orders/run", "/quarantine/release", "/quarantine/discard"])
        {
            Assert.Equal(403, await Post(form, ""));
            Assert.Equal(403, await Post(form, new string('0', 64)));
        }

        Assert.Empty((await served.Get("/api/v1/requests")).GetProperty("requests").EnumerateArray());
    }

    [Fact]
    public async Task Who_changes_too_much_has_to_wait_and_events_do_not()
    {
        await using var served = await ServedProject.Start(new World().Flows(Flow));
        const string nothing = "{\"of\":\"orders\",\"ids\":[9]}";
        var last = 0;
        for (var i = 0; i < 301; i++)
            last = (await served.Ask(HttpMethod.Post, "/api/v1/quarantine/discard", "no json")).Status;

        Assert.Equal(429, last);
        Assert.Equal("429 HDR-607", await served.Fault(HttpMethod.Post, "/api/v1/quarantine/discard", nothing));
        Assert.NotEqual(429, (await served.Ask(HttpMethod.Post, "/api/v1/events", "{}")).Status);
        Assert.Equal(200, (await served.Ask(HttpMethod.Get, "/api/v1/flows")).Status);
    }

    [Fact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task What_is_changed_and_who_is_sent_away_is_written_down_without_tokens()
    {
        await using var served = await WithTokens();
        await served.Ask(HttpMethod.Get, "/api/v1/flows", null, ("Authorization", "Bearer guessed-token"));
        await served.Ask(HttpMethod.Get, "/api/v1/flows", null, ("Authorization", "Bearer reader-token"));
        await served.Ask(HttpMethod.Post, "/api/v1/flows/orders/run", null, ("Authorization", "Bearer operator-token"));
        var file = Path.Combine(served.World.Folder, ".headrace", "audit.jsonl");

        var text = File.ReadAllText(file);
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .ToList();

        Assert.Equal([401, 202], lines.Select(line => line.GetProperty("status").GetInt32()));
        Assert.Equal("/api/v1/flows/orders/run", lines[1].GetProperty("path").GetString());
        Assert.StartsWith("token ", lines[1].GetProperty("who").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("-token", text, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task A_secret_is_in_no_answer_no_file_and_no_message()
    {
        const string canary = "canary-7f3a91";
        using var world = new World();
        File.WriteAllText(Path.Combine(world.Folder, "secret"), canary);
        world.Configuration(
            """
            version: 1
            connections:
              lake: { type: folder, path: ./lake }
              shop: { type: postgres, host: 127.0.0.1, port: 1, database: shop, user: u, password: "${file:secret}" }
              warehouse: { type: duckdb, path: ./warehouse.duckdb, blocks: small }
            defaults:
              target: { connection: warehouse, schema: raw }
            lineage: { url: "http://127.0.0.1:1/${file:secret}", api_key: "${file:secret}" }
            notifications:
              hook: { webhook: "http://127.0.0.1:1/${file:secret}", when: [failed] }
              chat: { slack: "http://127.0.0.1:1/${file:secret}", when: [failed] }
              mail:
                smtp: { host: 127.0.0.1, port: 1, from: a@b.c, to: [a@b.c], user: u, password: "${file:secret}" }
                when: [failed]
              shell: { command: "echo ${file:secret}; exit 3", when: [failed] }
            flows:
              orders:
                source: { connection: lake, path: "orders/*.csv" }
                read: incremental
                write: append
                columns: { id: integer, note: text }
                masks: { note: { hmac: "${file:secret}" } }
              customers:
                source: { connection: shop, table: public.customers }
                read: full-refresh
                write: replace
            """
        );
        world.Put("orders/1.csv", "id,note\n1,a\nx,b\n").Put("orders/2.csv", "other\n1\n");

        var texts = new List<string>();
        foreach (
            var command in (string[][])
                [
                    ["run", "--json"],
                    ["run", "-v", "--log", "json"],
                    ["status"],
                    ["status", "--json"],
                    ["runs", "--all"],
                    ["config", "show"],
                    ["config", "show", "--json"],
                    ["doctor", "--json"],
                    ["quarantine", "show", "orders"],
                ]
        )
            texts.Add((await world.Run(command)).Text);
        await using (var served = await ServedProject.Start(world, say: texts.Add))
        {
            await served.Run("orders");
            foreach (var (method, path) in await Places(served))
            foreach (var form in (string[])["text/html", "application/json"])
                texts.Add((await served.Ask(method, path, null, ("Accept", form))).Text);
            foreach (
                var file in Directory
                    .EnumerateFiles(world.Folder, "*", SearchOption.AllDirectories)
                    .Where(file => Path.GetFileName(file) != "secret" && Path.GetExtension(file) != ".lock")
            )
                Assert.False(
                    File.ReadAllBytes(file).AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(canary)) >= 0,
                    file
                );
        }

        foreach (var text in texts)
            Assert.DoesNotContain(canary, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_document_has_a_place_for_a_secret_and_no_request_for_a_connection()
    {
        await using var served = await ServedProject.Start(new World().Flows(Flow));
        var (_, text) = await served.Ask(HttpMethod.Get, "/openapi/v1.json");

        foreach (var word in (string[])["password", "secret", "api_key", "webhook\"", "connection_string", "\"url\""])
            Assert.DoesNotContain(word, text, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(
            "400 HDR-609",
            await served.Fault(HttpMethod.Post, "/api/v1/flows/orders/run", "{\"url\":\"http://169.254.169.254/\"}")
        );
    }

    [Fact]
    public async Task Doctor_says_who_reaches_the_server_and_which_secrets_stand_in_the_file()
    {
        await using var served = await WithTokens();
        File.AppendAllText(
            Path.Combine(served.World.Folder, "headrace.yaml"),
            "notifications:\n  team: { webhook: \"http://127.0.0.1:1/hook\" }\n"
        );

        var answer = await served.World.Run("doctor", "--json");

        Assert.Contains("reachable from this machine alone", answer.Output, StringComparison.Ordinal);
        Assert.Contains("notifications.team.webhook", answer.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_webhook_that_leads_elsewhere_is_not_followed()
    {
        using var other = new Webhook();
        using var hook = new Webhook { Status = 302, Location = other.Url };
        using var world = new World().Flows(Flow).Put("orders/1.csv", "other\n1\n");
        File.AppendAllText(
            Path.Combine(world.Folder, "headrace.yaml"),
            $"notifications:\n  team: {{ webhook: \"{hook.Url}\", when: [failed] }}\n"
        );

        var answer = await world.Run("run", "--json");

        Assert.Contains("the answer was 302", answer.Only.Warnings, StringComparison.Ordinal);
        Assert.Empty(other.Told);
    }

    [Theory]
    [InlineData("passfile: /etc/passwd")]
    [InlineData("ssl_key: /etc/key")]
    [InlineData("options: \"-c search_path=x\"")]
    [InlineData("connection_string: \"Host=x\"")]
    public void A_connection_has_no_key_that_reads_files_or_is_handed_on(string key)
    {
        using var world = new World().Configuration(
            $$"""
            version: 1
            connections:
              shop: { type: postgres, host: h, database: d, user: u, {{key}} }
            """
        );

        Assert.Contains(
            key.Split(':')[0],
            Assert.Single(ProjectFile.Load(world.Folder, null, _ => null).Problems).Message,
            StringComparison.Ordinal
        );
    }
}
