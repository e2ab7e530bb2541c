using System.Globalization;
using Headrace.Tests.StandIn;
using Headrace.Tests.Tables;
using Xunit;

namespace Headrace.Tests.Conformance;

/// <summary>What becomes of files once their rows are committed: <c>after_load</c>, in a folder and in a bucket.</summary>
public abstract class LoadedFiles(PostgresServer server) : FileWorld(server, WarehouseKind.DuckDb)
{
    // Files land an hour ago in a folder, and now in a bucket.
    private string Month =>
        DateTime
            .UtcNow.AddHours(World.Bucket is null ? -1 : 0)
            .ToString("'year='yyyy'/month='MM", CultureInfo.InvariantCulture);

    private Task Prices(string after, string more = "write: append", string path = "prices/{shop}/*.csv") =>
        Flows(
            $$"""
            prices:
              source: { connection: lake, path: "{{path}}" }
              columns: { id: bigint, price: "decimal(12,2)" }
              read: incremental
              {{more}}
              target: { table: prices }
              after_load: {{after}}
            """
        );

    // A folder is its own bucket.
    private async Task<string[]> Keys() =>
        World.Bucket is { } bucket
            ? await bucket.KeysAsync()
            :
            [
                .. Directory
                    .EnumerateFiles(World.Lake, "*", SearchOption.AllDirectories)
                    .Select(path => Path.GetRelativePath(World.Lake, path))
                    .Order(StringComparer.Ordinal),
            ];

    private async Task Remains(params string[] keys) => Assert.Equal(keys.Order(StringComparer.Ordinal), await Keys());

    [Fact]
    public async Task LoadedFilesAreMovedAndNoOthers()
    {
        await Prices("{ move_to: \"archive/year={year}/month={month}/\" }");
        World.Put("prices/a/1.csv", "id,price\n1,1.50\n2,x\n");
        World.Put("prices/b/1.csv", "id,price\n3,1\n");
        World.Put("prices/b/same.csv", "id,price\n3,1\n");
        World.Put("prices/b/bad.csv", "id,price\nx,y\n"); // every row is set aside
        World.Put("prices/b/refused.csv", "id,price\n\"7,1\n".Replace("\"", "\u001f\u008b", StringComparison.Ordinal));
        await World.Run("plan");
        Assert.Equal(5, (await Keys()).Length);
        await World.Run("run");
        Assert.Equal(["1|1.50", "3|1.00"], await Rows("SELECT id, price FROM raw.prices ORDER BY id"));
        var left = (await Keys()).Where(key => key.StartsWith("prices/", StringComparison.Ordinal)).ToArray();
        Assert.Contains("prices/b/bad.csv", left);
        Assert.Equal(
            [$"archive/{Month}/a/1.csv", $"archive/{Month}/b/1.csv", $"archive/{Month}/b/same.csv"],
            (await Keys()).Except(left)
        );
    }

    [Fact]
    public async Task LoadedFilesAreDeleted()
    {
        await Prices("delete");
        World.Put("prices/a/1.csv", "id,price\n1,1.50\n");
        Assert.Equal("loaded", (await World.Load()).Only.Outcome);
        await Remains();
        Assert.Equal(["1"], await Rows("SELECT count(*) FROM raw.prices"));
    }

    [Fact]
    public async Task WhatACrashLeftIsDoneByTheNextRun()
    {
        await Prices("{ move_to: old }");
        World.Put("prices/a/1.csv", "id,price\n1,1.50\n");
        Assert.Equal(137, (await World.RunProcess(World.At("after_commit", "kill"), "run")).Exit);
        await Remains("prices/a/1.csv");
        Assert.Equal("up_to_date", (await World.Load()).Only.Outcome);
        await Remains("old/a/1.csv");
        Assert.Equal(["1"], await Rows("SELECT count(*) FROM raw.prices"));
    }

    [Fact]
    public async Task ANameThatIsTakenIsToldApartByContent()
    {
        await Prices(
            "{ move_to: old }",
            "primary_key: id, write: merge".Replace(", ", "\n  ", StringComparison.Ordinal)
        );
        foreach (var price in (string[])["1.00", "2.00", "3.00"])
        {
            World.Put("prices/a/1.csv.gz".Replace(".gz", "", StringComparison.Ordinal), $"id,price\n1,{price}\n");
            await World.Load();
            if (World.Bucket is not null)
                World.Remove("prices/a/1.csv");
        }

        var keys = await Keys();
        Assert.Equal(3, keys.Length);
        Assert.All(keys, key => Assert.Matches(@"^old/a/1(\.[0-9a-f]{16})?\.csv$", key));
        Assert.Equal(["1|3.00"], await Rows("SELECT id, price FROM raw.prices"));
    }

    [Theory]
    [InlineData("{ move_to: \"../out\" }")]
    [InlineData("{ move_to: /out }")]
    [InlineData("{ move_to: \"\" }")]
    [InlineData("{ move_to: \"old/{who}\" }")]
    [InlineData("{ move_to: \"old/{\" }")]
    [InlineData("{ move_to: prices/old }", "prices/**")]
    [InlineData("{ move_to: \"prices/{shop}\" }", "prices/{shop}/**")]
    [InlineData("{ move_to: \"a/{year}/\" }", "**/*.csv")]
    [InlineData("{ delete_after: 90d }")]
    [InlineData("{ action: delete, move_to: old }")]
    [InlineData("throw")]
    public async Task WhatCannotBeIsRefused(string after, string path = "prices/{shop}/*.csv")
    {
        await Prices(after, path: path);
        var answer = await World.Run("plan");
        Assert.Equal(2, answer.Exit);
        Assert.Contains("HDR-5", answer.Messages, StringComparison.Ordinal);
    }
}

public sealed class LoadedFilesInFolder(PostgresServer server) : LoadedFiles(server)
{
    private string Key(string name) => Path.Combine(World.Lake, name);

    private async Task Merge(string after) =>
        await Flows(
            $$"""
            t:
              source: { connection: lake, path: "in/*.csv" }
              read: incremental
              primary_key: id
              write: merge
              after_load: {{after}}
            """
        );

    [Fact]
    public async Task OldFilesGoAfterTheirTimeAndOnlyThose()
    {
        await Merge("{ move_to: \"old/{year}/\", delete_after: 1s }");
        World.Put("in/1.csv", "id\n1\n", landedSecondsAgo: 100 * 86400);
        World.Put("old/notes.txt", "mine").Put("old/2020/other.txt", "mine").Put("old/2020/x/1.csv", "mine");
        await World.Load();
        // Landed long ago, and moved just now.
        Assert.Single(
            Directory.GetFiles(Key("old"), "1.csv", SearchOption.AllDirectories),
            path => !path.Contains("/x/", StringComparison.Ordinal)
        );
        await Task.Delay(1100, Cancel);
        await World.Load();
        Assert.Equal(
            ["notes.txt", "other.txt", "1.csv"],
            Directory
                .GetFiles(Key("old"), "*", SearchOption.AllDirectories)
                .Select(path => Path.GetFileName(path))
                .OrderDescending(StringComparer.Ordinal)
                .OrderBy(name => name[0] == '1')
                .ThenBy(name => name, StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task NoLinkIsFollowed()
    {
        await Merge("{ move_to: old }");
        World.Put("in/1.csv", "id\n1\n");
        var outside = Directory.CreateTempSubdirectory("headrace-").FullName;
        Directory.CreateSymbolicLink(Key("old"), outside);
        var run = (await World.Load()).Only;
        Assert.Contains("1 loaded file is still in", run.Warnings, StringComparison.Ordinal);
        Assert.True(File.Exists(Key("in/1.csv")));
        Assert.Empty(Directory.GetFileSystemEntries(outside));
        Directory.Delete(outside);
    }

    [Fact]
    public async Task AFileThatIsReplacedStays()
    {
        var lake = new Headrace.Lake.FolderStore(World.Lake);
        World.Put("in/1.csv", "one");
        var file = Assert.Single(await lake.ListAsync(PathPattern.Parse("in/*"), (_, _) => { }, Cancel));
        World.Put("in/1.csv", "two");
        foreach (
            var step in (Func<Task>[])
                [() => lake.MoveAsync(file, "old/1.csv", Cancel), () => lake.DeleteAsync(file, Cancel)]
        )
            Assert.Equal("HDR-111", (await Assert.ThrowsAsync<HeadraceException>(step)).Code);
        Assert.Equal("two", await File.ReadAllTextAsync(Key("in/1.csv"), Cancel));
        var now = Assert.Single(await lake.ListAsync(PathPattern.Parse("in/*"), (_, _) => { }, Cancel));
        await lake.DeleteAsync(now, Cancel);
        Assert.Empty(Directory.GetFileSystemEntries(Key("in")));
    }
}

public sealed class LoadedFilesInS3 : LoadedFiles
{
    public LoadedFilesInS3(PostgresServer server, S3Server s3)
        : base(server) => S3 = s3;
}
