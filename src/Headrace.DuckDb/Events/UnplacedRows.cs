namespace Headrace.DuckDb;

/// <summary>Changes of one file whose place among those of their rows cannot be told any more.</summary>
/// <param name="Query">They as rows for the quarantine: <c>line</c>, <c>column</c>, <c>value</c>, <c>reason</c>,
/// <c>row</c>.</param>
internal sealed record UnplacedRows(StagedFile File, long Rows, string Query);
