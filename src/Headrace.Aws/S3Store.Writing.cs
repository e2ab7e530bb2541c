using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Headrace.Aws;

/// <summary>The writing half: what archives, staging and the care for loaded files ask.</summary>
public sealed partial class S3Store
{
    private const int MostInOneDelete = 1000;
    private const int MostParts = 10_000;
    private const int AtOnce = 4;

    // A copy of more takes several requests: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html.
    private const long MostInOneCopy = 5L << 30;
    private const long CopyPartBytes = 512L << 20;

    /// <inheritdoc/>
    public Task<IReadOnlyList<LakeFile>> ListAsync(string prefix, CancellationToken cancel) =>
        NameAsync<IReadOnlyList<LakeFile>>(async () =>
        {
            var files = new List<LakeFile>();
            await foreach (var file in FilesAsync(prefix, cancel))
                files.Add(file);
            return files;
        });

    /// <inheritdoc/>
    public Task PutAsync(string key, string path, bool isNew, CancellationToken cancel) =>
        NameAsync(async () =>
        {
            var length = new FileInfo(path).Length;
            try
            {
                if (length > 4L * PutBytes)
                    await PutPartsAsync(key, path, length, isNew, cancel);
                else
                    // One request: S3 shows the file when all of it is there, and not before.
                    await AskAsync(client =>
                        client.PutObjectAsync(
                            new PutObjectRequest
                            {
                                BucketName = settings.Bucket,
                                Key = Whole(key),
                                FilePath = path,
                                IfNoneMatch = isNew ? "*" : null,
                                ExpectedBucketOwner = settings.ExpectedBucketOwner,
                                ServerSideEncryptionMethod = Encryption,
                                ServerSideEncryptionKeyManagementServiceKeyId = settings.KmsKey,
                            },
                            cancel
                        )
                    );
            }
            catch (AmazonS3Exception error) when (isNew && error.StatusCode == HttpStatusCode.PreconditionFailed)
            {
                // It is ours when only the answer to a first try was lost.
                if ((await FindAsync(key, cancel))?.ContentLength != length)
                    throw;
            }

            return true;
        });

    /// <inheritdoc/>
    public Task GetAsync(string key, string path, CancellationToken cancel) =>
        NameAsync(async () =>
        {
            using var found = await AskAsync(client =>
                client.GetObjectAsync(
                    new GetObjectRequest
                    {
                        BucketName = settings.Bucket,
                        Key = Whole(key),
                        ExpectedBucketOwner = settings.ExpectedBucketOwner,
                    },
                    cancel
                )
            );
            await using var file = new FileStream(
                path,
                FileMode.Create,
                FileAccess.Write,
                FileShare.None,
                1 << 16,
                useAsync: true
            );
            await found.ResponseStream.CopyToAsync(file, cancel);
            return true;
        });

    /// <inheritdoc/>
    public async Task<bool> MoveAsync(LakeFile file, string key, CancellationToken cancel)
    {
        var isThere = await NameAsync(async () =>
            await FindAsync(key, cancel) is { } there
                ? there.ContentLength == file.Size && there.ETag == TagOf(file) // the copy, and the rest was cut off
                : (bool?)null
        );
        if (isThere == false)
            return false;
        if (isThere is null)
            await VersionAsync(file, () => CopyAsync(file, key, cancel));
        await DeleteAsync(file, cancel);
        return true;
    }

    /// <inheritdoc/>
    public Task DeleteAsync(LakeFile file, CancellationToken cancel) =>
        VersionAsync(
            file,
            () =>
                AskAsync(client =>
                    client.DeleteObjectAsync(
                        new DeleteObjectRequest
                        {
                            BucketName = settings.Bucket,
                            Key = Whole(file.Key),
                            IfMatch = TagOf(file),
                            ExpectedBucketOwner = settings.ExpectedBucketOwner,
                        },
                        cancel
                    )
                )
        );

    /// <inheritdoc/>
    public Task DeleteAsync(IReadOnlyList<string> keys, CancellationToken cancel) =>
        NameAsync(async () =>
        {
            foreach (var some in keys.Chunk(MostInOneDelete))
                await AskAsync(client =>
                    client.DeleteObjectsAsync(
                        new DeleteObjectsRequest
                        {
                            BucketName = settings.Bucket,
                            Objects = [.. some.Select(key => new KeyVersion { Key = Whole(key) })],
                            ExpectedBucketOwner = settings.ExpectedBucketOwner,
                        },
                        cancel
                    )
                );
            return true;
        });

    private async Task PutPartsAsync(string key, string path, long length, bool isNew, CancellationToken cancel)
    {
        var bytes = Math.Max(PutBytes, (length + MostParts - 1) / MostParts);
        await WithPartsAsync(
            key,
            (int)((length + bytes - 1) / bytes),
            async (client, upload, number) =>
                new PartETag(
                    await client.UploadPartAsync(
                        new UploadPartRequest
                        {
                            BucketName = settings.Bucket,
                            Key = Whole(key),
                            UploadId = upload,
                            PartNumber = number,
                            FilePath = path,
                            FilePosition = (number - 1) * bytes,
                            PartSize = Math.Min(bytes, length - ((number - 1) * bytes)),
                            ChecksumAlgorithm = ChecksumAlgorithm.CRC32,
                            ExpectedBucketOwner = settings.ExpectedBucketOwner,
                        },
                        cancel
                    ),
                    true
                ),
            isNew,
            cancel
        );
    }

    private async Task<bool> CopyAsync(LakeFile file, string key, CancellationToken cancel)
    {
        if (file.Size > MostInOneCopy)
            await WithPartsAsync(
                key,
                (int)((file.Size + CopyPartBytes - 1) / CopyPartBytes),
                async (client, upload, number) =>
                    new PartETag(
                        await client.CopyPartAsync(
                            new CopyPartRequest
                            {
                                SourceBucket = settings.Bucket,
                                SourceKey = Whole(file.Key),
                                DestinationBucket = settings.Bucket,
                                DestinationKey = Whole(key),
                                UploadId = upload,
                                PartNumber = number,
                                FirstByte = (number - 1) * CopyPartBytes,
                                LastByte = Math.Min(file.Size, number * CopyPartBytes) - 1,
                                ETagToMatch = [TagOf(file)],
                                ExpectedBucketOwner = settings.ExpectedBucketOwner,
                                ExpectedSourceBucketOwner = settings.ExpectedBucketOwner,
                            },
                            cancel
                        ),
                        true
                    ),
                isNew: true,
                cancel
            );
        else
            await AskAsync(client =>
                client.CopyObjectAsync(
                    new CopyObjectRequest
                    {
                        SourceBucket = settings.Bucket,
                        SourceKey = Whole(file.Key),
                        DestinationBucket = settings.Bucket,
                        DestinationKey = Whole(key),
                        ETagToMatch = TagOf(file),
                        IfNoneMatch = "*",
                        ExpectedBucketOwner = settings.ExpectedBucketOwner,
                        ExpectedSourceBucketOwner = settings.ExpectedBucketOwner,
                        ServerSideEncryptionMethod = Encryption,
                        ServerSideEncryptionKeyManagementServiceKeyId = settings.KmsKey,
                    },
                    cancel
                )
            );
        return true;
    }

    // Shown when the last part is there; until then it costs, so what is not ended is taken back.
    private async Task WithPartsAsync(
        string key,
        int count,
        Func<AmazonS3Client, string, int, Task<PartETag>> part,
        bool isNew,
        CancellationToken cancel
    )
    {
        var started = await AskAsync(client =>
            client.InitiateMultipartUploadAsync(
                new InitiateMultipartUploadRequest
                {
                    BucketName = settings.Bucket,
                    Key = Whole(key),
                    ChecksumAlgorithm = ChecksumAlgorithm.CRC32,
                    ExpectedBucketOwner = settings.ExpectedBucketOwner,
                    ServerSideEncryptionMethod = Encryption,
                    ServerSideEncryptionKeyManagementServiceKeyId = settings.KmsKey,
                },
                cancel
            )
        );
        try
        {
            var tags = new PartETag[count];
            await Parallel.ForAsync(
                0,
                count,
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel },
                async (i, _) => tags[i] = await AskAsync(client => part(client, started.UploadId, i + 1))
            );
            await AskAsync(client =>
                client.CompleteMultipartUploadAsync(
                    new CompleteMultipartUploadRequest
                    {
                        BucketName = settings.Bucket,
                        Key = Whole(key),
                        UploadId = started.UploadId,
                        PartETags = [.. tags],
                        IfNoneMatch = isNew ? "*" : null,
                        ExpectedBucketOwner = settings.ExpectedBucketOwner,
                    },
                    cancel
                )
            );
        }
        catch
        {
            try
            {
                await AskAsync(client =>
                    client.AbortMultipartUploadAsync(
                        new AbortMultipartUploadRequest
                        {
                            BucketName = settings.Bucket,
                            Key = Whole(key),
                            UploadId = started.UploadId,
                            ExpectedBucketOwner = settings.ExpectedBucketOwner,
                        },
                        CancellationToken.None
                    )
                );
            }
            catch (Exception error) when (IsRefusal(error, CancellationToken.None))
            {
                // What went wrong first is what counts; a rule of the bucket removes what is left.
            }

            throw;
        }
    }

    // What is asked of one version: S3 refuses it when there is another one, or none.
    private Task<T> VersionAsync<T>(LakeFile file, Func<Task<T>> step) =>
        NameAsync(async () =>
        {
            try
            {
                return await step();
            }
            catch (AmazonS3Exception error)
                when (error.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.NotFound)
            {
                throw Named(error, file.Key);
            }
        });

    private async Task<T> NameAsync<T>(Func<Task<T>> step)
    {
        try
        {
            return await step();
        }
        catch (AmazonS3Exception error)
        {
            throw Error.StagingFailed(
                Address,
                $"{error.ErrorCode} {error.Message}",
                error,
                (int)error.StatusCode is 0 or 409 or 429 or >= 500
            );
        }
        catch (Exception error) when (error is AmazonServiceException or HttpRequestException)
        {
            throw Error.StagingFailed(Address, error.Message, error, transient: true);
        }
        catch (Exception error) when (error is AmazonClientException or IOException or UnauthorizedAccessException)
        {
            throw Error.StagingFailed(Address, error.Message, error, transient: false);
        }
    }
}
