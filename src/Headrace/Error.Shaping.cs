using Headrace.Configuration;

namespace Headrace;

public static partial class Error
{
    /// <summary>A column that is to be masked is not in the file. What the file has instead is not told.</summary>
    /// <param name="near">The name in the file that may be meant; null when none is near.</param>
    public static HeadraceException MaskedColumnMissing(string source, string column, string? near) =>
        new(
            "HDR-220",
            $"Column '{column}' has a mask and is not in the source; nothing of the file was loaded, since it may be "
                + "there under another name.",
            $"{(near is null ? "" : $"did you mean '{near}'? ")}correct the name under masks:, or remove the mask; if "
                + "files may lack the column, list it under columns: with nullable: true"
        )
        {
            Facts = Facts(("source", source)),
        };

    /// <summary>The target's column has a type that masked values do not have.</summary>
    /// <param name="isText">The mask makes texts; else it cuts dates.</param>
    public static HeadraceException MaskUnfit(string source, string column, ColumnType type, bool isText) =>
        new(
            "HDR-221",
            $"Column '{column}' is {type}, and its mask "
                + (isText ? "makes texts" : "is for dates and times")
                + "; nothing of the file was loaded.",
            isText
                ? "change the column of the table to text, or load into a new table"
                : "use another mask, or declare the column under columns: as date, timestamp or timestamptz"
        )
        {
            Facts = Facts(("source", source)),
        };

    /// <summary>An expression, or the condition of rows, cannot be used.</summary>
    /// <param name="what">For example <c>the expression of 'name'</c>.</param>
    public static HeadraceException ExpressionRefused(string what, string expression, string why, string next) =>
        new("HDR-222", $"{char.ToUpperInvariant(what[0])}{what[1..]} cannot be used: {why}; nothing was loaded.", next)
        {
            Facts = Facts(("found", expression)),
        };

    /// <summary>An expression names a column that no row has.</summary>
    public static HeadraceException ExpressionColumnUnknown(
        string what,
        string expression,
        string column,
        IEnumerable<string> known
    ) =>
        ExpressionRefused(
            what,
            expression,
            $"there is no column '{column}'",
            Configuration.Binding.Suggestion.Ask(
                column,
                known,
                "name a column of the source, or one that is listed under columns:"
            )
        );

    /// <summary>The value for NULL is none of the column's type.</summary>
    public static HeadraceException DefaultUnfit(string column, string value, ColumnType type) =>
        new(
            "HDR-223",
            $"The default of '{column}' is no {type}; nothing was loaded.",
            "write a value of the column's type"
        )
        {
            Facts = Facts(("found", value)),
        };

    /// <summary>The system has no files that nobody but this process finds.</summary>
    public static HeadraceException NoUnlinkedFiles() =>
        new(
            "HDR-229",
            "A flow with masks needs files without names, which this system does not have; nothing was loaded.",
            "run this flow on Linux, with /proc mounted"
        );

    /// <summary>A mask cannot be used as it is written.</summary>
    public static HeadraceException MaskRefused(Place place, string where, string why, string next) =>
        new("HDR-560", $"{char.ToUpperInvariant(where[0])}{where[1..]}: {why}; nothing was run.", next)
        {
            Facts = At(place),
        };

    /// <summary>What a column is made of cannot be used as it is written.</summary>
    public static HeadraceException ColumnRefused(Place place, string where, string why, string next) =>
        new("HDR-561", $"{char.ToUpperInvariant(where[0])}{where[1..]}: {why}; nothing was run.", next)
        {
            Facts = At(place),
        };
}
