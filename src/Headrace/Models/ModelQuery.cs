using System.Security.Cryptography;
using System.Text;
using Headrace.Configuration;

namespace Headrace.Models;

/// <summary>What makes the rows of a model: a SELECT, and what is done before and with it.</summary>
/// <param name="Name">The model's.</param>
/// <param name="File">The file of the SELECT, as the project names it.</param>
/// <param name="Text">The SELECT, with the lines of its file.</param>
public sealed record ModelQuery(string Name, string File, string Text)
{
    /// <summary>Statements that run before it, in its transaction.</summary>
    public IReadOnlyList<string> Before { get; init; } = [];

    /// <summary>The column with a number for each key; null for none.</summary>
    public string? SurrogateKey { get; init; }

    /// <summary>How its table keeps versions; null where it does not.</summary>
    public HistoryRules? History { get; init; }

    /// <summary>
    /// For a plan: flows and models that would load before, so that nobody knows yet what the SELECT will read.
    /// </summary>
    public IReadOnlyList<string> Pending { get; init; } = [];

    /// <summary>Tables that it reads whose rows go once they are read.</summary>
    public IReadOnlyList<KeptRows> Kept { get; init; } = [];

    /// <summary>The query of a model.</summary>
    public static ModelQuery Of(Model model) =>
        new(model.Name, model.Sql, model.Text)
        {
            Before = model.Before,
            SurrogateKey = model.SurrogateKey,
            History = model.History,
        };

    /// <summary>A line of the SELECT as a person looks for it.</summary>
    public string Line(int? line) =>
        line is { } known ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{File}:{known}") : File;

    /// <summary>Another value when something of the model that decides its rows has changed.</summary>
    public static string Digest(Model model)
    {
        string[] parts =
        [
            model.Text,
            model.Write.ToString(),
            model.Table.ToString(),
            model.SurrogateKey ?? "",
            .. model.PrimaryKey,
            "",
            .. model.Before,
            .. model.History is { } history
                ?
                [
                    history.EffectiveAt ?? "",
                    .. history.Track,
                    "",
                    .. history.Ignore,
                    "",
                    history.From,
                    history.To,
                    history.Current,
                ]
                : (string[])[],
        ];
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', parts))))[..12];
    }
}
