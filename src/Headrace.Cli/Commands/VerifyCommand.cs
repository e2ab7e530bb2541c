using System.CommandLine;
using Headrace.Configuration;
using Headrace.DuckDb;
using Headrace.Postgres;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace verify [FLOW…] [--repair]</c>: whether the target has what the source has.</summary>
internal static class VerifyCommand
{
    private static readonly Argument<string[]> Flows = new("FLOW") { Description = "Flows to verify; all when none is named", Arity = ArgumentArity.ZeroOrMore, Validators = { RunCommand.NoOption } };
    private static readonly Option<bool> Repair = new("--repair") { Description = "Put right what differs, and nothing else" };

    public static Command Create() =>
        new Command("verify", "Compare all rows of flows' sources and targets") { Flows, Repair }.OnProject(VerifyAsync);

    private static async Task<int> VerifyAsync(Workspace workspace, ParseResult parsed, CancellationToken cancel)
    {
        var names = parsed.GetValue(Flows)!;
        var isRepair = parsed.GetValue(Repair);
        var found = new List<Verified>();
        foreach (var flow in workspace.Flows(names))
        {
            if (flow.IsPublishOnly && names.Length > 0)
                throw Error.CannotVerify(flow.Name, "has no target");
            if (!flow.IsPublishOnly)
                found.AddRange(flow.ReadsTable ? await VerifyTablesAsync(workspace, flow, isRepair, cancel) : await VerifyFilesAsync(workspace, flow, isRepair, cancel));
        }

        if (workspace.Screen.IsJson)
            workspace.Screen.Json(new VerifyView([.. found.Select(VerifiedView.Of)]), Views.Default.VerifyView);
        else
            Show(workspace.Screen, found);
        return found.All(one => one.IsEqual || one is { IsRepaired: true, IsWhole: true }) ? ExitCode.Ok : ExitCode.Stopped;
    }

    private static async Task<IReadOnlyList<Verified>> VerifyTablesAsync(Workspace workspace, Flow flow, bool isRepair, CancellationToken cancel)
    {
        var ready = workspace.Ready(flow, isPlan: !isRepair);
        var found = new List<Verified>();
        foreach (var dataset in await ready.Source.DatasetsAsync(cancel))
        {
            if (ready.Source is ListedTables list && !list.Has(dataset))
                continue;
            var one = ready.Source is ListedTables listed ? listed.FlowOf(dataset) : flow;
            // A run meanwhile would change the one side and not the other.
            await using var hold = await workspace.Ledger.HoldAsync(dataset, cancel) ?? throw Error.DatasetHeld(dataset.Name);
            using var room = workspace.Room();
            try
            {
                using var db = room.Connect(cancel);
                var run = NewRun(workspace, flow, dataset.Name, ready.Source.Target(dataset));
                var verified = await new Verification(db, ready.Warehouse, workspace.Engine(ready.Warehouse), room.Folder, room.SetBytes, workspace.Clock)
                    .RunAsync(one, dataset, ready.Source, isRepair ? new LoadAttempt(run.Id, IsPlan: false) : null, cancel);
                found.Add(verified);
                await NoteAsync(workspace, run, verified);
            }
            catch (DuckDbException error) when (error.Kind == DuckDbErrorKind.OutOfMemory)
            {
                throw Error.OutOfMemory("the comparison", error.Message.Split('\n')[0], error);
            }
            finally
            {
                ready.Source.Release(dataset);
            }
        }

        return found;
    }

    private static async Task<IReadOnlyList<Verified>> VerifyFilesAsync(Workspace workspace, Flow flow, bool isRepair, CancellationToken cancel)
    {
        var ready = workspace.Ready(flow, isPlan: !isRepair);
        await ready.Source.DatasetsAsync(cancel);
        var tables = await ((ILoadHistory)ready.Warehouse).HistoryAsync(flow.Name, cancel);
        if (tables.Count == 0)
            return [new Verified(flow.Name, 0, 0, 0, 0, 0, 0, [], ["nothing was loaded yet"])];
        var found = new List<Verified>();
        foreach (var target in tables.OrderBy(table => table.Files[0].Dataset, StringComparer.Ordinal))
        {
            var datasets = target.Files.Select(file => file.Dataset).Distinct().Select(name => new Dataset(name, flow.Name, new Dictionary<string, string>())).ToList();
            var holds = new List<IAsyncDisposable>();
            using var room = workspace.Room();
            try
            {
                foreach (var dataset in datasets)
                    holds.Add(await workspace.Ledger.HoldAsync(dataset, cancel) ?? throw Error.DatasetHeld(dataset.Name));
                using var db = room.Connect(cancel);
                // What a run loaded until the datasets were held counts too.
                var table = (await ((ILoadHistory)ready.Warehouse).HistoryAsync(flow.Name, cancel)).First(one => one.Target == target.Target);
                var run = NewRun(workspace, flow, table.Files[^1].Dataset, table.Target);
                var verified = await new FileVerification(db, () => room.Scratch(workspace.Clock), ready.Warehouse, workspace.Engine(ready.Warehouse), room.Folder, room.SetBytes, Workspace.Limits(ready.Warehouse), workspace.Clock)
                    .RunAsync(flow, table, (IFileSource)ready.Source, isRepair ? new LoadAttempt(run.Id, IsPlan: false) : null, cancel);
                found.Add(verified);
                await NoteAsync(workspace, run, verified);
            }
            catch (DuckDbException error) when (error.Kind == DuckDbErrorKind.OutOfMemory)
            {
                throw Error.OutOfMemory("the comparison", error.Message.Split('\n')[0], error);
            }
            finally
            {
                foreach (var dataset in datasets)
                    ready.Source.Release(dataset);
                foreach (var hold in holds)
                    await hold.DisposeAsync();
            }
        }

        return found;
    }

    private static Run NewRun(Workspace workspace, Flow flow, string dataset, TableName target) => new()
    {
        Id = Id.New("r", workspace.Clock), Flow = flow.Name, Dataset = dataset, StartedAt = workspace.Clock.GetUtcNow(), Outcome = Outcome.Loaded, Target = target.ToString(),
    };

    private static async Task NoteAsync(Workspace workspace, Run run, Verified verified)
    {
        if (verified.IsRepaired)
            await workspace.Ledger.WriteAsync([run with { Batches = 1, Inserted = verified.Missing, Updated = verified.Different, Deleted = verified.Extra, Warnings = ["repaired by verify"] }], CancellationToken.None);
    }

    private static void Show(Screen screen, IReadOnlyList<Verified> found)
    {
        foreach (var one in found)
        {
            screen.Say(one.IsEqual
                ? $"{screen.Good("equal")}  {one.Dataset}: {Text.Rows(one.RowsSource)} on both sides."
                : one.Missing + one.Extra + one.Different == 0
                ? $"{screen.Bad("not verified")}  {one.Dataset}: no difference was found, but not all could be compared."
                : $"{(one.IsRepaired ? screen.Good("repaired") : screen.Bad("differs"))}  {one.Dataset}: {Text.Count(one.Missing)} missing, {Text.Count(one.Extra)} extra, {Text.Count(one.Different)} different, of {Text.Rows(one.RowsSource)} in the source.");
            foreach (var line in new ChangeLines(screen).Of(one.Sample))
                screen.Say($"  {line}");
            if (one.Pending > 0)
                screen.Say($"  {Text.Rows(one.Pending)} changed since the last run; the next one brings them.");
            foreach (var warning in one.Warnings)
                screen.Say($"  {screen.Warn("note")}  {warning}");
        }

        if (found.Count == 0)
            screen.Say("No flow has a table that can be compared with its source.");
        if (found.Any(one => one.Missing + one.Extra + one.Different > 0 && !one.IsRepaired))
            screen.Say("Next:  headrace verify --repair puts right exactly these rows");
    }
}
