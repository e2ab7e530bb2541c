namespace Headrace.Lake;

/// <summary>A lake whose files tell how far they have been read.</summary>
internal sealed class WatchedLake(ILake lake, Action<LoadProgress> progress) : ILake
{
    public string Address => lake.Address;

    public Task<IReadOnlyList<LakeFile>> ListAsync(
        PathPattern pattern,
        Action<string, string> skipped,
        CancellationToken cancel
    ) => lake.ListAsync(pattern, skipped, cancel);

    public async Task<Stream> OpenAsync(LakeFile file, CancellationToken cancel) =>
        new WatchedStream(await lake.OpenAsync(file, cancel), file.Size, progress);

    public Task<bool> HasAsync(string key, CancellationToken cancel) => lake.HasAsync(key, cancel);

    public Task ConfirmAsync(LakeFile file, CancellationToken cancel) => lake.ConfirmAsync(file, cancel);

    private sealed class WatchedStream(Stream stream, long size, Action<LoadProgress> progress) : Staging.ForwardStream
    {
        private long read;

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer,
            CancellationToken cancellationToken = default
        ) => Seen(await stream.ReadAsync(buffer, cancellationToken));

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                stream.Dispose();
            base.Dispose(disposing);
        }

        private int Seen(int bytes)
        {
            read += bytes;
            progress(new LoadProgress("reads", 0, size == 0 ? 1 : (double)read / size));
            return bytes;
        }
    }
}
