namespace Headrace;

/// <summary>
/// Sees to it that each column that is to be masked is there under its name: one that is not found may be there under
/// another one, and would be loaded as it is.
/// </summary>
internal sealed class MaskedColumns(ChangeSet changes)
{
    /// <summary>Why a file is not loaded; null when it may be. It tells no name that is not near.</summary>
    public HeadraceException? Refusal(StagedFile file, IReadOnlyList<string> found, IEnumerable<ShapeColumn> known)
    {
        foreach (var mask in file.Masks)
        {
            if (!found.Contains(mask.Column, StringComparer.OrdinalIgnoreCase))
            {
                var near = Configuration.Binding.Suggestion.For(mask.Column, found.Where(name => !IsListed(name)));
                if (near is not null || !(file.IsJson || MayLack(mask)))
                    return Error.MaskedColumnMissing(file.File.Key, mask.Column, near);
            }

            if (TargetOf(mask, known) is not { Type: { } type } target)
                continue;
            if (mask.MakesText ? type.Kind != TypeKind.Text : mask.Truncates && !type.HasDate)
                return Error.MaskUnfit(file.File.Key, target.Name, type, mask.MakesText);
        }

        return null;
    }

    /// <summary>A mask whose column is in no file, and in no table; null when each has one.</summary>
    public Mask? NeverThere(IReadOnlyList<string> found, IEnumerable<ShapeColumn> columns) =>
        changes.Rules.Masks.FirstOrDefault(mask =>
            !MayLack(mask)
            && !found.Contains(mask.Column, StringComparer.OrdinalIgnoreCase)
            && TargetOf(mask, columns) is null or { IsNew: true }
        );

    private bool MayLack(Mask mask) =>
        !mask.IsNeeded
        || changes.Rules.Snapshot is { MissingColumns: MissingColumns.Allow }
        || changes.Rules.Columns.Any(column => column.IsOptional && mask.Hides(column.From));

    private bool IsListed(string name) =>
        changes
            .Rules.Columns.Concat(changes.Rules.Dropped)
            .Any(column => column.From.Equals(name, StringComparison.OrdinalIgnoreCase))
        || changes.Rules.Masks.Any(mask => mask.Hides(name));

    private ShapeColumn? TargetOf(Mask mask, IEnumerable<ShapeColumn> columns)
    {
        var name = changes.Rules.Columns.FirstOrDefault(column => mask.Hides(column.From))?.Name ?? mask.Column;
        return changes.Rules.Columns.Any(column =>
            column.Expression is not null && column.Name.Equals(name, StringComparison.OrdinalIgnoreCase)
        )
            ? null
            : columns.FirstOrDefault(column => column.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
    }
}
