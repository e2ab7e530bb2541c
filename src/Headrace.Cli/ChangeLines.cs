namespace Headrace.Cli;

/// <summary>Changed rows for people: what comes, what goes, and of an update each column, before and after.</summary>
internal sealed class ChangeLines(Screen screen)
{
    private const int Longest = 60;

    public IEnumerable<string> Of(IReadOnlyList<RowChange> changes)
    {
        foreach (var change in changes)
        {
            var key = string.Join(", ", change.Key.Select(column => $"{column.Key}={Shown(column.Value)}"));
            yield return change.Op switch
            {
                "INSERT" => $"{screen.Good("+")} {key}  "
                    + string.Join(
                        ", ",
                        change.Columns.Take(6).Select(column => $"{Plain.Line(column.Column)}: {Shown(column.After)}")
                    )
                    + (change.Columns.Count > 6 ? ", …" : ""),
                "UPDATE" => $"{screen.Warn("~")} {key}  "
                    + string.Join(
                        ", ",
                        change.Columns.Select(column =>
                            $"{Plain.Line(column.Column)}: {Shown(column.Before)} → {Shown(column.After)}"
                        )
                    ),
                _ => $"{screen.Bad("-")} {key}",
            };
        }
    }

    private static string Shown(string? value) =>
        value switch
        {
            null => "NULL",
            "" => "''",
            { Length: > Longest } => Plain.Line(
                value[..(char.IsHighSurrogate(value[Longest - 1]) ? Longest - 1 : Longest)]
            ) + "…",
            _ => Plain.Line(value),
        };
}
