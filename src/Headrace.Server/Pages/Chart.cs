using System.Globalization;

namespace Headrace.Server.Pages;

/// <summary>Bars as SVG, made here: no script draws them.</summary>
internal static class Chart
{
    private const int Width = 4,
        Gap = 1;

    /// <summary>A small row of bars, the oldest first.</summary>
    /// <param name="title">What they show, for who does not see them.</param>
    public static Html Bars(string title, IReadOnlyList<long> values, int height = 24)
    {
        if (values.Count == 0)
            return Words.Nothing;
        var most = Math.Max(1, values.Max());
        var width = values.Count * (Width + Gap);
        var bars = values.Select(
            (value, i) =>
            {
                var tall = value <= 0 ? 1 : Math.Max(1, (int)Math.Round((double)value / most * height));
                return Html.Of(
                    $"""
                    <rect x="{i * (Width + Gap)}" y="{height - tall}" width="{Width}" height="{tall}">
                    <title>{Words.Count(value)}</title></rect>
                    """
                );
            }
        );
        var said = string.Join(", ", values.Select(value => value.ToString(CultureInfo.InvariantCulture)));
        return Html.Of(
            $"""
            <svg class="bars" role="img" aria-label="{title}: {said}" viewBox="0 0 {width} {height}"
            width="{width}" height="{height}">{bars}</svg>
            """
        );
    }
}
