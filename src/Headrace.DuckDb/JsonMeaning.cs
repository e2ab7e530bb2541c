namespace Headrace.DuckDb;

/// <summary>JSON values as one text each, however they are written: what <c>json</c> keeps as it came, <c>jsonb</c> writes anew.</summary>
internal static class JsonMeaning
{
    // The engine reads numbers as doubles: those with more digits than a double has are told by their own text.
    private const string LongNumber = "'[0-9][0-9.]{15,}'";

    /// <summary>The text in SQL: each value with its path, in the order of the paths; NULL for NULL, and what is no JSON as it is.</summary>
    public static string Of(string value)
    {
        var text = $"CAST({value} AS VARCHAR)";
        var atom =
            """
            CAST(to_json(j.fullkey) AS VARCHAR) || CASE WHEN j.type IN ('UBIGINT', 'BIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE')
                THEN ' ' || CAST(CAST(CAST(j.atom AS VARCHAR) AS DOUBLE) + 0 AS VARCHAR) ELSE ' ' || j.type || ' ' || coalesce(CAST(j.atom AS VARCHAR), '') END
            """;
        return $"""
            (CASE WHEN NOT json_valid({text}) THEN {text} ELSE (SELECT string_agg({atom}, chr(10) ORDER BY j.fullkey) FROM json_tree({text}) AS j)
                || chr(10) || CAST(list_sort(regexp_extract_all({text}, {LongNumber})) AS VARCHAR) END)
            """;
    }
}
