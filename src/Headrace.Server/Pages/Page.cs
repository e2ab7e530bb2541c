using System.Text.Json.Serialization.Metadata;

namespace Headrace.Server.Pages;

/// <summary>A page for people. A program that asks for JSON gets what the page is drawn from.</summary>
/// <param name="Type">Of the document.</param>
/// <param name="Ask">Makes the document.</param>
/// <param name="Draw">Draws it; the document has no secrets any more.</param>
internal sealed record Page(
    string Path,
    string Title,
    IReadOnlyList<Parameter> Parameters,
    JsonTypeInfo Type,
    Func<Call, Task<object>> Ask,
    Func<object, Call, Html> Draw
)
{
    /// <summary>How many seconds it waits before it asks again by itself; 0 for a page that does not.</summary>
    public Func<object, int> Every { get; init; } = _ => 0;

    /// <summary>Where its events come from, at each of which it asks again; null for none.</summary>
    public Func<object, string?> Live { get; init; } = _ => null;

    /// <inheritdoc cref="Endpoint.IsShared"/>
    public bool IsShared { get; init; }

    /// <summary>A page of what an endpoint answers.</summary>
    public static Page Of(string path, string title, Endpoint endpoint, Func<object, Call, Html> draw) =>
        new(path, title, endpoint.Parameters, endpoint.Answer!, endpoint.Handle, draw) { IsShared = endpoint.IsShared };
}

/// <summary>A button of a page: does what an endpoint does, and leads to a page.</summary>
/// <param name="Next">The page to go to, of the answer.</param>
internal sealed record Form(string Path, Endpoint Endpoint, Func<object, Call, string> Next);
