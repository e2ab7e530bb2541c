using System.CommandLine;
using Headrace.Hosting;

namespace Headrace.Cli;

/// <summary><c>--log</c>: how commands that run flows write what happens to standard error.</summary>
internal static class LogOption
{
    private static readonly string[] Forms = ["text", "json", "emf"];

    public static Option<string> Create()
    {
        var option = new Option<string>("--log")
        {
            Description =
                "How messages are written: text, json (an object a line, with the run's identifier) or emf (the same, "
                + "with CloudWatch's metrics)",
            DefaultValueFactory = _ => Forms[0],
            HelpName = "FORM",
        };
        option.AcceptOnlyFromAmong(Forms);
        return option;
    }

    /// <summary>What the host is to keep; null for lines for people.</summary>
    public static RunLog? Of(string form, Screen screen, ProjectHost host)
    {
        if (form == Forms[0])
            return null;
        var log = new RunLog(
            form == "emf" ? LogForm.Emf : LogForm.Json,
            screen.Error,
            host.Project.Secrets.Redact,
            host.Clock
        );
        (host.Log, host.Waits) = (log, log.Say);
        return log;
    }
}
