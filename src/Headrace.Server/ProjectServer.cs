using System.Net;
using System.Security.Cryptography;
using Headrace.Configuration;
using Headrace.Hosting;
using Headrace.Server.Pages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Headrace.Server;

/// <summary>
/// Serves a project: runs its flows by schedule and by arriving files, answers over HTTP, and shows what happened.
/// </summary>
public sealed class ProjectServer : IAsyncDisposable
{
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(5);

    private readonly ServeOptions options;
    private readonly TimeProvider clock;
    private readonly ServerFile file;
    private readonly SharedHost hosts;
    private readonly WebApplication app;
    private readonly CancellationTokenSource ending = new();
    private readonly CancellationTokenSource closed = new();
    private readonly Followers followers;
    private readonly Scheduler scheduler;
    private readonly Arrivals arrivals;
    private readonly IReadOnlyList<QueueListener> listeners;
    private readonly Watchman watchman;
    private readonly Metrics metrics = new();
    private readonly Audit audit;
    private Task working = Task.CompletedTask;
    private int isDisposed;

    private ProjectServer(Project project, ServeOptions options, TimeProvider clock, ServerFile file)
    {
        (this.options, this.clock, this.file) = (options, clock, file);
        hosts = new SharedHost(project, clock) { Log = options.Log };
        Jobs = new Jobs(hosts, clock);
        followers = new Followers(project, CancellationToken.None);
        scheduler = new Scheduler(hosts, Jobs, followers.Of, clock);
        arrivals = new Arrivals(hosts, Jobs, followers.Of, clock);
        listeners = QueueListener.Of(project, RunAsync, options.Say, clock);
        watchman = new Watchman(hosts, clock, options.Say, () => $"{Environment.MachineName} {Address}");
        scheduler.Missed = (flow, count) => _ = watchman.MissedAsync(flow, count);
        Jobs.HasEnded = job =>
        {
            arrivals.Ended(job);
            _ = watchman.LookAsync();
        };
        audit = new Audit(Path.Combine(file.Folder, "audit.jsonl"), clock);
        Secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        app = Build();
    }

    /// <summary>Where it listens: a URL.</summary>
    public string Address { get; private set; } = "";

    internal Jobs Jobs { get; }

    internal SharedHost Hosts => hosts;

    private string Secret { get; }

    /// <summary>Starts to serve.</summary>
    /// <exception cref="HeadraceException">HDR-602, HDR-603.</exception>
    public static async Task<ProjectServer> StartAsync(
        Project project,
        ServeOptions options,
        TimeProvider clock,
        CancellationToken cancel
    )
    {
        using var folders = new ProjectFolders(project, clock);
        State.LocalState.Ensure(folders.State);
        var file = ServerFile.Take(folders);
        ProjectServer? server = null;
        try
        {
            server = new ProjectServer(project, options, clock, file);
            await server.StartAsync(cancel);
            return server;
        }
        catch (Exception error)
        {
            if (server is null)
                file.Dispose();
            else
                await server.DisposeAsync();
            if (error is IOException or System.Net.Sockets.SocketException)
                throw Error.AddressTaken(options.Listen, error);
            throw;
        }
    }

    /// <summary>Ends: what runs goes on to its end or is rolled back within a bound; nothing new begins.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref isDisposed, 1) == 1)
            return;
        await ending.CancelAsync();
        await working;
        await Jobs.CloseAsync(options.Grace);
        await closed.CancelAsync(); // who read along has heard of the ends
        await StopAsync();
        await app.DisposeAsync();
        await hosts.DisposeAsync();
        Jobs.Dispose();
        arrivals.Dispose();
        ending.Dispose();
        closed.Dispose();
        metrics.Dispose();
        audit.Dispose();
        file.Dispose();
    }

    // Who is still asked then is cut off, by real time whatever the project's clock says.
    private async Task StopAsync()
    {
        using var limit = new CancellationTokenSource(LongestGoodbye);
        try
        {
            await app.StopAsync(limit.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            // What is left of the server ends with it.
        }
    }

    private async Task StartAsync(CancellationToken cancel)
    {
        await app.StartAsync(cancel);
        Address = app.Urls.First();
        var reach = new UriBuilder(Address);
        if (IPAddress.Any.Equals(options.Address))
            reach.Host = IPAddress.Loopback.ToString();
        else if (IPAddress.IPv6Any.Equals(options.Address))
            reach.Host = $"[{IPAddress.IPv6Loopback}]";
        file.Write(
            new ServerAddress(
                reach.Uri.GetLeftPart(UriPartial.Authority),
                Secret,
                ServerFile.Fingerprint(hosts.Project),
                !options.IsLocal
            )
        );
        working = Task.WhenAll(
            (IEnumerable<Task>)
                [
                    Task.Run(() => scheduler.RunAsync(ending.Token), CancellationToken.None),
                    Task.Run(() => arrivals.RunAsync(ending.Token), CancellationToken.None),
                    Task.Run(() => watchman.RunAsync(ending.Token), CancellationToken.None),
                    .. listeners.Select(one => Task.Run(() => one.RunAsync(ending.Token), CancellationToken.None)),
                ]
        );
    }

    // What a queue asks for.
    private async Task<IReadOnlyList<Run>> RunAsync(IReadOnlyList<string> flows)
    {
        var job = Jobs.Add(followers.Of(flows), "event", cancel: CancellationToken.None);
        await job.Ended;
        return job.Failure is { } failure ? throw failure : job.Result?.Runs ?? [];
    }

    private WebApplication Build()
    {
        // Nothing of the environment or of a file says where it listens or what it writes.
        var builder = WebApplication.CreateEmptyBuilder(
            new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory }
        );
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
            {
                kestrel.AddServerHeader = false;
                kestrel.Limits.MaxRequestBodySize = 2 << 20;
                kestrel.Listen(options.Address, options.Port);
            });
        var web = builder.Build();
        var answers = new Answers(
            hosts.Project.Secrets.Redact,
            new Gate(options, Secret, clock),
            audit,
            new Layout(hosts.Project.Name ?? Path.GetFileName(hosts.Project.Folder)),
            () => Jobs.Version,
            clock,
            closed.Token
        );
        web.Use(answers.GuardAsync);
        var api = new Api(hosts, Jobs, followers, scheduler);
        var endpoints = (IReadOnlyList<Endpoint>)[.. api.Endpoints, .. Health];
        foreach (var endpoint in endpoints)
            web.MapMethods(endpoint.Path, [endpoint.Method], context => answers.AnswerAsync(context, endpoint));
        var description = OpenApi.Write(endpoints, State.StateVersion.Program);
        web.MapMethods(
            "/openapi/v1.json",
            ["GET"],
            context => Answers.TextAsync(context, description, "application/json")
        );
        web.MapMethods(Gate.HandOverPath, ["POST"], new HandOverAnswer(hosts, Jobs).AnswerAsync);
        var site = new Site(hosts, Jobs, scheduler, api);
        foreach (var page in site.Pages)
            web.MapMethods(page.Path, ["GET"], context => answers.PageAsync(context, page));
        foreach (var form in site.Forms)
            web.MapMethods(form.Path, ["POST"], context => answers.FormAsync(context, form));
        foreach (var (name, type) in Assets)
            web.MapMethods($"/assets/{name}", ["GET"], context => AssetAsync(context, name, type));
        web.MapFallback(
            "/{**path}",
            context => throw Error.NoSuchPath(context.Request.Method, Plain.Line(context.Request.Path.Value))
        );
        return web;
    }

    private static readonly (string Name, string Type)[] Assets =
    [
        ("style.css", "text/css"),
        ("htmx.js", "text/javascript"),
        ("live.js", "text/javascript"),
        ("icon.svg", "image/svg+xml"),
    ];

    private static async Task AssetAsync(HttpContext context, string name, string type)
    {
        await using var asset = typeof(ProjectServer).Assembly.GetManifestResourceStream(name)!;
        context.Response.ContentType = type;
        context.Response.Headers.CacheControl = "private, max-age=3600";
        await asset.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private IReadOnlyList<Endpoint> Health =>
        [
            new(
                "GET",
                "/health/live",
                "Whether the server answers",
                [],
                200,
                Views.Default.HealthView,
                _ => Task.FromResult<object>(new HealthView("ok"))
            ),
            new(
                "GET",
                "/health/ready",
                "Whether the server can work: its ledger answers",
                [],
                200,
                Views.Default.HealthView,
                async call =>
                {
                    await hosts.UseAsync(host => host.Ledger.RunsAsync(new RunQuery(null, 1), call.Cancel));
                    return new HealthView("ok");
                }
            ),
            new(
                "GET",
                "/metrics",
                "Numbers for Prometheus",
                [],
                200,
                null,
                _ => Task.FromResult<object>(metrics.Text(Gauges()))
            ),
        ];

    private IEnumerable<(string, string, IEnumerable<(string, double)>)> Gauges()
    {
        var (datasets, now) = (watchman.Datasets, clock.GetUtcNow());
        yield return ("headrace_queue_depth", "Requests that wait", [("", Jobs.Waiting)]);
        yield return (
            "headrace_quarantine_size",
            "Rows that wait in quarantine",
            datasets.GroupBy(one => one.Flow).Select(flow => (flow.Key, (double)flow.Sum(one => one.Quarantined ?? 0)))
        );
        yield return (
            "headrace_flow_lag_seconds",
            "Time since the flow last ran well",
            datasets
                .Where(one => one.Last is { Error: null, Outcome: not Outcome.Skipped })
                .GroupBy(one => one.Flow)
                .Select(flow =>
                    (flow.Key, (now - flow.Min(one => one.Last!.StartedAt + one.Last.Duration)).TotalSeconds)
                )
        );
    }

    // Signals are the command's.
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
