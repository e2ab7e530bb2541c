namespace Headrace;

public static partial class Error
{
    /// <summary>The warehouse, or the engine before it, took other rows than were staged.</summary>
    /// <param name="where">The table.</param>
    public static HeadraceException RowsDiffer(string where, long staged, long taken) =>
        new(
            "HDR-334",
            $"{staged} {(staged == 1 ? "row was" : "rows were")} staged and {taken} arrived; nothing of the "
                + "batch was loaded.",
            "run again; when it comes back, look for a program that writes into the folder of spool:"
        )
        {
            Facts = Facts(("table", where)),
        };

    /// <summary>A file that a load needs once it is committed was removed while the load was made.</summary>
    public static HeadraceException KeptFileGone(string dataset, string path) =>
        new(
            "HDR-335",
            "A file that this load needs after its commit is gone; nothing of the batch was loaded.",
            "run again: the next run makes it anew"
        )
        {
            Facts = Facts(("dataset", dataset), ("file", path)),
            IsTransient = true,
        };
}
