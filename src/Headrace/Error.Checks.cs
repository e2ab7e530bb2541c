using Headrace.Checks;
using Headrace.Configuration.Binding;

namespace Headrace;

public static partial class Error
{
    /// <summary>A check failed that stops the load.</summary>
    /// <param name="results">Of all checks that were asked.</param>
    public static HeadraceException CheckStopped(string dataset, IReadOnlyList<CheckResult> results)
    {
        var (first, others) = (results.First(one => one.IsStopped), results.Where(one => one.IsStopped).Skip(1));
        return new(
            "HDR-210",
            $"C{first.Sentence()[1..]}; nothing of the batch was loaded.",
            $"mend the rows in the source, or change the check '{first.Name}': on_fail: warn lets them through"
        )
        {
            Facts =
            [
                .. Facts(
                    ("dataset", dataset),
                    ("check", $"{first.Name} ({first.Kind}, scope: {first.Scope})"),
                    ("failed", $"{first.Failed} of {first.Checked}")
                ),
                .. first.Sample.Select(row => new Fact("found", row)),
                .. others.Select(one => new Fact("also", one.Sentence())),
            ],
            Checks = results,
        };
    }

    /// <summary>A check names a column that is nowhere.</summary>
    public static HeadraceException CheckColumnMissing(Check check, string column, IReadOnlyList<string> known) =>
        new(
            "HDR-216",
            $"The check '{check.Name}' names the column '{column}', which neither the files nor the table have; "
                + "nothing was loaded.",
            Suggestion.Ask(column, known, "correct the check, or list the column under columns:")
        )
        {
            Facts = [.. PlaceOf(check), .. Facts(("found", string.Join(", ", known)))],
        };

    /// <summary>SQL of a check that is wrong, or does what a check may not.</summary>
    /// <param name="written">As the user wrote it.</param>
    public static HeadraceException CheckSqlRefused(Check check, string written, string why, Exception? inner = null) =>
        new(
            "HDR-217",
            $"The SQL of the check '{check.Name}' cannot be used: {why.TrimEnd('.')}; nothing was loaded.",
            "correct it: it is an expression over the columns of the table, without subqueries",
            inner
        )
        {
            Facts = [.. PlaceOf(check), .. Facts(("sql", written))],
        };

    /// <summary>A check has a value that its column cannot have.</summary>
    public static HeadraceException CheckValue(Check check, string column, ColumnType? type, string value) =>
        Misfit(
            check,
            $"'{value}' is no value of the column '{column}', which is {Word(type)}",
            "write one of its type"
        );

    /// <summary>A check asks what the type of its column has no answer to.</summary>
    public static HeadraceException CheckType(Check check, string column, ColumnType? type, string needed) =>
        Misfit(
            check,
            $"{check.Kind} needs {needed}, and the column '{column}' is {Word(type)}",
            "name another column, or declare the column's type under columns:"
        );

    /// <summary>The database could not answer what checks ask.</summary>
    /// <param name="names">Of the checks that one statement asks.</param>
    public static HeadraceException CheckUnanswered(
        IReadOnlyList<Check> names,
        string where,
        string why,
        Exception inner
    ) =>
        new(
            "HDR-219",
            $"{(names.Count == 1 ? "The check" : "One of the checks")} "
                + $"{string.Join(", ", names.Select(check => $"'{check.Name}'"))} could not be asked; "
                + "nothing of the batch was loaded.",
            "correct the check's SQL, pattern or columns",
            inner
        )
        {
            Facts = [.. names.Count == 1 ? PlaceOf(names[0]) : [], .. Facts(("where", where), ("found", why))],
        };

    private static HeadraceException Misfit(Check check, string why, string next) =>
        new("HDR-218", $"The check '{check.Name}' does not fit its column: {why}; nothing was loaded.", next)
        {
            Facts = PlaceOf(check),
        };

    private static string Word(ColumnType? type) => type?.ToString() ?? "of a type that Headrace does not know";

    private static Fact[] PlaceOf(Check check) => check.At is { } place ? At(place) : [];
}
