using Headrace.Configuration;
using Headrace.Configuration.Binding;
using Xunit;

namespace Headrace.Tests.Configuration;

public class QuantityTests
{
    [Theory]
    [InlineData("500ms", 500)]
    [InlineData("2s", 2000)]
    [InlineData("1.5s", 1500)]
    [InlineData("10m", 600_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("1d", 86_400_000)]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    [InlineData("2", null)]
    [InlineData("2S", null)]
    [InlineData("-2s", null)]
    [InlineData("s", null)]
    [InlineData("1e3s", null)]
    [InlineData("99999999d", null)]
    [InlineData("99999999999999999999999999999d", null)]
    public void A_duration_has_a_unit(string text, int? milliseconds) =>
        Assert.Equal(
            milliseconds,
            Quantity.TryDuration(text, out var duration) ? (int)duration.TotalMilliseconds : null
        );

    [Theory]
    [InlineData("512MB", 512_000_000L)]
    [InlineData("512 mb", 512_000_000L)]
    [InlineData("1MiB", 1L << 20)]
    [InlineData("64KB", 64_000L)]
    [InlineData("1.5GB", 1_500_000_000L)]
    [InlineData("1234", 1234L)]
    [InlineData("1TiB", 1L << 40)]
    [InlineData("9999999999TB", null)]
    [InlineData("1XB", null)]
    [InlineData("", null)]
    [InlineData("-1", null)]
    public void A_size_is_in_bytes_or_has_a_unit(string text, long? bytes) =>
        Assert.Equal(bytes, Quantity.TrySize(text, out var size) ? size : null);

    [Theory]
    [InlineData("20%", 0.2)]
    [InlineData("0.5%", 0.005)]
    [InlineData("0.2", 0.2)]
    [InlineData("0", 0.0)]
    [InlineData("100%", 1.0)]
    [InlineData("101%", null)]
    [InlineData("2", null)]
    [InlineData("NaN", null)]
    public void A_share_is_a_part_of_one(string text, double? expected) =>
        Assert.Equal(expected, Quantity.TryShare(text, out var share) ? share : null);

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(1500, "1500ms")]
    [InlineData(90_000, "90s")]
    [InlineData(3_600_000, "1h")]
    public void A_duration_is_written_with_the_largest_unit_that_fits(int milliseconds, string text) =>
        Assert.Equal(text, Quantity.Text(TimeSpan.FromMilliseconds(milliseconds)));

    [Theory]
    [InlineData("dd.MM.yyyy", "%d.%m.%Y")]
    [InlineData("yyyy-MM-ddTHH:mm:ss.fffZ", "%Y-%m-%dT%H:%M:%S.%gZ")]
    [InlineData("yyyy-MM-dd HH:mm:ss.ffffff", "%Y-%m-%d %H:%M:%S.%f")]
    [InlineData("M/d/yy h:mm tt", "%-m/%-d/%y %-I:%M %p")]
    [InlineData("d. MMMM yyyy", "%-d. %B %Y")]
    [InlineData("HH'h'mm", "%Hh%M")]
    [InlineData("%d.%m.%Y", "%d.%m.%Y")]
    [InlineData("%-d %B %Y 100%%", "%-d %B %Y 100%%")]
    [InlineData("DD.MM.YYYY", null)]
    [InlineData("yyy", null)]
    [InlineData("%Q", null)]
    [InlineData("%d %", null)]
    [InlineData("", null)]
    public void A_date_format_is_turned_into_strptime_notation(string format, string? expected)
    {
        Assert.Equal(expected, DateFormat.ToStrptime(format, out var unknown));
        Assert.Equal(expected is null, unknown is not null);
    }

    [Theory]
    [InlineData("updated_key", "update_key")]
    [InlineData("primarykey", "primary_key")]
    [InlineData("ignore-new-columns", null)]
    [InlineData("x", null)]
    public void The_nearest_word_is_suggested_and_no_far_one(string word, string? expected) =>
        Assert.Equal(expected, Suggestion.For(word, ["primary_key", "update_key", "write", "read"]));
}
