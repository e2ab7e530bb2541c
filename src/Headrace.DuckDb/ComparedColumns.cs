using Headrace.Configuration;

namespace Headrace.DuckDb;

/// <summary>The columns of a table that the files have something to say of.</summary>
internal static class ComparedColumns
{
    /// <summary>Those that are compared; <paramref name="warnings"/> gets a text for each of the others.</summary>
    /// <param name="isOwn">Whether a column is the warehouse's own, and no warning is due.</param>
    public static IReadOnlyList<DeclaredColumn> Of(
        Flow flow,
        List<string> warnings,
        IReadOnlyList<Column>? table,
        Func<Column, bool> isBrought,
        Func<Column, bool> isOwn
    )
    {
        var compared = new List<DeclaredColumn>();
        foreach (var column in (table ?? []).Where(column => !isOwn(column)))
            if (isBrought(column))
                compared.Add(
                    new DeclaredColumn(column.Name, column.Name, column.Type, column.Nullable)
                    {
                        IsInferred = !flow.Columns.Values.Any(declared => Same(declared.Name, column.Name)),
                    }
                );
            else
                warnings.Add($"column '{column.Name}' of the target is not in the files and was not compared");
        return compared;
    }

    /// <summary>What the files call a column of the table.</summary>
    public static string From(Flow flow, string column) =>
        flow.DeclaredColumns().FirstOrDefault(one => Same(one.Name, column))?.From ?? column;

    private static bool Same(string a, string b) => TargetExport.Same(a, b);
}
