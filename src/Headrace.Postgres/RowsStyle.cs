using System.Globalization;
using Headrace.DuckDb;

namespace Headrace.Postgres;

/// <summary>How the engine writes CSV that a warehouse reads unchanged; a text always stands in quotes.</summary>
/// <param name="Nothing">What stands for NULL.</param>
/// <param name="Written">A value in the engine's SQL, of a type, as the warehouse reads it.</param>
/// <param name="LongestText">Bytes of the longest text that the quarantine takes; null for any.</param>
internal sealed record RowsStyle(string Nothing, Func<string, ColumnType, string> Written, int? LongestText = null)
{
    // A character has at most four bytes.
    private const int BytesOfCharacter = 4;

    public static RowsStyle Postgres { get; } = new("", TargetTypes.Written);

    public string Layout => $"FORMAT csv, HEADER false, DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR {Sql.Literal(Nothing)}";

    /// <summary>A text to be looked at, which may be cut.</summary>
    public string Shown(string text) => LongestText is not { } most ? text
        : string.Create(CultureInfo.InvariantCulture, $"CASE WHEN strlen({text}) <= {most} THEN {text} ELSE left({text}, {most / BytesOfCharacter}) END");

    /// <summary>A text that is whole or nothing.</summary>
    public string Kept(string text) => LongestText is not { } most ? text : string.Create(CultureInfo.InvariantCulture, $"CASE WHEN strlen({text}) <= {most} THEN {text} END");
}
