namespace Headrace.Postgres;

/// <summary>The only two places that quote text for PostgreSQL's dialect.</summary>
public static class PostgresSql
{
    /// <summary>A quoted identifier.</summary>
    /// <exception cref="ArgumentException">It is empty or contains NUL.</exception>
    public static string Identifier(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return $"\"{Whole(name).Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    /// <summary>A text literal, whatever <c>standard_conforming_strings</c> says.</summary>
    /// <exception cref="ArgumentException">It contains NUL.</exception>
    public static string Literal(string text)
    {
        var doubled = Whole(text).Replace("'", "''", StringComparison.Ordinal);
        return doubled.Contains('\\', StringComparison.Ordinal)
            ? $" E'{doubled.Replace("\\", "\\\\", StringComparison.Ordinal)}'"
            : $"'{doubled}'";
    }

    private static string Whole(string text) =>
        text.Contains('\0', StringComparison.Ordinal)
            ? throw new ArgumentException("The text has a NUL.", nameof(text))
            : text;
}
