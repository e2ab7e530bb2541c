using Headrace.Configuration;

namespace Headrace;

public static partial class Error
{
    /// <summary>There is no headrace.yaml in the project's folder.</summary>
    public static HeadraceException ProjectMissing(string folder) =>
        new(
            "HDR-501",
            "There is no headrace.yaml here; nothing was run.",
            "`headrace init` writes one; -C DIR names another folder"
        )
        {
            Facts = Facts(("folder", folder)),
        };

    /// <summary>The file is no YAML.</summary>
    public static HeadraceException YamlSyntax(Place place, string what, string next) =>
        new("HDR-502", $"The file cannot be read: {what}; nothing was run.", next) { Facts = At(place) };

    /// <summary>A key that this version does not know.</summary>
    public static HeadraceException UnknownKey(
        Place place,
        string key,
        string where,
        string next,
        IEnumerable<string> known
    ) =>
        new("HDR-503", $"Unknown key '{key}' in {where}; nothing was run.", next)
        {
            Facts = At(place, ("known", string.Join(", ", known))),
        };

    /// <summary>A key that has to be there.</summary>
    public static HeadraceException MissingKey(Place place, string key, string where, string next) =>
        new("HDR-504", $"Key '{key}' is missing in {where}; nothing was run.", next) { Facts = At(place) };

    /// <summary>A value of another type than its key.</summary>
    public static HeadraceException WrongValue(Place place, string what, string expected, string found, string next) =>
        new(
            "HDR-505",
            $"{char.ToUpperInvariant(what[0])}{what[1..]}: expected {expected}, found {found}; nothing was run.",
            next
        )
        {
            Facts = At(place),
        };

    /// <summary>The same key twice under one parent.</summary>
    public static HeadraceException DuplicateKey(Place place, string key, int firstLine) =>
        new(
            "HDR-506",
            $"Key '{key}' is there twice, first in line "
                + $"{firstLine.ToString(System.Globalization.CultureInfo.InvariantCulture)}; nothing was run.",
            "remove one, or put both together"
        )
        {
            Facts = At(place),
        };

    /// <summary>A word that is none of the choices of its key.</summary>
    public static HeadraceException UnknownChoice(
        Place place,
        string key,
        string where,
        string found,
        IEnumerable<string> known,
        string next
    ) =>
        new("HDR-507", $"'{key}' in {where} cannot be {found}; nothing was run.", next)
        {
            Facts = At(place, ("known", string.Join(", ", known))),
        };

    /// <summary>A type of connection that this version does not know.</summary>
    public static HeadraceException UnknownConnectionType(
        Place place,
        string found,
        string where,
        IReadOnlyList<string> known
    ) =>
        new(
            "HDR-519",
            $"Type {found} of {where} is not known in this version; known: {string.Join(", ", known)}; "
                + "nothing was run.",
            Configuration.Binding.Suggestion.Ask(found.Trim('\''), known, $"write one of {string.Join(", ", known)}")
        )
        {
            Facts = At(place),
        };

    /// <summary>A flow names a connection that there is not.</summary>
    public static HeadraceException UnknownConnection(
        Place place,
        string name,
        string where,
        IReadOnlyCollection<string> known
    ) =>
        new(
            "HDR-508",
            $"There is no connection '{name}', which {where} names; nothing was run.",
            Configuration.Binding.Suggestion.Ask(name, known, "add it under 'connections'")
        )
        {
            Facts = At(place, ("known", known.Count == 0 ? "none" : string.Join(", ", known))),
        };

    /// <summary>A file format that this version does not read.</summary>
    public static HeadraceException UnknownVersion(Place place, string found) =>
        new(
            "HDR-509",
            $"Version '{found}' of headrace.yaml is not known; nothing was run.",
            "write `version: 1`, or use the release of Headrace that the file was written for"
        )
        {
            Facts = At(place),
        };

    /// <summary>An environment variable that is not set.</summary>
    public static HeadraceException UnsetVariable(Place place, string name) =>
        new(
            "HDR-510",
            $"Variable {name} is not set; nothing was run.",
            $"set {name}, or give it a default: ${{{name}:-…}}"
        )
        {
            Facts = At(place),
        };

    /// <summary>A secret that cannot be had.</summary>
    public static HeadraceException SecretUnreadable(Place place, string written, string why, string next) =>
        new("HDR-511", $"{written} cannot be had: {why}; nothing was run.", next) { Facts = At(place) };

    /// <summary>A document that could hide something or grow without end.</summary>
    public static HeadraceException DocumentRefused(Place place, string why, string next) =>
        new("HDR-512", $"headrace.yaml is refused: {why}; nothing was run.", next) { Facts = At(place) };

    /// <summary>The chosen environment is not in the file.</summary>
    public static HeadraceException UnknownEnvironment(string name, IReadOnlyCollection<string> known) =>
        new(
            "HDR-513",
            $"There is no environment '{name}' in headrace.yaml; nothing was run.",
            Configuration.Binding.Suggestion.Ask(name, known, "add it under 'environments'")
        )
        {
            Facts = Facts(("known", known.Count == 0 ? "none" : string.Join(", ", known))),
        };

    /// <summary>A connection of a type that cannot do what the flow wants of it.</summary>
    public static HeadraceException ConnectionUnfit(
        Place place,
        string name,
        string kind,
        string where,
        string needed
    ) =>
        new(
            "HDR-514",
            $"Connection '{name}' is of type {kind}, and {where} needs one of type {needed}; nothing was run.",
            $"name a connection of type {needed}"
        )
        {
            Facts = At(place),
        };

    /// <summary>Keys of one flow or connection that exclude or need each other.</summary>
    public static HeadraceException KeysDisagree(Place place, string where, string why, string next) =>
        new("HDR-515", $"In {where}, {why}; nothing was run.", next) { Facts = At(place) };

    /// <summary>A path or a table name whose captures do not work.</summary>
    public static HeadraceException PathRefused(Place place, string where, string why, string next) =>
        new("HDR-516", $"In {where}, {why}; nothing was run.", next) { Facts = At(place) };

    /// <summary>A name that would be trouble in a path, a table or a command line.</summary>
    public static HeadraceException NameRefused(Place place, string what, string name) =>
        new(
            "HDR-517",
            $"'{name}' is no name for a {what}; nothing was run.",
            "use letters, digits, _ and -, and start with a letter or _"
        )
        {
            Facts = At(place),
        };

    /// <summary>A command names a flow that there is not.</summary>
    public static HeadraceException UnknownFlow(string name, IReadOnlyCollection<string> known) =>
        new(
            "HDR-518",
            $"There is no flow '{name}' in headrace.yaml; nothing was run.",
            Configuration.Binding.Suggestion.Ask(name, known, "add it under 'flows'")
        )
        {
            Facts = Facts(("known", known.Count == 0 ? "none" : string.Join(", ", known))),
        };

    /// <summary>A memory setting in which not every step can end.</summary>
    public static HeadraceException MemoryTooSmall(Place place, string what, string least, string found) =>
        new(
            "HDR-525",
            $"{what} is {found}, and the least is {least}; nothing was run.",
            $"write memory: {least} or more"
        )
        {
            Facts = At(place),
        };

    static Fact[] At(Place place, params ReadOnlySpan<(string Name, object? Value)> more) =>
        [
            new Fact("file", place.ToString()),
            .. place.Excerpt.Length == 0 ? Array.Empty<Fact>() : [new Fact("excerpt", place.Excerpt)],
            .. Facts(more),
        ];
}
