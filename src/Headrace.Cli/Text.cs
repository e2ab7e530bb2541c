using System.Globalization;

namespace Headrace.Cli;

/// <summary>Numbers and times as people read them; the same in every locale.</summary>
internal static class Text
{
    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    public static string Rows(long number) => number == 1 ? "1 row" : $"{Count(number)} rows";

    public static string Duration(TimeSpan time) =>
        time switch
        {
            { TotalSeconds: < 10 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s"),
            { TotalMinutes: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0} s"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes} min {time.Seconds} s"),
        };

    public static string Ago(TimeSpan time) =>
        time switch
        {
            { TotalMinutes: < 1 } => "just now",
            { TotalHours: < 1 } => $"{(int)time.TotalMinutes} min ago",
            { TotalDays: < 1 } => $"{(int)time.TotalHours} h ago",
            _ => $"{(int)time.TotalDays} d ago",
        };
}
