namespace Headrace;

/// <summary>
/// A place for files that another machine reads by their URLs. Keys have <c>/</c> between their parts and none at the
/// start.
/// </summary>
public interface IObjectStore : IDisposable
{
    /// <summary>Where this is, the way a person would write it.</summary>
    string Address { get; }

    /// <summary>The region in which a reader must look; null when nobody said.</summary>
    string? Region { get; }

    /// <summary>The URL by which others read a key.</summary>
    string Url(string key);

    /// <summary>Puts a file of this machine there, whole or not at all.</summary>
    /// <exception cref="HeadraceException">HDR-316.</exception>
    Task PutAsync(string key, string path, CancellationToken cancel);

    /// <summary>Brings a file here.</summary>
    /// <exception cref="HeadraceException">HDR-316.</exception>
    Task GetAsync(string key, string path, CancellationToken cancel);

    /// <summary>All keys that begin so, in no order.</summary>
    /// <exception cref="HeadraceException">HDR-316.</exception>
    Task<IReadOnlyList<string>> ListAsync(string prefix, CancellationToken cancel);

    /// <summary>Removes files; what is not there is no error.</summary>
    /// <exception cref="HeadraceException">HDR-316.</exception>
    Task DeleteAsync(IReadOnlyList<string> keys, CancellationToken cancel);
}
