namespace Headrace;

/// <summary>Columns that are to be masked.</summary>
public sealed partial class TableShape
{
    // Objects bring what they have; a column that is to be masked is in one of them at least.
    private bool AreMasked(List<(StagedFile File, IReadOnlyList<StagedColumn> Columns)> matched)
    {
        var found = matched.SelectMany(file => file.Columns).Select(column => column.Name).ToList();
        if (found.Count == 0 || new MaskedColumns(changes).NeverThere(found, columns) is not { } mask)
            return true;
        foreach (var (file, _) in matched)
        {
            var error = Error.MaskedColumnMissing(file.File.Key, mask.Column, null);
            Refused.Add(new FileNote(file.File, file.Sha256, changes.Action, FileOutcome.Refused, error.What, error));
        }

        return false;
    }

    // The type that a mask gives to a column; null when it gives none.
    private ColumnType? Masked(string source) =>
        changes.Rules.Masks.Any(mask => mask.MakesText && mask.Hides(source)) ? ColumnType.Text : null;
}
