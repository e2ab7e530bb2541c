using System.Globalization;
using System.Text.RegularExpressions;

namespace Headrace;

/// <summary>The kinds of the column types of the contract.</summary>
public enum TypeKind
{
    Boolean,
    SmallInt,
    Integer,
    BigInt,
    Decimal,
    Real,
    Double,
    Text,
    Bytes,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Uuid,
    Json,
}

/// <summary>
/// A column type as users write it: <c>boolean smallint integer bigint decimal(p,s) real double text bytes date time
/// timestamp timestamptz uuid json</c>. Precision is 1 to 38 digits, scale 0 to precision.
/// </summary>
public readonly partial record struct ColumnType(TypeKind Kind, int Precision = 0, int Scale = 0)
{
    public static readonly ColumnType Text = new(TypeKind.Text);
    public static readonly ColumnType BigInt = new(TypeKind.BigInt);
    public static readonly ColumnType Json = new(TypeKind.Json);

    /// <summary>True when a text without a letter is a value of the type.</summary>
    public bool HasEmpty => Kind is TypeKind.Text or TypeKind.Bytes;

    /// <summary>Every name that <see cref="TryParse"/> knows, for messages and the JSON schema.</summary>
    public const string Names =
        "boolean, smallint, integer, bigint, decimal(p,s), real, double, text, bytes, date, time, timestamp, "
        + "timestamptz, uuid, json";

    [GeneratedRegex(@"^decimal\s*\(\s*(\d{1,2})\s*(?:,\s*(\d{1,2})\s*)?\)$")]
    private static partial Regex DecimalPattern();

    /// <summary>Reads a type name; case and surrounding blanks do not matter.</summary>
    public static bool TryParse(string text, out ColumnType type)
    {
        type = default;
        var name = text.Trim().ToLowerInvariant();
        if (DecimalPattern().Match(name) is { Success: true } match)
        {
            var precision = int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            var scale = match.Groups[2].Success
                ? int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture)
                : 0;
            type = new ColumnType(TypeKind.Decimal, precision, scale);
            return precision is >= 1 and <= 38 && scale <= precision;
        }

        if (
            name == "decimal"
            || int.TryParse(name, out _)
            || !Enum.TryParse<TypeKind>(name, ignoreCase: true, out var kind)
        )
            return false;
        type = new ColumnType(kind);
        return true;
    }

    /// <summary>True for the types whose values are days, or moments of one.</summary>
    public bool HasDate => Kind is TypeKind.Date or TypeKind.Timestamp or TypeKind.TimestampTz;

    /// <summary>True when every value of <paramref name="narrow"/> is a value of this type, unchanged.</summary>
    public bool Holds(ColumnType narrow) =>
        this == narrow
        || (Kind, narrow.Kind) switch
        {
            (TypeKind.Integer, TypeKind.SmallInt) => true,
            (TypeKind.BigInt, TypeKind.SmallInt or TypeKind.Integer) => true,
            (TypeKind.Decimal, TypeKind.SmallInt) => Precision - Scale >= 5,
            (TypeKind.Decimal, TypeKind.Integer) => Precision - Scale >= 10,
            (TypeKind.Decimal, TypeKind.BigInt) => Precision - Scale >= 19,
            (TypeKind.Decimal, TypeKind.Decimal) => Scale >= narrow.Scale
                && Precision - Scale >= narrow.Precision - narrow.Scale,
            (TypeKind.Double, TypeKind.Real or TypeKind.SmallInt or TypeKind.Integer) => true,
            (TypeKind.Timestamp, TypeKind.Date) => true,
            (TypeKind.Text, TypeKind.Bytes or TypeKind.Real or TypeKind.Double) => false,
            (TypeKind.Text, _) => true,
            _ => false,
        };

    public override string ToString() =>
        Kind == TypeKind.Decimal ? $"decimal({Precision},{Scale})" : Kind.ToString().ToLowerInvariant();
}
