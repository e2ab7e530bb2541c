using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Headrace.Hosting;

/// <summary>
/// Has the project's server run what a command asks for: the server may have the warehouse open, and knows what runs.
/// </summary>
internal sealed class HandOver(ProjectHost host, ServerAddress server)
{
    /// <summary>The way to the server; null when none runs the project on this machine.</summary>
    public static HandOver? Find(ProjectHost host) =>
        ServerFile.Find(host.Folders) is { } server ? new HandOver(host, server) : null;

    /// <summary>Runs flows by way of the server.</summary>
    /// <exception cref="HeadraceException">What the server met; HDR-612, HDR-613.</exception>
    public async Task<RunResult> RunAsync(
        IReadOnlyList<string> names,
        RunOptions options,
        TimeSpan? wait,
        CancellationToken cancel
    )
    {
        var project = ServerFile.Fingerprint(host.Project);
        if (project != server.Project)
            throw Error.ServerDiffers(server.Address);
        var asked = new HandedOver(
            project,
            names,
            [.. options.Accepted],
            [.. options.Confirmed],
            [.. options.TakenOver],
            options.TimeBudget,
            wait
        );
        using var client = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{server.Address}/hand-over")
        {
            Content = new StringContent(
                JsonSerializer.Serialize(asked, HandOverJson.Default.HandedOver),
                Encoding.UTF8,
                "application/json"
            ),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", server.Secret);
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancel));
            while (await reader.ReadLineAsync(cancel) is { } text)
            {
                var line = JsonSerializer.Deserialize(text, HandOverJson.Default.HandOverLine)!;
                foreach (var key in line.Found ?? [])
                    options.Found[key] = true;
                if (line.Error is { } error)
                    throw Error.Told(error);
                if (line.Result is { } result)
                    return result;
                if (line.Run is { } run)
                    options.Observe?.Invoke(run, line.Progress);
            }

            throw new IOException($"it answered {(int)response.StatusCode} and no result");
        }
        catch (Exception error)
            when (error is HttpRequestException or IOException or JsonException && !cancel.IsCancellationRequested)
        {
            throw Error.ServerLost(server.Address, error);
        }
    }
}
