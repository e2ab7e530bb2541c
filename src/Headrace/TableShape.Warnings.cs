namespace Headrace;

/// <summary>What is told of columns though nothing stops for it.</summary>
public sealed partial class TableShape
{
    private void Warn()
    {
        foreach (var name in changes.From.Computed)
            if (
                Files
                    .Where(file => IndexOf(file.Columns, Source(name)) >= 0)
                    .Select(file => file.File.File.Key)
                    .ToList() is
                { Count: > 0 } bringing
            )
                Warnings.Add($"column '{name}' of {Name(bringing)} was left out: the target computes it");
        foreach (var file in Files.Where(file => file.File.Hint is not null))
            Warnings.Add($"{file.File.File.Key}: {file.File.Hint}");
        for (var i = 0; i < columns.Count; i++)
        {
            var (column, index) = (columns[i], i);
            if (column.Fact is not null)
                continue;
            var without = Files
                .Where(file => file.Columns.Count > 0 && file.Indexes[index] < 0)
                .Select(file => file.File.File.Key)
                .ToList();
            if (without.Count > 0 && !IsMade(column.Name) && (!column.IsNew || Declared(column.Name) is not null))
                Warnings.Add($"column '{column.Name}' is missing in {Name(without)}");
            if (column.IsNew && !isNew)
                Warnings.Add($"column '{column.Name}' is new and was added");
            if (!column.IsNew && Declared(column.Name)?.Type is { } declared && declared != column.Type)
                Warnings.Add(
                    $"column '{column.Name}' is declared as {declared} and is {column.Type} in the table, which holds"
                );
        }
    }

    private void WarnOfHeaders()
    {
        foreach (
            var file in Files.Where(file =>
                isNew
                && changes.Rules is { Columns.Count: 0, Masks.Count: 0 }
                && changes.From.Schema is null
                && !file.File.IsParquet
            )
        )
        {
            var names = file.Columns.Where(column => !column.IsAdded).Select(column => column.Name).ToList();
            if (names is [var only] && only.AsSpan().IndexOfAny(';', '\t', '|') >= 0)
                Warnings.Add(
                    $"{file.File.File.Key} has one column named '{only}'; is it written with another "
                        + "csv: { delimiter }?"
                );
            else if (
                changes.Format.Kind == FormatKind.Csv
                && names.Exists(name =>
                    decimal.TryParse(name, System.Globalization.CultureInfo.InvariantCulture, out _)
                )
            )
                Warnings.Add(
                    $"the first line of {file.File.File.Key} became column names and looks like a row "
                        + $"({string.Join(", ", names.Take(5))}); if it is one, set csv: {{ header: false }}"
                );
        }
    }

    private static string Name(List<string> keys) =>
        keys.Count == 1 ? keys[0] : $"{keys[0]} and {keys.Count - 1} more files";
}
