namespace Headrace.StandIn;

/// <summary>An error for the client, as the server would send it.</summary>
public sealed class Refusal(string sqlState, string message, string? detail = null) : Exception(message)
{
    /// <summary>Five characters.</summary>
    public string SqlState { get; } = sqlState;

    public string? Detail { get; } = detail;

    /// <summary>Redshift lacks <paramref name="what"/>.</summary>
    public static Refusal Unsupported(string what) => new("0A000", $"{what} is not supported by Amazon Redshift");

    /// <summary>Redshift may well have it; this stand-in does not play it.</summary>
    public static Refusal NotPlayed(string what) => new("0A000", $"stand-in limit: {what} is not played");

    public static Refusal Syntax(string near) => new("42601", $"syntax error at or near \"{near}\"");

    public static Refusal Load(string table) =>
        new("XX000", $"Load into table '{table}' failed.  Check 'sys_load_error_detail' system table for details.");

    public static Refusal Internal(int code, string context) =>
        new(
            "XX000",
            context,
            $"""

              -----------------------------------------------
              error:  {context}
              code:      {code}
              context:   {context}
              -----------------------------------------------
            """
        );
}
