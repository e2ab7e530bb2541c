using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Headrace.Configuration;
using Headrace.Server;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Headrace.Tests.Serving;

/// <summary>A project in a folder of its own with a server in this process, asked over real HTTP.</summary>
public sealed class ServedProject : IAsyncDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    private readonly HttpClient client;

    private ServedProject(World world, ProjectServer server)
    {
        (World, Server) = (world, server);
        client = new HttpClient
        {
            BaseAddress = new Uri(server.Address.Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal)),
            Timeout = TimeSpan.FromSeconds(60),
        };
    }

    public World World { get; }

    public ProjectServer Server { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<ServedProject> Start(
        World world,
        TimeProvider? clock = null,
        string listen = "127.0.0.1:0",
        string? tokens = null,
        Action<string>? say = null
    )
    {
        var loaded = ProjectFile.Load(world.Folder, null, _ => null);
        Assert.Empty(loaded.Problems);
        var options = ServeOptions.Read(listen, tokens) with { Say = say ?? (_ => { }) };
        return new ServedProject(
            world,
            await ProjectServer.StartAsync(loaded.Project!, options, clock ?? TimeProvider.System, Cancel)
        );
    }

    /// <summary>Asks; the status, and the answer's text.</summary>
    public async Task<(int Status, string Text)> Ask(
        HttpMethod method,
        string path,
        string? body = null,
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers)
            if (name == "Host")
                request.Headers.Host = value;
            else
                request.Headers.TryAddWithoutValidation(name, value);
        using var response = await client.SendAsync(request, Cancel);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }

    /// <summary>A good answer as JSON.</summary>
    public async Task<JsonElement> Get(string path)
    {
        var (status, text) = await Ask(HttpMethod.Get, path);
        Assert.True(status == 200, $"{status} {text}");
        return JsonDocument.Parse(text).RootElement.Clone();
    }

    /// <summary>What is wrong with a request: the status and the code.</summary>
    public async Task<string> Fault(
        HttpMethod method,
        string path,
        string? body = null,
        params (string Name, string Value)[] headers
    )
    {
        var (status, text) = await Ask(method, path, body, headers);
        var json = JsonDocument.Parse(text).RootElement;
        Assert.Equal(status, json.GetProperty("status").GetInt32());
        Assert.NotEqual("", json.GetProperty("next").GetString());
        return $"{status} {json.GetProperty("code").GetString()}";
    }

    /// <summary>Runs a flow by a request, to its end.</summary>
    public async Task<JsonElement> Run(string flow, string? body = null)
    {
        var (status, text) = await Ask(HttpMethod.Post, $"/api/v1/flows/{flow}/run", body);
        Assert.True(status == 202, $"{status} {text}");
        return await Ended(JsonDocument.Parse(text).RootElement.GetProperty("request").GetString()!);
    }

    /// <summary>Waits until a request has ended.</summary>
    public async Task<JsonElement> Ended(string request)
    {
        while (true)
        {
            var json = await Get($"/api/v1/requests/{request}");
            if (json.GetProperty("state").GetString() is "done" or "failed")
                return json;
            await Task.Delay(20, Cancel);
        }
    }

    /// <summary>
    /// Waits until something holds. A clock goes on meanwhile, for a minute and ever slower: who began to wait by it a
    /// moment too late wakes up, on a machine with much to do, too.
    /// </summary>
    /// <param name="found">Says what is there when it does not come.</param>
    /// <param name="still">How long the clock stands still at first.</param>
    public static async Task Until(
        Func<Task<bool>> holds,
        FakeTimeProvider? clock = null,
        Func<string>? found = null,
        TimeSpan still = default
    )
    {
        var watch = Stopwatch.StartNew();
        var (next, advanced) = (still, 0);
        while (!await holds())
        {
            Assert.True(watch.Elapsed < Longest, $"It did not come within {Longest}. {found?.Invoke()}");
            if (clock is not null && advanced < 60 && watch.Elapsed >= next)
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                advanced++;
                next = watch.Elapsed + (advanced < 30 ? TimeSpan.Zero : TimeSpan.FromSeconds(2));
            }

            await Task.Delay(20, Cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await Server.DisposeAsync();
        World.Dispose();
    }
}
