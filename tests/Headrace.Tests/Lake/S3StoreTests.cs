using System.Security.Cryptography;
using System.Text;
using Headrace.Aws;
using Headrace.Tests.StandIn;
using Xunit;

namespace Headrace.Tests.Lake;

/// <summary>A bucket as a place for files: listed by pages, read by ranges of one version, written whole.</summary>
public sealed class S3StoreTests(S3Server s3)
{
    private const int Part = 5 << 20;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_are_listed_below_the_prefix_with_size_time_and_captures()
    {
        var bucket = await s3.BucketAsync();
        foreach (
            var key in new[] { "acme/orders/1.csv", "acme/orders/deep/2.csv", "acme/.hidden/3.csv", "acme/orders/" }
        )
            await bucket.PutAsync(key, "abc");
        using var store = bucket.Store();

        var file = Assert.Single(await List(store, "{tenant}/{table}/*.csv"));

        Assert.Equal(("acme/orders/1.csv", 3L, "orders"), (file.Key, file.Size, file.Captures["table"]));
        Assert.InRange(file.LandedAt, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5));
        Assert.Equal("abc", await Read(store, file));
        Assert.Equal($"s3://{bucket.Name}/in/", store.Address);
    }

    [Fact]
    public async Task F33_every_key_that_can_be_shown_is_read_and_the_others_are_named()
    {
        var bucket = await s3.BucketAsync();
        string[] keys = ["a+b %41.csv", "dt=2026-01-02/ü ☃ 𝄞.csv", "back\\slash&<>'\"#?.csv"];
        foreach (var key in keys.Append("bell\u0007.csv"))
            await bucket.PutAsync(key, key);
        using var store = bucket.Store();
        var skipped = new List<string>();

        var files = await store.ListAsync(PathPattern.Parse("**/*.csv"), (key, _) => skipped.Add(key), Cancel);

        Assert.Equal(keys.Order(StringComparer.Ordinal), files.Select(file => file.Key).Order(StringComparer.Ordinal));
        foreach (var file in files)
            Assert.Equal(file.Key, await Read(store, file));
        Assert.Equal(["bell\\u0007.csv"], skipped);
    }

    [Fact]
    public async Task A_listing_is_longer_than_a_page()
    {
        var bucket = await s3.BucketAsync();
        await Parallel.ForAsync(0, 1005, Cancel, async (i, _) => await bucket.PutAsync($"many/{i}.csv", ""));
        using var store = bucket.Store();
        Assert.Equal(1005, (await List(store, "many/*.csv")).Count);
        Assert.Equal("", await Read(store, (await List(store, "many/7.csv"))[0]));
    }

    [Fact]
    public async Task A_file_is_read_by_parts_at_once_and_put_by_parts_once()
    {
        var bucket = await s3.BucketAsync();
        await using var proxy = new FaultyS3(bucket.Endpoint);
        using var store = new S3Store(bucket.Connection(proxy.Endpoint)) { PartBytes = Part, PutBytes = Part };
        var path = Path.GetTempFileName();
        var bytes = RandomNumberGenerator.GetBytes((8 * Part) + 12345);
        await File.WriteAllBytesAsync(path, bytes, Cancel);

        await store.PutAsync("big.bin", path, isNew: true, Cancel);
        Assert.Equal(9, proxy.Asked.Count(asked => asked.Contains("partNumber=", StringComparison.Ordinal)));
        await store.PutAsync("big.bin", path, isNew: true, Cancel); // as when an answer was lost
        await File.WriteAllTextAsync(path, "other", Cancel);
        var refused = await Assert.ThrowsAsync<HeadraceException>(() =>
            store.PutAsync("big.bin", path, isNew: true, Cancel)
        );
        Assert.Equal("HDR-316", refused.Code);
        File.Delete(path);

        await using var stream = await store.OpenAsync((await List(store, "big.bin"))[0], Cancel);
        using var found = new MemoryStream();
        await stream.CopyToAsync(found, 77_777, Cancel);
        Assert.Equal(bytes, found.ToArray());
        Assert.Equal(9, proxy.Asked.Count(asked => asked.Contains("bytes=", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task F17_a_file_replaced_after_it_was_listed_is_not_read()
    {
        var bucket = await s3.BucketAsync();
        await bucket.PutAsync("a.csv", "one");
        using var store = bucket.Store();
        var file = Assert.Single(await List(store, "*.csv"));
        await bucket.PutAsync("a.csv", "two");
        Assert.Equal(
            "HDR-111",
            (await Assert.ThrowsAsync<HeadraceException>(() => store.OpenAsync(file, Cancel))).Code
        );
    }

    [Fact]
    public async Task F17_a_file_replaced_between_two_parts_is_not_read()
    {
        var bucket = await s3.BucketAsync();
        await bucket.PutAsync("a.csv", new byte[1000]);
        using var store = new S3Store(bucket.Connection()) { PartBytes = 100 };
        await using var stream = await store.OpenAsync((await List(store, "*.csv"))[0], Cancel);
        await Task.Delay(500, Cancel); // what is read ahead is there
        await bucket.PutAsync("a.csv", Enumerable.Repeat((byte)1, 1000).ToArray());
        var error = await Assert.ThrowsAsync<HeadraceException>(() => stream.CopyToAsync(Stream.Null, Cancel));
        Assert.Equal(("HDR-111", true), (error.Code, error.IsTransient));
    }

    [Fact]
    public async Task F21_a_file_that_went_away_is_named()
    {
        var bucket = await s3.BucketAsync();
        await bucket.PutAsync("d/a.csv", "one");
        using var store = bucket.Store();
        var file = Assert.Single(await List(store, "d/*.csv"));
        Assert.True(await store.HasAsync("d/a.csv", Cancel));
        await bucket.RemoveAsync("d/a.csv");
        Assert.False(await store.HasAsync("d/a.csv", Cancel));
        var error = await Assert.ThrowsAsync<HeadraceException>(() => store.OpenAsync(file, Cancel));
        Assert.Equal("HDR-112", error.Code);
        Assert.Contains(error.Facts, fact => fact.Value == $"s3://{bucket.Name}/in/d/a.csv");
    }

    [Theory]
    [InlineData(404, "NoSuchBucket", "HDR-110")]
    [InlineData(403, "AccessDenied", "HDR-130")]
    [InlineData(403, "InvalidAccessKeyId", "HDR-134")]
    [InlineData(403, "SignatureDoesNotMatch", "HDR-134")]
    [InlineData(400, "ExpiredToken", "HDR-134")]
    [InlineData(301, "PermanentRedirect", "HDR-136")]
    [InlineData(400, "AuthorizationHeaderMalformed", "HDR-136")]
    public async Task A_bucket_that_cannot_be_read_has_its_reason(int status, string code, string error)
    {
        var bucket = await s3.BucketAsync();
        await using var proxy = new FaultyS3(bucket.Endpoint)
        {
            Answer = _ => Task.FromResult<S3Answer?>(new S3Answer(status, code, "because")),
        };
        using var store = bucket.Store(proxy.Endpoint);
        var named = await Assert.ThrowsAsync<HeadraceException>(() => List(store, "*"));
        Assert.Equal((error, false), (named.Code, named.IsTransient));
        Assert.Equal(error, (await Assert.ThrowsAsync<HeadraceException>(() => store.LookAsync(Cancel))).Code);
    }

    [Theory]
    [InlineData(403, "AccessDenied", "no", "HDR-113")]
    [InlineData(403, "AccessDenied", "User: x is not authorized to perform: kms:Decrypt", "HDR-137")]
    [InlineData(403, "InvalidObjectState", "The operation is not valid for the object's storage class", "HDR-137")]
    [InlineData(400, "KMS.DisabledException", "the key is disabled", "HDR-137")]
    public async Task F35_a_file_that_may_not_be_read_is_refused_alone(
        int status,
        string code,
        string message,
        string error
    )
    {
        var bucket = await s3.BucketAsync();
        await bucket.PutAsync("a.csv", "one");
        await bucket.PutAsync("b.csv", "two");
        await using var proxy = new FaultyS3(bucket.Endpoint)
        {
            Answer = request =>
                Task.FromResult(
                    request.RawUrl!.Contains("a.csv", StringComparison.Ordinal)
                        ? new S3Answer(status, code, message)
                        : null
                ),
        };
        using var store = bucket.Store(proxy.Endpoint);
        var files = (await List(store, "*.csv")).OrderBy(file => file.Key, StringComparer.Ordinal).ToList();
        Assert.Equal(
            error,
            (await Assert.ThrowsAsync<HeadraceException>(() => store.OpenAsync(files[0], Cancel))).Code
        );
        Assert.Equal("two", await Read(store, files[1]));
    }

    [Fact]
    public async Task The_owner_is_said_when_it_is_another_one()
    {
        var bucket = await s3.BucketAsync();
        await using var proxy = new FaultyS3(bucket.Endpoint)
        {
            // As AWS does; moto passes over it.
            Answer = request =>
                Task.FromResult(
                    request.Headers["x-amz-expected-bucket-owner"] is not (null or "123456789012")
                        ? new S3Answer(403, "AccessDenied", "Access Denied")
                        : null
                ),
        };
        using var right = new S3Store(bucket.Connection(proxy.Endpoint) with { ExpectedBucketOwner = "123456789012" });
        await right.LookAsync(Cancel);
        using var wrong = new S3Store(bucket.Connection(proxy.Endpoint) with { ExpectedBucketOwner = "210987654321" });
        Assert.Equal("HDR-133", (await Assert.ThrowsAsync<HeadraceException>(() => List(wrong, "*"))).Code);
    }

    [Fact]
    public async Task A_profile_that_is_not_there_is_named()
    {
        var bucket = await s3.BucketAsync();
        using var store = new S3Store(bucket.Connection() with { Profile = "nobody" });
        var error = await Assert.ThrowsAsync<HeadraceException>(() => store.LookAsync(Cancel));
        Assert.Equal("HDR-134", error.Code);
        Assert.Contains(error.Facts, fact => fact.Value.Contains("nobody", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_listed_version_is_moved_and_removed_and_no_other_one()
    {
        var bucket = await s3.BucketAsync();
        await using var proxy = new FaultyS3(bucket.Endpoint);
        await bucket.PutAsync("a.csv", "one");
        await bucket.PutAsync("b.csv", "one");
        using var store = bucket.Store(proxy.Endpoint);
        var files = (await List(store, "*.csv")).OrderBy(file => file.Key, StringComparer.Ordinal).ToList();

        Assert.True(await store.MoveAsync(files[0], "old/a.csv", Cancel));
        Assert.True(await store.MoveAsync(files[1], "old/a.csv", Cancel)); // the same bytes: as if a copy was cut off
        Assert.Equal(["old/a.csv"], await bucket.KeysAsync());

        await bucket.PutAsync("c.csv", "two");
        var listed = (await List(store, "*.csv"))[0];
        Assert.False(await store.MoveAsync(listed, "old/a.csv", Cancel));
        await bucket.PutAsync("c.csv", "three");
        // As AWS does; moto passes over it.
        proxy.Answer = request =>
            Task.FromResult(
                request.Headers["x-amz-copy-source-if-match"] is not null
                    ? new S3Answer(412, "PreconditionFailed", "x-amz-copy-source-If-Match")
                    : null
            );
        foreach (
            var step in (Func<Task>[])
                [() => store.MoveAsync(listed, "old/c.csv", Cancel), () => store.DeleteAsync(listed, Cancel)]
        )
            Assert.Equal("HDR-111", (await Assert.ThrowsAsync<HeadraceException>(step)).Code);
        Assert.Equal(["c.csv", "old/a.csv"], await bucket.KeysAsync());
        Assert.Equal("three", await bucket.TextAsync("c.csv"));
    }

    private static Task<IReadOnlyList<LakeFile>> List(S3Store store, string pattern) =>
        store.ListAsync(PathPattern.Parse(pattern), (_, _) => { }, Cancel);

    private static async Task<string> Read(S3Store store, LakeFile file)
    {
        await using var stream = await store.OpenAsync(file, Cancel);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync(Cancel);
    }
}
