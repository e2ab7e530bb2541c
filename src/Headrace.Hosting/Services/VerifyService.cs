using Headrace.Configuration;
using Headrace.DuckDb;
using Headrace.Postgres;

namespace Headrace.Hosting;

/// <summary>Compares all rows of flows' sources and targets, and puts right what differs when it is asked to.</summary>
public sealed class VerifyService(ProjectHost host)
{
    // Datasets that alone are verified of their flows.
    private HashSet<string> only = [];

    /// <summary>Verifies flows and datasets of these names, or all enabled ones that have a target.</summary>
    /// <param name="isRepair">Put right what differs, and nothing else.</param>
    /// <param name="observe">Hears of each table once it is compared.</param>
    public async Task<IReadOnlyList<Verified>> VerifyAsync(
        IReadOnlyList<string> names,
        bool isRepair,
        Action<Verified>? observe,
        CancellationToken cancel
    )
    {
        var found = new List<Verified>();
        only = ProjectHost.Datasets(names);
        if (names.FirstOrDefault(host.Project.Models.ContainsKey) is { } model)
            throw Error.CannotVerify(model, "is a model, which has no source outside of its warehouse");
        foreach (var flow in host.Flows(names))
        {
            if (Obstacle(flow) is { } obstacle && names.Count > 0)
                throw Error.CannotVerify(flow.Name, obstacle);
            if (Obstacle(flow) is not null)
                continue;
            var tables = flow.ReadsTable ? TablesAsync(flow, isRepair, cancel) : FilesAsync(flow, isRepair, cancel);
            await foreach (var verified in tables)
            {
                found.Add(verified);
                observe?.Invoke(verified);
            }
        }

        return found;
    }

    private bool IsAsked(Flow flow, string dataset) => !Of(flow).Any() || only.Contains(dataset);

    private IEnumerable<string> Of(Flow flow) =>
        only.Where(name => name.StartsWith($"{flow.Name}/", StringComparison.Ordinal));

    private void Require(Flow flow, IEnumerable<string> known)
    {
        var names = known.Distinct().ToList();
        if (Of(flow).Except(names).FirstOrDefault() is { } missing)
            throw Error.NoSuchDataset(missing, flow.Name, names);
    }

    // Rows that models have taken would come again.
    private static string? Obstacle(Flow flow) =>
        flow.IsPublishOnly ? "has no target"
        : flow.ReadsStream ? "reads a stream, which forgets what it had"
        : flow.KeepRows is not null ? "keeps its rows only until its models have committed"
        : null;

    private async IAsyncEnumerable<Verified> TablesAsync(
        Flow flow,
        bool isRepair,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel
    )
    {
        var ready = host.Ready(flow, isPlan: !isRepair);
        var list = ready.Source as ListedTables;
        var datasets = await ready.Source.DatasetsAsync(cancel);
        Require(flow, datasets.Select(dataset => dataset.Name));
        foreach (var dataset in datasets.Where(dataset => IsAsked(flow, dataset.Name)))
            if (list is null || list.Has(dataset))
                yield return await TableAsync(ready, list?.FlowOf(dataset) ?? flow, dataset, isRepair, cancel);
    }

    private async Task<Verified> TableAsync(
        ReadyFlow ready,
        Flow flow,
        Dataset dataset,
        bool isRepair,
        CancellationToken cancel
    )
    {
        // A run meanwhile would change the one side and not the other.
        await using var hold = await HoldAsync(dataset, cancel);
        using var bench = host.Workbench();
        try
        {
            using var db = bench.Connect(cancel);
            var run = NewRun(ready, dataset.Name, ready.Source.Target(dataset));
            var (warehouse, engine) = (ready.Warehouse, host.Warehouses.EngineOf(ready.Warehouse));
            var repair = isRepair ? new LoadAttempt(run.Id, IsPlan: false) : null;
            var verified = await new Verification(
                db,
                warehouse,
                engine,
                bench.Folder,
                bench.SetBytes,
                host.Clock
            ).RunAsync(flow, dataset, ready.Source, repair, cancel);
            await NoteAsync(run, verified);
            return verified;
        }
        catch (DuckDbException error) when (error.Kind == DuckDbErrorKind.OutOfMemory)
        {
            throw TooLarge(error);
        }
        finally
        {
            ready.Source.Release(dataset);
        }
    }

    private async IAsyncEnumerable<Verified> FilesAsync(
        Flow flow,
        bool isRepair,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel
    )
    {
        var ready = host.Ready(flow, isPlan: !isRepair);
        await ready.Source.DatasetsAsync(cancel);
        var tables = await ((ILoadHistory)ready.Warehouse).HistoryAsync(flow.Name, cancel);
        if (tables.Count == 0)
            yield return new Verified(flow.Name, 0, 0, 0, 0, 0, 0, [], ["nothing was loaded yet"]);
        Require(flow, tables.SelectMany(table => table.Files.Select(file => file.Dataset)));
        foreach (
            var table in tables
                .Where(table => table.Files.Any(file => IsAsked(flow, file.Dataset)))
                .OrderBy(table => table.Files[0].Dataset, StringComparer.Ordinal)
        )
            yield return await FilesAsync(ready, flow, table, isRepair, cancel);
    }

    private async Task<Verified> FilesAsync(
        ReadyFlow ready,
        Flow flow,
        TableHistory known,
        bool isRepair,
        CancellationToken cancel
    )
    {
        var datasets = known
            .Files.Select(file => file.Dataset)
            .Distinct()
            .Select(name => new Dataset(name, flow.Name, new Dictionary<string, string>()))
            .ToList();
        var holds = new List<IAsyncDisposable>();
        using var bench = host.Workbench();
        try
        {
            foreach (var dataset in datasets)
                holds.Add(await HoldAsync(dataset, cancel));
            using var db = bench.Connect(cancel);

            // What a run loaded until the datasets were held counts too.
            var tables = await ((ILoadHistory)ready.Warehouse).HistoryAsync(flow.Name, cancel);
            var table = tables.First(one => one.Target == known.Target);
            var run = NewRun(ready, table.Files[^1].Dataset, table.Target);
            var (warehouse, engine) = (ready.Warehouse, host.Warehouses.EngineOf(ready.Warehouse));
            var repair = isRepair ? new LoadAttempt(run.Id, IsPlan: false) : null;
            var verification = new FileVerification(
                db,
                () => bench.Scratch(host.Clock),
                warehouse,
                engine,
                bench.Folder,
                bench.SetBytes,
                ProjectWarehouses.LimitsOf(warehouse),
                host.Clock
            );
            var verified = await verification.RunAsync(flow, table, (IFileSource)ready.Source, repair, cancel);
            await NoteAsync(run, verified);
            return verified;
        }
        catch (DuckDbException error) when (error.Kind == DuckDbErrorKind.OutOfMemory)
        {
            throw TooLarge(error);
        }
        finally
        {
            foreach (var dataset in datasets)
                ready.Source.Release(dataset);
            foreach (var hold in holds)
                await hold.DisposeAsync();
        }
    }

    private async Task<IAsyncDisposable> HoldAsync(Dataset dataset, CancellationToken cancel) =>
        await host.Ledger.HoldAsync(dataset, null, cancel) ?? throw Error.DatasetHeld(dataset.Name);

    private Run NewRun(ReadyFlow flow, string dataset, TableName target) =>
        new()
        {
            Id = Id.New("r", host.Clock),
            Flow = flow.Name,
            Dataset = dataset,
            StartedAt = host.Clock.GetUtcNow(),
            Outcome = Outcome.Loaded,
            Target = target.ToString(),
        };

    // A repair is a load, and is in the history as one.
    private async Task NoteAsync(Run run, Verified verified)
    {
        if (!verified.IsRepaired)
            return;
        var repaired = run with
        {
            Batches = 1,
            Inserted = verified.Missing,
            Updated = verified.Different,
            Deleted = verified.Extra,
            Warnings = ["repaired by verify"],
        };
        await host.Ledger.WriteAsync([repaired], CancellationToken.None);
    }

    private static HeadraceException TooLarge(DuckDbException error) =>
        Error.OutOfMemory("the comparison", error.Message.Split('\n')[0], error);
}
