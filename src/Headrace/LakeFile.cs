namespace Headrace;

/// <summary>A file in a lake, as it was listed.</summary>
/// <param name="Key">Its path inside the lake with <c>/</c> between segments; never used as a path of this
/// machine.</param>
/// <param name="Size">Stored bytes.</param>
/// <param name="LandedAt">When its content was last written.</param>
/// <param name="Stamp">Changes whenever the content may have changed (size, times, inode; on S3 the ETag and
/// version).</param>
/// <param name="Captures">The captured values of the path pattern.</param>
public sealed record LakeFile(
    string Key,
    long Size,
    DateTimeOffset LandedAt,
    string Stamp,
    IReadOnlyDictionary<string, string> Captures
)
{
    /// <summary>MD5 of the stored bytes in base64, as who wrote it says; null when nobody does.</summary>
    public string? Md5 { get; init; }
}

/// <summary>A place with files: a folder, a bucket.</summary>
public interface ILake
{
    /// <summary>Where it is, the way a person would write it.</summary>
    string Address { get; }

    /// <summary>
    /// The data files that match <paramref name="pattern"/>, in no order. What is not a regular file, is hidden or
    /// temporary is left out; <paramref name="skipped"/> hears of it with the reason.
    /// </summary>
    Task<IReadOnlyList<LakeFile>> ListAsync(
        PathPattern pattern,
        Action<string, string> skipped,
        CancellationToken cancel
    );

    /// <summary>
    /// Opens the listed version; throws <see cref="Error.FileChanging"/> or <see cref="Error.FileGone"/> when it is no
    /// longer that.
    /// </summary>
    Task<Stream> OpenAsync(LakeFile file, CancellationToken cancel);

    /// <summary>True when there is a file of this key, data or not.</summary>
    Task<bool> HasAsync(string key, CancellationToken cancel);

    /// <summary>
    /// Throws <see cref="Error.FileChanging"/> when the file is no longer the listed version. Called after it was read
    /// to its end.
    /// </summary>
    Task ConfirmAsync(LakeFile file, CancellationToken cancel);
}
