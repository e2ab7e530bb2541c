using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Headrace.StandIn;

/// <summary>A column that COPY fills, and how its fields become values.</summary>
public sealed partial record CopyColumn(string Name, string Type, long Bytes, int Precision, int Scale, bool NotNull)
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    [GeneratedRegex(@"^\s*[+-]?\d+\s*$")]
    private static partial Regex Whole();

    [GeneratedRegex(@"^\s*([+-]?)(\d*)(?:\.(\d*))?\s*$")]
    private static partial Regex Fixed();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$")]
    private static partial Regex PlainTimestamp();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:?\d\d)?$")]
    private static partial Regex PlainTimestampZone();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d$")]
    private static partial Regex PlainDate();

    [GeneratedRegex(@"^(?:[0-9a-fA-F]{2})*$")]
    private static partial Regex Hex();

    /// <summary>The constraint that counts its bytes.</summary>
    public string? Check { get; init; }

    private bool Character => Type is "character varying" or "character";

    /// <summary>The value of a field in the text that PostgreSQL reads; null for NULL.</summary>
    public string? Value(ReadOnlySpan<byte> field, CopyCommand options)
    {
        string text;
        try
        {
            text = Strict.GetString(field);
        }
        catch (DecoderFallbackException)
        {
            throw new LoadError(
                1220,
                "String contains invalid or unsupported UTF8 codepoints. Bad UTF8 hex sequence: "
                    + Convert.ToHexString(field[..Math.Min(field.Length, 8)]).ToLowerInvariant()
                    + " (error 4)",
                Name
            );
        }

        if (text == options.Null || (text.Length == 0 && (!Character || options.EmptyAsNull)))
            return NotNull ? throw new LoadError(1213, "Missing data for not-null field", Name) : null;
        if (text.Contains('\0', StringComparison.Ordinal))
            throw new LoadError(1220, "String contains a NUL", Name);
        return Type switch
        {
            "character varying" or "character" => Characters(field, text, options),
            "smallint" => Integer(text, short.MinValue, short.MaxValue),
            "integer" => Integer(text, int.MinValue, int.MaxValue),
            "bigint" => Integer(text, long.MinValue, long.MaxValue),
            "numeric" => Decimal(text, options.RoundDecimals),
            "varbyte" => Bytes < text.Length / 2 ? throw TooLong()
            : Hex().IsMatch(text) ? @"\x" + text
            : throw new LoadError(1207, "Invalid hexadecimal digit", Name),
            "timestamp without time zone" when !options.TimeAuto && !PlainTimestamp().IsMatch(text) =>
                throw new LoadError(1206, "Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]", Name),
            "timestamp with time zone" when !options.TimeAuto && !PlainTimestampZone().IsMatch(text) =>
                throw new LoadError(1206, "Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SSOF]", Name),
            "date" when !options.DateAuto && !PlainDate().IsMatch(text) => throw new LoadError(
                1205,
                "Invalid Date Format - length must be 10 or more",
                Name
            ),
            "timestamp without time zone" or "timestamp with time zone" or "date" when !text.Any(char.IsAsciiDigit) =>
                throw new LoadError(Type == "date" ? 1205 : 1206, $"Invalid {Type} format or value", Name),
            "boolean" => text.ToLowerInvariant()
                is "t"
                    or "f"
                    or "true"
                    or "false"
                    or "1"
                    or "0"
                    or "yes"
                    or "no"
                    or "y"
                    or "n"
                ? text
                : throw new LoadError(1210, "Unknown boolean format", Name),
            _ => text,
        };
    }

    private string Characters(ReadOnlySpan<byte> field, string text, CopyCommand options)
    {
        if (Type == "character" && !Ascii.IsValid(field))
            throw new LoadError(1220, "Multibyte character not supported for CHAR (Hint: try using VARCHAR)", Name);
        if (field.Length <= Bytes)
            return text;
        if (!options.TruncateColumns)
            throw TooLong();
        var end = (int)Bytes;
        while (end > 0 && (field[end] & 0xC0) == 0x80)
            end--;
        return Encoding.UTF8.GetString(field[..end]);
    }

    private LoadError TooLong() => new(1204, "String length exceeds DDL length", Name);

    private string Integer(string text, long least, long most)
    {
        if (!Whole().IsMatch(text))
            throw Digit(text, Type);
        return
            long.TryParse(text.Trim(), CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value.ToString(CultureInfo.InvariantCulture)
            : throw new LoadError(1207, $"Overflow for {Type}", Name);
    }

    // Digits beyond the scale are cut, not rounded.
    private string Decimal(string text, bool round)
    {
        if (Fixed().Match(text) is not { Success: true } match || match.Groups[2].Length + match.Groups[3].Length == 0)
            return
                text.Contains('e', StringComparison.OrdinalIgnoreCase)
                && double.TryParse(text, CultureInfo.InvariantCulture, out _)
                ? text
                : throw Digit(text, "Decimal");
        if (match.Groups[2].Value.TrimStart('0').Length > Precision - Scale)
            throw new LoadError(1207, $"Overflow (Numeric value exceeds precision {Precision}, scale {Scale})", Name);
        var fraction = match.Groups[3].Value;
        // Up to 19 digits are kept in 64 bits, which not every number of 19 digits fits.
        if (
            Precision == 19
            && !long.TryParse(
                $"{match.Groups[2].Value}{fraction.PadRight(Scale, '0')[..Scale]}",
                CultureInfo.InvariantCulture,
                out _
            )
        )
            throw new LoadError(1207, $"Overflow (Numeric value exceeds 64 bits, precision {Precision})", Name);
        return $"{match.Groups[1].Value}{(match.Groups[2].Length > 0 ? match.Groups[2].Value : "0")}."
            + (round || fraction.Length <= Scale ? fraction + "0" : fraction[..Scale] + "0");
    }

    private LoadError Digit(string text, string type)
    {
        var position = text.TakeWhile((c, i) => char.IsAsciiDigit(c) || (i == 0 && c is '+' or '-')).Count();
        return new LoadError(
            1207,
            $"Invalid digit, Value '{(position < text.Length ? text[position] : ' ')}', Pos {position}, Type: {type}",
            Name
        );
    }
}
