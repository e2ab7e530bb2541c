using System.Globalization;
using System.Text;

namespace Headrace.DuckDb;

/// <summary>Writes values the way DuckDB's cast to VARCHAR does; a time with a zone as in UTC.</summary>
internal static class Render
{
    private const long MicrosPerDay = 86_400_000_000;

    public static string Decimal(Int128 unscaled, int width, int scale)
    {
        if (scale == 0)
            return unscaled.ToString(CultureInfo.InvariantCulture);
        var digits = Int128.Abs(unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(scale, '0');
        // A type that is all fraction has no 0 before its point.
        var whole =
            digits.Length > scale ? digits[..^scale]
            : width > scale ? "0"
            : "";
        return $"{(unscaled < 0 ? "-" : "")}{whole}.{digits[^scale..]}";
    }

    public static string Float(float value) =>
        float.IsFinite(value)
            ? Shortest(
                value.ToString("E8", CultureInfo.InvariantCulture),
                value.ToString("R", CultureInfo.InvariantCulture)
            )
            : Special(value);

    public static string Double(double value) =>
        double.IsFinite(value)
            ? Shortest(
                value.ToString("E16", CultureInfo.InvariantCulture),
                value.ToString("R", CultureInfo.InvariantCulture)
            )
            : Special(value);

    public static string Date(int days) =>
        days switch
        {
            int.MaxValue => "infinity",
            -int.MaxValue => "-infinity",
            _ => Day(days, out var era) + era,
        };

    public static string Time(long micros) => Clock(micros, 6);

    /// <param name="value">Units since 1970.</param>
    /// <param name="digits">How many digits of a second a unit is: 0, 3, 6 or 9.</param>
    /// <param name="zone">What follows the time.</param>
    public static string Timestamp(long value, int digits, string zone = "")
    {
        if (value is long.MaxValue or -long.MaxValue)
            return value > 0 ? "infinity" : "-infinity";
        var perDay = digits switch
        {
            0 => 86_400L,
            3 => 86_400_000L,
            6 => MicrosPerDay,
            _ => MicrosPerDay * 1000,
        };
        var days = Math.DivRem(value, perDay, out var rest);
        if (rest < 0)
            (days, rest) = (days - 1, rest + perDay);
        var date = Day((int)days, out var era);
        return $"{date}{era} {Clock(rest, digits)}{zone}";
    }

    public static string Blob(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (var one in bytes)
            if (one is >= 32 and <= 126 and not ((byte)'\\' or (byte)'\'' or (byte)'"'))
                text.Append((char)one);
            else
                text.Append(CultureInfo.InvariantCulture, $"\\x{one:X2}");
        return text.ToString();
    }

    private static string Special(double value) =>
        (double.IsNegative(value) ? "-" : "") + (double.IsNaN(value) ? "nan" : "inf");

    // The digits are the fewest that read back as the same number, in .NET as in DuckDB; where they change to an
    // exponent and how that looks differs.
    private static string Shortest(string exact, string shortest)
    {
        var exponent = int.Parse(
            exact.AsSpan(exact.IndexOf('E', StringComparison.Ordinal) + 1),
            NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture
        );
        var sign = shortest[0] == '-' ? "-" : "";
        var mantissa = shortest.AsSpan(sign.Length);
        if (mantissa.IndexOf('E') is >= 0 and var e)
        {
            exponent = int.Parse(mantissa[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            mantissa = mantissa[..e];
        }

        var digits = mantissa.ToString().Replace(".", "", StringComparison.Ordinal).TrimStart('0').TrimEnd('0');
        if (digits.Length == 0)
            return sign + "0.0";
        if (exponent is < -4 or >= 16)
            return $"{sign}{digits[0]}{(digits.Length > 1 ? "." : "")}{digits[1..]}"
                + $"e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        if (exponent < 0)
            return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        var whole = digits.PadRight(exponent + 1, '0');
        return $"{sign}{whole[..(exponent + 1)]}.{(whole.Length > exponent + 1 ? whole[(exponent + 1)..] : "0")}";
    }

    // The civil calendar by eras of 400 years (146097 days) that begin on 1 March; DateOnly ends at the years 1 and
    // 9999.
    private static string Day(int days, out string era)
    {
        var shifted = days + 719_468L;
        var cycle = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097;
        var day = shifted - cycle * 146_097;
        var year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        var ofYear = day - (365 * year + year / 4 - year / 100);
        var month = (5 * ofYear + 2) / 153;
        var ofMonth = ofYear - (153 * month + 2) / 5 + 1;
        month += month < 10 ? 3 : -9;
        year += cycle * 400 + (month <= 2 ? 1 : 0);
        era = year <= 0 ? " (BC)" : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{(year <= 0 ? 1 - year : year):0000}-{month:00}-{ofMonth:00}"
        );
    }

    private static string Clock(long value, int digits)
    {
        var unit = digits switch
        {
            0 => 1L,
            3 => 1_000L,
            6 => 1_000_000L,
            _ => 1_000_000_000L,
        };
        var seconds = Math.DivRem(value, unit, out var fraction);
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{seconds / 3600:00}:{seconds / 60 % 60:00}:{seconds % 60:00}"
        );
        return fraction == 0
            ? text
            : $"{text}.{fraction.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0').TrimEnd('0')}";
    }
}
