using Headrace.Hosting;

namespace Headrace.Server;

/// <summary>What changes something or takes a while, and how it goes.</summary>
internal sealed partial class Api
{
    public Endpoint Release =>
        new(
            "POST",
            "/api/v1/quarantine/release",
            "Loads rows after all; those that still do not fit stay",
            [],
            200,
            Views.Default.ReleaseView,
            async call =>
            {
                var asked = await call.AskedAsync();
                var of = OfRows(asked);
                var result = await hosts.UseAsync(host =>
                    new QuarantineService(host).ReleaseAsync(of, asked.Ids, asked.Set ?? Nothing, call.Cancel)
                );
                return new ReleaseView(result.Released, result.Kept, 0);
            }
        )
        {
            Body = Views.Default.AskedView,
        };

    public Endpoint Discard =>
        new(
            "POST",
            "/api/v1/quarantine/discard",
            "Gives rows up; they stay on record with the reason",
            [],
            200,
            Views.Default.ReleaseView,
            async call =>
            {
                var asked = await call.AskedAsync();
                var of = OfRows(asked);
                var discarded = await hosts.UseAsync(host =>
                    new QuarantineService(host).DiscardAsync(of, asked.Ids, asked.Reason, call.Cancel)
                );
                return new ReleaseView(0, 0, discarded);
            }
        )
        {
            Body = Views.Default.AskedView,
        };

    public Endpoint RunFlow =>
        new(
            "POST",
            "/api/v1/flows/{name}/run",
            "Runs a flow or a model",
            [Name],
            202,
            Views.Default.AcceptedView,
            async call =>
            {
                var name = Known(call.Path("name"));
                var asked = await call.AskedAsync();
                var job = jobs.Add(
                    followers.Of([name]),
                    "request",
                    new RunOptions
                    {
                        Accepted = (asked.Accept ?? []).ToHashSet(StringComparer.Ordinal),
                        Confirmed = (asked.Confirm ?? []).ToHashSet(StringComparer.Ordinal),
                        TakenOver = (asked.TakeOver ?? []).ToHashSet(StringComparer.Ordinal),
                    }
                );
                call.Context.Response.Headers.Location = $"/api/v1/requests/{job.Id}";
                return new AcceptedView(job.Id);
            }
        )
        {
            Body = Views.Default.AskedView,
        };

    public Endpoint Events =>
        new(
            "POST",
            "/api/v1/events",
            "A notification of S3 or of EventBridge: a hint that starts the flows whose lake it names",
            [],
            202,
            Views.Default.AcceptedView,
            async call =>
            {
                var arrival = Arrival.Of(
                    hosts.Project,
                    await call.BodyAsync(),
                    why => Error.BodyRefused(why, "send the document as S3, EventBridge, SNS or SQS gives it")
                );
                var job = arrival.Flows.Count == 0 ? null : jobs.Add(followers.Of(arrival.Flows), "event");
                return new AcceptedView(job?.Id, arrival.Flows);
            }
        );

    public Endpoint Plan =>
        new(
            "POST",
            "/api/v1/flows/{name}/plan",
            "What a run would do; nothing is written",
            [Name],
            200,
            Views.Default.RunsView,
            async call =>
            {
                var name = Known(call.Path("name"));
                var plan = await hosts.UseAsync(host =>
                    new PlanService(host).PlanAsync([name], observe: null, call.Cancel)
                );
                return RunsView.Of([.. plan.Runs.Select(run => RunView.Of(run, isPlan: true))], []);
            }
        );

    public Endpoint Verify =>
        new(
            "POST",
            "/api/v1/flows/{name}/verify",
            "Compares all rows of a flow's source and target; with repair puts right what differs",
            [Name],
            200,
            Views.Default.VerifyView,
            async call =>
            {
                var name = Known(call.Path("name"));
                var asked = await call.AskedAsync();
                var found = await hosts.UseAloneAsync(
                    host => new VerifyService(host).VerifyAsync([name], asked.Repair, observe: null, call.Cancel),
                    call.Cancel
                );
                return new VerifyView([.. found.Select(VerifiedView.Of)]);
            }
        )
        {
            Body = Views.Default.AskedView,
        };

    public Endpoint Export =>
        new(
            "POST",
            "/api/v1/flows/{name}/export",
            "Has DynamoDB export what is due of a flow's table, or with full the whole table; ask again how it stands",
            [Name],
            202,
            Views.Default.ExportsView,
            async call =>
            {
                var name = Known(call.Path("name"));
                var asked = await call.AskedAsync();
                var flows = await hosts.UseAsync(host =>
                    new ExportService(host).ExportAsync([name], asked.Full, TimeSpan.Zero, observe: null, call.Cancel)
                );
                return new ExportsView([.. flows.SelectMany(flow => flow.Exports).Select(ExportView.Of)]);
            }
        )
        {
            Body = Views.Default.AskedView,
        };

    public Endpoint Requests =>
        new(
            "GET",
            "/api/v1/requests",
            "What the server was asked to run since it began, the newest first",
            [],
            200,
            Views.Default.RequestsView,
            _ => Task.FromResult<object>(new RequestsView([.. jobs.All.Take(100).Select(job => job.View())]))
        );

    public Endpoint Request =>
        new(
            "GET",
            "/api/v1/requests/{request}",
            "How a request stands: queued, running, done (its runs say how), or failed before it could run",
            [new("request", "What the answer to a run said.")],
            200,
            Views.Default.RequestView,
            call => Task.FromResult<object>(jobs.Find(call.Path("request")).View())
        );

    public Endpoint RequestEvents =>
        new(
            "GET",
            "/api/v1/requests/{request}/events",
            "How a request goes, as server-sent events: state whenever something changed, and end as the last one",
            Request.Parameters,
            200,
            null,
            call => Task.FromResult<object>(jobs.Find(call.Path("request")))
        )
        {
            IsStream = true,
        };

    private static IEnumerable<KeyValuePair<string, string?>> Nothing => [];

    private static string OfRows(AskedView asked) =>
        asked.Of ?? throw Error.BodyRefused("it does not say whose rows", "send {\"of\": \"a flow or a dataset\"}");

    private string Known(string name) =>
        hosts.Project.Flows.ContainsKey(name) || hosts.Project.Models.ContainsKey(name)
            ? name
            : throw Error.UnknownFlow(name, [.. hosts.Project.Flows.Keys, .. hosts.Project.Models.Keys]);
}
