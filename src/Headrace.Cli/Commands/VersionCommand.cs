using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using Headrace.Hosting;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace version</c>.</summary>
internal static class VersionCommand
{
    public static Command Create()
    {
        var command = new Command("version", "Show the versions of Headrace and of what it stands on");
        command.SetAction(parsed =>
        {
            var screen = Screen.Of(parsed);
            var version = Current();
            if (screen.IsJson)
                screen.Json(version, Views.Default.VersionView);
            else
                screen.Data(
                    $"headrace {version.Headrace}, .NET {version.Dotnet}, DuckDB {version.Duckdb}, {version.Platform}"
                );
            return ExitCode.Ok;
        });
        return command;
    }

    public static VersionView Current() =>
        new(
            typeof(VersionCommand)
                .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
                .InformationalVersion.Split('+')[0],
            Environment.Version.ToString(),
            DuckDb.DuckDbDatabase.Version.TrimStart('v'),
            RuntimeInformation.RuntimeIdentifier
        );
}
