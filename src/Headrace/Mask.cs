namespace Headrace;

/// <summary>What a mask makes of a value.</summary>
public enum MaskKind
{
    /// <summary>HMAC-SHA-256 of its text, in lower-case hexadecimal.</summary>
    Hmac,

    /// <summary><c>***</c> and its last characters.</summary>
    KeepLast,

    /// <summary><c>***</c>.</summary>
    Redact,

    /// <summary>The first day of its year.</summary>
    Year,

    /// <summary>The first day of its month.</summary>
    Month,

    /// <summary>Its day.</summary>
    Day,

    /// <summary>NULL.</summary>
    Null,
}

/// <summary>How the values of a column are hidden; NULL stays NULL under every mask.</summary>
public sealed class Mask
{
    private Mask(string column, MaskKind kind, string? key, int kept) =>
        (Column, Kind, Key, Kept) = (column, kind, key, kept);

    /// <summary>What a hidden value is shown as.</summary>
    public const string Shown = "***";

    /// <summary>The column's name in the source.</summary>
    public string Column { get; }

    public MaskKind Kind { get; }

    /// <summary>For an HMAC its key, which is written nowhere.</summary>
    public string? Key { get; }

    /// <summary>Characters that stay at the end.</summary>
    public int Kept { get; }

    /// <summary>False where not each file has the column: for defaults, and flows with many tables.</summary>
    public bool IsNeeded { get; init; } = true;

    /// <summary>True when the masked value is text, whatever the value is.</summary>
    public bool MakesText => Kind is MaskKind.Hmac or MaskKind.KeepLast or MaskKind.Redact;

    /// <summary>True for a mask of dates and times, whose type stays.</summary>
    public bool Truncates => Kind is MaskKind.Year or MaskKind.Month or MaskKind.Day;

    /// <summary>True for the column of this name in the source.</summary>
    public bool Hides(string column) => Column.Equals(column, StringComparison.OrdinalIgnoreCase);

    public static Mask Hmac(string column, string key) => new(column, MaskKind.Hmac, key, 0);

    public static Mask KeepLast(string column, int kept) => new(column, MaskKind.KeepLast, null, kept);

    /// <summary>A mask that needs no more than its kind.</summary>
    public static Mask Of(string column, MaskKind kind) => new(column, kind, null, 0);

    /// <summary>The same mask where files may lack the column.</summary>
    public Mask Optional() => new(Column, Kind, Key, Kept) { IsNeeded = false };

    /// <summary>What it does, without its key.</summary>
    public override string ToString() => $"{Column}:{Kind}:{Kept}";
}
