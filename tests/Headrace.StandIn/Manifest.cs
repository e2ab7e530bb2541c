using System.Text.Json;

namespace Headrace.StandIn;

/// <summary>The list of files that COPY … MANIFEST loads.</summary>
public static class Manifest
{
    /// <summary>
    /// The URLs to load, in order, repeated where they stand twice; those missing and not mandatory left out.
    /// </summary>
    public static async Task<List<string>> ReadAsync(ObjectStore store, string url, bool columnar)
    {
        var file =
            await store.OpenAsync(url) ?? throw new Refusal("XX000", $"The specified S3 prefix '{url}' does not exist");
        await using var content = file.Content;
        JsonDocument json;
        try
        {
            json = await JsonDocument.ParseAsync(content);
        }
        catch (JsonException broken)
        {
            throw Refusal.Internal(8001, $"Manifest file is not in correct json format: {broken.Message}");
        }

        using (json)
        {
            var urls = new List<string>();
            if (
                !json.RootElement.TryGetProperty("entries", out var entries)
                || entries.ValueKind != JsonValueKind.Array
            )
                throw Refusal.Internal(8001, "Manifest file is not in correct json format: no entries");
            foreach (var entry in entries.EnumerateArray())
            {
                var name = entry.GetProperty("url").GetString()!;
                if (
                    columnar
                    && (!entry.TryGetProperty("meta", out var meta) || !meta.TryGetProperty("content_length", out _))
                )
                    throw Refusal.Internal(15003, "File entry does not have 'meta' key.");
                var mandatory = entry.TryGetProperty("mandatory", out var must) && must.GetBoolean();
                if (await store.OpenAsync(name) is { } found)
                {
                    await found.Content.DisposeAsync();
                    urls.Add(name);
                }
                else if (mandatory)
                {
                    throw Refusal.Internal(
                        8001,
                        $"Problem reading manifest file - mandatory S3 URL {name} does not exist"
                    );
                }
            }

            return urls;
        }
    }
}
