using Headrace.Tests.StandIn;
using Xunit;
using Published = Headrace.Tests.Snapshots.Operation;

namespace Headrace.Tests.Ledgers;

/// <summary>
/// A machine that loses its disk after each run: with a shared ledger and its state in a bucket all goes on, once.
/// Exports are compared and published to a stream, which the same project reads into a table.
/// </summary>
public abstract class LostDisks(PostgresServer server, MotoFixture moto, S3Server s3) : ProjectTests
{
    private PostgresTestDatabase? target;
    private KinesisServer? stream;
    private TestBucket? bucket;

    /// <summary>The connection of the ledger, as a line, and what ledger: says beside the state.</summary>
    protected abstract (string Connection, string Ledger) Ledger(MotoServer moto);

    private string Pg => target!.Yaml;

    private async Task Project(string write)
    {
        target = await server.DatabaseAsync();
        bucket = await s3.BucketAsync();
        stream = await KinesisServer.StartAsync(moto.Server);
        var (connection, ledger) = Ledger(moto.Server);
        World.Configuration(
            $$"""
            version: 1
            ledger: { {{ledger}}, state: { connection: state, path: project-1 } }
            connections:
              lake: { type: folder, path: ./lake }
              state: {{bucket.Yaml}}
              pg: {{Pg}}
              ops: { type: kinesis, stream: {{stream.Stream}}, region: eu-west-1, endpoint: "{{stream.Endpoint}}" }
            {{connection}}
            flows:
              items:
                source: { connection: lake, path: "items/{version}/*" }
                columns: { id: bigint, name: text }
                read: snapshot
                complete_when: { settle: 0s }
                primary_key: id
                {{write}}
                publish: { connection: ops }
                retries: 0
              replica:
                source: { connection: ops, dataset: items }
                columns: { id: bigint, name: text }
                read: cdc
                cdc: { profile: headrace }
                primary_key: id
                write: merge
                retries: 0
                target: { connection: pg, schema: raw }
            """
        );
    }

    private void Export(string version, params string[] rows) =>
        World.Put($"items/{version}/1.csv", "id,name\n" + string.Concat(rows.Select(row => $"{row}\n")));

    private void LoseDisk() => Directory.Delete(Path.Combine(World.Folder, ".headrace"), recursive: true);

    /// <summary>Runs both flows, each on a machine with an empty disk.</summary>
    private async Task<string[]> Outcomes()
    {
        var items = (await World.Load("items")).Only.Outcome;
        LoseDisk();
        var replica = (await World.Load("replica")).Only.Outcome;
        LoseDisk();
        return [items, replica];
    }

    private Task<string[]> Replica() => target!.Query("SELECT id, name FROM raw.replica ORDER BY id");

    private async Task<string[]> Operations() =>
        [
            .. (await stream!.RecordsAsync())
                .Select(record => Published.Parse(record.Text))
                .DistinctBy(operation => operation.Id)
                .Select(operation => $"{operation.Version} {operation.Op} {operation.Key}")
                .Order(StringComparer.Ordinal),
        ];

    [Theory]
    [InlineData("write: merge\n    target: { connection: pg, schema: raw }")]
    [InlineData("")]
    public async Task EachExportIsComparedAndPublishedOnceAndTheReplicaFollows(string write)
    {
        await Project(write);
        Export("v1", "1,a", "2,b", "3,c");
        Assert.Equal(["loaded", "loaded"], await Outcomes());
        Assert.Equal(["1|a", "2|b", "3|c"], await Replica());
        Export("v2", "1,A", "3,c", "4,d");
        Assert.Equal(["loaded", "loaded"], await Outcomes());
        Assert.Equal(["1|A", "3|c", "4|d"], await Replica());
        Assert.Equal(["up_to_date", "up_to_date"], await Outcomes());
        Export("v3", "3,c", "4,D");
        Assert.Equal(["loaded", "loaded"], await Outcomes());
        Assert.Equal(["3|c", "4|D"], await Replica());
        Assert.Equal(
            [
                """v1 INSERT {"id":1}""",
                """v1 INSERT {"id":2}""",
                """v1 INSERT {"id":3}""",
                """v2 DELETE {"id":2}""",
                """v2 INSERT {"id":4}""",
                """v2 UPDATE {"id":1}""",
                """v3 DELETE {"id":1}""",
                """v3 UPDATE {"id":4}""",
            ],
            await Operations()
        );
        Assert.Equal(8, (await stream!.RecordsAsync()).Count);
        if (write.Length > 0)
            Assert.Equal(["3|c", "4|D"], await target!.Query("SELECT id, name FROM raw.items ORDER BY id"));

        // What is not needed any more is not there any more.
        Assert.DoesNotContain(
            await bucket!.KeysAsync(),
            key => key.StartsWith("project-1/outbox/", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("write: merge\n    target: { connection: pg, schema: raw }")]
    [InlineData("")]
    public async Task WhatWasCommittedIsPublishedByAnotherMachine(string write)
    {
        await Project(write);
        Export("v1", "1,a");
        await Outcomes();
        Export("v2", "1,A", "2,b");
        stream!.Instead = operation =>
            operation == "PutRecords"
                ? (400, """{"__type":"ResourceNotFoundException","message":"Stream operations not found"}""")
                : null;
        Assert.Equal("HDR-310", (await World.Run("run", "items", "--json")).Only.Error);
        LoseDisk();
        stream.Instead = _ => null;
        Assert.Equal(2, (await World.Load("items")).Only["published"]);
        LoseDisk();
        await World.Load("replica");
        Assert.Equal(["1|A", "2|b"], await Replica());
        Assert.Equal(3, (await stream.RecordsAsync()).Count);
    }

    [Theory]
    [InlineData("write: merge\n    target: { connection: pg, schema: raw }", "state_written")]
    [InlineData("write: merge\n    target: { connection: pg, schema: raw }", "after_commit")]
    [InlineData("write: merge\n    target: { connection: pg, schema: raw }", "operations_sent")]
    [InlineData("", "state_written")]
    [InlineData("", "after_commit")]
    [InlineData("", "operations_sent")]
    public async Task AMachineThatIsKilledAndGoneLosesNothing(string write, string boundary)
    {
        await Project(write);
        Export("v1", "1,a");
        await Outcomes();
        Export("v2", "1,A", "2,b");
        Assert.Equal(137, (await World.RunProcess(World.At(boundary, "kill"), "run", "items")).Exit);
        LoseDisk();
        await Task.Delay(4100, TestContext.Current.CancellationToken); // its lease
        await Outcomes();
        Assert.Equal("up_to_date", (await Outcomes())[0]);
        Assert.Equal(["1|A", "2|b"], await Replica());
        Assert.Equal(
            ["""v1 INSERT {"id":1}""", """v2 INSERT {"id":2}""", """v2 UPDATE {"id":1}"""],
            await Operations()
        );
    }
}

public sealed class LostDisksWithPostgres(PostgresServer server, MotoFixture moto, S3Server s3)
    : LostDisks(server, moto, s3),
        IClassFixture<MotoFixture>
{
    protected override (string Connection, string Ledger) Ledger(MotoServer moto) => ("", "connection: pg, lease: 2s");
}

public sealed class LostDisksWithDynamoDb(PostgresServer server, MotoFixture moto, S3Server s3)
    : LostDisks(server, moto, s3),
        IClassFixture<MotoFixture>
{
    private readonly string table = $"ledger-{Guid.NewGuid():N}"[..16];

    protected override (string Connection, string Ledger) Ledger(MotoServer moto) =>
        (
            $"  dynamo: {{ type: dynamodb, region: us-east-1, endpoint: \"{moto.Endpoint}\" }}",
            $"connection: dynamo, table: {table}, lease: 2s"
        );
}
