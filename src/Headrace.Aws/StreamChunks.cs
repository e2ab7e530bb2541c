namespace Headrace.Aws;

/// <summary>Chunks of a stream as a lake: they are files that a run has read, and no others.</summary>
internal sealed class StreamChunks(string address) : ILake
{
    private Dictionary<string, StreamChunk> chunks = [];

    public string Address => address;

    /// <summary>The chunks there are from now on.</summary>
    public void Hold(IEnumerable<StreamChunk> found) => chunks = found.ToDictionary(chunk => chunk.File.Key);

    public Task<IReadOnlyList<LakeFile>> ListAsync(
        PathPattern pattern,
        Action<string, string> skipped,
        CancellationToken cancel
    ) => Task.FromResult<IReadOnlyList<LakeFile>>([.. chunks.Values.Select(chunk => chunk.File)]);

    public Task<Stream> OpenAsync(LakeFile file, CancellationToken cancel) =>
        Task.FromResult<Stream>(new MemoryStream(chunks[file.Key].Lines, writable: false));

    public Task<bool> HasAsync(string key, CancellationToken cancel) => Task.FromResult(chunks.ContainsKey(key));

    public Task ConfirmAsync(LakeFile file, CancellationToken cancel) => Task.CompletedTask;
}
