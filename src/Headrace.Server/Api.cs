using Headrace.Hosting;

namespace Headrace.Server;

/// <summary>
/// What programs ask over HTTP: every endpoint under /api/v1. The pages show what the same endpoints answer.
/// </summary>
internal sealed partial class Api(SharedHost hosts, Jobs jobs, Followers followers, Scheduler scheduler)
{
    private const int MostOfPage = 1000;

    private static readonly Parameter Limit = new("limit", "How many at most; 100 when it is not said.")
    {
        Type = "integer",
    };
    private static readonly Parameter After = new("after", "The `next` of the page before.");
    private static readonly Parameter Name = new("name", "A flow or a model.");
    private static readonly Parameter Flow = new("flow", "A flow or a model.");
    private static readonly Parameter Dataset = new("dataset", "A dataset.");

    /// <summary>All endpoints.</summary>
    public IReadOnlyList<Endpoint> Endpoints =>
        [
            Files,
            Runs,
            Run,
            Flows,
            Datasets,
            Checks,
            ProcessTable,
            Quarantine,
            Release,
            Discard,
            RunFlow,
            Requests,
            Request,
            RequestEvents,
            Events,
            Plan,
            Verify,
            Export,
            Schedules,
            Models,
            Notifications,
        ];

    public Endpoint Files =>
        new(
            "GET",
            "/api/v1/files",
            "Files on record, the newest first",
            [
                new("table_name", "A table, with or without its schema."),
                Dataset,
                Time("landed_timestamp", "When the file landed, exactly."),
                Time("landed_from", "The earliest time of landing; a file of that time is one of them."),
                Time("landed_to", "The latest time of landing; a file of that time is one of them."),
                Limit,
                After,
            ],
            200,
            Views.Default.FilesView,
            async call =>
            {
                var at = call.Time("landed_timestamp");
                var query = new FileQuery
                {
                    Table = call.Text("table_name"),
                    Dataset = call.Text("dataset"),
                    From = at ?? call.Time("landed_from"),
                    To = at ?? call.Time("landed_to"),
                    Most = call.Number("limit", 100, MostOfPage),
                };
                var after = Place.Files(call.Text("after"));
                var page = await hosts.UseAsync(host => new FilesService(host).FilesAsync(query, after, call.Cancel));
                return new FilesView(
                    [.. page.Files.Select(FileView.Of)],
                    page.Next is null ? null : Place.Of(page.Next)
                );
            }
        );

    public Endpoint Runs =>
        new(
            "GET",
            "/api/v1/runs",
            "Runs, the newest first; those that have begun and not ended before all others",
            [Flow, Dataset, new("outcome", "loaded, up_to_date, stopped, failed, skipped or running."), Limit, After],
            200,
            Views.Default.RunsPageView,
            async call =>
            {
                var most = call.Number("limit", 100, MostOfPage);
                var query = new RunQuery(call.Text("dataset") ?? call.Text("flow"), most + 1)
                {
                    Outcome = call.Word<Outcome>("outcome"),
                    Before = Place.Run(call.Text("after")),
                };
                var runs = await hosts.UseAsync(host => new HistoryService(host).RunsAsync(query, call.Cancel));
                return new RunsPageView(
                    [.. runs.Take(most).Select(run => RunView.Of(run, isHistory: true))],
                    runs.Count > most ? Place.Of(runs[most - 1]) : null
                );
            }
        )
        {
            IsShared = true,
        };

    public Endpoint Run =>
        new(
            "GET",
            "/api/v1/runs/{run}",
            "One run",
            [new("run", "A run's identifier, or the beginning of it.")],
            200,
            Views.Default.RunView,
            async call =>
                RunView.Of(
                    await hosts.UseAsync(host => new HistoryService(host).RunAsync(call.Path("run"), call.Cancel)),
                    isHistory: true
                )
        );

    public Endpoint Flows =>
        new(
            "GET",
            "/api/v1/flows",
            "The flows and models of headrace.yaml",
            [],
            200,
            Views.Default.FlowsView,
            _ =>
                Task.FromResult<object>(
                    new FlowsView([
                        .. hosts.Project.Flows.Values.Select(FlowView.Of),
                        .. hosts.Project.Models.Values.Select(FlowView.Of),
                    ])
                )
        );

    public Endpoint Datasets =>
        new(
            "GET",
            "/api/v1/datasets",
            "How each dataset stands",
            [Flow],
            200,
            Views.Default.StatusView,
            async call =>
            {
                var flow = call.Text("flow");
                var all = await hosts.UseAsync(host => new StatusService(host).StatusAsync(call.Cancel));
                return new StatusView([.. all.Where(one => flow is null || one.Flow == flow).Select(DatasetView.Of)]);
            }
        )
        {
            IsShared = true,
        };

    public Endpoint Checks =>
        new(
            "GET",
            "/api/v1/checks",
            "What checks found, the newest first",
            [
                Flow,
                Dataset,
                new("run", "A run's identifier."),
                new("outcome", "passed, warned, quarantined or stopped."),
                Limit,
            ],
            200,
            Views.Default.ChecksView,
            async call =>
            {
                var query = new CheckQuery(
                    call.Text("dataset") ?? call.Text("flow"),
                    call.Text("run"),
                    call.Text("outcome"),
                    call.Number("limit", 100, MostOfPage)
                );
                var found = await hosts.UseAsync(host => new FilesService(host).ChecksAsync(query, call.Cancel));
                return new ChecksView([.. found.Select(CheckRecordView.Of)]);
            }
        );

    public Endpoint ProcessTable =>
        new(
            "GET",
            "/api/v1/process_table",
            "The listed tables, each with its last sync",
            [],
            200,
            Views.Default.TablesView,
            async call =>
            {
                var tables = await hosts.UseAsync(host => new TablesService(host).ListAsync(call.Cancel));
                return new TablesView([.. tables.Select(TableView.Of)]);
            }
        );

    public Endpoint Quarantine =>
        new(
            "GET",
            "/api/v1/quarantine",
            "Rows that were set aside: of a flow or dataset each of them, else how many, by dataset",
            [
                Flow,
                Dataset,
                new("all", "true: those that were released or discarded, too.") { Type = "boolean" },
                Limit,
            ],
            200,
            Views.Default.QuarantinePageView,
            async call =>
            {
                var of = call.Text("dataset") ?? call.Text("flow");
                var (all, most) = (call.Flag("all"), call.Number("limit", 100, MostOfPage));
                return await hosts.UseAsync(async host =>
                {
                    var quarantine = new QuarantineService(host);
                    return new QuarantinePageView(
                        [.. (await quarantine.CountAsync(call.Cancel)).Select(QuarantineCountView.Of)],
                        of is null ? [] : await quarantine.RowsAsync(of, all, most, call.Cancel)
                    );
                });
            }
        );

    public Endpoint Schedules =>
        new(
            "GET",
            "/api/v1/schedules",
            "When flows run, when they last did, and what was missed",
            [],
            200,
            Views.Default.SchedulesView,
            _ =>
                Task.FromResult<object>(
                    new SchedulesView([
                        .. scheduler.States.Select(one => new ScheduleView(
                            one.Flow,
                            one.Schedule.ToString(),
                            one.Last,
                            one.Next,
                            one.Missed
                        )),
                    ])
                )
        );

    public Endpoint Models =>
        new(
            "GET",
            "/api/v1/models",
            "The models, what they read, and how they stand",
            [],
            200,
            Views.Default.ModelsView,
            async call =>
            {
                var all = await hosts.UseAsync(host => new StatusService(host).StatusAsync(call.Cancel));
                var models = hosts
                    .Project.Models.Values.Select(model =>
                    {
                        var view = DatasetView.Of(all.First(one => one.Flow == model.Name));
                        return new ModelView(
                            model.Name,
                            followers.Before(model.Name),
                            view.State,
                            view.LastRun,
                            model.Table.ToString()
                        );
                    })
                    .ToList();
                var read = models.SelectMany(model => model.Reads).ToHashSet(StringComparer.Ordinal);
                return new ModelsView(
                    models,
                    [
                        .. all.Where(one => read.Contains(one.Flow) && hosts.Project.Flows.ContainsKey(one.Flow))
                            .GroupBy(one => one.Flow)
                            .Select(flow => new ReadFlowView(
                                flow.Key,
                                DatasetView.Of(flow.MaxBy(one => Urgency(one.State))!).State
                            )),
                    ]
                );
            }
        );

    public Endpoint Notifications =>
        new(
            "GET",
            "/api/v1/notifications",
            "The ways to tell people, and which of them do not work",
            [],
            200,
            Views.Default.NotificationsView,
            async call => new NotificationsView(
                await hosts.UseAsync(host => new NotificationsService(host).ListAsync(call.Cancel))
            )
        );

    private static int Urgency(DatasetState state) =>
        state switch
        {
            DatasetState.Failed => 5,
            DatasetState.Stopped => 4,
            DatasetState.Quarantine => 3,
            DatasetState.Ok => 0,
            DatasetState.NeverRun => 1,
            _ => 2,
        };

    private static Parameter Time(string name, string description) => new(name, description) { Format = "date-time" };
}
