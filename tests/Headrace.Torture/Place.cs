using Headrace.Tests;

namespace Headrace.Torture;

/// <summary>Where a sequence's files lie and its operations go.</summary>
/// <param name="Lake">Makes the lake of a project, by the project's folder; so does the other.</param>
internal sealed record Place(Func<string, ILake> Lake, Func<string, IPublished> Published)
{
    /// <summary>Folders of the project.</summary>
    public static readonly Place Folders = new(
        folder => new FolderLake(Path.Combine(folder, "lake")),
        folder => new FolderPublished(Path.Combine(folder, "ops"))
    );

    /// <summary>A bucket and a stream of a sequence's own.</summary>
    public static async Task<Place> MakeAsync(MotoServer moto)
    {
        var name = $"s{Guid.NewGuid():N}"[..16];
        await moto.PutAsync(name, []);
        await moto.AskAsync(
            "kinesis",
            "Kinesis_20131202.CreateStream",
            new() { ["StreamName"] = name, ["ShardCount"] = 2 }
        );
        return new Place(_ => new BucketLake(moto, name), _ => new StreamPublished(moto, name));
    }
}
