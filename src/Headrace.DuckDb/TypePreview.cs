using System.Buffers;

namespace Headrace.DuckDb;

/// <summary>
/// What a text plainly is not, by its letters: a glance at a few values spares the engine most of the questions about
/// types. It never says no to a value that has the pattern of the type.
/// </summary>
internal static class TypePreview
{
    private static readonly SearchValues<char> Words = SearchValues.Create("truefalsTRUEFALS");
    private static readonly SearchValues<char> Whole = SearchValues.Create("0123456789-");
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789-.,");
    private static readonly SearchValues<char> Number = SearchValues.Create("0123456789+-.,eE");
    private static readonly SearchValues<char> Day = SearchValues.Create("0123456789- ");
    private static readonly SearchValues<char> Clock = SearchValues.Create("0123456789:. ");
    private static readonly SearchValues<char> Moment = SearchValues.Create("0123456789-:. TZz");
    private static readonly SearchValues<char> Zoned = SearchValues.Create("0123456789+-:. TZz");

    /// <summary>False when <paramref name="text"/> is surely no value that a type is chosen by.</summary>
    public static bool MayBe(string text, TypeKind kind, CsvDialect? dialect) =>
        kind switch
        {
            TypeKind.Boolean => Has(text, Words),
            TypeKind.BigInt => Has(text, Whole) && text.LastIndexOf('-') <= 0,
            TypeKind.Decimal => Has(text, Digits),
            TypeKind.Double => Has(text, Number)
                && (text.LastIndexOf('-') <= 0 || text.Contains('e') || text.Contains('E')),
            TypeKind.Date when dialect?.Date is null => Has(text, Day),
            TypeKind.Time => Has(text, Clock) && text.Contains(':'),
            TypeKind.Timestamp when dialect?.Timestamp is null => Has(text, Moment) && text.Contains('-'),
            TypeKind.TimestampTz when dialect?.Timestamp is null => Has(text, Zoned) && text.Contains(':'),
            _ => true,
        };

    private static bool Has(string text, SearchValues<char> letters) => !text.AsSpan().ContainsAnyExcept(letters);
}
