using System.Text.Json;
using Xunit;

namespace Headrace.Tests.Scenarios;

/// <summary>Every other command, before the first run and after it.</summary>
public sealed class Commands : ProjectTests
{
    [Fact]
    public async Task Status_says_never_run_ok_quarantine_failed_and_stopped()
    {
        World.Flows(Prices + "\n" + Customers);
        var before = (await World.Run("status", "--json")).Json.GetProperty("datasets");
        Assert.Equal(
            ["never run", "never run"],
            before.EnumerateArray().Select(dataset => dataset.GetProperty("state").GetString())
        );
        World.Put("prices/1.csv", "id,price\n1,x\n2,2\n").Put("customers/1.csv", "id,name\n1,a\n");
        await World.Load();
        Assert.Equal(["customers ok", "prices quarantine"], await States());
        World.Put("prices/1.csv", "id,price\n1,1.50\n").Put("customers/2.csv", "a,b\n1,a\n");
        await World.Run("run");
        Assert.Equal(["customers failed", "prices stopped"], await States());
        var text = await World.Run("status");
        Assert.Equal(0, text.Exit);
        Assert.Contains("2 of 2 datasets need you", text.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Runs_and_show_tell_the_history_newest_first()
    {
        World.Flows(Prices);
        Assert.Contains("No runs yet", (await World.Run("runs")).Output, StringComparison.Ordinal);
        World.Put("prices/1.csv", "id,price\n1,1.50\n");
        var first = (await World.Load()).Only;
        await World.Load();
        Assert.Equal(["up_to_date", "loaded"], (await World.Run("runs", "--json")).Runs.Select(run => run.Outcome));
        Assert.Equal(
            ["up_to_date"],
            (await World.Run("runs", "prices", "--most", "1", "--json")).Runs.Select(run => run.Outcome)
        );
        Assert.Equal(2, (await World.Run("runs", "nothing", "--json")).Exit);
        var shown = await World.Run("show", first.Id, "--json");
        Assert.Equal(
            (first.Id, "raw.prices"),
            (shown.Json.GetProperty("run").GetString(), shown.Json.GetProperty("target").GetString())
        );
        Assert.Contains("raw.prices", (await World.Run("show", first.Id)).Output, StringComparison.Ordinal);
        var missing = await World.Run("show", "r_nothing", "--json");
        Assert.Equal((2, "HDR-533"), (missing.Exit, missing.Json.GetProperty("error").GetProperty("code").GetString()));
    }

    [Fact]
    public async Task Doctor_finds_a_missing_lake_and_is_content_otherwise()
    {
        World.Flows(Prices);
        Assert.Equal(0, (await World.Run("doctor")).Exit);
        Assert.False(File.Exists(World.Warehouse));
        Directory.Delete(World.Lake);
        var answer = await World.Run("doctor", "--json");
        Assert.Equal(1, answer.Exit);
        Assert.Contains(
            "HDR-110",
            answer
                .Json.GetProperty("checks")
                .EnumerateArray()
                .Single(check => check.GetProperty("state").GetString() == "failed")
                .GetProperty("found")
                .GetString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Init_makes_a_project_that_plans_and_leaves_alone_what_is_there()
    {
        using var empty = new World(Path.Combine(World.Folder, "new"));
        Assert.Equal(0, (await empty.Run("init")).Exit);
        empty.Put("orders/1.csv", "id,amount\n1,1.5\n");
        var yaml = await File.ReadAllTextAsync(
            Path.Combine(empty.Folder, "headrace.yaml"),
            TestContext.Current.CancellationToken
        );
        Assert.Equal("would_load", (await empty.Run("plan", "orders", "--json")).Only.Outcome);
        await File.WriteAllTextAsync(
            Path.Combine(empty.Folder, "headrace.yaml"),
            yaml + "# mine\n",
            TestContext.Current.CancellationToken
        );
        var again = await empty.Run("init");
        Assert.Equal(0, again.Exit);
        Assert.Contains("left alone", again.Output, StringComparison.Ordinal);
        Assert.EndsWith(
            "# mine\n",
            await File.ReadAllTextAsync(
                Path.Combine(empty.Folder, "headrace.yaml"),
                TestContext.Current.CancellationToken
            ),
            StringComparison.Ordinal
        );
        Assert.Equal(0, (await World.Run("init", "sub/project")).Exit);
        Assert.True(File.Exists(Path.Combine(World.Folder, "sub/project/headrace.yaml")));
    }

    [Fact]
    public async Task Schema_is_a_json_schema_with_a_description_for_every_key()
    {
        var schema = JsonDocument.Parse((await World.Run("schema")).Output).RootElement;
        Assert.Equal("object", schema.GetProperty("type").GetString());
        Assert.True(schema.GetProperty("properties").TryGetProperty("flows", out _));
        var undescribed = new List<string>();
        Walk(schema, "");
        Assert.Empty(undescribed);
        Assert.Equal(0, (await World.Run("schema", "-o", Path.Combine(World.Folder, "s.json"))).Exit);
        Assert.True(File.Exists(Path.Combine(World.Folder, "s.json")));

        void Walk(JsonElement element, string path)
        {
            if (element.ValueKind != JsonValueKind.Object)
                return;
            foreach (var property in element.EnumerateObject())
            {
                if (property.Name == "properties")
                    foreach (var key in property.Value.EnumerateObject())
                        if (
                            !key.Value.TryGetProperty("description", out _)
                            && !key.Value.TryGetProperty("const", out _)
                            && !key.Value.TryGetProperty("$ref", out _)
                        )
                            undescribed.Add($"{path}/{key.Name}");
                Walk(property.Value, $"{path}/{property.Name}");
            }
        }
    }

    [Fact]
    public async Task Config_show_has_defaults_and_environment_in_it_and_no_secret()
    {
        World.Configuration(
            """
            version: 1
            connections:
              lake: { type: folder, path: "${secret:LAKE_PATH}" }
              warehouse: { type: duckdb, path: ./warehouse.duckdb }
            defaults:
              target: { connection: warehouse, schema: raw }
            environments:
              test: { defaults: { target: { schema: tested } } }
            flows:
              prices: { source: { connection: lake, path: "prices/*" }, read: incremental, write: append }
            """
        );
        Directory.CreateDirectory(Path.Combine(World.Folder, "very-secret-place"));
        var secret = new Dictionary<string, string>
        {
            ["HEADRACE_SECRET_LAKE_PATH"] = Path.Combine(World.Folder, "very-secret-place"),
        };
        var shown = await World.RunProcess(secret, "config", "show", "--env", "test");
        Assert.True(shown.Exit == 0, shown.Text);
        Assert.Contains("tested", shown.Output, StringComparison.Ordinal);
        Assert.Contains("${secret:LAKE_PATH}", shown.Output, StringComparison.Ordinal);
        foreach (
            var command in (string[][])
                [
                    ["config", "show"],
                    ["doctor"],
                    ["doctor", "--json"],
                    ["run", "--json", "-v"],
                    ["plan"],
                    ["status"],
                    ["runs", "--json"],
                ]
        )
            Assert.DoesNotContain(
                "very-secret-place",
                (await World.RunProcess(secret, command)).Text,
                StringComparison.Ordinal
            );
        Directory.Delete(Path.Combine(World.Folder, "very-secret-place"));
        Assert.DoesNotContain(
            "very-secret-place",
            (await World.RunProcess(secret, "run", "-v")).Text,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(
            "very-secret-place",
            (await World.RunProcess(secret, "runs", "--json")).Text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_secret_in_the_path_of_a_broken_warehouse_is_in_no_message()
    {
        World
            .Configuration(
                """
                version: 1
                connections:
                  lake: { type: folder, path: ./lake }
                  warehouse: { type: duckdb, path: "${secret:PLACE}" }
                defaults:
                  target: { connection: warehouse, schema: raw }
                flows:
                  prices: { source: { connection: lake, path: "prices/*" }, read: incremental, write: append }
                """
            )
            .Put("prices/1.csv", "id\n1\n");
        var path = Path.Combine(World.Folder, "very-secret-place");
        await File.WriteAllTextAsync(path, new string('x', 10_000), TestContext.Current.CancellationToken);
        foreach (
            var command in (string[][])
                [
                    ["status"],
                    ["quarantine", "list", "--json"],
                    ["quarantine", "show", "prices", "-v"],
                    ["doctor"],
                    ["plan", "-v"],
                    ["run", "-v"],
                    ["runs", "--json"],
                ]
        )
            Assert.DoesNotContain(
                "very-secret-place",
                (
                    await World.RunProcess(new Dictionary<string, string> { ["HEADRACE_SECRET_PLACE"] = path }, command)
                ).Text,
                StringComparison.Ordinal
            );
    }

    [Theory]
    [InlineData("run")]
    [InlineData("run", "--json")]
    public async Task Where_an_error_of_a_run_came_from_is_told_with_v_and_only_then(params string[] run)
    {
        World
            .Flows(
                "prices: { source: { connection: lake, path: \"prices/*\" }, read: incremental, "
                    + "write: append, retries: 0 }"
            )
            .Put("prices/1.csv", "id\n1\n");
        foreach (var isVerbose in (bool[])[false, true])
        {
            var answer = await World.RunProcess(World.At("before_commit", "throw"), isVerbose ? [.. run, "-v"] : run);
            Assert.Equal(1, answer.Exit);
            Assert.Equal(isVerbose, answer.Messages.Contains("at Headrace.Runner.", StringComparison.Ordinal));
            Assert.DoesNotContain("at Headrace.Runner.", answer.Output, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(
            "at Headrace.Runner.",
            (await World.Run("runs", "--json")).Text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Version_names_what_it_stands_on()
    {
        var version = (await World.Run("version", "--json")).Json;
        Assert.Equal(
            ["headrace", "dotnet", "duckdb", "platform"],
            version.EnumerateObject().Select(property => property.Name)
        );
        Assert.StartsWith("headrace 0.", (await World.Run("version")).Output, StringComparison.Ordinal);
        Assert.Contains("quarantine", (await World.Run("--help")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_warehouse_that_another_program_made_can_be_looked_at_and_loaded_into()
    {
        World.Flows(Prices);
        World.Alter(
            """
            CREATE SCHEMA raw; CREATE TABLE raw.prices (id BIGINT, price DECIMAL(12,2));
            INSERT INTO raw.prices VALUES (0, 0)
            """
        );
        foreach (var command in (string[])["status", "doctor", "plan"])
            Assert.Equal((command, 0), (command, (await World.Run(command)).Exit));
        Assert.Equal(0, (await World.Run("quarantine", "list")).Exit);
        World.Put("prices/1.csv", "id,price\n1,1.50\n");
        Assert.Equal("1i 0u 0d 0s 0q", (await World.Run("plan", "--json")).Only.Counts);
        await World.Load();
        Assert.Equal(["0|0.00", "1|1.50"], World.Query("SELECT * FROM raw.prices ORDER BY id"));
    }

    private async Task<IEnumerable<string>> States() =>
        (await World.Run("status", "--json"))
            .Json.GetProperty("datasets")
            .EnumerateArray()
            .Select(dataset =>
                $"{dataset.GetProperty("dataset").GetString()} {dataset.GetProperty("state").GetString()}"
            );
}
