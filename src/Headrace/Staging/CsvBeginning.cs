using System.Text;

namespace Headrace.Staging;

/// <summary>
/// The first lines of a CSV file: one that tells the delimiter, and what they look like when they are no header. It
/// only finds words for what was met; which lines are records the cutter says.
/// </summary>
internal sealed class CsvBeginning
{
    /// <summary>The first line is not there whole.</summary>
    public const char NotKnownYet = '\0';

    private const int LongestSeparator = 10;

    private static readonly string[] Marks = ["#", "//", "--", "%", "!"];

    private long misfits;
    private long firstMisfit;

    /// <summary>The line of the header; 0 when there is none.</summary>
    public long Line { get; set; }

    /// <summary>
    /// The delimiter that a first line such as <c>sep=;</c> names; null when the file begins in another way.
    /// </summary>
    public static char? Separator(ReadOnlySpan<byte> data, bool isFinal)
    {
        var end = data.IndexOfAny((byte)'\r', (byte)'\n');
        if (end < 0 && !isFinal)
            return data.Length > LongestSeparator ? null : NotKnownYet;
        var text = Encoding
            .Latin1.GetString(data[..Math.Min(end < 0 ? data.Length : end, LongestSeparator + 1)])
            .Trim('"');
        return
            text.StartsWith("sep=", StringComparison.OrdinalIgnoreCase)
            && Configuration.CsvOptions.OneCharacter(text[4..]) is { } one
            && !char.IsAsciiLetterOrDigit(one)
            ? one
            : null;
    }

    /// <summary>What a text begins with that is likely a comment; null when it is likely none.</summary>
    public static string? Mark(string? text) =>
        Marks.FirstOrDefault(mark => text?.StartsWith(mark, StringComparison.Ordinal) == true);

    /// <summary>Why a record with another number of fields is no row.</summary>
    public string Misfit(long line, int found, int expected, ReadOnlySpan<byte> record, CsvDialect dialect)
    {
        if (misfits++ == 0)
            firstMisfit = line;
        var mark = dialect.Comment is null
            ? Mark(Encoding.Latin1.GetString(record[..Math.Min(record.Length, 2)]))
            : null;
        return $"{found} {(found == 1 ? "field" : "fields")} where {expected} are "
            + $"expected{(mark is null ? "" : $"; if it is a comment, set {Setting(mark)}")}";
    }

    /// <summary>What to look at when most records do not fit the header; null when they do.</summary>
    public string? Hint(CsvDialect dialect, IReadOnlyList<StagedColumn> columns, long rows)
    {
        if (misfits <= rows || Line == 0)
            return null;
        if (dialect.Comment is null && Mark(columns[0].Name) is { } mark)
            return $"line {Line} begins with {mark} and was taken for the header; if it is a comment, set "
                + $"{Setting(mark)}";
        return $"most lines do not have as many fields as the header in line {Line}; if the table begins in line "
            + $"{firstMisfit}, set csv: {{ skip: {firstMisfit - 1} }}";
    }

    /// <summary>The setting that makes comments of lines that begin with a mark.</summary>
    public static string Setting(string mark) => $"csv: {{ comment: \"{mark}\" }}";
}
