namespace Headrace;

public static partial class Error
{
    /// <summary>Rows of other tables would go, or change, together with rows of the target.</summary>
    /// <param name="table">The table that refers to the target.</param>
    /// <param name="action">What the constraint does when a row goes: CASCADE, SET NULL, SET DEFAULT.</param>
    public static HeadraceException RowsReferred(TableName target, string constraint, string table, string action) =>
        new(
            "HDR-323",
            $"Rows of {target} would be deleted, and rows of {table} refer to them with ON DELETE {action}; "
                + "nothing was deleted and nothing was loaded.",
            $"write: merge and deletes: soft delete no row; or change the constraint {constraint} to one "
                + $"without ON DELETE {action}"
        )
        {
            Facts = Facts(("table", target.ToString()), ("constraint", constraint), ("on", table)),
        };

    /// <summary>The target's name is that of something else than a table.</summary>
    public static HeadraceException TargetIsNoTable(TableName target, string kind) =>
        new(
            "HDR-324",
            $"{target} is {kind}, and rows go into tables only; nothing was loaded.",
            "load into another name: target: { table }, and let the other object read from it"
        )
        {
            Facts = Facts(("target", target.ToString()), ("found", kind)),
        };

    /// <summary>The target's policies keep rows from the role that loads.</summary>
    public static HeadraceException TargetRowsHidden(TableName target) =>
        new(
            "HDR-325",
            $"Row level security may hide rows of {target} from this role, so no load and no comparison could "
                + "be right; nothing was loaded.",
            "connect as the owner of the table, or as a role with BYPASSRLS, or switch row level security "
                + "off for this table"
        )
        {
            Facts = Facts(("table", target.ToString())),
        };

    /// <summary>The target took another number of rows than it was given.</summary>
    /// <param name="did">What was done with the rows: inserted, updated, deleted.</param>
    /// <param name="found">The triggers and rules of the table.</param>
    public static HeadraceException RowsNotTaken(
        TableName target,
        string did,
        long expected,
        long taken,
        string found
    ) =>
        new(
            "HDR-326",
            $"{(expected == 1 ? "1 row" : $"{expected} rows")} of {target} were to be {did}, and the table "
                + $"took {taken}: "
                + "a trigger or a rule keeps rows out; nothing was loaded.",
            "drop or change the trigger or rule, or load into another table"
        )
        {
            Facts = Facts(("table", target.ToString()), ("triggers and rules", found)),
        };

    /// <summary>The target computes a column by which rows are told apart.</summary>
    public static HeadraceException KeyIsComputed(TableName target, string column) =>
        new(
            "HDR-327",
            $"{target} computes the column '{column}', and primary_key names it; nothing was loaded.",
            "name other columns in primary_key: or make it a plain column of the table"
        )
        {
            Facts = Facts(("table", target.ToString()), ("column", column)),
        };

    /// <summary>A role has too few rights for the loads of a project.</summary>
    /// <param name="missing">What it may not do.</param>
    /// <param name="grants">The statements that let it.</param>
    public static HeadraceException RightsMissing(
        string warehouse,
        string role,
        IEnumerable<string> missing,
        IEnumerable<string> grants
    ) =>
        new(
            "HDR-577",
            $"The role '{role}' may not do all that the loads of this project need; a run would fail.",
            string.Join("; ", grants)
        )
        {
            Facts = Facts(("warehouse", warehouse), ("missing", string.Join("; ", missing))),
        };
}
