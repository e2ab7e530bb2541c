using Headrace.Tests.StandIn;
using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>Exports of DynamoDB, full and incremental, into every warehouse.</summary>
public abstract class DynamoTables(PostgresServer server, WarehouseKind kind) : FileWorld(server, kind)
{
    private const string At0 = "2026-01-01T00:00:00.000Z";
    private const string At1 = "2026-01-01T01:00:00.000Z";
    private const string At2 = "2026-01-01T02:00:00.000Z";
    private const string At3 = "2026-01-01T03:00:00.000Z";

    private DynamoExportMaker Maker(string? bucketPrefix = null) =>
        new((key, bytes) => World.Put(key, bytes, landedSecondsAgo: 60), "exports/sessions/", bucketPrefix);

    private Task Flow(
        string columns =
            "{ id: text, name: text, device: { from: client.device, type: text }, rest: { from: \"*\", type: json } }",
        string write = "merge"
    ) =>
        Flows(
            $$"""
            sessions:
              source: { connection: lake, path: "exports/sessions/", format: dynamodb-export }
              read: cdc
              primary_key: id
              columns: {{columns}}
              write: {{write}}
              deletes: hard
            """
        );

    private static string Key(string id) => $$$"""{"id":{"S":"{{{id}}}"}}""";

    private static string Session(string id, string name, string more = "") =>
        $$$"""{"id":{"S":"{{{id}}}"},"name":{"S":"{{{name}}}"}{{{more}}}}""";

    private Task<string[]> Names() => Rows("SELECT id, name FROM raw.sessions ORDER BY id");

    [Fact]
    public async Task AFullExportMakesTheTableAndWindowsChangeIt()
    {
        var maker = Maker();
        await Flow();
        maker.Full(
            At0,
            [
                DynamoExportMaker.Item(
                    Session("a", "one", ""","client":{"M":{"device":{"S":"phone"},"os":{"S":"x"}}}""")
                ),
            ],
            [DynamoExportMaker.Item(Session("b", "two")), DynamoExportMaker.Item(Session("c", "three"))]
        );
        Assert.Equal("loaded 3i 0u 0d 0s 0q", Told(await World.Load()));
        Assert.Equal(
            ["a|one|phone", "b|two|", "c|three|"],
            (await Rows("SELECT id, name, coalesce(device, '') FROM raw.sessions ORDER BY id"))
        );
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);

        // Case 21: an update, a delete, and the update once more in the next window. Files of a window have no order.
        maker.Window(
            At0,
            At1,
            [DynamoExportMaker.Change(1_767_225_700_000_002, Key("a"), Session("a", "new"))],
            [
                DynamoExportMaker.Change(1_767_225_700_000_001, Key("b"), null),
                DynamoExportMaker.Change(1_767_225_700_000_003, Key("d"), Session("d", "four")),
            ]
        );
        maker.Window(At1, At2, [DynamoExportMaker.Change(1_767_225_600_000_000, Key("b"), Session("b", "old"))]);
        Assert.Equal("loaded 1i 1u 1d", string.Join(' ', Told(await World.Load()).Split(' ')[..4]));
        Assert.Equal(["a|new", "c|three", "d|four"], await Names());
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Fact]
    public async Task ValuesOfEveryTypeSurvive()
    {
        // Case 20.
        await Flow(
            "{ id: text, n: \"decimal(38,0)\", empty: text, nothing: text, flag: boolean, rest: { from: \"*\", type: json } }"
        );
        Maker()
            .Full(
                At0,
                [
                    DynamoExportMaker.Item(
                        """
                        {"id":{"S":"a"},"n":{"N":"12345678901234567890123456789012345678"},"empty":{"S":""},
                        "nothing":{"NULL":true},"flag":{"BOOL":true},"ss":{"SS":["x","y"]},"ns":{"NS":["1","2.5"]},
                        "bs":{"BS":["eg=="]},"l":{"L":[{"N":"0.12345678901234567890123456789012345678"},{"NULL":true}]},"m":{"M":{}},"b":{"B":"AP8="}}
                        """.ReplaceLineEndings("")
                    ),
                ]
            );
        await World.Load();
        Assert.Equal(
            ["12345678901234567890123456789012345678||true|true"],
            await Rows("SELECT n, empty, nothing IS NULL AS missing, flag FROM raw.sessions")
        );
        var rest = await Value("SELECT CAST(rest AS varchar) FROM raw.sessions");
        Assert.Equal(
            """{"b":"AP8=","bs":["eg=="],"l":[0.12345678901234567890123456789012345678,null],"m":{},"ns":[1,2.5],"ss":["x","y"]}""",
            Sorted(rest)
        );
    }

    [Fact]
    public async Task WindowsThatDoNotJoinAreNamed()
    {
        // Case 19.
        var maker = Maker();
        await Flow();
        maker.Full(At0, [DynamoExportMaker.Item(Session("a", "one")), DynamoExportMaker.Item(Session("b", "two"))]);
        await World.Load();
        maker.Window(At0, At1, [DynamoExportMaker.Change(1, Key("a"), Session("a", "new"))]);
        await World.Load();
        maker.Window(At2, At3, [DynamoExportMaker.Change(2, Key("a"), Session("a", "newer"))]);
        var stopped = (await World.Run("run", "--json")).Only;
        Assert.Equal(("stopped", "HDR-241"), (stopped.Outcome, stopped.Error));
        Assert.Equal(["a|new", "b|two"], await Names());

        // A full export heals it: what is not in it goes, and the window over its moment joins.
        maker.Full("2026-01-01T02:30:00.000Z", [DynamoExportMaker.Item(Session("a", "full"))]);
        await World.Load();
        Assert.Equal(["a|newer"], await Names());
        maker.Window(
            "2026-01-01T02:00:00.000Z",
            "2026-01-01T04:00:00.000Z",
            [DynamoExportMaker.Change(3, Key("c"), null)]
        );
        Assert.Equal("HDR-241", (await World.Run("run", "--json")).Only.Error);
        await World.Run("run", "sessions", "--confirm", "sessions");
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Fact]
    public async Task AnExportThatIsNotWholeIsRefusedAndTakenWhenItIs()
    {
        var maker = Maker("bucket/other/");
        await Flow();
        var folder = maker.Full(
            At0,
            [DynamoExportMaker.Item(Session("a", "one"))],
            [DynamoExportMaker.Item(Session("b", "two"))]
        );
        var data = Directory.GetFiles(Path.Combine(World.Lake, folder, "data"))[0];
        var whole = File.ReadAllBytes(data);
        File.Delete(data);
        Assert.Equal("HDR-243", (await World.Run("run", "--json")).Only.Error);

        // Other bytes of the same kind: only the MD5 tells.
        Mend(Gzip(DynamoExportMaker.Item(Session("x", "other")) + "\n"));
        Assert.Equal("HDR-242", (await World.Run("run", "--json")).Only.Error);
        Mend(whole);
        await World.Load();
        Assert.Equal(["a|one", "b|two"], await Names());

        void Mend(byte[] bytes) => World.Put(Path.GetRelativePath(World.Lake, data), bytes, landedSecondsAgo: 60);
    }

    [Fact]
    public async Task ALineThatIsNoItemIsSetAside()
    {
        await Flow();
        Maker()
            .Full(
                At0,
                [DynamoExportMaker.Item(Session("a", "one")), "{\"Item\":{\"id\":{\"Q\":1}}}", "no JSON", "{\"x\":1}"]
            );
        var run = (await World.Run("run", "--json")).Only;
        Assert.Equal("1i 0u 0d 0s 3q", run.Counts);
        Assert.Equal(["a|one"], await Names());
    }

    [Fact]
    public async Task AReleasedItemOfAFullExportOverwritesNothingNewer()
    {
        var maker = Maker();
        await Flow("{ id: text, name: text, n: integer }");
        maker.Full(
            At0,
            [DynamoExportMaker.Item(Session("a", "old", ""","n":{"N":"x"}""".Replace("\"N\"", "\"S\"")))],
            [DynamoExportMaker.Item(Session("b", "two"))]
        );
        await World.Run("run", "--json");
        maker.Window(At0, At1, [DynamoExportMaker.Change(1_767_225_700_000_002, Key("a"), Session("a", "new"))]);
        await World.Load();
        var released = await World.Run("quarantine", "release", "sessions", "1", "--set", "n=1", "--json");
        Assert.True(released.Exit == 0, $"{released.Output}{released.Messages}");
        Assert.Equal(["a|new", "b|two"], await Names());
        Assert.Equal("0", await Value("SELECT count(*) FROM headrace.quarantine WHERE status = 'waiting'"));
    }

    [Fact]
    public async Task TheTableEqualsAModelAfterEachExport()
    {
        var (maker, random) = (Maker("bucket/exports/"), new Random(42));
        await Flow("{ id: text, name: text }");
        var model = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var (time, micros) = (new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc), 1_767_225_600_000_000L);
        for (var i = 0; i < 20; i++)
            model[$"k{i:00}"] = "first";
        var full = maker.Full(At(time), Items([.. model]), []);
        await Equal();

        for (var window = 0; window < 5; window++)
        {
            // The last state of each key, in files of no order; what was inserted and deleted within is not there.
            var changes = new Dictionary<string, string>(StringComparer.Ordinal);
            for (var i = 0; i < 12; i++)
            {
                var key = $"k{random.Next(30):00}";
                var image = random.Next(3) == 0 ? null : Session(key, $"{window}.{i}");
                changes[key] = DynamoExportMaker.Change(micros++, Key(key), image);
                if (image is null)
                    model.Remove(key);
                else
                    model[key] = $"{window}.{i}";
            }

            var lines = changes.Values.ToArray();
            random.Shuffle(lines);
            var made = maker.Window(At(time), At(time.AddHours(1)), lines[..5], [], lines[5..]);
            time = time.AddHours(1);
            if (window == 2)
                await Broken(made);
            await Equal();
        }

        // The same exports once more, under new names: nothing happens.
        foreach (var old in (string[])[full])
        foreach (var file in Directory.GetFiles(Path.Combine(World.Lake, old), "*", SearchOption.AllDirectories))
            World.Put(
                Path.GetRelativePath(World.Lake, file).Replace(old, $"{old.TrimEnd('/')}-again/"),
                File.ReadAllBytes(file),
                landedSecondsAgo: 60
            );
        await Equal();

        // A window that overlaps the last one, and one behind a gap: neither is applied.
        foreach (var (from, to) in ((double, double)[])[(-0.5, 0.5), (1, 2)])
        {
            var other = maker.Window(
                At(time.AddHours(from)),
                At(time.AddHours(to)),
                [DynamoExportMaker.Change(micros++, Key("k00"), Session("k00", "wrong"))]
            );
            var stopped = (await World.Run("run", "--json")).Only;
            Assert.Equal("HDR-241", stopped.Error);
            Assert.Contains(from < 0 ? "overlap" : "gap", stopped.ErrorText, StringComparison.Ordinal);
            foreach (var file in Directory.GetFiles(Path.Combine(World.Lake, other)))
                File.Delete(file);
            await Equal();
        }

        static string At(DateTime time) =>
            time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

        static IEnumerable<string> Items(KeyValuePair<string, string>[] items) =>
            items.Select(item => DynamoExportMaker.Item(Session(item.Key, item.Value)));

        async Task Equal()
        {
            await World.Load();
            Assert.Equal(model.Select(item => $"{item.Key}|{item.Value}"), await Names());
        }

        // A file of the export that is not there yet, then another one under its name, then itself.
        async Task Broken(string made)
        {
            var list = File.ReadAllText(Path.Combine(World.Lake, made, "manifest-files.json"));
            var name = System.Text.RegularExpressions.Regex.Match(list, "data/[0-9a-f]+[.]json[.]gz").Value;
            var path = Path.Combine("exports/sessions/AWSDynamoDB", name);
            var whole = File.ReadAllBytes(Path.Combine(World.Lake, path));
            World.Remove(path);
            Assert.Equal("HDR-243", (await World.Run("run", "--json")).Only.Error);
            World.Put(path, Gzip("{}\n"), landedSecondsAgo: 60);
            Assert.Equal("HDR-242", (await World.Run("run", "--json")).Only.Error);
            World.Put(path, whole, landedSecondsAgo: 30);
        }
    }

    private static string Told(Answer answer) => $"{answer.Only.Outcome} {answer.Only.Counts}";

    private static string Sorted(string json) =>
        "{"
        + string.Join(
            ',',
            System
                .Text.Json.JsonDocument.Parse(json)
                .RootElement.EnumerateObject()
                .OrderBy(member => member.Name, StringComparer.Ordinal)
                .Select(member => $"\"{member.Name}\":{member.Value.GetRawText().Replace(" ", "")}")
        )
        + "}";

    private static byte[] Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.Fastest))
            gzip.Write(System.Text.Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }
}

public sealed class DynamoTablesInDuckDb(PostgresServer server) : DynamoTables(server, WarehouseKind.DuckDb);

public sealed class DynamoTablesFromS3 : DynamoTables
{
    public DynamoTablesFromS3(PostgresServer server, S3Server s3)
        : base(server, WarehouseKind.DuckDb) => S3 = s3;
}

public sealed class DynamoTablesInPostgres(PostgresServer server) : DynamoTables(server, WarehouseKind.Postgres);

public sealed class DynamoTablesInRedshift(PostgresServer server) : DynamoTables(server, WarehouseKind.Redshift);
