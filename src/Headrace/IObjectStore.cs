namespace Headrace;

/// <summary>
/// A place for files: a folder, a bucket. Sources read it (<see cref="ILake"/>); archives and staging write it, and
/// another machine may read it by URLs. Keys have <c>/</c> between their parts and none at the start.
/// </summary>
public interface IObjectStore : ILake, IDisposable
{
    /// <summary>The region in which a reader must look; null when nobody said.</summary>
    string? Region { get; }

    /// <summary>The URL by which others read a key.</summary>
    string Url(string key);

    /// <summary>Sees that it is there and may be listed.</summary>
    /// <exception cref="HeadraceException">HDR-110, HDR-130, HDR-133 to HDR-136.</exception>
    Task LookAsync(CancellationToken cancel);

    /// <summary>
    /// All files whose keys begin so, hidden ones too, in no order. Their time is when they came under their keys.
    /// </summary>
    /// <exception cref="HeadraceException">HDR-316.</exception>
    Task<IReadOnlyList<LakeFile>> ListAsync(string prefix, CancellationToken cancel);

    /// <summary>Puts a file of this machine there, whole or not at all.</summary>
    /// <param name="isNew">Another file under this key is never replaced.</param>
    /// <exception cref="HeadraceException">HDR-316.</exception>
    Task PutAsync(string key, string path, bool isNew, CancellationToken cancel);

    /// <summary>Brings a file here.</summary>
    /// <exception cref="HeadraceException">HDR-316.</exception>
    Task GetAsync(string key, string path, CancellationToken cancel);

    /// <summary>Gives the listed version of a file another key.</summary>
    /// <returns>False when there is another file under that key, which stays.</returns>
    /// <exception cref="HeadraceException">HDR-111, HDR-112 when it is not that version any more; HDR-316.</exception>
    Task<bool> MoveAsync(LakeFile file, string key, CancellationToken cancel);

    /// <summary>Removes the listed version of a file.</summary>
    /// <exception cref="HeadraceException">HDR-111, HDR-112 when it is not that version any more; HDR-316.</exception>
    Task DeleteAsync(LakeFile file, CancellationToken cancel);

    /// <summary>Removes files, whatever version; what is not there is no error.</summary>
    /// <exception cref="HeadraceException">HDR-316.</exception>
    Task DeleteAsync(IReadOnlyList<string> keys, CancellationToken cancel);
}
