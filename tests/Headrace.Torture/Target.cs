namespace Headrace.Torture;

/// <summary>Where the rows of a sequence or a round go.</summary>
internal enum Target
{
    DuckDb,
    Postgres,
}
