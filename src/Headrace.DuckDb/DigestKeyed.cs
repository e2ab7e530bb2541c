namespace Headrace.DuckDb;

/// <summary>
/// The key of an export's digests, what memory a set of digests may take, and those of the export before where they
/// were read ahead.
/// </summary>
internal sealed record DigestKeyed(Staging.DigestKey Key, long SetBytes, DigestSet? Ready = null);
