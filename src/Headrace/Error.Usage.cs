namespace Headrace;

public static partial class Error
{
    /// <summary>A word of the command line is not what it should be.</summary>
    public static HeadraceException BadArgument(string argument, string found, string expected) =>
        new("HDR-531", $"{argument} is not right; nothing was done.", $"write {expected}")
        {
            Facts = Facts(("found", found)),
        };

    /// <summary>A file that is to be read again is in no dataset of the flows.</summary>
    public static HeadraceException NothingToAccept(string key) =>
        new(
            "HDR-522",
            $"There is no file '{key}' in the lakes of these flows; it was not read again.",
            "name its path in the lake, as headrace quarantine show and headrace.files have it, and a flow "
                + "that reads it"
        );

    /// <summary>The folder of the demo holds something else.</summary>
    public static HeadraceException DemoFolderTaken(string folder) =>
        new(
            "HDR-532",
            "The folder of the demo is there and is not the demo's; nothing was written.",
            "move it away, or say another folder: headrace demo DIR"
        )
        {
            Facts = Facts(("folder", folder)),
        };

    /// <summary>Rows of a flow that publishes go nowhere by hand.</summary>
    public static HeadraceException ReleaseRefused(string flow) =>
        new(
            "HDR-534",
            $"The flow '{flow}' publishes what exports change, and a released row would be missing there; "
                + "nothing was loaded.",
            "mend the row in the source: the next export brings it; or discard it"
        )
        {
            Facts = Facts(("flow", flow)),
        };

    /// <summary>A run, a flow or a quarantined row of that name is not there.</summary>
    public static HeadraceException NotFound(string kind, string name, string next) =>
        new("HDR-533", $"There is no {kind} '{name}'.", next);

    /// <summary>A flow whose source and target cannot be compared.</summary>
    public static HeadraceException CannotVerify(string flow, string why) =>
        new(
            "HDR-535",
            $"'{flow}' {why}, so it cannot be verified; nothing was compared.",
            "name flows that read files, or a table by a primary_key"
        );

    /// <summary>A run holds the dataset.</summary>
    public static HeadraceException DatasetHeld(string dataset) =>
        new(
            "HDR-536",
            $"A run is under way that holds '{dataset}'; nothing was compared.",
            "try again when it has ended: headrace status"
        );
}
