using System.Text;

namespace Headrace.Configuration.Binding;

/// <summary>What must hold between the options of CSV files.</summary>
internal sealed class CsvRules(Problems problems)
{
    /// <summary>Adds every broken rule to the problems.</summary>
    public void Check(Flow flow, FlowRules.Places place, string where)
    {
        var csv = flow.Source.Csv;
        if (flow.Source.Format is FormatKind.Jsonl or FormatKind.Parquet && place.Said("source", "csv") is { } said)
            problems.Disagree(
                said,
                where,
                $"'csv' does not go with format: {Choices.WordOf(flow.Source.Format)}",
                "remove 'csv', or use format: csv"
            );

        foreach (
            var (key, text) in (ReadOnlySpan<(string, string?)>)
                [("delimiter", csv.Delimiter), ("quote", csv.Quote), ("escape", csv.Escape)]
        )
            if (text is not null && CsvOptions.OneCharacter(text) is null && !(key == "quote" && text is "" or "none"))
                problems.Disagree(
                    place.Of("source", "csv", key),
                    where,
                    $"csv {key} is not one ASCII character",
                    key == "delimiter"
                        ? "write one character in quotes, or the word tab"
                        : "write one character in quotes"
                );
        if (
            CsvOptions.OneCharacter(csv.Delimiter ?? ",") is { } delimiter
            && delimiter == CsvOptions.OneCharacter(csv.Quote)
        )
            problems.Disagree(
                place.Of("source", "csv", "delimiter"),
                where,
                "csv delimiter and quote are the same character",
                "change one of them"
            );
        if (
            csv.Comment is { } comment
            && (comment.Length == 0 || !System.Text.Ascii.IsValid(comment) || comment.Any(char.IsControl))
        )
            problems.Disagree(
                place.Of("source", "csv", "comment"),
                where,
                "csv comment is no text of ASCII characters",
                "write in quotes what comments begin with, for example comment: \"#\""
            );
        else if (
            csv.Comment is [var mark, ..]
            && (mark == CsvOptions.OneCharacter(csv.Delimiter ?? ",") || mark == CsvOptions.OneCharacter(csv.Quote))
        )
            problems.Disagree(
                place.Of("source", "csv", "comment"),
                where,
                "csv comment begins with the delimiter or the quote",
                "change one of them"
            );
        if (csv.Decimal is not ("." or ","))
            problems.Disagree(
                place.Of("source", "csv", "decimal"),
                where,
                "csv decimal is neither . nor ,",
                "write \".\" or \",\""
            );
        if (!KnowsEncoding(csv.Encoding))
            problems.Disagree(
                place.Of("source", "csv", "encoding"),
                where,
                $"csv encoding '{csv.Encoding}' is not known",
                Suggestion.Ask(
                    csv.Encoding,
                    ["utf-8", "utf-16", "windows-1252", "iso-8859-1", "iso-8859-15"],
                    "write for example utf-8, utf-16, windows-1252 or iso-8859-1"
                )
            );
        foreach (
            var (key, format) in (ReadOnlySpan<(string, string?)>)[("date", csv.Date), ("timestamp", csv.Timestamp)]
        )
            if (DateFormat.ToStrptime(format, out var unknown) is null && format is not null)
                problems.Disagree(
                    place.Of("source", "csv", key),
                    where,
                    $"csv {key} has '{unknown}', which stands for no part of a date",
                    "use yyyy MM dd HH mm ss fff, or %Y %m %d %H %M %S %g; put other letters in '…'"
                );
    }

    static bool KnowsEncoding(string name)
    {
        if (name is "utf-8" or "utf-16")
            return true;
        try
        {
            return (CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name)) is not null;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
