using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Headrace.Tests.StandIn;
using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>A stream of Kinesis (moto's) as source: each record once, whatever happens to its shards.</summary>
public abstract class Streams(PostgresServer server, WarehouseKind kind, MotoFixture moto)
    : FileWorld(server, kind),
        IClassFixture<MotoFixture>
{
    private static string Operation(string op, int id, string? name, string dataset = "exports/acme") =>
        new JsonObject
        {
            ["id"] = Guid.NewGuid().ToString("N"),
            ["dataset"] = dataset,
            ["version"] = "v1",
            ["op"] = op,
            ["key"] = new JsonObject { ["id"] = id },
            ["before"] = null,
            ["after"] = name is null ? null : new JsonObject { ["id"] = id, ["name"] = name },
        }.ToJsonString();

    private async Task<KinesisServer> Stream(int shards = 2, string more = "", string write = "merge")
    {
        var stream = await KinesisServer.StartAsync(moto.Server, shards);
        await Replica(stream.Stream, stream.Endpoint, more, write);
        return stream;
    }

    private async Task Replica(string stream, string endpoint, string more = "", string write = "merge")
    {
        await Flows(
            $$"""
            replica:
              source: { connection: stream{{more}} }
              read: cdc
              cdc: { profile: headrace }
              columns: { id: integer, name: text }
              primary_key: id
              write: {{write}}
            """
        );
        World.Configuration(
            File.ReadAllText(Path.Combine(World.Folder, "headrace.yaml"))
                .Replace(
                    "  ops: {",
                    $"  stream: {{ type: kinesis, stream: {stream}, region: eu-west-1, endpoint: '{endpoint}' }}\n  ops: {{",
                    StringComparison.Ordinal
                )
        );
    }

    private Task<string[]> Table() => Rows("SELECT id, name FROM raw.replica ORDER BY id");

    [Fact]
    public async Task EachRecordIsAppliedOnceAndInOrder()
    {
        await using var stream = await Stream(more: ", dataset: exports/acme");
        await stream.PutAsync(
            ("1", Operation("INSERT", 1, "a")),
            ("2", Operation("INSERT", 2, "b")),
            ("3", Operation("INSERT", 3, "c", "exports/other")),
            ("1", Operation("UPDATE", 1, "A"))
        );
        Assert.Equal("loaded 2i 0u 0d 0s 0q", Told(await World.Load()));
        Assert.Equal(["1|A", "2|b"], await Table());
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);

        await stream.PutAsync(
            ("2", Operation("DELETE", 2, null)),
            ("4", Operation("INSERT", 4, "d")),
            ("2", Operation("INSERT", 2, "B")),
            ("1", Operation("DELETE", 1, null))
        );
        await World.Load();
        Assert.Equal(["2|B", "4|d"], await Table());
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Fact]
    public async Task AShardThatWasSplitIsReadBeforeItsChildren()
    {
        await using var stream = await Stream(shards: 1);
        await stream.PutAsync(("1", Operation("INSERT", 1, "a")), ("2", Operation("INSERT", 2, "b")));
        await World.Load();
        await stream.PutAsync(("1", Operation("UPDATE", 1, "before")), ("2", Operation("UPDATE", 2, "before")));
        var shard = (await stream.AskAsync("ListShards", []))["Shards"]![0]!["ShardId"]!;
        await stream.AskAsync(
            "SplitShard",
            new() { ["ShardToSplit"] = $"{shard}", ["NewStartingHashKey"] = "170141183460469231731687303715884105728" }
        );
        await stream.PutAsync(("1", Operation("UPDATE", 1, "after")), ("2", Operation("DELETE", 2, null)));
        await World.Load();
        Assert.Equal(["1|after"], await Table());
        await stream.PutAsync(("2", Operation("INSERT", 2, "again")), ("1", Operation("DELETE", 1, null)));
        await World.Load();
        Assert.Equal(["2|again"], await Table());
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Fact]
    public async Task ARunReadsAllShardsThoughABatchHasNoRoomForThem()
    {
        await using var stream = await Stream();
        var path = Path.Combine(World.Folder, "headrace.yaml");
        World.Configuration(
            File.ReadAllText(path)
                .Replace(
                    "cdc: { profile: headrace }",
                    "cdc: { profile: headrace }\n    batch_bytes: 400",
                    StringComparison.Ordinal
                )
        );

        // Their keys are in two shards.
        await stream.PutAsync(("6", Operation("INSERT", 6, "a")), ("6", Operation("UPDATE", 6, "b")));
        await World.Load();
        await stream.PutAsync(("6", Operation("UPDATE", 6, "c")), ("1", Operation("INSERT", 1, new string('x', 500))));
        await World.Load();
        Assert.Equal([$"1|{new string('x', 500)}", "6|c"], await Table());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task AClosedShardIsReadUntilItSaysItsEndAndThenItsChildren(int emptyAnswers)
    {
        await using var stream = new SplitStream(
            [Operation("INSERT", 1, "a"), Operation("INSERT", 2, "b")],
            [Operation("UPDATE", 1, "A"), Operation("DELETE", 2, null)]
        )
        {
            EmptyAnswers = emptyAnswers,
        };
        await Replica("split", stream.Endpoint);
        await World.Load();
        Assert.Equal(["1|A"], await Table());
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Fact]
    public async Task AClosedShardThatNeverSaysItsEndHoldsNoRunUp()
    {
        await using var stream = new SplitStream([Operation("INSERT", 1, "a")], [Operation("UPDATE", 1, "A")])
        {
            EmptyAnswers = int.MaxValue,
        };
        await Replica("split", stream.Endpoint);
        await World.Load();
        Assert.Equal(["1|a"], await Table());

        // Its children wait until its end is known.
        stream.EmptyAnswers = 0;
        await World.Load();
        Assert.Equal(["1|A"], await Table());
    }

    [Fact]
    public async Task WhatIsNoOperationIsSetAsideAndBlocksNothing()
    {
        await using var stream = await Stream(shards: 1);
        await stream.PutAsync(
            ("1", "[1, 2"),
            ("2", Operation("INSERT", 2, "b")),
            ("3", "no JSON\nat all"),
            ("4", Operation("MERGE", 4, "d")),
            ("5", "{\n\"op\": \"INSERT\",\r\n\"after\": {\"id\": 5, \"name\": \"e\"}}")
        );
        await stream.PutAsync("6", [0xFF, 0x00, 0x7B]);
        var run = (await World.Run("run", "--json")).Only;
        Assert.Equal("2i 0u 0d 0s 4q", run.Counts);
        Assert.Equal(["2|b", "5|e"], await Table());
        Assert.Equal("4", await Value("SELECT count(*) FROM headrace.quarantine"));
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
    }

    [Fact]
    public async Task RecordsThatWerePackedTogetherLandOnceThroughACrash()
    {
        // Case 23.
        await using var stream = await Stream(shards: 1, write: "append");
        await stream.PutAsync("k", Packed([.. Enumerable.Range(1, 4).Select(i => Operation("INSERT", i, $"n{i}"))]));
        foreach (var at in (string[])["rows_applied", "before_commit", "after_commit"])
            Assert.Equal(137, (await World.RunProcess(World.At(at, "kill"), "run")).Exit);

        await World.Run("run", "--json");
        Assert.Equal(["1|n1", "2|n2", "3|n3", "4|n4"], await Table());
    }

    [Fact]
    public async Task AGapIsNamedAndConfirmed()
    {
        await using var stream = await Stream(shards: 1);
        await stream.PutAsync(("1", Operation("INSERT", 1, "a")));
        await World.Load();
        await Alter("UPDATE headrace.files SET key = left(key, length(key) - 16) || '20260101T000000Z'");
        await stream.PutAsync(("1", Operation("UPDATE", 1, "A")));
        var stopped = (await World.Run("run", "--json")).Only;
        Assert.Equal(("stopped", "HDR-240"), (stopped.Outcome, stopped.Error));
        Assert.Equal(["1|a"], await Table());
        await World.Run("run", "replica", "--confirm", "replica");
        Assert.Equal(["1|A"], await Table());
    }

    [Fact]
    public async Task AStreamThatIsQuietIsNoGap()
    {
        await using var stream = await Stream(shards: 1);
        await stream.PutAsync(("1", Operation("INSERT", 1, "a")));
        await World.Load();
        var before = DateTimeOffset
            .UtcNow.AddHours(-10)
            .UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        await Alter($"UPDATE headrace.files SET key = left(key, length(key) - 16) || '{before}'");

        // That nothing came is written down long before the stream forgets, and not on each run.
        await World.Load();
        Assert.Equal("2|1", string.Join('|', await Rows("SELECT count(*), sum(rows) FROM headrace.files")));
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
        await stream.PutAsync(("1", Operation("UPDATE", 1, "A")));
        await World.Load();
        Assert.Equal(["1|A"], await Table());
    }

    [Fact]
    public async Task WhatPublishesAndWhatReadsAgree()
    {
        await using var stream = await Stream(more: ", dataset: exports");
        World.Configuration(
            File.ReadAllText(Path.Combine(World.Folder, "headrace.yaml")).TrimEnd()
                + """

                  exports:
                    source: { connection: lake, path: "exports/{version}/*.csv" }
                    columns: { id: integer, name: text }
                    read: snapshot
                    primary_key: id
                    write: merge
                    publish: { connection: stream }
                    settle: 0s

                """
        );
        World.Put("exports/v1/1.csv", "id,name\n1,a\n2,b\n3,c\n");
        World.Put("exports/v2/1.csv", "id,name\n1,A\n3,c\n4,d\n");
        await World.Load("exports");
        World.Put("exports/v3/1.csv", "id,name\n2,back\n3,C\n4,d\n");
        await World.Load("exports");
        await World.Load("replica");
        Assert.Equal(await Rows("SELECT id, name FROM raw.exports ORDER BY id"), await Table());
    }

    [Fact]
    public async Task AStreamThatIsNotThereIsSaid()
    {
        await using var stream = await Stream();
        Assert.Contains(
            "2 shards, keeps records for 24 hours",
            (await World.Run("doctor")).Text,
            StringComparison.Ordinal
        );
        stream.Instead = _ =>
            (400, """{"__type":"ResourceNotFoundException","message":"Stream gone under account 1 not found."}""");
        var failed = (await World.Run("run", "--json")).Only;
        Assert.Equal(("failed", "HDR-336"), (failed.Outcome, failed.Error));
        Assert.Contains("ResourceNotFoundException", (await World.Run("doctor")).Text, StringComparison.Ordinal);
    }

    private static string Told(Answer answer) => $"{answer.Only.Outcome} {answer.Only.Counts}";

    // As the Kinesis Producer Library packs records: the table of keys, then the records, each with its key's number
    // and its data.
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5351", Justification = "The format says MD5.")]
    private static byte[] Packed(IReadOnlyList<string> texts)
    {
        var message = new MemoryStream();
        Field(message, 1, Encoding.UTF8.GetBytes("k"));
        foreach (var text in texts)
        {
            var record = new MemoryStream();
            record.Write([0x08, 0x00]);
            Field(record, 3, Encoding.UTF8.GetBytes(text));
            Field(message, 3, record.ToArray());
        }

        return [0xF3, 0x89, 0x9A, 0xC2, .. message.ToArray(), .. MD5.HashData(message.ToArray())];

        static void Field(MemoryStream to, int number, byte[] value)
        {
            to.WriteByte((byte)(number << 3 | 2));
            for (var rest = value.Length; ; rest >>= 7)
            {
                to.WriteByte((byte)(rest < 0x80 ? rest : rest & 0x7F | 0x80));
                if (rest < 0x80)
                    break;
            }

            to.Write(value);
        }
    }
}

public sealed class StreamsIntoDuckDb(PostgresServer server, MotoFixture moto)
    : Streams(server, WarehouseKind.DuckDb, moto);

public sealed class StreamsIntoPostgres(PostgresServer server, MotoFixture moto)
    : Streams(server, WarehouseKind.Postgres, moto);

public sealed class StreamsIntoRedshift(PostgresServer server, MotoFixture moto)
    : Streams(server, WarehouseKind.Redshift, moto);
