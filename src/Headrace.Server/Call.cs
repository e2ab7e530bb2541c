using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Headrace.Configuration.Binding;
using Headrace.Hosting;
using Microsoft.AspNetCore.Http;

namespace Headrace.Server;

/// <summary>A request, with its parameters as an endpoint names them.</summary>
internal sealed class Call(HttpContext context, IReadOnlyList<Parameter> parameters)
{
    private const int LargestBody = 1 << 20;

    public CancellationToken Cancel => context.RequestAborted;

    public HttpContext Context => context;

    /// <summary>Refuses parameters that the endpoint does not have: a misspelt filter would show everything.</summary>
    /// <exception cref="HeadraceException">HDR-608.</exception>
    public void CheckNames()
    {
        var known = parameters.Select(parameter => parameter.Name).ToList();
        foreach (var name in context.Request.Query.Keys)
            if (!known.Contains(name))
                throw Error.BadParameter(name, "is not known here", Suggestion.Ask(name, known, "leave it out"));
    }

    /// <summary>A parameter of the path.</summary>
    public string Path(string name) => (string)context.Request.RouteValues[name]!;

    /// <summary>A parameter of the query; null when it is not said or empty.</summary>
    public string? Text(string name) =>
        context.Request.Query[name] is [{ Length: > 0 } only] ? only
        : context.Request.Query[name].Count > 1
            ? throw Error.BadParameter(name, "is said more than once", "say it once")
        : null;

    /// <inheritdoc cref="Text"/>
    public DateTimeOffset? Time(string name) =>
        Text(name) is not { } text ? null
        : UtcTime.TryRead(text, out var time) ? time
        : throw Error.BadParameter(name, "is no time", "write for example 2026-10-04T05:00:00Z");

    /// <summary>A whole number from 1.</summary>
    public int Number(string name, int usual, int most) =>
        Text(name) is not { } text ? usual
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && number >= 1
        && number <= most
            ? number
        : throw Error.BadParameter(name, $"is no number from 1 to {most}", "correct it, or leave it out");

    /// <summary>One of the words of an enumeration, in snake case.</summary>
    public T? Word<T>(string name)
        where T : struct, Enum
    {
        if (Text(name) is not { } text)
            return null;
        var words = Enum.GetValues<T>()
            .ToDictionary(value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));
        return words.TryGetValue(text, out var found)
            ? found
            : throw Error.BadParameter(name, "is no such word", $"write one of {string.Join(", ", words.Keys)}");
    }

    /// <summary>True for <c>true</c>.</summary>
    public bool Flag(string name) => Text(name) is { } text && (text == "true" || text == "1");

    /// <summary>The body as a text.</summary>
    /// <exception cref="HeadraceException">HDR-609.</exception>
    public async Task<string> BodyAsync()
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[16 * 1024];
        for (int read; (read = await context.Request.Body.ReadAsync(buffer, Cancel)) > 0; )
        {
            bytes.Write(buffer, 0, read);
            if (bytes.Length > LargestBody)
                throw Error.BodyRefused("it is larger than 1 MB", "send less");
        }

        return System.Text.Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    /// <summary>The body as a document; null when there is none.</summary>
    /// <exception cref="HeadraceException">HDR-609.</exception>
    public async Task<T?> BodyAsync<T>(JsonTypeInfo<T> type)
        where T : class
    {
        var text = await BodyAsync();
        if (text.Trim().Length == 0)
            return null;
        try
        {
            return JsonSerializer.Deserialize(text, type);
        }
        catch (JsonException error)
        {
            throw Error.BodyRefused(
                $"it is no such JSON document (line {error.LineNumber + 1})",
                "look at /openapi/v1.json for its form"
            );
        }
    }

    /// <summary>What a form of a page says; a document of the same names is taken too.</summary>
    public async Task<AskedView> AskedAsync()
    {
        if (!context.Request.HasFormContentType)
            return await BodyAsync(Views.Default.AskedView) ?? new AskedView();
        var form = await context.Request.ReadFormAsync(Cancel);
        return new AskedView
        {
            Of = form["of"] is [{ Length: > 0 } of] ? of : null,
            Reason = form["reason"] is [{ Length: > 0 } reason] ? reason : null,
            Ids = form["ids"].Count == 0 ? null : [.. form["ids"].Select(Id)],
            Set =
                form["column"] is [{ Length: > 0 } column] && form["value"] is [{ Length: > 0 } value]
                    ? new Dictionary<string, string?> { [column] = value }
                    : null,
        };
    }

    private static long Id(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? id
            : throw Error.BodyRefused("'ids' has what is no number", "send the numbers of rows");
}
