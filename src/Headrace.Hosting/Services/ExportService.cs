using Headrace.Aws;
using Headrace.Configuration;
using Headrace.Sources;

namespace Headrace.Hosting;

/// <summary>An export of a flow's table.</summary>
public sealed record FlowExport(string Flow, string Table, TableExport Export);

/// <summary>What <c>export</c> did for a flow.</summary>
/// <param name="Exports">Those that were started or still under way; empty when nothing was due.</param>
/// <param name="ReachedTo">Up to where exports went before; null for none.</param>
public sealed record ExportedFlow(string Flow, IReadOnlyList<FlowExport> Exports, DateTimeOffset? ReachedTo);

/// <summary>Has DynamoDB export the tables of flows, and waits until their files are there.</summary>
public sealed class ExportService(ProjectHost host)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>Exports the tables of the flows of these names, or of all enabled ones that have an export.</summary>
    /// <param name="isFull">Export the whole table, whatever was exported before.</param>
    /// <param name="wait">How long to wait for exports to end; zero for not at all, infinite for as long as it
    /// takes.</param>
    /// <param name="observe">Hears of each export as it starts and ends.</param>
    /// <exception cref="HeadraceException">HDR-270 to HDR-275.</exception>
    public async Task<IReadOnlyList<ExportedFlow>> ExportAsync(
        IReadOnlyList<string> names,
        bool isFull,
        TimeSpan wait,
        Action<FlowExport>? observe,
        CancellationToken cancel
    )
    {
        var flows = host.Flows(names);
        if (flows.FirstOrDefault(flow => names.Count > 0 && flow.Source.Export is null) is { } other)
            throw Error.BadArgument("FLOW", other.Name, "a flow whose source has export:");
        var done = new List<ExportedFlow>();
        foreach (var flow in flows.Where(flow => flow.Source.Export is not null))
            done.Add(await ExportAsync(flow, flow.Source.Export!, isFull, wait, observe, cancel));
        return done;
    }

    private async Task<ExportedFlow> ExportAsync(
        Flow flow,
        ExportSettings export,
        bool isFull,
        TimeSpan wait,
        Action<FlowExport>? observe,
        CancellationToken cancel
    )
    {
        var exporter = host.Connections.Exporter(export);
        var kept = await exporter.KeptAsync(cancel);
        var position = await PositionAsync(flow, cancel);
        var known = await exporter.ListAsync(ExportPlan.Reached(position), cancel);
        var plan = isFull
            ? new ExportPlan([ExportWindow.Full], null)
            : ExportPlan.Of(position, known, kept, export.Window);
        if (plan.IsLost)
            throw Error.ExportTooLate(flow.Name, export.Table, plan.ReachedTo!.Value, kept.From);

        FlowExport Tell(TableExport one)
        {
            var told = new FlowExport(flow.Name, export.Table, one);
            observe?.Invoke(told);
            return told;
        }

        List<FlowExport> all = [.. known.Where(one => one.State == TableExportState.Running).Select(Tell)];
        foreach (var window in plan.Start)
            all.Add(Tell(await exporter.StartAsync(window, known.Count, cancel)));
        if (wait != TimeSpan.Zero)
            await WaitAsync(exporter, all, wait, Tell, cancel);
        return all.FirstOrDefault(one => one.Export.State == TableExportState.Failed) is { } failed
            ? throw Error.ExportFailed(flow.Name, export.Table, failed.Export)
            : new ExportedFlow(flow.Name, all, plan.ReachedTo);
    }

    private async Task WaitAsync(
        DynamoExporter exporter,
        List<FlowExport> all,
        TimeSpan wait,
        Func<TableExport, FlowExport> tell,
        CancellationToken cancel
    )
    {
        var began = host.Clock.GetTimestamp();
        for (var pause = TimeSpan.FromSeconds(1); ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            for (var i = 0; i < all.Count; i++)
                if (
                    all[i].Export is { State: TableExportState.Running } running
                    && await exporter.LookAsync(running.Id, cancel) is { State: not TableExportState.Running } ended
                )
                    all[i] = tell(ended);
            var left = all.Count(one => one.Export.State == TableExportState.Running);
            if (left == 0)
                return;
            var waited = host.Clock.GetElapsedTime(began);
            if (wait != Timeout.InfiniteTimeSpan && waited + pause > wait)
                throw Error.ExportSlow(all[0].Flow, all[0].Table, waited, left);
            await Task.Delay(pause, host.Clock, cancel);
        }
    }

    // What was loaded of it.
    private async Task<Position> PositionAsync(Flow flow, CancellationToken cancel)
    {
        var ready = host.Ready(flow, isPlan: true);
        var dataset = new Dataset(flow.Name, flow.Name, new Dictionary<string, string>());
        return await ready.Warehouse.PositionAsync(dataset, ready.Source.Target(dataset), cancel);
    }
}
