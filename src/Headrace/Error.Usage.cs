namespace Headrace;

public static partial class Error
{
    /// <summary>A command names a flow that the project does not have.</summary>
    public static HeadraceException NoFlow(string name, IEnumerable<string> known, string? nearest) =>
        new("HDR-531", $"There is no flow '{name}'; nothing was run.", nearest is null ? "name one of the flows of headrace.yaml" : $"did you mean '{nearest}'?")
        {
            Facts = Facts(("flows", string.Join(", ", known))),
        };

    /// <summary>A word of the command line is not what it should be.</summary>
    public static HeadraceException BadArgument(string argument, string found, string expected) =>
        new("HDR-532", $"{argument} is not right; nothing was done.", $"write {expected}")
        {
            Facts = Facts(("found", found)),
        };

    /// <summary>The folder of the demo holds something else.</summary>
    public static HeadraceException DemoFolderTaken(string folder) =>
        new("HDR-533", "The folder of the demo is there and is not the demo's; nothing was written.", "move it away, or run the demo in another folder: headrace -C DIR demo")
        {
            Facts = Facts(("folder", folder)),
        };
}
