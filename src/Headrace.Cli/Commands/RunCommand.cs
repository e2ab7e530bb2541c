using System.CommandLine;
using Headrace.Configuration.Binding;
using Headrace.Hosting;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace run [FLOW…]</c>: find what is new, check it, load it.</summary>
internal static class RunCommand
{
    private static readonly Argument<string[]> Flows = new("FLOW")
    {
        Description = "Flows, datasets and models to run; all when none is named",
        Arity = ArgumentArity.ZeroOrMore,
        Validators = { NoOption },
    };
    private static readonly Option<string[]> Accept = new("--accept")
    {
        Description =
            "Read this file again as it is now (its path in the lake), under the settings of now; may be "
            + "given more than once",
        HelpName = "FILE",
    };
    private static readonly Option<string[]> Confirm = new("--confirm")
    {
        Description = "Let the change set through that a limit stopped for this dataset; may be given more than once",
        HelpName = "DATASET",
    };
    private static readonly Option<string[]> TakeOver = new("--take-over")
    {
        Description =
            "Give this dataset its table, and take it from the dataset that has it; may be given more than once",
        HelpName = "DATASET",
    };
    private static readonly Option<string?> TimeBudget = new("--time-budget")
    {
        Description = "Begin no new batch after this long, for example 50m; the next run goes on",
        HelpName = "TIME",
    };

    private static readonly Option<string?> Event = new("--event")
    {
        Description =
            "Run what this document asks for: a notification of S3 or an event of EventBridge, also inside of "
            + "messages of SNS and SQS; - is standard input",
        HelpName = "FILE",
    };

    // Without a time a word behind it is a flow: no flow's name begins with a digit.
    private static readonly Option<string?> Wait = new("--wait")
    {
        Description = "Wait for files that are not settled, at most this long when it is said, for example 5m",
        HelpName = "TIME",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string> Log = LogOption.Create();

    /// <summary>A misspelt option is no flow.</summary>
    public static void NoOption(System.CommandLine.Parsing.ArgumentResult flows)
    {
        foreach (var token in flows.Tokens.Where(token => token.Value.StartsWith('-')))
            flows.AddError($"There is no option '{token.Value}'.");
    }

    public static Command Create()
    {
        TimeBudget.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !Quantity.TryDuration(text, out _))
                result.AddError($"'{text}' is no time; write for example 30s, 50m or 2h.");
        });
        var command = new Command(
            "run",
            "Find what is new in the flows' sources, check it and load it; then run the models that read it"
        )
        {
            Flows,
            Accept,
            Confirm,
            TakeOver,
            TimeBudget,
            Wait,
            Event,
            Log,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(Event) is not null && result.GetResult(Flows) is { Tokens.Count: > 0 })
                result.AddError("Name flows, or --event, and not both: the event says which flows to run.");
        });
        return command.OnProject(RunAsync);
    }

    private static async Task<int> RunAsync(ProjectHost host, ParseResult parsed, CancellationToken cancel)
    {
        TimeSpan? budget =
            parsed.GetValue(TimeBudget) is { } text && Quantity.TryDuration(text, out var time) ? time : null;
        var names = parsed.GetValue(Flows)!;
        TimeSpan? wait = null;
        if (parsed.GetResult(Wait) is not null)
        {
            var said = parsed.GetValue(Wait);
            wait = said is not null && Quantity.TryDuration(said, out var longest) ? longest : Timeout.InfiniteTimeSpan;
            if (said is not null && wait == Timeout.InfiniteTimeSpan)
                names =
                [
                    .. names,
                    char.IsAsciiDigit(said[0])
                        ? throw Error.BadArgument("--wait", said, "a time such as 30s or 5m")
                        : said,
                ];
        }

        var screen = Screen.Of(parsed);
        LogOption.Of(parsed.GetValue(Log)!, screen, host);
        IReadOnlyList<string> notes = [];
        if (parsed.GetValue(Event) is { } file)
        {
            var arrival = Arrival.Of(host.Project, await DocumentAsync(file, cancel), BadEvent);
            notes = arrival.Notes;
            names = [.. new Followers(host.Project, cancel).Of(arrival.Flows)];
            if (names.Length == 0)
                return NothingOfOurs(screen, notes);
        }

        using var otlp = Otlp.Start(Environment.GetEnvironmentVariable);
        return await RunAsync(
            host,
            screen,
            names,
            new RunOptions
            {
                TimeBudget = budget,
                Accepted = (parsed.GetValue(Accept) ?? []).ToHashSet(),
                Confirmed = (parsed.GetValue(Confirm) ?? []).ToHashSet(),
                TakenOver = (parsed.GetValue(TakeOver) ?? []).ToHashSet(),
            },
            wait,
            cancel,
            notes
        );
    }

    private static HeadraceException BadEvent(string why) =>
        Error.BadArgument("--event", why, "the document as S3, EventBridge, SNS or SQS gives it, in a file");

    private static async Task<string> DocumentAsync(string file, CancellationToken cancel)
    {
        try
        {
            if (file == "-")
                return await Screen.InputAsync(Arrival.MostBytes, cancel) ?? throw TooLong();
            await using var stream = File.OpenRead(file);
            return await Text.WholeAsync(stream, Arrival.MostBytes, cancel) ?? throw TooLong();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw BadEvent(error.Message);
        }

        static HeadraceException TooLong() => BadEvent($"it is longer than {Arrival.MostBytes >> 20} MB");
    }

    // An event is a hint: one that names nothing of this project is no fault.
    private static int NothingOfOurs(Screen screen, IReadOnlyList<string> notes)
    {
        if (screen.IsJson)
            screen.Json(RunsView.Of([], notes), Views.Default.RunsView);
        screen.Say($"Nothing to do: the event starts no flow ({string.Join("; ", notes)}).");
        return ExitCode.Ok;
    }

    /// <summary>Runs flows of an open project and reports; also the demo's way to run.</summary>
    /// <param name="notes">What is to be said besides, of no run.</param>
    public static async Task<int> RunAsync(
        ProjectHost host,
        Screen screen,
        IReadOnlyList<string> names,
        RunOptions options,
        TimeSpan? wait,
        CancellationToken cancel,
        IReadOnlyList<string>? notes = null
    )
    {
        RunResult result;
        using (var progress = new ProgressLines(screen, host.Clock))
        {
            // To be asked costs the engine time.
            options = options with
            {
                Observe = screen.IsTerminal && !screen.IsJson ? progress.Observe : null,
            };
            result = HandOver.Find(host) is { } server
                ? await server.RunAsync(names, options, wait, cancel)
                : await new RunService(host).RunAsync(names, options, wait, cancel);
        }

        var views = result.Runs.Select(run => RunView.Of(run));
        if (screen.IsJson)
            screen.Json(
                RunsView.Of([.. views], [.. notes ?? [], .. Notes(result)], result.Remains()),
                Views.Default.RunsView
            );
        else
            new RunReport(screen).Write(result.Runs, result.FlowsOff, result.Took);
        if (screen.IsJson && screen.IsVerbose)
            screen.Errors(result.Runs);
        foreach (var note in screen.IsJson ? [] : notes ?? [])
            screen.Message($"Note: {note}.");
        foreach (var name in result.NothingToConfirm)
            screen.Message($"--confirm {name}: no such dataset in this run.");
        foreach (var name in result.NothingToTakeOver)
            screen.Message($"--take-over {name}: no such dataset in this run.");
        foreach (var key in result.NothingToAccept)
            screen.Error(RunError.Of(Error.NothingToAccept(key)));
        Failpoint.Hit("end");
        var code = ExitCode.Of(result.Runs);
        return code == ExitCode.Ok && result.NothingToAccept.Count > 0 ? ExitCode.Usage : code;
    }

    // What is to be said of no run.
    private static List<string> Notes(RunResult result) =>
        [
            .. result.FlowsOff.Select(RunReport.Off),
            .. result.NothingToAccept.Select(key => Error.NothingToAccept(key).Message),
        ];
}
