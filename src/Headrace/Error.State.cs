namespace Headrace;

public static partial class Error
{
    /// <summary>The position of flows without a target did not get into the place of the state.</summary>
    public static HeadraceException StateNotKept(string where, string found, Exception inner) =>
        new(
            "HDR-350",
            "The position of this flow could not be put into the place of the state; nothing of the batch counts, and "
                + "nothing was published.",
            "run again: the next run goes on from the last position that is there",
            inner
        )
        {
            Facts = Facts(("state", where), ("found", found)),
        };
}
