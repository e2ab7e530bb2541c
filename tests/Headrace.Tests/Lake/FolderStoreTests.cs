using System.Diagnostics;
using System.Text;
using Headrace.Lake;
using Xunit;

namespace Headrace.Tests.Lake;

public sealed class FolderStoreTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("headrace-lake-").FullName;
    private readonly Dictionary<string, string> skipped = [];

    private FolderStore Lake => new(root);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_are_listed_with_size_time_and_captures()
    {
        Put("acme/orders/1.csv", "abc");
        Put("acme/orders/deep/2.csv", "abc");
        File.SetLastWriteTimeUtc(
            Path.Combine(root, "acme/orders/1.csv"),
            new DateTime(2026, 10, 4, 1, 2, 3, DateTimeKind.Utc)
        );

        var file = Assert.Single(await List("{tenant}/{table}/*.csv"));

        Assert.Equal("acme/orders/1.csv", file.Key);
        Assert.Equal(3, file.Size);
        Assert.Equal(new DateTimeOffset(2026, 10, 4, 1, 2, 3, TimeSpan.Zero), file.LandedAt);
        Assert.Equal("orders", file.Captures["table"]);
        Assert.Equal("abc", await Read(file));
        Assert.Empty(skipped);
    }

    [Fact]
    public async Task F34_links_and_fifos_are_left_out_and_named()
    {
        Put("real/a.csv", "a");
        Put("outside.txt", "secret");
        File.CreateSymbolicLink(Path.Combine(root, "real/link.csv"), Path.Combine(root, "outside.txt"));
        Directory.CreateSymbolicLink(Path.Combine(root, "linked"), Path.Combine(root, "real"));
        Run("mkfifo", Path.Combine(root, "real/pipe.csv"));

        var files = await List("{folder}/*.csv");

        Assert.Equal(["real/a.csv"], files.Select(file => file.Key));
        Assert.Equal("a symbolic link is not followed", skipped["real/link.csv"]);
        Assert.Equal("a FIFO is not a file", skipped["real/pipe.csv"]);
        Assert.Equal("a symbolic link is not followed", skipped["linked"]);
        Assert.Empty(await List("linked/*.csv"));
    }

    [Fact]
    public async Task The_root_itself_may_be_a_link()
    {
        Put("real/a.csv", "a");
        Directory.CreateSymbolicLink(Path.Combine(root, "link"), Path.Combine(root, "real"));
        var lake = new FolderStore(Path.Combine(root, "link"));
        var file = Assert.Single(await lake.ListAsync(PathPattern.Parse("*.csv"), (_, _) => { }, Cancel));
        await lake.ConfirmAsync(file, Cancel);
    }

    [Fact]
    public async Task Hidden_and_temporary_files_are_left_out_silently()
    {
        foreach (var key in new[] { "a.csv", ".a.csv", "_a.csv", "b.csv.tmp", ".git/a.csv", "_temporary/a.csv" })
            Put(key, "x");
        Assert.Equal(["a.csv"], (await List("**/*")).Select(file => file.Key));
        Assert.Empty(skipped);
    }

    [Fact]
    public async Task F33_hostile_names_are_skipped_with_their_bytes_escaped()
    {
        Put("a\u001b[31m.csv", "x");
        Put("new\nline.csv", "x");
        Put("back\\slash.csv", "x");
        Put("%2e%2e.csv", "x");
        Run("sh", "-c", $"printf x > \"$(printf '{root}/bad\\377.csv')\"");

        var files = await List("*.csv");

        Assert.Equal(["%2e%2e.csv", "back\\slash.csv"], files.Select(file => file.Key).Order(StringComparer.Ordinal));
        Assert.Contains("a\\u001B[31m.csv", skipped.Keys);
        Assert.Contains("new\\u000Aline.csv", skipped.Keys);
        Assert.Contains("bad\\uFFFD.csv", skipped.Keys);
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("/etc/passwd")]
    [InlineData("a/../../outside")]
    [InlineData("a//b")]
    [InlineData("")]
    public async Task F33_a_key_never_leaves_the_lake(string key)
    {
        var error = await Assert.ThrowsAsync<HeadraceException>(() =>
            Lake.OpenAsync(new LakeFile(key, 1, default, "", new Dictionary<string, string>()), Cancel)
        );
        Assert.Equal("HDR-901", error.Code);
    }

    [Fact]
    public async Task F17_a_file_replaced_between_listing_and_opening_is_not_read()
    {
        Put("a.csv", "one");
        var file = Assert.Single(await List("*.csv"));
        var time = File.GetLastWriteTimeUtc(Path.Combine(root, "a.csv"));
        Put("b.tmp", "two");
        File.SetLastWriteTimeUtc(Path.Combine(root, "b.tmp"), time); // same size, same time: the inode tells
        File.Move(Path.Combine(root, "b.tmp"), Path.Combine(root, "a.csv"), overwrite: true);

        Assert.Equal("HDR-111", (await Assert.ThrowsAsync<HeadraceException>(() => Lake.OpenAsync(file, Cancel))).Code);
        Assert.Equal(
            "HDR-111",
            (await Assert.ThrowsAsync<HeadraceException>(() => Lake.ConfirmAsync(file, Cancel))).Code
        );
    }

    [Fact]
    public async Task F20_a_file_that_grows_while_it_is_read_is_not_confirmed()
    {
        Put("a.csv", "one");
        var file = Assert.Single(await List("*.csv"));
        await using (await Lake.OpenAsync(file, Cancel))
            await File.AppendAllTextAsync(Path.Combine(root, "a.csv"), "more", Cancel);
        Assert.True((await Assert.ThrowsAsync<HeadraceException>(() => Lake.ConfirmAsync(file, Cancel))).IsTransient);
    }

    [Fact]
    public async Task F21_a_file_that_went_away_is_named()
    {
        Put("d/a.csv", "one");
        var file = Assert.Single(await List("d/*.csv"));
        Directory.Delete(Path.Combine(root, "d"), recursive: true);
        var error = await Assert.ThrowsAsync<HeadraceException>(() => Lake.OpenAsync(file, Cancel));
        Assert.Equal("HDR-112", error.Code);
        Assert.Contains(error.Facts, fact => fact.Value == $"{root}/d/a.csv");
    }

    [Fact]
    public async Task F34_a_link_put_in_the_place_of_a_file_or_its_folder_is_not_followed()
    {
        Put("d/a.csv", "one");
        Put("elsewhere/a.csv", "one");
        var file = Assert.Single(await List("d/*.csv"));
        Directory.Move(Path.Combine(root, "d"), Path.Combine(root, "moved"));
        Directory.CreateSymbolicLink(Path.Combine(root, "d"), Path.Combine(root, "moved"));
        Assert.Equal("HDR-111", (await Assert.ThrowsAsync<HeadraceException>(() => Lake.OpenAsync(file, Cancel))).Code);
        Directory.Delete(Path.Combine(root, "d"));
        Directory.CreateDirectory(Path.Combine(root, "d"));
        File.CreateSymbolicLink(Path.Combine(root, "d/a.csv"), Path.Combine(root, "moved/a.csv"));
        Assert.Equal("HDR-111", (await Assert.ThrowsAsync<HeadraceException>(() => Lake.OpenAsync(file, Cancel))).Code);
        File.Delete(Path.Combine(root, "d/a.csv"));
        Run("mkfifo", Path.Combine(root, "d/a.csv"));
        Assert.Equal("HDR-111", (await Assert.ThrowsAsync<HeadraceException>(() => Lake.OpenAsync(file, Cancel))).Code);
    }

    [Fact]
    public async Task A_lake_that_is_not_there_is_an_error_and_a_folder_in_it_is_not()
    {
        Assert.Empty(await List("absent/*.csv"));
        var lake = new FolderStore(Path.Combine(root, "absent"));
        var error = await Assert.ThrowsAsync<HeadraceException>(() =>
            lake.ListAsync(PathPattern.Parse("*"), (_, _) => { }, Cancel)
        );
        Assert.Equal("HDR-110", error.Code);
    }

    private async Task<IReadOnlyList<LakeFile>> List(string pattern) =>
        await Lake.ListAsync(PathPattern.Parse(pattern), (key, reason) => skipped[key] = reason, Cancel);

    private async Task<string> Read(LakeFile file)
    {
        await using var stream = await Lake.OpenAsync(file, Cancel);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync(Cancel);
    }

    private void Put(string key, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(root, key))!);
        File.WriteAllText(Path.Combine(root, key), text);
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    public void Dispose()
    {
        // By rm, since .NET cannot delete a name that is not UTF-8.
        Run("rm", "-rf", root);
    }
}
