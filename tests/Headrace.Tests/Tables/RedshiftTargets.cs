using Headrace.Configuration;
using Headrace.Redshift;
using Headrace.StandIn;
using Headrace.Tests.StandIn;
using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>Files into tables of a stand-in for Redshift, which is strict and not the service.</summary>
public sealed class RedshiftTargets(PostgresServer server) : IAsyncDisposable
{
    private readonly World world = new();
    private RedshiftTestDatabase target = null!;

    public async ValueTask DisposeAsync()
    {
        world.Dispose();
        await target.DisposeAsync();
    }

    private async Task Into(
        string flows,
        string? staging = null,
        Func<StandInSettings, StandInSettings>? change = null,
        string redshift = ""
    ) => target = await Into(server, world, flows, staging, change, redshift);

    /// <summary>
    /// A lake, a stand-in before an empty database as warehouse with the schema raw, and these flows.
    /// </summary>
    /// <param name="redshift">More keys of its staging.</param>
    internal static async Task<RedshiftTestDatabase> Into(
        PostgresServer server,
        World world,
        string flows,
        string? staging = null,
        Func<StandInSettings, StandInSettings>? change = null,
        string redshift = ""
    )
    {
        var target = await RedshiftTestDatabase.StartAsync(server, change);
        world.Configuration(
            $$"""
            version: 1
            connections:
              lake: { type: folder, path: ./lake }
              rs: {{(
                redshift.Length == 0
                    ? target.Yaml
                    : target.Yaml.Replace("path: in/", $"path: in/, {redshift}", StringComparison.Ordinal)
            )}}
              staging: {{staging ?? $"{{ type: folder, path: {target.Folder} }}"}}
              warehouse: { type: duckdb, path: ./warehouse.duckdb }
            defaults:
              target: { connection: rs, schema: raw }
            flows:
              {{flows.ReplaceLineEndings("\n").Replace("\n", "\n  ", StringComparison.Ordinal)}}
            """
        );
        return target;
    }

    private Task<string[]> Query(string sql) => target.Behind.Query(sql);

    private string[] Staged() => Directory.GetFiles(target.Folder, "*", SearchOption.AllDirectories);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AMergePutsRightWhatTheTableHasTwice(bool isSerializable)
    {
        await Into(PostgresTargets.Customers, change: settings => settings with { Serializable = isSerializable });
        world.Put("customers/1.csv", "id,name\n1,a\n2,b\n", landedSecondsAgo: 900);
        await world.Load();
        await target.Behind.Execute("INSERT INTO raw.customers VALUES (1, 'a')");
        world.Put("customers/2.csv", "id,name\n1,a\n2,new\n");
        Assert.Equal("0i 2u 0d 0s 0q", (await world.Load()).Only.Counts);
        Assert.Equal(["1|a", "2|new"], await Query("SELECT id, name FROM raw.customers ORDER BY id"));
    }

    [Fact]
    public async Task ReplaceIsOneTransactionWithoutTruncate()
    {
        await Into(PostgresTargets.Suppliers);
        world.Put("suppliers/1.csv", "id,name\n1,a\n2,b\n", landedSecondsAgo: 7200);
        await world.Load();
        world.Put("suppliers/2.csv", "id,name\n7,x\n8,\"\"\n9,\n", landedSecondsAgo: 900);
        await world.Load();
        Assert.Equal(["7", "8", "9"], await Query("SELECT id FROM raw.suppliers ORDER BY id"));
        Assert.DoesNotContain(
            target.StandIn.Statements,
            statement => statement.StartsWith("TRUNCATE", StringComparison.OrdinalIgnoreCase)
        );
    }

    [Fact]
    public async Task EveryTypeArrivesAsItIs()
    {
        await Into(
            """t: { source: { connection: lake, path: "t/*" }, read: incremental, write: append, """
                + "target: { distribution: ID, sort: [day, id] } }"
        );
        const string Row =
            "SELECT {0}::bigint AS id, {1}::varchar AS name, true AS yes, 12.345::decimal(12,3) AS price, "
            + "9999999999999999999::decimal(19,0) * {2} AS huge, 0.1::double AS share, "
            + "DATE '2026-01-02' AS day, "
            + "TIME '10:11:12.123456' AS at, TIMESTAMP '2026-01-02 10:11:12.123456' AS moment, "
            + "TIMESTAMPTZ '2026-01-02 10:11:12.5+02' AS zoned, "
            + "'00000000-0000-0000-0000-00000000000a'::uuid AS code, '\\x00\\xAB'::blob AS bytes, "
            + "'{{\"a\": 1}}'::json AS doc";
        static string One(string id, string name, string huge) =>
            string.Format(System.Globalization.CultureInfo.InvariantCulture, Row, id, name, huge);
        world.PutParquet(
            "t/1.parquet",
            $"{One("1", "'it''s \\ \"quoted\",' || chr(10) || 'ü'", "0.0")} UNION ALL "
                + $"{One("2", "repeat('ü', 32768)", "0.0")} UNION ALL {One("3", "repeat('x', 65535)", "0.0")}"
        );
        Assert.Equal("2i 0u 0d 0s 1q", (await world.Load()).Only.Counts);
        Assert.Equal(
            [
                "1|it's \\ \"quoted\",\nü|true|12.345|0.1|2026-01-02|10:11:12.123456|2026-01-02 "
                    + "10:11:12.123456|2026-01-02 08:11:12.5|00000000-0000-0000-0000-00000000000a|\\x00ab|{\"a\":1}",
            ],
            await Query(
                """
                SELECT id, name, yes, price, share, day, at, moment::text, (zoned AT TIME ZONE
                'UTC')::text, code, bytes::text, replace(doc, ' ', '') FROM raw.t WHERE id = 1
                """
            )
        );
        Assert.Equal(["65535"], await Query("SELECT octet_length(name) FROM raw.t WHERE id = 3"));
        Assert.Contains(
            "varchar(65535)",
            Assert.Single(await Query("SELECT reason FROM headrace.quarantine")),
            StringComparison.Ordinal
        );
        Assert.Contains(
            target.StandIn.Statements,
            statement =>
                statement.StartsWith("CREATE TABLE", StringComparison.Ordinal)
                && statement.EndsWith(
                    "DISTSTYLE KEY DISTKEY (\"id\") COMPOUND SORTKEY (\"day\", \"id\")",
                    StringComparison.Ordinal
                )
        );
        Assert.Equal("up_to_date", (await world.Load()).Only.Outcome);
    }

    [Theory]
    [InlineData(Cut.Before, 0)]
    [InlineData(Cut.After, 1)]
    public async Task AnUnknownCommitIsSettledByThePosition(Cut cut, int loaded)
    {
        await Into(
            PostgresTargets.Prices.Replace("write: append", "write: append, retries: 0", StringComparison.Ordinal)
        );
        world.Put("prices/1.csv", "id,price\n1,1.50\n");
        world.Put("prices/0.csv", "id,price\n0,0\n", landedSecondsAgo: 7200);
        await world.Load();
        world.Put("prices/2.csv", "id,price\n2,2.50\n", landedSecondsAgo: 60);
        target.StandIn.CutAround("COMMIT", cut);
        var cutOff = await world.Run("run", "--json");
        Assert.Equal(loaded == 1 ? 0 : 1, cutOff.Exit);
        Assert.Equal(
            2 + loaded,
            int.Parse(
                Assert.Single(await Query("SELECT count(*) FROM raw.prices")),
                System.Globalization.CultureInfo.InvariantCulture
            )
        );
        Assert.Equal(loaded == 1 ? "up_to_date" : "loaded", (await world.Load()).Only.Outcome);
        Assert.Equal(["0", "1", "2"], await Query("SELECT id FROM raw.prices ORDER BY id"));
    }

    [Fact]
    public async Task AConnectionThatIsLostBetweenTwoStepsIsMadeAgain()
    {
        await Into(
            PostgresTargets.Prices.Replace("write: append", "write: append, retries: 0", StringComparison.Ordinal)
        );
        world.Put("prices/1.csv", "id,price\n1,1.50\n");
        await PostgresTargets.RunsThoughItsSessionsEndAt("changes_staged", world, target.Behind);
        Assert.Equal(["1"], await Query("SELECT count(*) FROM raw.prices"));
    }

    [Fact]
    public async Task NobodyGetsASessionThatHadTemporaryTables()
    {
        await Into(PostgresTargets.Prices);
        var settings = new RedshiftConnection
        {
            Name = "rs",
            Host = "127.0.0.1",
            Port = target.StandIn.Port,
            Database = target.Database,
            User = "tester",
            Password = "known",
            IamRole = RedshiftTestDatabase.Role,
            Staging = new RedshiftStaging(),
        };
        await using var database = new RedshiftDatabase(settings, null, null, TimeProvider.System);
        async Task<(int Process, string Zone)> Session(bool isOwn)
        {
            await using var db = isOwn
                ? await database.OpenOwnAsync(TestContext.Current.CancellationToken)
                : await database.OpenAsync(TestContext.Current.CancellationToken);
            return (
                int.Parse(
                    await db.QueryAsync("SELECT pg_backend_pid()"),
                    System.Globalization.CultureInfo.InvariantCulture
                ),
                await db.QueryAsync("SHOW timezone")
            );
        }

        var (first, own, second) = (
            await Session(isOwn: false),
            await Session(isOwn: true),
            await Session(isOwn: false)
        );
        Assert.Equal(first, second);
        Assert.NotEqual(first.Process, own.Process);
        Assert.Equal(("UTC", "UTC"), (first.Zone, own.Zone));
        Assert.NotEqual(own.Process, (await Session(isOwn: true)).Process);
    }

    [Theory]
    [InlineData("COPY")]
    [InlineData("COMMIT")]
    [InlineData("LOCK")]
    public async Task AConflictIsTriedAgain(string verb)
    {
        await Into(
            PostgresTargets.Prices.Replace(
                "write: append",
                "write: append, retry_delay: 10ms",
                StringComparison.Ordinal
            )
        );
        world.Put("prices/1.csv", "id,price\n1,1.50\n", landedSecondsAgo: 900);
        await world.Load();
        world.Put("prices/2.csv", "id,price\n2,2.50\n");
        target.StandIn.FailNext(verb, "1023 Serializable isolation violation on table");
        Assert.Equal("1i 0u 0d 0s 0q", (await world.Load()).Only.Counts);
        Assert.Equal(["1", "2"], await Query("SELECT id FROM raw.prices ORDER BY id"));
        Assert.Empty(Staged());
    }

    [Fact]
    public async Task WhatCopyRefusesIsToldByItsRow()
    {
        await Into(
            PostgresTargets.Prices.Replace("write: append", "write: append, retries: 0", StringComparison.Ordinal),
            redshift: "keep: true"
        );
        await target.Behind.Execute("CREATE SCHEMA raw");
        await using (var db = await target.OpenAsync())
            await db.ExecuteAsync(
                "CREATE TABLE raw.prices (id bigint, price decimal(12,2), note varchar(10) NOT NULL DEFAULT 'x')"
            );
        world.Put("prices/1.csv", "id,price,note\n1,1.50,a\n", landedSecondsAgo: 900);
        await world.Load();
        Assert.NotEmpty(Staged());
        foreach (var staged in Staged())
            File.Delete(staged);
        world.Put("prices/2.csv", "id,price,note\n2,2.50,b\n");
        using var child = world.Start(World.At("transaction_begun", "stop"), "run", "--json");
        await child.Stopped();
        await using (
            var gzip = new System.IO.Compression.GZipStream(
                File.Create(Assert.Single(Staged())),
                System.IO.Compression.CompressionLevel.Fastest
            )
        )
            gzip.Write("2,x,\"b\"\n"u8);
        child.Signal("CONT");
        var answer = await child.Ended();
        Assert.Equal((1, "HDR-315"), (answer.Exit, answer.Only.Error));
        Assert.Contains("0.csv.gz line 1, price (numeric): 1207 Invalid digit", answer.Text, StringComparison.Ordinal);
        Assert.Equal(["1"], await Query("SELECT id FROM raw.prices"));
    }

    [Fact]
    public async Task WhoeverWasOvertakenLoadsNothing()
    {
        await Into(
            PostgresTargets.Prices.Replace("write: append", "write: append, retries: 0", StringComparison.Ordinal)
        );
        world.Put("prices/1.csv", "id,price\n1,1.50\n", landedSecondsAgo: 900);
        await world.Load();
        world.Put("prices/2.csv", "id,price\n2,2.50\n");
        using var child = world.Start(World.At("transaction_begun", "stop"), "run", "--json");
        await child.Stopped();
        await target.Behind.Execute(
            "UPDATE headrace."
                + Assert.Single(await Query("SELECT tablename FROM pg_tables WHERE tablename LIKE 'position\\_%'"))
                + " SET generation = 2"
        );
        child.Signal("CONT");
        Assert.Equal("HDR-301", (await child.Ended()).Only.Error);
        Assert.Equal(["1"], await Query("SELECT id FROM raw.prices"));
        Assert.Empty(Staged());
    }

    [Fact]
    public async Task ASchemaThatTwoLoadsNeedAtOnceIsThereForBoth()
    {
        await Into(
            PostgresTargets.Prices.Replace("write: append", "write: append, retries: 0", StringComparison.Ordinal)
                + $"\n{PostgresTargets.Customers}"
        );
        world.Put("prices/1.csv", "id,price\n1,1.50\n").Put("customers/1.csv", "id,name\n1,Ada\n");
        using var child = world.Start(World.At("fenced", "stop"), "run", "prices", "--json");
        await child.Stopped();
        await world.Load("customers");
        child.Signal("CONT");
        var answer = await child.Ended();
        Assert.True(answer.Exit == 0, answer.Text);
        Assert.Equal(["1|1|Ada"], await Query("SELECT p.id, c.id, name FROM raw.prices AS p, raw.customers AS c"));
    }

    [Fact]
    public async Task TheNextRunRemovesWhatAnEarlierOneLeft()
    {
        await Into(PostgresTargets.Prices);
        world.Put("prices/1.csv", "id,price\n1,1.50\n");
        using (var child = world.Start(World.At("before_commit", "kill"), "run"))
            await child.Ended();
        Assert.NotEmpty(Staged());
        await world.Load();
        Assert.Empty(Staged());
        Assert.Equal(["1"], await Query("SELECT id FROM raw.prices"));
    }

    [Theory]
    [InlineData("oid,price\n1,2\n", "HDR-314")]
    [InlineData("id,a\n1,2\n", "HDR-319")]
    public async Task WhatATableCannotHaveStopsByName(string text, string code)
    {
        await Into(
            """t: { source: { connection: lake, path: "t/*" }, read: incremental, write: append, """
                + "target: { sort: price } }"
        );
        world.Put("t/1.csv", text);
        Assert.Equal(code, (await world.Run("run", "--json")).Only.Error);
    }

    [Fact]
    public async Task RowsAreStagedInABucket()
    {
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "test");
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "test");
        await using var moto = await MotoServer.StartAsync();
        using var s3 = new Amazon.S3.AmazonS3Client(
            "test",
            "test",
            new Amazon.S3.AmazonS3Config
            {
                ServiceURL = moto.Endpoint,
                ForcePathStyle = true,
                AuthenticationRegion = "us-east-1",
            }
        );
        await s3.PutBucketAsync("lake", TestContext.Current.CancellationToken);
        await Into(
            PostgresTargets.Customers,
            $"{{ type: s3, bucket: lake, prefix: team/, region: us-east-1, endpoint: \"{moto.Endpoint}\" }}",
            settings => settings with { S3Endpoint = moto.Endpoint }
        );
        world.Put("customers/1.csv", "id,name\n1,a\n2,\n,nobody\n", landedSecondsAgo: 900);
        Assert.Equal("2i 0u 0d 0s 1q", (await world.Load()).Only.Counts);
        Assert.Equal(["1|a", "2|NULL"], await Query("SELECT id, name FROM raw.customers ORDER BY id"));
        Assert.Contains(
            target.StandIn.Statements,
            statement => statement.Contains("FROM 's3://lake/team/in/position_", StringComparison.Ordinal)
        );
        Assert.Equal(
            0,
            (
                await s3.ListObjectsV2Async(
                    new Amazon.S3.Model.ListObjectsV2Request { BucketName = "lake" },
                    TestContext.Current.CancellationToken
                )
            ).KeyCount
        );
    }
}
