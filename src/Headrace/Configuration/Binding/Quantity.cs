using System.Globalization;

namespace Headrace.Configuration.Binding;

/// <summary>Durations, sizes and shares as users write them, there and back.</summary>
internal static class Quantity
{
    public const string DurationPattern = @"^(0|[0-9]+(\.[0-9]+)?\s*(ms|s|m|h|d))$";
    public const string SizePattern = @"^[0-9]+(\.[0-9]+)?\s*([KMGT]i?)?B?$";
    public const string SharePattern = @"^[0-9]+(\.[0-9]+)?\s*%?$";

    static readonly (string Unit, long Milliseconds)[] Durations =
    [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1000),
        ("ms", 1),
    ];

    static readonly (string Unit, long Bytes)[] Sizes =
    [
        ("TiB", 1L << 40),
        ("TB", 1_000_000_000_000),
        ("GiB", 1L << 30),
        ("GB", 1_000_000_000),
        ("MiB", 1L << 20),
        ("MB", 1_000_000),
        ("KiB", 1L << 10),
        ("KB", 1000),
        ("B", 1),
    ];

    /// <summary><c>500ms 2s 10m 1h 1d 0</c></summary>
    public static bool TryDuration(string text, out TimeSpan duration)
    {
        duration = default;
        if (!TrySplit(text, out var number, out var unit))
            return false;
        if (unit.Length == 0)
            return number == 0;
        var found = Durations.FirstOrDefault(one => one.Unit == unit);
        if (found.Unit is null || number * found.Milliseconds > 10_000m * 86_400_000m)
            return false;
        duration = TimeSpan.FromTicks((long)(number * found.Milliseconds * TimeSpan.TicksPerMillisecond));
        return true;
    }

    /// <summary><c>512MB 1GiB 64KB 1000</c>; MB is a million bytes, MiB is 2^20.</summary>
    public static bool TrySize(string text, out long bytes)
    {
        bytes = 0;
        if (!TrySplit(text, out var number, out var unit))
            return false;
        var found =
            unit.Length == 0
                ? ("B", 1)
                : Sizes.FirstOrDefault(one => string.Equals(one.Unit, unit, StringComparison.OrdinalIgnoreCase));
        if (found.Item1 is null || number * found.Item2 > 1L << 60)
            return false;
        bytes = (long)(number * found.Item2);
        return true;
    }

    /// <summary><c>20% 0.5% 0.2</c>, as a part of 1.</summary>
    public static bool TryShare(string text, out double share)
    {
        share = 0;
        if (!TrySplit(text, out var number, out var unit) || unit is not ("" or "%"))
            return false;
        share = (double)(unit == "%" ? number / 100 : number);
        return share is >= 0 and <= 1;
    }

    public static string Text(TimeSpan duration)
    {
        var milliseconds = (long)duration.TotalMilliseconds;
        if (milliseconds == 0)
            return "0s";
        var (unit, size) = Durations.First(one => milliseconds % one.Milliseconds == 0);
        return string.Create(CultureInfo.InvariantCulture, $"{milliseconds / size}{unit}");
    }

    public static string Text(long bytes)
    {
        var (unit, size) = bytes == 0 ? ("B", 1) : Sizes.First(one => bytes % one.Bytes == 0);
        return unit == "B"
            ? bytes.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{bytes / size}{unit}");
    }

    public static string Text(double share) =>
        ((decimal)share * 100).ToString("0.##########", CultureInfo.InvariantCulture) + "%";

    static bool TrySplit(string text, out decimal number, out string unit)
    {
        text = text.Trim();
        var end = 0;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.'))
            end++;
        unit = text[end..].TrimStart();
        return decimal.TryParse(
                text.AsSpan(0, end),
                NumberStyles.AllowDecimalPoint,
                CultureInfo.InvariantCulture,
                out number
            )
            && number < 1e18m;
    }
}
