using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>A CSV dialect as users write it; <see cref="ToDialect"/> gives the one for a reader of files.</summary>
[Description("How CSV files are written.")]
public sealed record CsvOptions
{
    [Description(
        "The character between fields; tab may be written as the word tab. When it is not said: what a first "
            + "line such as sep=; says, else a comma."
    )]
    public string? Delimiter { get; init; }

    [Description("The character around quoted fields; none when the files know no quotes.")]
    public string Quote { get; init; } = "\"";

    [Description(
        "The character before a quote that is part of the text; the quote itself, doubled, when it is not said."
    )]
    public string? Escape { get; init; }

    [Description("Whether the first record holds the column names.")]
    public bool Header { get; init; } = true;

    [Description("Unquoted fields with one of these texts are NULL.")]
    public IReadOnlyList<string> Null { get; init; } = [""];

    [Description("The encoding of the text, for example utf-8, windows-1252 or utf-16.")]
    public string Encoding { get; init; } = "utf-8";

    [Description("The decimal separator, . or ,")]
    public string Decimal { get; init; } = ".";

    [Description("How dates are written, for example dd.MM.yyyy or %d.%m.%Y; as in ISO 8601 when it is not said.")]
    public string? Date { get; init; }

    [Description("How timestamps are written, for example dd.MM.yyyy HH:mm:ss; as in ISO 8601 when it is not said.")]
    public string? Timestamp { get; init; }

    [Description("Lines at the start of each file that are not data.")]
    [AtLeast(0)]
    public int Skip { get; init; }

    [Description(
        "A text such as #: lines that begin with it are no records, before the header too. No line is a "
            + "comment when it is not said."
    )]
    public string? Comment { get; init; }

    /// <summary>
    /// The same for a reader of files. Only for options that were loaded from a file, which checks them.
    /// </summary>
    public CsvDialect ToDialect()
    {
        var quote = OneCharacter(Quote);
        return new CsvDialect
        {
            Delimiter = Delimiter is null ? ',' : OneCharacter(Delimiter) ?? ',',
            Sep = Delimiter is null ? SepLine.Obeyed : SepLine.Skipped,
            Quote = quote,
            Escape = Escape is null ? quote ?? '"' : OneCharacter(Escape) ?? '"',
            Header = Header,
            Null = Null,
            Encoding = Encoding,
            Decimal = Decimal[0],
            Date = DateFormat.ToStrptime(Date, out _),
            Timestamp = DateFormat.ToStrptime(Timestamp, out _),
            Skip = Skip,
            Comment = Comment,
        };
    }

    /// <summary>The same for files of transactions, which begin with their first record.</summary>
    public CsvDialect ToTransactionDialect() =>
        ToDialect() with
        {
            Header = false,
            Sep = SepLine.Line,
            Skip = 0,
            Comment = null,
        };

    /// <summary>The one ASCII character that a text stands for; null for none.</summary>
    internal static char? OneCharacter(string text) =>
        text switch
        {
            "tab" or "\\t" => '\t',
            [var one] when char.IsAscii(one) && one is not ('\r' or '\n' or '\0') => one,
            _ => null,
        };
}
