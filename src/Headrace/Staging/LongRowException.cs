namespace Headrace.Staging;

/// <summary>
/// Rows that are staged as PostgreSQL writes them have one that may be too long: as text it is known, and set aside
/// alone.
/// </summary>
public sealed class LongRowException() : Exception("A row may be longer than max_record_bytes.");
