using System.Runtime.Versioning;
using System.Text;
using Xunit;

namespace Headrace.Tests.Faults;

/// <summary>Secrets, rows and escape sequences: where they may not be.</summary>
public sealed class SecretsAndTerminals(PostgresServer server) : IDisposable
{
    private static readonly Dictionary<string, string> Nothing = [];

    private readonly World world = new();

    public void Dispose() => world.Dispose();

    private World Stock(string more = "") =>
        world.Flows(
            """stock: { source: { connection: lake, path: "stock/*.csv" }, read: incremental, """
                + $$"""write: append{{more}} }"""
        );

    [Fact]
    public async Task R15_the_ledger_and_the_warehouse_hold_no_secret_of_an_address()
    {
        var secret = new Dictionary<string, string> { ["HEADRACE_SECRET_PLACE"] = "geheimplatz" };
        world.Configuration(
            """
            version: 1
            connections:
              lake: { type: folder, path: "./${secret:PLACE}" }
              pg: { type: postgres, host: "${secret:PLACE}.invalid", port: 1, database: d, user: u, password: "p" }
              warehouse: { type: duckdb, path: ./warehouse.duckdb }
            defaults: { target: { connection: warehouse, schema: raw }, retries: 0 }
            flows:
              missing: { source: { connection: lake, path: "*.csv" }, read: incremental, write: append }
              table: { source: { connection: pg, table: t }, read: snapshot, write: merge, primary_key: id }
            """
        );
        var answer = await world.RunProcess(secret, "run", "-v");
        Assert.True(answer.Exit == 1, answer.Text);
        Assert.Contains("***", answer.Text, StringComparison.Ordinal);

        Assert.DoesNotContain("geheimplatz", answer.Text, StringComparison.Ordinal);
        foreach (
            var file in Directory
                .EnumerateFiles(world.Folder, "*", SearchOption.AllDirectories)
                .Where(file => !file.EndsWith(".yaml", StringComparison.Ordinal))
        )
            Assert.False(
                Encoding.Latin1.GetString(File.ReadAllBytes(file)).Contains("geheimplatz", StringComparison.Ordinal),
                $"{file} holds the secret."
            );
    }

    [Theory]
    [InlineData("rows")]
    [InlineData("1234")]
    [InlineData("loaded")]
    [InlineData("null")]
    public async Task R15_a_secret_that_is_a_word_or_a_number_of_the_contract_leaves_the_document_whole(string value)
    {
        world.Configuration(
            """
            version: 1
            connections:
              lake: { type: folder, path: ./lake }
              pg: { type: postgres, host: localhost, database: d, user: u, password: "${secret:WORD}" }
              warehouse: { type: duckdb, path: ./warehouse.duckdb }
            defaults: { target: { connection: warehouse, schema: raw } }
            flows:
              stock: { source: { connection: lake, path: "stock/*.csv" }, read: incremental, write: append }
            """
        );
        world.Put("stock/1.csv", "id\n" + string.Concat(Enumerable.Range(0, 1234).Select(i => $"{i}\n")));
        var secret = new Dictionary<string, string> { ["HEADRACE_SECRET_WORD"] = value };

        var run = (await world.RunProcess(secret, "run", "--json")).Only;
        Assert.Equal("loaded 1234", $"{run.Outcome} {run["inserted"]}");
        Assert.Equal(
            "equal",
            (await world.RunProcess(secret, "verify", "--json"))
                .Json.GetProperty("datasets")[0]
                .GetProperty("equal")
                .GetBoolean()
                ? "equal"
                : "not equal"
        );
        foreach (
            var command in (string[][])
                [
                    ["status", "--json"],
                    ["runs", "--json"],
                    ["doctor", "--json"],
                    ["plan", "--json"],
                    ["version", "--json"],
                    ["quarantine", "list", "--json"],
                ]
        )
            Assert.Equal(
                System.Text.Json.JsonValueKind.Object,
                (await world.RunProcess(secret, command)).Json.ValueKind
            );
    }

    [Fact]
    public async Task R15_config_show_prints_no_password_however_short_and_no_default_of_one()
    {
        world.Configuration(
            """
            version: 1
            connections:
              lake: { type: folder, path: ./lake }
              one: { type: postgres, host: localhost, database: d, user: u, password: "abc" }
              two: { type: postgres, host: localhost, database: d, user: u, password: "${NAME_OF_IT:-xyz}" }
              three: { type: postgres, host: localhost, database: d, user: u, password: "pre${NAME_OF_IT:-xyz}" }
              four: { type: postgres, host: localhost, database: d, user: u, password: "${secret:pw}" }
              warehouse: { type: duckdb, path: ./warehouse.duckdb }
            defaults: { target: { connection: warehouse, schema: raw } }
            flows:
              stock: { source: { connection: lake, path: "stock/*.csv" }, read: incremental, write: append }
            """
        );
        var shown = await world.RunProcess(
            new Dictionary<string, string> { ["HEADRACE_SECRET_PW"] = "qrs" },
            "config",
            "show"
        );
        Assert.Equal(0, shown.Exit);
        Assert.Equal(
            ["\"***\"", "\"***\"", "\"***\"", "\"${secret:pw}\""],
            shown
                .Output.Split('\n')
                .Where(line => line.Contains("password:", StringComparison.Ordinal))
                .Select(line => line.Split("password: ")[1])
        );
        foreach (var secret in (string[])["abc", "xyz", "pre$", "qrs"])
            Assert.DoesNotContain(secret, shown.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task R15_the_trace_of_an_error_shows_no_row()
    {
        var target = await Tables.PostgresTargets.Into(
            server,
            world,
            """stock: { source: { connection: lake, path: "stock/*.csv" }, read: incremental, write: append, """
                + "retries: 0 }"
        );
        await target.Execute(
            """
            CREATE SCHEMA raw;
            CREATE TABLE raw.stock (id bigint, iban text);
            CREATE FUNCTION raw.refuse() RETURNS trigger
                LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON raw.stock FOR EACH ROW EXECUTE FUNCTION raw.refuse();
            """
        );
        world.Put("stock/1.csv", "id,iban\n1,DE89370400440532013000\n");
        var answer = await world.RunProcess(Nothing, "run", "-v");
        Assert.NotEqual(0, answer.Exit);
        Assert.Contains("not today", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("DE89370400440532013000", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task R15_all_that_is_written_is_for_its_owner_alone()
    {
        world.Configuration(
            """
            version: 1
            connections:
              lake: { type: folder, path: ./lake }
              warehouse: { type: duckdb, path: ./warehouse.duckdb }
              ops: { type: jsonl, path: ./ops }
            defaults: { target: { connection: warehouse, schema: raw } }
            flows:
              stock: { source: { connection: lake, path: "{version}/stock.csv" }, read: snapshot, settle: 0s, primary_key: id, write: merge, publish: { connection: ops } }
            """
        );
        world.Put("1/stock.csv", "id,price\n1,1\n");
        // As an earlier release made it: 0755.
        Directory.CreateDirectory(Path.Combine(world.Folder, ".headrace"), (UnixFileMode)0x1ed);
        Assert.Equal(0, (await world.RunProcess(Nothing, "run")).Exit);
        Assert.Equal(0, (await world.RunProcess(Nothing, "init", Path.Combine(world.Folder, "new"))).Exit);

        var open = Directory
            .EnumerateFileSystemEntries(
                world.Folder,
                "*",
                new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }
            )
            .Where(path =>
                !path.StartsWith(world.Lake, StringComparison.Ordinal) && Path.GetFileName(path) != "headrace.yaml"
                || path.Contains("/new/", StringComparison.Ordinal)
            )
            .Where(path => ((int)File.GetUnixFileMode(path) & 0x3f) != 0);
        Assert.Empty(open);
        Assert.True(File.Exists(world.Warehouse) && Directory.GetFiles(Path.Combine(world.Folder, "ops")).Length == 1);
    }

    [Fact]
    public async Task R16_no_name_of_a_catalogue_or_a_file_moves_the_terminal_and_each_is_one_word_of_a_command()
    {
        var shop = await server.DatabaseAsync();
        await shop.Execute(
            """
            CREATE TABLE "x; touch owned" (id int PRIMARY KEY);
            CREATE TABLE U&"red\001b[31m\202etxt" ("a'b" int PRIMARY KEY)
            """
        );
        world.Configuration(
            $$"""
            version: 1
            connections:
              lake: { type: folder, path: ./lake }
              shop: {{shop.Yaml}}
              warehouse: { type: duckdb, path: ./warehouse.duckdb }
            defaults: { target: { connection: warehouse, schema: raw } }
            flows:
              stock: { source: { connection: lake, path: "stock/*" }, columns: { id: integer }, read: incremental, write: append }
              odd: { source: { connection: lake, path: "odd/*" }, read: incremental, write: append, target: { table: odd } }
            """
        );
        world
            .Put("stock/\u202egnp\u2066.csv", "id,\u202eevil\u009b2J\nx,1\n2,3\n")
            .Put("odd/1;x.csv", "id\n1\n", landedSecondsAgo: 900);
        var shown = new StringBuilder();
        foreach (
            var command in (string[][])
                [
                    ["tables", "discover", "shop"],
                    ["plan"],
                    ["run", "-v"],
                    ["status"],
                    ["runs"],
                    ["quarantine", "show", "stock"],
                ]
        )
            shown.Append((await world.RunProcess(Nothing, command)).Text);
        world.Put("odd/1;x.csv", "id\n2\n", landedSecondsAgo: 800);
        shown.Append((await world.RunProcess(Nothing, "run")).Text);

        var text = shown.ToString();
        Assert.DoesNotContain(text, letter => letter is not ('\n' or '\t') && Plain.IsHidden(letter));
        Assert.Contains(
            @"tables add 'public.x; touch owned' --connection shop --key id",
            text,
            StringComparison.Ordinal
        );
        Assert.Contains(
            @"tables add $'public.red\x1b[31m\u202etxt' --connection shop --key 'a'\''b'",
            text,
            StringComparison.Ordinal
        );
        Assert.Contains(@"headrace run odd --accept 'odd/1;x.csv'", text, StringComparison.Ordinal);
        Assert.Contains(@"\u202egnp\u2066.csv", text, StringComparison.Ordinal);
    }
}
