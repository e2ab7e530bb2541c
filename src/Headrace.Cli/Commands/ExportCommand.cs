using System.CommandLine;
using Headrace.Configuration.Binding;
using Headrace.Hosting;
using Headrace.Sources;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace export [FLOW…] [--full]</c>: has DynamoDB export what is new.</summary>
internal static class ExportCommand
{
    private static readonly Argument<string[]> Flows = new("FLOW")
    {
        Description = "Flows whose tables are exported; all that have an export when none is named",
        Arity = ArgumentArity.ZeroOrMore,
        Validators = { RunCommand.NoOption },
    };
    private static readonly Option<bool> Full = new("--full") { Description = "Export the whole table again" };
    private static readonly Option<bool> NoWait = new("--no-wait")
    {
        Description = "Start exports and return; the next call says how they stand",
    };
    private static readonly Option<string?> Timeout = new("--timeout")
    {
        Description = "Wait at most this long, for example 2h; as long as it takes when it is not said",
        HelpName = "TIME",
    };

    public static Command Create()
    {
        Timeout.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !Quantity.TryDuration(text, out _))
                result.AddError($"'{text}' is no time; write for example 30s, 50m or 2h.");
        });
        return new Command("export", "Have DynamoDB export tables to where their flows read them; then run loads it")
        {
            Flows,
            Full,
            NoWait,
            Timeout,
        }.OnProject(ExportAsync);
    }

    private static async Task<int> ExportAsync(ProjectHost host, ParseResult parsed, CancellationToken cancel)
    {
        var screen = Screen.Of(parsed);
        var wait =
            parsed.GetValue(NoWait) ? TimeSpan.Zero
            : parsed.GetValue(Timeout) is { } text && Quantity.TryDuration(text, out var longest) ? longest
            : System.Threading.Timeout.InfiniteTimeSpan;
        var flows = await new ExportService(host).ExportAsync(
            parsed.GetValue(Flows)!,
            parsed.GetValue(Full),
            wait,
            screen.IsJson ? null : one => screen.Message(Line(one)),
            cancel
        );
        if (screen.IsJson)
        {
            var views = flows.SelectMany(flow => flow.Exports).Select(ExportView.Of);
            screen.Json(new ExportsView([.. views]), Views.Default.ExportsView);
            return ExitCode.Ok;
        }

        foreach (var flow in flows.Where(flow => flow.Exports.Count == 0))
            screen.Say($"{flow.Flow}: nothing is due; exports go up to {flow.ReachedTo?.UtcDateTime:u}.");
        if (flows.Count == 0)
            screen.Say("No flow has an export.");
        if (flows.FirstOrDefault(flow => flow.Exports.Count > 0) is { } some)
            screen.Say(
                wait == TimeSpan.Zero
                    ? $"Next:  headrace export {Shell.Word(some.Flow)} waits for what is under way"
                    : $"Next:  headrace run {Shell.Word(some.Flow)}"
            );
        return ExitCode.Ok;
    }

    private static string Line(FlowExport one)
    {
        var what = one.Export.From is { } from
            ? $"changes of {from.UtcDateTime:u} to {one.Export.To.UtcDateTime:u}"
            : "the whole table";
        return one.Export.State switch
        {
            TableExportState.Running => $"{one.Flow}: DynamoDB exports {what} of {one.Table} …",
            TableExportState.Done => $"{one.Flow}: {what} of {one.Table} is exported.",
            _ => $"{one.Flow}: the export failed; DynamoDB wrote nothing whole of {what} of {one.Table}.",
        };
    }
}
