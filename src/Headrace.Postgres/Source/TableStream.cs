namespace Headrace.Postgres;

/// <summary>A read of a table that goes on while its rows are loaded.</summary>
internal sealed class TableStream
{
    private readonly CancellationTokenSource stop;
    private readonly TaskCompletionSource<StagedFile>[] begun;
    private readonly Task<IReadOnlyList<StagedFile>> all;

    /// <param name="files">How many files the read makes.</param>
    /// <param name="read">Reads; is given what takes each file, with its place, once some of its rows are
    /// there.</param>
    public TableStream(
        int files,
        Func<Action<int, StagedFile>, CancellationToken, Task<IReadOnlyList<StagedFile>>> read,
        CancellationToken cancel
    )
    {
        stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        begun =
        [
            .. Enumerable
                .Range(0, files)
                .Select(_ => new TaskCompletionSource<StagedFile>(TaskCreationOptions.RunContinuationsAsynchronously)),
        ];
        all = Task.Run(
            async () =>
            {
                try
                {
                    return await read((i, file) => begun[i].TrySetResult(file), stop.Token);
                }
                catch (Exception error)
                {
                    foreach (var file in Files)
                        file.Stream!.Fail(error);
                    throw;
                }
            },
            CancellationToken.None
        );
    }

    /// <summary>True when the warehouse had no type for a value.</summary>
    public bool IsRefused => Files.Any(file => file.Stream!.IsRefused);

    private IEnumerable<StagedFile> Files =>
        begun.Where(file => file.Task.IsCompletedSuccessfully).Select(file => file.Task.Result);

    /// <summary>The files, as soon as each of them has rows, or all of them are whole.</summary>
    public async Task<IReadOnlyList<StagedFile>> FilesAsync()
    {
        var some = Task.WhenAll(begun.Select(file => file.Task));
        return await Task.WhenAny(some, all) == all ? await all : await some;
    }

    /// <summary>Ends the read, where it has not ended.</summary>
    public void End()
    {
        stop.Cancel();
        try
        {
            all.GetAwaiter().GetResult(); // it is over in a moment; the next step must not find it writing
        }
        catch (Exception)
        {
            // Whoever loaded the rows was told.
        }

        stop.Dispose();
    }
}
