using System.Collections.Concurrent;
using System.Text.Json;
using Headrace.Aws;
using Headrace.Tests.Serving;
using Headrace.Tests.StandIn;
using Xunit;

namespace Headrace.Tests.Hosting;

/// <summary>
/// <c>headrace iam-policy</c>: what it allows is what the calls of the same project take, no less and no more.
/// </summary>
public sealed class Policies(S3Server s3, MotoFixture moto) : IClassFixture<MotoFixture>
{
    private const string Kms = "arn:aws:kms:us-east-1:123456789012:key/0000";

    private readonly ConcurrentBag<AwsCall> calls = [];
    private TestBucket? bucket;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Flow(string more) =>
        $$"""
            prices:
              source: { connection: lake, path: "prices/*.csv" }
              columns: { id: bigint }
              read: incremental
              write: append
              {{more}}
            """;

    private async Task<FaultyS3> Proxy()
    {
        bucket = await s3.BucketAsync();
        return new FaultyS3(bucket.Endpoint) { Answer = Record };
    }

    private Task<S3Answer?> Record(System.Net.HttpListenerRequest request)
    {
        foreach (var call in AwsCall.Of(request))
            calls.Add(call);
        return Task.FromResult<S3Answer?>(null);
    }

    private static World Project(string connections, string flows) =>
        new World().Configuration(
            $$"""
            version: 1
            threads: 1
            connections:
              {{connections.Replace("\n", "\n  ", StringComparison.Ordinal)}}
              warehouse: { type: duckdb, path: ./warehouse.duckdb, blocks: small }
            defaults:
              target: { connection: warehouse, schema: raw }
            flows:
              {{flows.Replace("\n", "\n  ", StringComparison.Ordinal)}}
            """
        );

    private static async Task<Policy> PolicyOf(World world)
    {
        var answer = await world.Run("iam-policy");
        Assert.Equal(0, answer.Exit);
        return new Policy(answer.Json.GetProperty("policy"));
    }

    // What is allowed for what the flow did not come to is named, so that it is looked at.
    private void Fits(Policy policy, params string[] unused)
    {
        Assert.NotEmpty(calls);
        Assert.Equal([], calls.Where(call => !policy.Allows(call)).Distinct());
        Assert.Equal(unused, policy.Unused(calls).Select(one => one.Split(' ')[0]).Distinct().Order());
    }

    [Theory]
    [InlineData("s3:GetObject s3:ListBucket", "")]
    [InlineData("s3:DeleteObject s3:GetObject s3:ListBucket", "after_load: delete")]
    [InlineData(
        "s3:AbortMultipartUpload s3:DeleteObject s3:GetObject s3:GetObjectTagging s3:ListBucket s3:PutObject "
            + "s3:PutObjectTagging",
        "after_load: { move_to: \"done/{year}/\", delete_after: 0s }"
    )]
    public async Task A_lake_takes_what_its_flow_does_with_files(string actions, string more)
    {
        await using var proxy = await Proxy();
        using var world = Project($"lake: {bucket!.YamlOf(proxy.Endpoint)}", Flow(more));
        await bucket.PutAsync("prices/1.csv", "id\n1\n");

        await world.Run("doctor");
        await world.Load();
        await world.Load();

        var policy = await PolicyOf(world);
        Assert.Equal(actions.Split(' '), policy.Actions);
        // No file is so large that it is copied in parts.
        Fits(policy, more.Contains("move_to", StringComparison.Ordinal) ? ["s3:AbortMultipartUpload"] : []);
        Assert.Equal(["1"], world.Query("SELECT id FROM raw.prices"));
    }

    [Fact]
    public async Task A_flow_s_rights_end_at_its_folder()
    {
        await using var proxy = await Proxy();
        using var world = Project($"lake: {bucket!.YamlOf(proxy.Endpoint)}", Flow("after_load: delete"));

        var policy = await PolicyOf(world);

        var arn = $"arn:aws:s3:::{bucket.Name}";
        Assert.True(policy.Allows(new("s3:GetObject", $"{arn}/in/prices/1.csv")));
        Assert.False(policy.Allows(new("s3:GetObject", $"{arn}/in/secrets/1.csv")));
        Assert.False(policy.Allows(new("s3:GetObject", $"{arn}/prices/1.csv")));
        Assert.False(policy.Allows(new("s3:PutObject", $"{arn}/in/prices/1.csv")));
        Assert.False(policy.Allows(new("s3:DeleteObject", "arn:aws:s3:::other/in/prices/1.csv")));
    }

    [Fact]
    public async Task A_place_for_rows_of_redshift_is_written_read_and_cleared()
    {
        await using var proxy = await Proxy();
        using var world = Project(
            $$"""
            lake: {{bucket!.YamlOf(proxy.Endpoint, $", kms_key: \"{Kms}\"")}}
            files: { type: folder, path: ./lake }
            dwh: { type: redshift, host: h, database: d, user: u, cluster: c, region: us-east-1, iam_role: default, staging: { connection: lake, path: staging/ } }
            """,
            Flow("target: { connection: dwh }")
                .Replace("connection: lake", "connection: files", StringComparison.Ordinal)
        );
        using var store = new S3Store(bucket.Connection(proxy.Endpoint) with { KmsKey = Kms }) { PutBytes = 5 << 20 };
        var (small, large) = (Path.Combine(world.Folder, "small"), Path.Combine(world.Folder, "large"));
        File.WriteAllText(small, "rows");
        File.WriteAllBytes(large, new byte[21 << 20]);

        await store.PutAsync("staging/1", small, isNew: false, Cancel);
        await store.PutAsync("staging/2", large, isNew: false, Cancel);
        proxy.Answer = async request =>
        {
            await Record(request);
            return request.RawUrl!.Contains("partNumber=2", StringComparison.Ordinal)
                ? new S3Answer(403, "AccessDenied")
                : null;
        };
        await Assert.ThrowsAsync<HeadraceException>(() => store.PutAsync("staging/3", large, false, Cancel));
        proxy.Answer = Record;
        await store.GetAsync("staging/1", small, Cancel);
        await store.DeleteAsync([.. (await store.ListAsync("staging/", Cancel)).Select(file => file.Key)], Cancel);

        var policy = await PolicyOf(world);
        Fits(policy, "redshift:GetClusterCredentials");
        Assert.True(policy.Allows(new("redshift:GetClusterCredentials", "arn:aws:redshift:us-east-1:1:dbuser:c/u")));
        Assert.False(policy.Allows(new("redshift:GetClusterCredentials", "arn:aws:redshift:us-east-1:1:dbuser:c/v")));
    }

    [Fact]
    public async Task A_queue_is_listened_to()
    {
        await using var proxy = await Proxy();
        var queue = await TestQueue.MakeAsync(bucket!.Endpoint, hidden: 2);
        var url = $"{proxy.Endpoint}/123456789012/{queue.Url.Split('/')[^1]}";
        var world = Project(
            $"lake: {bucket.YamlOf(proxy.Endpoint, $", events: {{ queue: \"{url}\" }}")}",
            Flow("trigger: { on_files: true }")
        );
        var policy = await PolicyOf(world);
        Assert.True(policy.Allows(new("sqs:DeleteMessage", queue.Arn)));
        await world.Run("doctor");
        await using var served = await ServedProject.Start(world);
        await bucket.PutAsync("prices/1.csv", "id\n1\n");
        proxy.Answer = async request =>
        {
            if (request.HttpMethod == "GET" && request.RawUrl!.Contains("1.csv", StringComparison.Ordinal))
                await Task.Delay(2000, Cancel);
            return await Record(request);
        };
        await queue.SendAsync(TestQueue.Notification(bucket.Name, "in/prices/1.csv"));
        await ServedProject.Until(async () => await queue.CountAsync() == (0, 0));

        NameThe("queue", queue.Arn);
        Fits(policy);
    }

    // What a call is about that only the test knows.
    private void NameThe(string resource, string arn)
    {
        var all = calls.Select(call => call.Resource == resource ? call with { Resource = arn } : call).ToList();
        calls.Clear();
        all.ForEach(calls.Add);
    }

    [Fact]
    public async Task A_ledger_and_the_state_of_a_project_are_kept()
    {
        await using var proxy = await Proxy();
        var table = $"ledger-{Guid.NewGuid():N}";
        using var world = new World().Configuration(
            $$"""
            version: 1
            threads: 1
            ledger: { connection: dynamo, table: {{table}}, state: { connection: state, path: project/ } }
            connections:
              lake: { type: folder, path: ./lake }
              state: {{bucket!.YamlOf(proxy.Endpoint)}}
              dynamo: { type: dynamodb, region: us-east-1, endpoint: "{{proxy.Endpoint}}" }
              ops: { type: jsonl, path: ./ops }
            flows:
              exports:
                source: { connection: lake, path: "exports/{version}/*.csv" }
                columns: { id: bigint }
                read: snapshot
                complete_when: { settle: 0s }
                primary_key: id
                publish: { connection: ops }
            """
        );
        world.Put("exports/v1/1.csv", "id\n1\n");
        await world.Load();
        world.Put("exports/v2/1.csv", "id\n1\n2\n");
        await world.Load();
        await world.Run("runs");

        NameThe("table", $"arn:aws:dynamodb:us-east-1:1:table/{table}");
        // Marks are removed by a server alone, and nothing here is put in parts.
        Fits(await PolicyOf(world), "dynamodb:DeleteItem", "s3:AbortMultipartUpload");
    }

    [Fact]
    public async Task Exports_of_a_table_are_started_and_looked_after()
    {
        await using var proxy = await Proxy();
        await using var dynamo = new DynamoServer(moto.Server, bucket!, "exports/carts/")
        {
            Write = (maker, _, to) => maker.Full(to, [DynamoExportMaker.Item("""{"id":{"S":"a"}}""")]),
            Looks = 1,
        };
        var table = $"Carts-{Guid.NewGuid():N}";
        await dynamo.MakeTable(table);
        var arn = $"arn:aws:dynamodb:us-east-1:1:table/{table}";
        dynamo.Instead = operation =>
        {
            calls.Add(new($"dynamodb:{operation}", operation == "DescribeExport" ? $"{arn}/export/1" : arn));
            return null;
        };
        using var world = Project(
            $$"""
            lake: {{bucket!.YamlOf(proxy.Endpoint)}}
            dynamo: { type: dynamodb, region: us-east-1, endpoint: "{{dynamo.Endpoint}}" }
            """,
            $$"""
            carts:
              source: { connection: dynamo, table: {{table}}, export: { to: lake, path: exports/carts/ } }
              read: cdc
              primary_key: id
              columns: { id: text }
              write: merge
            """
        );

        await world.Run("export", "carts");
        await world.Load();

        Assert.Equal(["a"], world.Query("SELECT id FROM raw.carts"));
        // DynamoDB puts the files, in the caller's name.
        Fits(await PolicyOf(world), "s3:AbortMultipartUpload", "s3:PutObject");
    }

    [Fact]
    public async Task A_stream_is_published_to_and_read()
    {
        await using var stream = await KinesisServer.StartAsync(moto.Server);
        stream.Instead = operation =>
        {
            calls.Add(new($"kinesis:{operation}", $"arn:aws:kinesis:eu-west-1:1:stream/{stream.Stream}"));
            return null;
        };
        using var world = Project(
            $$"""
            lake: { type: folder, path: ./lake }
            ops: { type: kinesis, stream: {{stream.Stream}}, region: eu-west-1, endpoint: "{{stream.Endpoint}}" }
            """,
            """
            exports:
              source: { connection: lake, path: "exports/{version}/*.csv" }
              columns: { id: bigint }
              read: snapshot
              settle: 0s
              primary_key: id
              write: merge
              publish: { connection: ops }
            """
        );
        world.Put("exports/v1/1.csv", "id\n1\n");
        await world.Load();
        Fits(await PolicyOf(world), "kinesis:DescribeStreamSummary");
        await world.Run("doctor");
        Fits(await PolicyOf(world));

        calls.Clear();
        using var reader = Project(
            $$"""ops: { type: kinesis, stream: {{stream.Stream}}, region: eu-west-1, endpoint: "{{stream.Endpoint}}" }""",
            """
            replica:
              source: { connection: ops }
              read: cdc
              cdc: { profile: headrace }
              columns: { id: bigint }
              primary_key: id
              write: merge
            """
        );
        await reader.Load();
        await reader.Load(); // only who has read asks how long records stay
        Fits(await PolicyOf(reader));
    }

    [Fact]
    public async Task Doctor_tries_what_can_be_tried_and_says_what_mends_it()
    {
        await using var proxy = await Proxy();
        var queue = await TestQueue.MakeAsync(bucket!.Endpoint);
        using var world = Project(
            $"lake: {bucket.YamlOf(proxy.Endpoint, $", events: {{ queue: \"{queue.Url}\" }}")}",
            Flow("")
        );
        var empty = await world.Run("doctor", "--json");
        await bucket.PutAsync("prices/1.csv", "id\n1\n");
        var well = await world.Run("doctor", "--json");
        proxy.Answer = request =>
            Task.FromResult(
                request.RawUrl!.Contains("1.csv", StringComparison.Ordinal) ? new S3Answer(403, "AccessDenied") : null
            );
        var denied = await world.Run("doctor", "--json");
        using var lost = Project(
            $"lake: {bucket.YamlOf(bucket.Endpoint, $", events: {{ queue: \"{queue.Url}-none\" }}")}",
            Flow("")
        );
        var gone = await lost.Run("doctor", "--json");

        static string Of(Answer answer, string name)
        {
            var check = answer
                .Json.GetProperty("checks")
                .EnumerateArray()
                .Single(one => one.GetProperty("name").GetString() == name);
            return $"{check.GetProperty("state")}: {check.GetProperty("found")} / {check.GetProperty("next")}";
        }

        Assert.Equal("ok: no file is there yet / ", Of(empty, "prices files"));
        Assert.Equal("ok: prices/1.csv can be read / ", Of(well, "prices files"));
        Assert.Equal(
            "ok: about 0 messages, hidden for 30 s while they are worked on, no dead-letter queue / ",
            Of(well, "lake events")
        );
        Assert.Equal((0, 1, 1), (well.Exit, denied.Exit, gone.Exit));
        Assert.Matches("^failed: HDR-113 .* / headrace iam-policy prints", Of(denied, "prices files"));
        Assert.Matches("^failed: HDR-250 .* / headrace iam-policy prints", Of(gone, "lake events"));
    }

    [Fact]
    public async Task A_bucket_s_policy_asks_for_tls_and_for_the_key_of_its_connection()
    {
        using var world = Project(
            $$"""
            lake: { type: s3, bucket: open, region: cn-north-1 }
            kept: { type: s3, bucket: kept, region: us-east-1, kms_key: "{{Kms}}" }
            """,
            Flow("")
        );

        var buckets = (await world.Run("iam-policy", "--json")).Json.GetProperty("bucket_policies");

        static string[] Denials(JsonElement policy) =>
            [
                .. policy
                    .GetProperty("Statement")
                    .EnumerateArray()
                    .Select(one =>
                        $"{one.GetProperty("Effect")} {one.GetProperty("Action")} {one.GetProperty("Condition")}"
                            .Replace(" ", "", StringComparison.Ordinal)
                            .Replace("\n", "", StringComparison.Ordinal)
                    ),
            ];
        Assert.Equal(
            [
                """Denys3:*{"Bool":{"aws:SecureTransport":"false"}}""",
                """Denys3:PutObject{"Null":{"s3:x-amz-server-side-encryption-customer-algorithm":"false"}}""",
            ],
            Denials(buckets.GetProperty("open"))
        );
        Assert.Equal(
            [
                """Denys3:PutObject{"StringNotEqualsIfExists":{"s3:x-amz-server-side-encryption":"aws:kms"}}""",
                $$$"""Denys3:PutObject{"StringNotEqualsIfExists":{"s3:x-amz-server-side-encryption-aws-kms-key-id":"{{{Kms}}}"}}""",
            ],
            Denials(buckets.GetProperty("kept"))[2..]
        );
        Assert.Contains(
            "arn:aws-cn:s3:::open/*",
            buckets.GetProperty("open").GetProperty("Statement")[0].GetProperty("Resource").ToString(),
            StringComparison.Ordinal
        );
    }
}
