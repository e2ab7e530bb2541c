using System.IO.Compression;
using Headrace.Archiving;
using Headrace.Aws;
using Headrace.Configuration;
using Headrace.Tests.Configuration;
using Xunit;

namespace Headrace.Tests.Tables;

/// <summary>What was read of tables is kept in the lake, and can be read again from there.</summary>
public abstract class Archives(PostgresServer server, WarehouseKind kind) : TableWorld(server, kind)
{
    private const string Merge = "read: incremental, primary_key: id, update_key: updated_at, write: merge, retries: 0";
    private const string Kept = ", archive: { connection: lake }";

    private static readonly string[] Columns =
    [
        "id: integer",
        "name: text",
        "paid: boolean",
        "price: \"decimal(12,2)\"",
        "paid_at: timestamptz",
        "day: date",
        "raw: bytes",
        "tags: json",
        "\"a, \\\"b\\\"\\n c\": text",
        "updated_at: timestamptz",
    ];

    private string Place => Path.Combine(World.Lake, "archive", "orders");

    private string[] Folders =>
        Directory.Exists(Place)
            ? [.. Directory.GetDirectories(Place).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)]
            : [];

    private async Task AssertFoldersAre(
        string sql = "SELECT load_id FROM headrace.loads WHERE flow = 'orders' ORDER BY load_id"
    ) => Assert.Equal(await Rows(sql), Folders);

    private void Replay(string keys, string path = "archive/orders/*/*.csv.gz") =>
        World.Configuration(
            $"{File.ReadAllText(Path.Combine(World.Folder, "headrace.yaml")).TrimEnd()}\n  replay: {{ source: "
                + $"{{ connection: lake, path: \"{path}\" }}, target: {{ table: replayed }}, settle: 0s, {keys} }}\n"
        );

    [Theory]
    [InlineData("merge", "primary_key: id, update_key: updated_at", "primary_key: id, ")]
    [InlineData("append", "create_key: updated_at", "")]
    public async Task RowsThatAreReadAgainFromTheArchiveAreTheSame(string write, string keys, string again)
    {
        var shop = await Shop(
            """
            CREATE TABLE orders (id int PRIMARY KEY, name text, paid boolean, price numeric(12,2), paid_at timestamptz,
                day date, raw bytea, tags text[], "a, ""b""
             c" text, updated_at timestamptz NOT NULL);
            INSERT INTO orders VALUES
                (1, NULL, true, 1.50, '2026-01-01 10:00:00.123456+02', '2026-02-28', '\x00ff', '{a,NULL,"b c"}', 'x',
                    '2026-01-01'),
                (2, '', false, NULL, NULL, NULL, NULL, NULL, NULL, '2026-01-01'),
                (3, E'a "quoted",\r\nlong\ttext; 1,2', NULL, -0.01, NULL, NULL, '\x', '{}', '', '2026-01-02'),
                (4, ' NULL ', NULL, 0, NULL, NULL, NULL, NULL, '\N', '2026-01-02'),
                    (5, 'ä€😀', NULL, 9999999999.99, NULL, NULL, NULL, NULL, '"', '2026-01-03')
            """,
            $"read: incremental, {keys}, write: {write}{Kept}"
        );
        await World.Load();
        await Task.Delay(1500, Cancel); // the position is two seconds before the first run
        await shop.Execute(
            """
            UPDATE orders SET name = 'changed', updated_at = now() - interval '3 seconds' WHERE id = 1;
            INSERT INTO orders SELECT i, NULLIF(i % 3, 0)::text, i % 2 = 0, i, now(), now(), NULL, NULL,
            '', now() - interval '3 seconds' FROM generate_series(6, 3000) i
            """
        );
        await World.Load();
        await AssertFoldersAre();

        Replay($"read: incremental, {again}write: {write}, columns: {{ {string.Join(", ", Columns)} }}");
        await World.Load("replay");
        Assert.NotEqual("0", await Value("SELECT count(*) FROM raw.orders WHERE name = ''"));
        Assert.NotEqual("0", await Value("SELECT count(*) FROM raw.orders WHERE name IS NULL"));
        foreach (var (one, other) in new[] { ("orders", "replayed"), ("replayed", "orders") })
            Assert.Empty(
                await Rows(
                    $"""
                    SELECT * FROM (SELECT o.* FROM raw.{one} o EXCEPT ALL SELECT o.*
                    FROM raw.{other} o) AS d
                    """.Replace(
                        "o.*",
                        "id, name, paid, price, paid_at, day, raw, CAST(tags AS text) AS tags, "
                            + "\"a, \"\"b\"\"\n c\", updated_at",
                        StringComparison.Ordinal
                    )
                )
            );
    }

    [Fact]
    public async Task AFileIsCsvThatAnyoneCanRead()
    {
        var shop = await Shop(
            $"""
            {Orders}; INSERT INTO orders
            VALUES (1, NULL, '2026-01-01', '2026-01-01'), (2, '', '2026-01-01', '2026-01-01')
            """,
            Merge + Kept
        );
        await World.Load();
        // Else they would be copied in PostgreSQL's own form.
        await shop.Execute("INSERT INTO orders VALUES (3, 'into a table that is there')");
        await World.Load();

        var files = Directory.GetFiles(Place, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();
        Assert.All(files, file => Assert.Equal("1.csv.gz", Path.GetFileName(file)));
        await using var gzip = new GZipStream(File.OpenRead(files[0]), CompressionMode.Decompress);
        using var text = new StreamReader(gzip);
        Assert.Equal(
            "id,name,created_at,updated_at\n1,,2026-01-01 00:00:00+00,2026-01-01 00:00:00+00\n"
                + "2,\"\",2026-01-01 00:00:00+00,2026-01-01 00:00:00+00\n",
            await text.ReadToEndAsync(Cancel)
        );
    }

    [Fact]
    public async Task RowsOfOneColumnWithoutAValueAreRowsInTheArchiveToo()
    {
        await Shop(
            "CREATE TABLE orders (name text); INSERT INTO orders VALUES (NULL), (''), ('a'), (NULL), (NULL)",
            "read: full-refresh, write: replace" + Kept
        );
        await World.Load();
        Replay("read: incremental, write: append");
        await World.Load("replay");
        Assert.Equal(
            ["NULL|3", "a|1", "|1"],
            (await Rows("SELECT name, count(*) FROM raw.replayed GROUP BY name")).Order(StringComparer.Ordinal)
        );
    }

    [Theory]
    [InlineData("before_commit", 0)]
    [InlineData("after_commit", 1)]
    public async Task AfterAKillThereIsOneFolderForEachLoadThatWasCommitted(string where, int committed)
    {
        await Shop($"{Orders}; INSERT INTO orders SELECT i, 'a' FROM generate_series(1, 100) i", Merge + Kept);
        using (var child = World.Start(World.At(where, "kill"), "run"))
            await child.Ended();
        var first = Assert.Single(Folders);

        await World.Load();
        await AssertFoldersAre();
        Assert.Equal(committed, Folders.Count(folder => folder == first));
        Assert.Equal("100", await Value("SELECT count(*) FROM raw.orders"));
        Assert.Empty(Directory.GetFiles(World.Lake, "*.part", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task TheFolderOfALoadThatFailedIsGoneWithTheFailure()
    {
        await Shop($"{Orders}; INSERT INTO orders VALUES (1, 'a')", Merge + Kept);
        Assert.Equal(1, (await World.RunProcess(World.At("before_commit", "throw"), "run", "--json")).Exit);
        Assert.Empty(Folders);
        await World.RunProcess(World.At("after_commit", "throw"), "run", "--json");
        await AssertFoldersAre();
    }

    [Fact]
    public async Task WhatAnotherProjectPutIntoTheSamePlaceStays()
    {
        await Shop($"{Orders}; INSERT INTO orders VALUES (1, 'a')", Merge + Kept);
        await World.Load();
        var mine = Assert.Single(Folders);
        var other = $"l_{new string('0', 26)}";
        Directory.CreateDirectory(Path.Combine(Place, other));
        ArchivePiece.Write(
            new StagedFile
            {
                File = null!,
                Sha256 = "",
                Bytes = 0,
                Records = 0,
                Columns = [new StagedColumn("id")],
                Segments = [],
            },
            null,
            Path.Combine(Place, other, "1.csv.gz"),
            "1.csv",
            Cancel
        );

        await World.Load();
        Assert.Contains(mine, Folders);
        Assert.Contains(other, Folders);
    }

    [Fact]
    public async Task AWarehouseFromABackupLeavesTheArchiveOfLaterLoads()
    {
        var shop = await Shop($"{Orders}; INSERT INTO orders VALUES (1, 'a')", Merge + Kept);
        await World.Load();
        await Alter("CREATE TABLE raw.backup AS SELECT * FROM headrace.positions");
        await shop.Execute("INSERT INTO orders VALUES (2, 'b', now() - interval '2 s', now() - interval '2 s')");
        await World.Load();
        Assert.Equal(2, Folders.Length);
        var later = Folders;

        await Alter("DELETE FROM headrace.positions");
        await Alter(
            """
            INSERT INTO headrace.positions SELECT * FROM raw.backup; DELETE FROM headrace.loads
            WHERE generation = 2; DELETE FROM raw.orders WHERE id = 2
            """
        );
        using (var child = World.Start(World.At("before_commit", "kill"), "run"))
            await child.Ended(); // its own attempt is not spared
        Assert.Equal(3, Folders.Length);
        await World.Load();
        Assert.Equal("2", await Value("SELECT count(*) FROM raw.orders"));
        Assert.Equal(
            [.. later, .. (await Rows("SELECT load_id FROM headrace.loads ORDER BY load_id")).Except(later)],
            Folders
        );
        Assert.Equal(3, Folders.Length);
        Assert.False(
            Directory.Exists(Path.Combine(World.Folder, ".headrace", "unfinished"))
                && Directory.GetFileSystemEntries(Path.Combine(World.Folder, ".headrace", "unfinished")).Length > 0
        );
    }

    [Fact]
    public async Task APlanArchivesNothingAndNothingNewIsNothingToArchive()
    {
        await Shop($"{Orders}; INSERT INTO orders VALUES (1, 'a', '2026-01-01', '2026-01-01')", Merge + Kept);
        Assert.Equal(0, (await World.Run("plan", "--json")).Exit);
        Assert.Empty(Folders);
        await World.Load();
        await World.Load();
        Assert.Single(Folders);
    }

    [Fact]
    public async Task ASnapshotArchivesAllRowsItRead()
    {
        var shop = await Shop(
            $"{Orders}; INSERT INTO orders SELECT i, 'a', '2026-01-01', '2026-01-01' FROM generate_series(1, 300) i",
            "read: snapshot, primary_key: id, write: merge" + Kept
        );
        await World.Load();
        await shop.Execute(
            """
            UPDATE orders SET name = 'b' WHERE id = 1; DELETE FROM orders WHERE id = 2; INSERT INTO orders
            VALUES (301, NULL, '2026-01-01', '2026-01-01')
            """
        );
        await World.Load();
        await AssertFoldersAre();

        Replay(
            "read: snapshot, primary_key: id, write: merge, columns: { created_at: timestamptz, "
                + "updated_at: timestamptz }",
            "archive/orders/{version}/*.csv.gz"
        );
        await World.Load("replay");
        Assert.Equal(
            ["1|b", "301|NULL"],
            await Rows("SELECT id, name FROM raw.replayed WHERE id IN (1, 2, 301) ORDER BY id")
        );
        Assert.Equal("300", await Value("SELECT count(*) FROM raw.replayed"));
    }

    [Fact]
    public async Task WhatCannotBeArchivedIsNotLoaded()
    {
        await Shop($"{Orders}; INSERT INTO orders VALUES (1, 'a')", Merge + Kept);
        await File.WriteAllTextAsync(Path.Combine(World.Lake, "archive"), "a file where a folder is to be", Cancel);
        var answer = await World.Run("run", "--json");
        Assert.Equal((1, "HDR-320"), (answer.Exit, answer.Only.Error));
        File.Delete(Path.Combine(World.Lake, "archive"));
        Assert.Equal(1, (await World.Load()).Only["inserted"]);
        await AssertFoldersAre();
    }

    [Fact]
    public async Task TablesOfTheProcessTableHaveAFolderEach()
    {
        var shop = await Shop(
            """
            CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders VALUES (1);
            CREATE TABLE "o/d *d" (id int PRIMARY KEY); INSERT INTO "o/d *d" VALUES (2)
            """,
            "read: incremental, write: merge" + Kept,
            "tables: process_table"
        );
        await World.Run("tables", "add", "public.orders", "--connection", "shop", "--key", "id");
        await Alter("INSERT INTO headrace.process_table (connection, source_table) VALUES ('shop', 'public.o/d *d')");
        await World.Load();
        Assert.Equal(["public.o%2Fd%20%2Ad", "public.orders"], Folders);
    }

    [Fact]
    public async Task InABucketItIsTheSame()
    {
        await using var moto = await MotoServer.StartAsync();
        using var s3 = new HttpClient { BaseAddress = new Uri(moto.Endpoint) };
        using var bucket = await s3.PutAsync(new Uri("/lake", UriKind.Relative), null, Cancel);
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "test");
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "test");
        await Shop(
            $"{Orders}; INSERT INTO orders SELECT i, NULLIF(i % 3, 0)::text FROM generate_series(1, 100) i",
            Merge + ", archive: { connection: bucket, path: kept }"
        );
        var connection =
            $"bucket: {{ type: s3, bucket: lake, prefix: shop, region: us-east-1, endpoint: \"{moto.Endpoint}\" }}";
        World.Configuration(
            (await File.ReadAllTextAsync(Path.Combine(World.Folder, "headrace.yaml"), Cancel)).Replace(
                "  lake:",
                $"  {connection}\n  lake:",
                StringComparison.Ordinal
            )
        );
        using (var child = World.Start(World.At("before_commit", "kill"), "run"))
            await child.Ended();
        using var store = new S3Store(
            new S3Connection
            {
                Bucket = "lake",
                Prefix = "shop",
                Region = "us-east-1",
                Endpoint = moto.Endpoint,
            }
        );
        Assert.Single(await store.ListAsync("kept/orders/", Cancel));

        await World.Load();
        var key = Assert.Single(await store.ListAsync("kept/orders/", Cancel)).Key;
        Assert.Equal(await Value("SELECT load_id FROM headrace.loads"), key.Split('/')[2]);
        Directory.CreateDirectory(Path.Combine(World.Lake, "archive"));
        await store.GetAsync(key, Path.Combine(World.Lake, "archive", "1.csv.gz"), Cancel);
        Replay(
            "read: incremental, primary_key: id, write: merge, columns: { name: text, "
                + "created_at: timestamptz, updated_at: timestamptz }",
            "archive/*.csv.gz"
        );
        await World.Load("replay");
        Assert.Equal(
            "0",
            await Value(
                "SELECT count(*) FROM (SELECT id, name FROM raw.orders EXCEPT SELECT id, name FROM raw.replayed) AS d"
            )
        );
        Assert.Equal("100", await Value("SELECT count(*) FROM raw.replayed"));
    }
}

public sealed class ArchivesIntoDuckDb(PostgresServer server) : Archives(server, WarehouseKind.DuckDb)
{
    [Theory]
    [InlineData("orders", "archive/orders/")]
    [InlineData("nightly/public.orders", "archive/nightly/public.orders/")]
    [InlineData("nightly/_x.a/b", "archive/nightly/%5Fx.a%2Fb/")]
    [InlineData("nightly/...ä", "archive/nightly/%2E..%C3%A4/")]
    public void AFolderHasANameThatEveryPlaceTakes(string dataset, string place) =>
        Assert.Equal(place, Archive.PlaceOf("archive", new Dataset(dataset, "", new Dictionary<string, string>())));

    [Theory]
    [InlineData("archive: { connection: lake }", "HDR-5")]
    public void FilesAreNotArchived(string keys, string code) =>
        Assert.StartsWith(
            code,
            Written.Problem(Written.FlowText("write: append", keys)).Code,
            StringComparison.Ordinal
        );

    [Fact]
    public void ADefaultIsForTables() =>
        Assert.Null(
            Written
                .Project(
                    Written
                        .FlowText("write: append")
                        .Replace(
                            "schema: raw }\n",
                            "schema: raw }\n  archive: { connection: lake }\n",
                            StringComparison.Ordinal
                        )
                )
                .Flows["f"]
                .Archive
        );
}

public sealed class ArchivesIntoPostgres(PostgresServer server) : Archives(server, WarehouseKind.Postgres);
