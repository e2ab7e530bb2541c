using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;

namespace Headrace.Server.Pages;

/// <summary>
/// A piece of a page. It is made of interpolated text alone: what stands in the source goes in as it is, every value is
/// encoded, and only a value that is <see cref="Html"/> itself is not encoded again.
/// </summary>
internal readonly record struct Html
{
    private readonly string? text;

    private Html(string text) => this.text = text;

    /// <summary>Makes a piece: <c>Html.Of($"&lt;b&gt;{name}&lt;/b&gt;")</c>.</summary>
    public static Html Of(HtmlText text) => new(text.ToString());

    /// <summary>Pieces one after the other.</summary>
    public static Html Join(IEnumerable<Html> pieces) => new(string.Concat(pieces.Select(piece => piece.text)));

    public override string ToString() => text ?? "";
}

/// <summary>Interpolated text of which the values are encoded.</summary>
[InterpolatedStringHandler]
internal readonly struct HtmlText(int literal, int holes)
{
    private readonly StringBuilder text = new(literal + (holes * 16));

    public void AppendLiteral(string literal) => text.Append(literal);

    public void AppendFormatted(Html piece) => text.Append(piece.ToString());

    public void AppendFormatted(IEnumerable<Html> pieces)
    {
        foreach (var piece in pieces)
            text.Append(piece.ToString());
    }

    public void AppendFormatted<T>(T value, string format)
        where T : IFormattable => AppendFormatted(value.ToString(format, CultureInfo.InvariantCulture));

    public void AppendFormatted<T>(T value) =>
        text.Append(
            HtmlEncoder.Default.Encode(Plain.Lines(Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""))
        );

    public override string ToString() => text.ToString();
}
