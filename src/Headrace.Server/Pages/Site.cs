using Headrace.Configuration;
using Headrace.Hosting;

namespace Headrace.Server.Pages;

/// <summary>All pages and their buttons.</summary>
internal sealed class Site(SharedHost hosts, Jobs jobs, Scheduler scheduler, Api api)
{
    private const int RunsOfOverview = 400;
    private const int RunsOfFlow = 60;
    private const int ChangesOfFlow = 200;

    /// <summary>The pages.</summary>
    public IReadOnlyList<Page> Pages =>
        [
            new(
                "/",
                "Overview",
                [],
                Views.Default.OverviewView,
                async call => await OverviewAsync(call),
                (view, _) => OverviewPage.Draw((OverviewView)view)
            )
            {
                Every = _ => 3,
                IsShared = true,
            },
            new(
                "/flows/{name}",
                "Flow",
                [new Parameter("name", "A flow or a model.")],
                Views.Default.FlowPageView,
                async call => await FlowAsync(call),
                (view, _) => FlowPage.Draw((FlowPageView)view)
            )
            {
                IsShared = true,
            },
            Page.Of("/runs", "Runs", api.Runs, (view, call) => RunPages.Many((RunsPageView)view, call)),
            new(
                "/runs/{run}",
                "Run",
                api.Run.Parameters,
                Views.Default.RunPageView,
                async call => await RunAsync(call),
                (view, _) => RunPages.One((RunPageView)view)
            )
            {
                Every = view => ((RunPageView)view).Run.Outcome == "running" ? 2 : 0,
                Live = view => view is RunPageView { Request: { } asked } ? EventsOf(asked) : null,
            },
            Page.Of(
                "/requests/{request}",
                "Request",
                api.Request,
                (view, _) => RunPages.Request((RequestView)view)
            ) with
            {
                Every = view => ((RequestView)view).EndedAt is null ? 1 : 0,
                Live = view => view is RequestView { EndedAt: null } asked ? EventsOf(asked.Request) : null,
            },
            Page.Of("/files", "Files", api.Files, (view, call) => RecordPages.Files((FilesView)view, call)),
            Page.Of(
                "/quarantine",
                "Quarantine",
                api.Quarantine,
                (view, call) => RecordPages.Quarantine((QuarantinePageView)view, call)
            ),
            Page.Of("/schedules", "Schedules", api.Schedules, (view, _) => RecordPages.Schedules((SchedulesView)view)),
            Page.Of("/models", "Models", api.Models, (view, _) => RecordPages.Models((ModelsView)view)),
            Page.Of(
                "/process_table",
                "Process table",
                api.ProcessTable,
                (view, _) => RecordPages.ProcessTable((TablesView)view)
            ),
        ];

    /// <summary>The buttons.</summary>
    public IReadOnlyList<Form> Forms =>
        [
            new("/flows/{name}/run", api.RunFlow, (answer, _) => $"/requests/{((AcceptedView)answer).Request}"),
            new("/quarantine/release", api.Release, (_, call) => Rows(call)),
            new("/quarantine/discard", api.Discard, (_, call) => Rows(call)),
        ];

    private static string Rows(Call call) =>
        $"/quarantine?dataset={Uri.EscapeDataString(call.Context.Request.Form["of"].ToString())}";

    private Task<OverviewView> OverviewAsync(Call call) =>
        hosts.UseAsync(async host =>
        {
            var datasets = await new StatusService(host).StatusAsync(call.Cancel);
            var runs = await host.Ledger.RunsAsync(new RunQuery(null, RunsOfOverview), call.Cancel);
            var sizes = runs.Where(run => run.Outcome == Outcome.Loaded).ToLookup(run => run.Dataset);
            return new OverviewView(
                [
                    .. datasets.Select(one => new OverviewRow(
                        DatasetView.Of(one),
                        [
                            .. sizes[one.Dataset]
                                .Take(20)
                                .Reverse()
                                .Select(run => run.Inserted + run.Updated + run.Deleted),
                        ],
                        scheduler.States.FirstOrDefault(state => state.Flow == one.Flow)?.Next
                    )),
                ],
                [.. jobs.All.Where(job => job.EndedAt is null).Select(job => job.View())],
                [.. (await new NotificationsService(host).ListAsync(call.Cancel)).Where(one => one.Fault is not null)]
            );
        });

    private Task<FlowPageView> FlowAsync(Call call) =>
        hosts.UseAsync(async host =>
        {
            var name = call.Path("name");
            var project = hosts.Project;
            var flow =
                project.Flows.TryGetValue(name, out var known) ? FlowView.Of(known)
                : project.Models.TryGetValue(name, out var model) ? FlowView.Of(model)
                : throw Error.UnknownFlow(name, [.. project.Flows.Keys, .. project.Models.Keys]);
            var datasets = await new StatusService(host).StatusAsync(call.Cancel);
            var runs = await host.Ledger.RunsAsync(new RunQuery(name, RunsOfFlow), call.Cancel);
            return new FlowPageView(
                flow,
                [.. datasets.Where(one => one.Flow == name).Select(DatasetView.Of)],
                [.. runs.Select(run => RunView.Of(run, isHistory: true))],
                known is null ? "" : ProjectFile.Show(project, name),
                await ChangesAsync(host, name, call.Cancel)
            );
        });

    private static string EventsOf(string request) => $"/api/v1/requests/{Uri.EscapeDataString(request)}/events";

    // Schemas are no tables. A run has the statements in the order in which it made them.
    private static async Task<IReadOnlyList<SchemaChangeView>> ChangesAsync(
        ProjectHost host,
        string flow,
        CancellationToken cancel
    ) =>
        [
            .. (await host.Ledger.RunsAsync(new RunQuery(flow, ChangesOfFlow) { WithDdl = true }, cancel)).SelectMany(
                run =>
                    run.Ddl.Where(one => !one.StartsWith("CREATE SCHEMA", StringComparison.Ordinal))
                        .Reverse()
                        .Select(one => new SchemaChangeView(run.StartedAt, run.Dataset, run.Target, one, run.Id))
            ),
        ];

    private Task<RunPageView> RunAsync(Call call) =>
        hosts.UseAsync(async host =>
        {
            var run = await new HistoryService(host).RunAsync(call.Path("run"), call.Cancel);
            var checks = await new FilesService(host).ChecksAsync(new CheckQuery(null, run.Id, null, 100), call.Cancel);
            return new RunPageView(RunView.Of(run, isHistory: true), [.. checks.Select(CheckRecordView.Of)], run.Ddl)
            {
                Request =
                    run.Outcome == Outcome.Running ? jobs.All.FirstOrDefault(job => job.IsAt(run.Dataset))?.Id : null,
            };
        });
}
