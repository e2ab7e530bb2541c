using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>How a flow hides a column: <c>iban: redact</c>, <c>email: { hmac: "${secret:key}" }</c>.</summary>
[ShortFor("with")]
[Description("How the values of a column are hidden: one word, or one of these keys. NULL stays NULL.")]
public sealed record FlowMask
{
    [Description("`redact`: each value becomes `***`. \"null\", in quotes: it becomes NULL.")]
    public MaskWord? With { get; init; }

    [Secret]
    [Description(
        "The key of an HMAC: each value becomes the lower-case hexadecimal of HMAC-SHA-256 over its text, so that "
            + "equal values stay equal. Write it as a secret: ${secret:NAME}."
    )]
    public string? Hmac { get; init; }

    [Description("How many characters stay, behind `***`; of a value that has no more than these none does.")]
    [AtLeast(0)]
    public int? KeepLast { get; init; }

    [Description("A date or a time becomes the first moment of its period; its type stays.")]
    public MaskPeriod? Truncate { get; init; }

    /// <summary>The name under which it stands: the column's name in the table, or in the source.</summary>
    [NotAKey]
    public string Name { get; init; } = "";

    /// <summary>False when files may lack the column: the mask comes from the defaults.</summary>
    [NotAKey]
    public bool IsOwn { get; init; } = true;

    /// <summary>How many ways of hiding are said.</summary>
    internal int Ways =>
        (With is null ? 0 : 1) + (Hmac is null ? 0 : 1) + (KeepLast is null ? 0 : 1) + (Truncate is null ? 0 : 1);

    /// <summary>The mask of a column of the source.</summary>
    internal Mask Of(string column, bool isNeeded)
    {
        var mask =
            Hmac is { } key ? Mask.Hmac(column, key)
            : KeepLast is { } kept ? Mask.KeepLast(column, kept)
            : Mask.Of(
                column,
                Truncate switch
                {
                    MaskPeriod.Year => MaskKind.Year,
                    MaskPeriod.Month => MaskKind.Month,
                    MaskPeriod.Day => MaskKind.Day,
                    _ => With == MaskWord.Null ? MaskKind.Null : MaskKind.Redact,
                }
            );
        return isNeeded && IsOwn ? mask : mask.Optional();
    }
}

/// <summary>Ways to hide a value that need no more than a word.</summary>
public enum MaskWord
{
    /// <summary><c>***</c> in its place.</summary>
    Redact,

    /// <summary>NULL in its place.</summary>
    Null,
}

/// <summary>What is left of a date.</summary>
public enum MaskPeriod
{
    /// <summary>Its year.</summary>
    Year,

    /// <summary>Its month.</summary>
    Month,

    /// <summary>The day itself; of a time its day.</summary>
    Day,
}
