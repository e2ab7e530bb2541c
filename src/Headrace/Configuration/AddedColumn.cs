using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>A column that a flow adds to the rows of each file: <c>dt: "{dt}"</c>.</summary>
[ShortFor("value")]
[Description("A column that is not in the files: what the path of a file says.")]
public sealed record AddedColumn
{
    /// <summary>Facts of a file that are no captures.</summary>
    internal static readonly IReadOnlyList<string> Facts = ["file.name", "file.path"];

    [Description(
        "A text with captures of the path ({name}), {file.name} (the name without folders) or {file.path} "
            + "(the path in the lake)."
    )]
    public required string Value { get; init; }

    /// <summary>The name under which it stands.</summary>
    [NotAKey]
    public string Name { get; init; } = "";
}
