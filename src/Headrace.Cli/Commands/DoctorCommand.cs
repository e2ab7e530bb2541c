using System.CommandLine;
using Headrace.Hosting;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace doctor</c>: is everything there that a run needs?</summary>
internal static class DoctorCommand
{
    public static Command Create() =>
        new Command("doctor", "Check the configuration and every connection").OnProject(CheckAsync);

    private static async Task<int> CheckAsync(ProjectHost host, ParseResult parsed, CancellationToken cancel)
    {
        var screen = Screen.Of(parsed);
        var version = VersionCommand.Current();
        var found = await new DoctorService(host).CheckAsync(observe: null, cancel);
        var checks = new List<CheckView>
        {
            new(
                "headrace",
                "ok",
                $"{version.Headrace}, .NET {version.Dotnet}, DuckDB {version.Duckdb}, {version.Platform}",
                null
            ),
        };
        checks.AddRange(found.Select(CheckView.Of));

        var bad = checks.Count(check => check.State != "ok");
        if (screen.IsJson)
        {
            screen.Json(new DoctorView(checks), Views.Default.DoctorView);
            return bad == 0 ? ExitCode.Ok : ExitCode.Failed;
        }

        var width = checks.Max(check => check.Name.Length);
        foreach (var check in checks)
        {
            screen.Say(
                $"  {check.Name.PadRight(width)}  "
                    + $"{(check.State == "ok" ? screen.Good("✓") : screen.Bad("✗"))} {check.Found}"
            );
            if (check.Next is not null)
                screen.Say($"  {"".PadRight(width)}    next  {check.Next}");
        }

        screen.Say();
        screen.Say(bad == 0 ? "Everything is there." : $"{bad} to fix.");
        return bad == 0 ? ExitCode.Ok : ExitCode.Failed;
    }
}
