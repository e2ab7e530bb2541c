using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Headrace.Hosting;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace runs [FLOW]</c>: the history.</summary>
internal static class RunsCommand
{
    private static readonly Argument<string?> Of = new("FLOW")
    {
        Description = "A flow, dataset or model; all when none is named",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<int> Most = new("--most")
    {
        Description = "How many runs to show",
        DefaultValueFactory = _ => 20,
        HelpName = "N",
    };

    private static readonly Option<bool> All = new("--all")
    {
        Description = "Runs that found nothing to do, too; --json has them always",
    };

    public static Command Create() =>
        new Command("runs", "List the newest runs, and those under way") { Of, Most, All }.OnProject(ListAsync);

    private static async Task<int> ListAsync(ProjectHost host, ParseResult parsed, CancellationToken cancel)
    {
        var screen = Screen.Of(parsed);
        var isAll = screen.IsJson || parsed.GetValue(All);
        var query = new RunQuery(parsed.GetValue(Of), parsed.GetValue(Most)) { WithIdle = isAll };
        var runs = await new HistoryService(host).RunsAsync(query, cancel);
        if (screen.IsJson)
        {
            screen.Json(
                new RunsView([.. runs.Select(run => RunView.Of(run, isHistory: true))]),
                Views.Default.RunsView
            );
            return ExitCode.Ok;
        }

        if (runs.Count == 0)
        {
            var idle =
                !isAll && (await new HistoryService(host).RunsAsync(query with { WithIdle = true }, cancel)).Count > 0;
            screen.Say(idle ? "No run found anything to do." : "No runs yet.");
            screen.Say(idle ? "Next:  headrace runs --all" : "Next:  headrace run");
            return ExitCode.Ok;
        }

        screen.Table(
            ["RUN", "DATASET", "STARTED (UTC)", "TOOK", "OUTCOME", "ROWS"],
            [
                .. runs.Select(run =>
                    (IReadOnlyList<string>)
                        [
                            run.Id,
                            run.Dataset,
                            run.StartedAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
                            Text.Duration(run.Duration),
                            JsonNamingPolicy.SnakeCaseLower.ConvertName(run.Outcome.ToString()),
                            RunReport.Changes(run),
                        ]
                ),
            ]
        );
        screen.Say();
        screen.Say($"Next:  headrace show {runs[0].Id}");
        return ExitCode.Ok;
    }
}
