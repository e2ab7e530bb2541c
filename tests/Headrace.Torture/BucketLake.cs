using Headrace.Tests;

namespace Headrace.Torture;

/// <summary>
/// A bucket of moto's. S3 has the time of an object from its own clock, in whole seconds: files of a dataset whose
/// order counts land in different ones.
/// </summary>
internal sealed class BucketLake(MotoServer moto, string bucket) : ILake
{
    private const string Prefix = "in";

    private readonly Dictionary<string, long> landed = [];

    public string Yaml =>
        $"{{ type: s3, bucket: {bucket}, prefix: {Prefix}, region: us-east-1, endpoint: '{moto.Endpoint}' }}";

    public void Land(LakeItem item)
    {
        while (item.Version is null && landed.GetValueOrDefault(item.Dataset) == Second())
            Thread.Sleep(20);
        Wait(moto.PutAsync($"{bucket}/{Prefix}/{item.Key}", item.Bytes));
        landed[item.Dataset] = Second();
    }

    public void Touch(LakeItem item, int landed) => Land(item);

    public void Remove(LakeItem item) => Wait(moto.RemoveAsync($"{bucket}/{Prefix}/{item.Key}"));

    private static long Second() => DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    // A lane does one thing at a time.
    private static void Wait(Task task) => task.GetAwaiter().GetResult();
}
