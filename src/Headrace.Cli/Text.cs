using System.Globalization;
using System.Text;

namespace Headrace.Cli;

/// <summary>Numbers and times as people read them, the same in every locale; and what they give to read.</summary>
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

    /// <summary>All of a stream as text; null when it is longer than so many bytes.</summary>
    public static async Task<string?> WholeAsync(Stream stream, int most, CancellationToken cancel)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[64 << 10];
        for (int read; (read = await stream.ReadAsync(buffer, cancel)) > 0; )
        {
            bytes.Write(buffer, 0, read);
            if (bytes.Length > most)
                return null;
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    public static string Ago(TimeSpan time) =>
        time switch
        {
            { TotalMinutes: < 1 } => "just now",
            { TotalHours: < 1 } => $"{(int)time.TotalMinutes} min ago",
            { TotalDays: < 1 } => $"{(int)time.TotalHours} h ago",
            _ => $"{(int)time.TotalDays} d ago",
        };
}
