using Headrace.Lake;
using Headrace.State;
using Headrace.Tests.StandIn;
using Xunit;

namespace Headrace.Tests.State;

/// <summary>A file that two processes go on from: one alone has the next version.</summary>
public sealed class VersionedFileTests(S3Server s3) : IDisposable
{
    private readonly World world = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => world.Dispose();

    private async Task<IObjectStore> Store(bool isBucket)
    {
        if (isBucket)
            return (await s3.BucketAsync()).Store();
        return new FolderStore(world.Lake);
    }

    private string PathOf(string machine) => Path.Combine(world.Folder, machine, "x.db");

    private VersionedFile Machine(IObjectStore store, string name) =>
        new(store, "state/published/", PathOf(name), TimeProvider.System);

    private void Write(string machine, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(machine))!);
        File.WriteAllText(PathOf(machine), text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TheNextMachineGoesOnFromTheLastVersion(bool isBucket)
    {
        using var store = await Store(isBucket);
        var a = Machine(store, "a");
        await a.FetchAsync(Cancel);
        Assert.False(File.Exists(PathOf("a")));
        foreach (var text in (string[])["1", "2", "3", "4"])
        {
            Write("a", text);
            await a.KeepAsync();
        }

        var b = Machine(store, "b");
        await b.FetchAsync(Cancel);
        Assert.Equal("4", await File.ReadAllTextAsync(PathOf("b"), Cancel));
        // Two versions, each a file and an object that says so.
        Assert.Equal(4, (await store.ListAsync("state/", Cancel)).Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task OfTwoThatGoOnFromOneVersionOneIsRefused(bool isBucket)
    {
        using var store = await Store(isBucket);
        var (a, b) = (Machine(store, "a"), Machine(store, "b"));
        await a.FetchAsync(Cancel);
        await b.FetchAsync(Cancel);
        Write("a", "mine");
        Write("b", "hers"); // as long as the other one
        await a.KeepAsync();
        var refused = await Assert.ThrowsAsync<HeadraceException>(b.KeepAsync);
        Assert.Equal("HDR-350", refused.Code);
        // What it has is no version, so it goes no further.
        Assert.Equal("HDR-350", (await Assert.ThrowsAsync<HeadraceException>(() => b.FetchAsync(Cancel))).Code);
        var c = Machine(store, "c");
        await c.FetchAsync(Cancel);
        Assert.Equal("mine", await File.ReadAllTextAsync(PathOf("c"), Cancel));
    }
}
