using System.Security.Cryptography;
using System.Text;
using Headrace.Tests.Tables;
using Xunit;
using static System.FormattableString;

namespace Headrace.Tests.Conformance;

/// <summary>Masks: what they make of values, and that no value that they hide is found anywhere afterwards.</summary>
public abstract class Masks(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private const string Hidden =
        """masks: { email: { hmac: "${file:key.txt}" }, phone: { keep_last: 4 }, iban: redact, """
        + """born: { truncate: month }, note: "null" }""";
    private static readonly string[] Canaries = ["canary", "canarx", "1990-05-06", "1990-05-16"];

    private static string Hmac(string text) =>
        Convert.ToHexStringLower(HMACSHA256.HashData("a key"u8, Encoding.UTF8.GetBytes(text)));

    private Task People(string rest) =>
        Masked($"people: {{ source: {{ connection: lake, path: \"people/*\" }}, settle: 0s, {Hidden}, {rest} }}");

    private Task Masked(params string[] flows)
    {
        File.WriteAllText(Path.Combine(World.Folder, "key.txt"), "a key\n");
        return Flows(flows);
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("jsonl")]
    [InlineData("parquet")]
    public async Task EachMaskMakesWhatItSays(string format)
    {
        await People("read: incremental, write: append, columns: { id: bigint, born: date }");
        const string Three = """
            SELECT * FROM (VALUES (1, 'ä@x', '+49 30 12345', 'DE1', DATE '1990-05-06', 'n'),
                (2, NULL, NULL, NULL, NULL, NULL), (3, '', '1234', '', DATE '2024-02-29', ''))
                AS people(id, email, phone, iban, born, note)
            """;
        if (format == "parquet")
            World.PutParquet("people/1.parquet", Three);
        else if (format == "csv")
            World.Put(
                "people/1.csv",
                "id,email,phone,iban,born,note\n1,ä@x,+49 30 12345,DE1,1990-05-06,n\n2,,,,,\n3,\"\",1234,\"\",2024-02-29,\"\"\n"
            );
        else
            World.Put(
                "people/1.jsonl",
                """
                {"id":1,"email":"ä@x","phone":"+49 30 12345","iban":"DE1","born":"1990-05-06","note":"n"}
                {"id":2,"email":null}
                {"id":3,"email":"","phone":"1234","iban":"","born":"2024-02-29","note":""}
                """
            );
        Assert.Equal("3i 0u 0d 0s 0q", (await World.Load()).Only.Counts);
        Assert.Equal(
            [
                $"1|{Hmac("ä@x")}|***2345|***|1990-05-01|NULL",
                "2|NULL|NULL|NULL|NULL|NULL",
                $"3|{Hmac("")}|***|***|2024-02-01|NULL",
            ],
            await Rows("SELECT id, email, phone, iban, born, note FROM raw.people ORDER BY id")
        );
    }

    [Theory]
    [InlineData("csv", "incremental, write: append")]
    [InlineData("csv", "incremental, write: merge, primary_key: id")]
    [InlineData("jsonl", "incremental, write: append")]
    [InlineData("parquet", "incremental, write: merge, primary_key: id")]
    [InlineData("csv", "snapshot, write: merge, primary_key: id")]
    [InlineData("jsonl", "snapshot, write: merge, primary_key: id")]
    public async Task NothingThatIsHiddenIsFoundAnywhere(string format, string read)
    {
        var isSnapshot = read.StartsWith("snapshot", StringComparison.Ordinal);
        var path = isSnapshot ? "people/{version}/*" : "people/*";
        var rest = $"read: {read}, columns: {{ id: bigint, amount: integer, born: date }}";
        await Masked(
            $"people: {{ source: {{ connection: lake, path: \"{path}\" }}, settle: 0s, {Hidden}, {rest}"
                + (isSnapshot ? ", publish: { connection: ops }" : "")
                + " }"
        );
        var before = Directory.GetFiles(World.Folder, "*", SearchOption.AllDirectories).ToHashSet();
        var said = new StringBuilder();
        for (var day = 1; day <= 2; day++)
        {
            Put(format, isSnapshot ? $"people/{day}/1" : $"people/{day}", day);
            foreach (
                var command in (string[])["plan", "plan --json", "run --json -v", "run", "verify", "verify --json"]
            )
                said.Append((await World.Run(command.Split(' '))).Text);
        }

        var runs = await World.Run("runs", "--json");
        foreach (
            var command in (string[])
                [
                    "status",
                    "runs",
                    "quarantine list",
                    "quarantine show people",
                    "quarantine show people --json",
                    "doctor",
                ]
        )
            said.Append((await World.Run(command.Split(' '))).Text);
        foreach (var run in runs.Json.GetProperty("runs").EnumerateArray())
            said.Append((await World.Run("show", run.GetProperty("run").GetString()!)).Text);
        Assert.NotEqual("0", await Value("SELECT count(*) FROM raw.people"));
        Assert.NotEqual("0", await Value("SELECT count(*) FROM headrace.quarantine WHERE \"row\" IS NOT NULL"));
        if (format != "parquet")
            Assert.NotEqual("0", await Value("SELECT count(*) FROM headrace.quarantine WHERE \"row\" IS NULL"));
        foreach (var table in await Tables())
            said.AppendJoin('\n', await Rows($"SELECT * FROM {table}"));
        AssertHidden(said.ToString(), "what was said");
        Assert.Contains("1990-05-01", said.ToString(), StringComparison.Ordinal);
        foreach (var folder in (string?[])[World.Folder, Redshift?.Folder])
        foreach (var file in folder is null ? [] : Directory.GetFiles(folder, "*", SearchOption.AllDirectories))
            if (!file.StartsWith(World.Lake, StringComparison.Ordinal) && !before.Contains(file))
                AssertHidden(Encoding.Latin1.GetString(File.ReadAllBytes(file)), file);
    }

    [Fact]
    public async Task ACheckSeesValuesAsTheyCameAndShowsThemMasked()
    {
        // Only values as they came decide: masked ones are all alike, or have other patterns and days.
        const string Quarantining = """
            { name: phone, matches: { column: phone, pattern: "^[a-z]+-p-[0-9]+$" }, on_fail: quarantine },
            { name: iban, unique: [iban], on_fail: quarantine },
            { name: email, expression: "length(email) = 10", on_fail: quarantine },
            { name: born, range: { column: born, max: 1990-05-15 }, on_fail: warn },
            { name: note, not_null: [note], on_fail: warn },
            { name: seen, scope: table, matches: { column: iban, pattern: "^[*]+$" } }
            """;
        await People(
            $"read: incremental, write: append, columns: {{ id: bigint, born: date }}, checks: [ {Quarantining} ]"
        );
        var before = Directory.GetFiles(World.Folder, "*", SearchOption.AllDirectories).ToHashSet();
        World.Put(
            "people/1.csv",
            """
            id,email,phone,iban,born,note
            1,canary-a@x,canary-p-0001,canary-iban1,1990-05-06,canary-note
            2,canary-b@x,canary-p-0002,canary-iban2,1990-05-16,
            3,canary-c@x,canarx-q-0003,canary-iban3,1990-05-06,canary-note
            4,canary-d@x,canary-p-0004,canary-iban2,1990-05-06,canary-note
            5,canarx-ee@x,canary-p-0005,canary-iban5,1990-05-06,canary-note

            """,
            landedSecondsAgo: 900
        );
        var said = new StringBuilder();
        said.Append((await World.Run("plan")).Text).Append((await World.Run("plan", "--json", "-v")).Text);
        var answer = await World.Load();
        said.Append(answer.Text);
        Assert.Equal("2i 0u 0d 0s 3q", answer.Only.Counts);
        Assert.Equal(
            [
                "born|1|warned",
                "email|1|quarantined",
                "iban|1|quarantined",
                "note|1|warned",
                "phone|1|quarantined",
                "seen|0|passed",
            ],
            await Rows("SELECT name, failed, outcome FROM headrace.checks ORDER BY name")
        );
        Assert.Contains(
            "***",
            await Value("SELECT sample FROM headrace.checks WHERE name = 'phone'"),
            StringComparison.Ordinal
        );

        // A check that stops shows rows; its load is taken back, and what it found is on record.
        await People(
            "read: incremental, write: append, columns: { id: bigint, born: date }, "
                + "checks: [ { name: strict, range: { column: born, max: 1990-05-15 } } ]"
        );
        World.Put(
            "people/2.csv",
            "id,email,phone,iban,born,note\n6,canary-f@x,canary-p-0006,canary-iban6,1990-05-16,canary-note\n",
            landedSecondsAgo: 800
        );
        foreach (
            var command in (string[])
                ["plan --json -v", "run --json -v", "run", "status", "runs", "quarantine show people"]
        )
            said.Append((await World.Run(command.Split(' '))).Text);
        Assert.Contains("HDR-210", said.ToString(), StringComparison.Ordinal);
        Assert.Equal("2", await Value("SELECT count(*) FROM raw.people"));
        Assert.Contains(
            "1990-05-01",
            (await Rows("SELECT sample FROM headrace.checks WHERE name = 'strict'"))[0],
            StringComparison.Ordinal
        );
        foreach (var run in (await World.Run("runs", "--json")).Json.GetProperty("runs").EnumerateArray())
            said.Append((await World.Run("show", run.GetProperty("run").GetString()!)).Text);
        foreach (var table in await Tables())
            said.AppendJoin('\n', await Rows($"SELECT * FROM {table}"));
        AssertHidden(said.ToString(), "what was said");
        foreach (var folder in (string?[])[World.Folder, Redshift?.Folder])
        foreach (var file in folder is null ? [] : Directory.GetFiles(folder, "*", SearchOption.AllDirectories))
            if (!file.StartsWith(World.Lake, StringComparison.Ordinal) && !before.Contains(file))
                AssertHidden(Encoding.Latin1.GetString(File.ReadAllBytes(file)), file);
    }

    private void Put(string format, string key, int day)
    {
        var csv = $"""
            1,canary-a{day}@x,canary-p-0001,canary-iban,1990-05-06,canary-note,1
            2,canary-b@x,canary-p-0002,canary-iban,1990-05-16,canary-note,{day}
            3,canary-c@x,canary-p-0003,canary-iban,1990-05-06,canary-note,bad{day}
            4,canary-d@x,canary-p-0004,canary-iban,canary-born,canary-note,2
            """.ReplaceLineEndings("\n");
        string[] names = ["id", "email", "phone", "iban", "born", "note", "amount"];
        if (format == "csv")
            World.Put(
                $"{key}.csv",
                $"{string.Join(',', names)}\n{csv}\n5,canary-e@x,canary-p-0005,canary-ragged\n"
                    + "6,\"canary-open,canary-p-0006,canary-iban,1990-05-06,canary-note,1\n"
            );
        else if (format == "jsonl")
            World.Put(
                $"{key}.jsonl",
                string.Join(
                    '\n',
                    csv.Split('\n')
                        .Select(line =>
                            $"{{{string.Join(',', line.Split(',').Select((value, i) => $"\"{names[i]}\":\"{value}\""))}}}"
                        )
                )
                    + "\n{\"id\":\"5\",\"email\":\"canary-e@x\",\"email\":\"canarx\"}\n{\"id\":\"6\",\"email\":\"canary-f@x\n"
            );
        else
            World.PutParquet(
                $"{key}.parquet",
                $"SELECT * FROM (VALUES {string.Join(", ", csv.Split('\n').Select(line => $"('{line.Replace(",", "', '", StringComparison.Ordinal)}')"))}) AS t({string.Join(", ", names)})"
            );
    }

    private static void AssertHidden(string text, string where)
    {
        foreach (var canary in Canaries)
            if (text.IndexOf(canary, StringComparison.Ordinal) is >= 0 and var at)
                Assert.Fail(
                    $"{where}: {text.Substring(Math.Max(0, at - 80), Math.Min(160, text.Length - Math.Max(0, at - 80)))}"
                );
    }

    private Task<string[]> Tables() =>
        Rows(
            """
            SELECT table_schema || '.' || table_name FROM information_schema.tables
            WHERE table_schema IN ('raw', 'headrace') ORDER BY 1
            """
        );

    [Fact]
    public async Task WhoIsKilledWhileItStagesLeavesNothing()
    {
        await People("read: incremental, write: append, columns: { id: bigint, amount: integer, born: date }");
        foreach (var format in (string[])["csv", "jsonl", "parquet"])
            Put(format, $"people/{format}", 1);
        await World.RunProcess(World.At("changes_staged", "kill"), "run");
        var spool = Directory.GetFiles(Path.Combine(World.Folder, ".headrace"), "*", SearchOption.AllDirectories);
        Assert.NotEmpty(spool);
        foreach (var file in spool)
            AssertHidden(Encoding.Latin1.GetString(File.ReadAllBytes(file)), file);
        await World.Load();
        Assert.Equal("6", await Value("SELECT count(*) FROM raw.people"));
    }

    [Fact]
    public async Task NoBlockOfADatabaseHoldsWhatLayInTheMemory()
    {
        await People("read: incremental, write: append, columns: { id: bigint, born: date }");
        World.PutParquet(
            "people/1.parquet",
            """
            SELECT i AS id, 'canary' || i AS email, 'canary-phone' || i AS phone, 'canary-iban' || i AS iban,
                DATE '1990-05-06' AS born, 'canary-note' || i AS note, 'text ' || i AS text FROM range(300000) AS t(i)
            """
        );
        var text = new StringBuilder("id,email,phone,iban,born,note,text\n");
        for (var i = 0; i < 300_000; i++)
            text.Append(Invariant($"{i},canary{i},canary-p{i},canary-i{i},1990-05-06,canary-n{i},text {i}\n"));
        World.Put("people/2.csv", text.ToString());
        Assert.Equal(0, (await World.RunProcess(new Dictionary<string, string>(), "run")).Exit);
        Assert.Equal("600000", await Value("SELECT count(*) FROM raw.people"));
        foreach (var file in Directory.GetFiles(World.Folder, "*", SearchOption.AllDirectories))
            if (!file.StartsWith(World.Lake, StringComparison.Ordinal))
                AssertHidden(Encoding.Latin1.GetString(File.ReadAllBytes(file)), file);
    }

    [Fact]
    public async Task ATypeThatIsDeclaredIsThatOfTheValuesAsTheyCame()
    {
        await People(
            "read: incremental, write: append, columns: { id: bigint, phone: bigint, email: text, born: date }, "
                + "where: \"phone > 100 AND email <> 'no@x' AND born >= DATE '1990-01-02'\""
        );
        World.Put(
            "people/1.csv",
            "id,email,phone,iban,born,note\n1,a@x,12345,,1990-05-06,\n2,no@x,12345,,1990-05-06,\n3,a@x,99,,1990-05-06,\n"
                + "4,a@x,none,,1990-05-06,\n5,a@x,12345,,1990-01-01,\n"
        );
        var run = (await World.Load()).Only;
        Assert.Equal(("1i 0u 0d 0s 1q", 3), (run.Counts, run["filtered"]));
        Assert.Equal([$"1|{Hmac("a@x")}|***2345"], await Rows("SELECT id, email, phone FROM raw.people"));
        Assert.Equal(
            ["5|phone|***|a value of 'phone' is no bigint"],
            await Rows("SELECT line, \"column\", value, reason FROM headrace.quarantine")
        );
        Assert.Equal(["1|1"], await Rows("SELECT rows, quarantined FROM headrace.files"));
    }

    [Fact]
    public async Task WhatIsSetAtAReleaseIsMaskedToo()
    {
        await People("read: incremental, write: append, columns: { id: bigint, amount: integer, born: date }");
        World.Put("people/1.csv", "id,email,phone,iban,born,note,amount\n1,a@x,12345,x,1990-05-06,n,bad\n");
        await World.Load();
        var id = await Value("SELECT id FROM headrace.quarantine");
        var release = await World.Run(
            $"quarantine release people {id} --set amount=5 --set phone=98765432 --set born=1990-07-08".Split(' ')
        );
        Assert.Equal((0, ""), (release.Exit, release.Exit == 0 ? "" : release.Text));
        Assert.Equal(
            [$"1|{Hmac("a@x")}|***5432|***|1990-07-01|NULL|5"],
            await Rows("SELECT id, email, phone, iban, born, note, amount FROM raw.people")
        );
    }

    [Theory]
    [InlineData("people/1.csv", "id,e_mail,phone,iban,born,note\n1,canary,1,1,1990-05-06,1\n", "HDR-220")]
    [InlineData("people/1.csv", "1,canary@x,canary2,canary3,1990-05-06,canary4\n2,,,,,\n", "HDR-220")]
    [InlineData("people/1.csv", "canary,,canary,canary,1990-05-06,canary\n2,,,,,\n", "HDR-132")]
    [InlineData("people/1.csv", "canary,canary,x,y,z,z\n2,,,,,\n", "HDR-131")]
    [InlineData("people/1.jsonl", "{\"id\":1,\"emial\":\"canary\"}\n", "HDR-220")]
    [InlineData("people/1.jsonl", "{\"id\":1}\n", "HDR-220")]
    [InlineData("people/1.csv", "id,email,phone,iban,born,note\n1,canary,1,1,canary,1\n", "HDR-221")]
    public async Task AFileWithoutAMaskedColumnIsRefused(string key, string text, string code)
    {
        await People("read: incremental, write: append");
        World.Put(key, text);
        foreach (var command in (string[])["plan", "run"])
        {
            var answer = await World.Run(command, "--json", "-v");
            Assert.Equal(code, answer.Only.Error);
            AssertHidden(answer.Text, command);
        }

        Assert.Empty(await Rows("SELECT 1 FROM information_schema.tables WHERE table_schema = 'raw'"));
    }

    [Fact]
    public async Task ADropFolderMakesTextsOfWhatIsMasked()
    {
        await Masked(
            """
            inbox: { source: { connection: lake, path: "inbox/{action}/{table}/*" }, read: drop, target: { table: "{table}" }, settle: 0s,
              masks: { ssn: { hmac: "a key" } }, columns: { internal: { drop: true } } }
            """
        );
        World.Put(
            "inbox/schema/staff/1.json",
            """
            {"schema_version": 1, "columns": [{"name": "id", "type": "bigint"}, {"name": "ssn", "type": "bigint"},
              {"name": "internal", "type": "text"}], "allowed_operations": ["append", "truncate", "schema"]}
            """,
            landedSecondsAgo: 900
        );
        World.Put("inbox/append/staff/1.csv", "id,ssn,internal\n1,123456789,s\n", landedSecondsAgo: 800);
        World.Put("inbox/append/other/1.csv", "id\n7\n", landedSecondsAgo: 800);
        await World.Load();
        World.Put("inbox/truncate/staff/2.csv", "id,ssn,internal\n2,123456780,s\n", landedSecondsAgo: 700);
        await World.Load();
        Assert.Equal([$"2|{Hmac("123456780")}"], await Rows("SELECT * FROM raw.staff"));
        Assert.Equal(["7"], await Rows("SELECT * FROM raw.other"));
    }

    [Theory]
    [InlineData("merge")]
    [InlineData("scd2")]
    public async Task ChangesOfRowsAreMaskedAndADeleteNeedsNoMoreThanItsKey(string write)
    {
        await Masked(
            $$"""
            customers: { source: { connection: lake, path: "dms/{schema}/customers/**", format: csv, csv: { header: false, "null": "NULL" } },
              settle: 0s, read: cdc, cdc: { order_by: [seq] }, primary_key: id, write: {{write}}, masks: { email: { hmac: "a key" } },
              columns: { id: bigint, email: text, country: { drop: true }, where_to: { expression: "coalesce(country, '?') || email", type: text }, seq: integer },
              where: "country <> 'XX' AND email <> 'no@x'" }
            """
        );
        World.Put(
            "dms/shop/customers/LOAD00000001.csv",
            "1,canary@x,DE,0\n2,b@x,XX,0\n3,c@x,FR,0\n",
            landedSecondsAgo: 900
        );
        World.Put(
            "dms/shop/customers/20260102-030405678.csv",
            "U,1,d@x,DE,1\nD,3,NULL,NULL,2\nI,4,no@x,DE,3\n",
            landedSecondsAgo: 800
        );
        var run = (await World.Load()).Only;
        Assert.Equal(2, run["filtered"]);
        Assert.Equal(
            [$"1|{Hmac("d@x")}|DE{Hmac("d@x")}"],
            await Rows(
                "SELECT id, email, where_to FROM raw.customers"
                    + (write == "scd2" ? " WHERE is_current" : "")
                    + " ORDER BY id"
            )
        );
        foreach (var table in await Tables())
            AssertHidden(string.Join('\n', await Rows($"SELECT * FROM {table}")), table);
    }

    [Fact]
    public async Task AFullExportIsComparedByWhatIsMasked()
    {
        await Masked(
            """
            staff: { source: { connection: lake, path: "staff/{version}/*" }, settle: 0s, read: snapshot, write: merge, primary_key: ssn,
              masks: { ssn: { hmac: "a key" }, note: redact }, columns: { ssn: bigint, pay: integer }, where: "ssn <> 9" }
            """
        );
        World.Put("staff/1/1.csv", "ssn,pay,note\n1,10,canary\n2,20,canary\n3,30,canary\n9,1,x\n");
        var first = (await World.Load()).Only;
        Assert.Equal(("3i 0u 0d 0s 0q", 1), (first.Counts, first["filtered"]));
        World.Put("staff/2/1.csv", "ssn,pay,note\n1,10,canarx\n2,21,canary\n9,1,x\n");
        var second = (await World.Load()).Only;
        Assert.Equal(("0i 1u 1d 1s 0q", 1), (second.Counts, second["filtered"]));
        Assert.Equal(
            [$"{Hmac("1")}|10|***", $"{Hmac("2")}|21|***"],
            await Rows("SELECT ssn, pay, note FROM raw.staff ORDER BY pay")
        );
        var verify = await World.Run("verify");
        Assert.True(verify.Exit == 0, verify.Text);
    }
}

public sealed class MasksIntoDuckDb(PostgresServer server) : Masks(server, WarehouseKind.DuckDb);

public sealed class MasksIntoPostgres(PostgresServer server) : Masks(server, WarehouseKind.Postgres);

public sealed class MasksIntoRedshift(PostgresServer server) : Masks(server, WarehouseKind.Redshift);
