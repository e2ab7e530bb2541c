namespace Headrace.Staging;
public sealed class Stager(string spool, FileLimits limits)
{
    public Task<StagedFile> StageAsync(ILake lake, LakeFile file, FileFormat format, IReadOnlyList<string>? declared, CancellationToken cancel) => throw new NotSupportedException(spool + limits);
}
