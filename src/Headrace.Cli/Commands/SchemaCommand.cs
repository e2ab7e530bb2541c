using System.CommandLine;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace schema</c>: the JSON schema of headrace.yaml, for editors.</summary>
internal static class SchemaCommand
{
    private static readonly Option<string?> Output = new("--output", "-o")
    {
        Description = "Write to this file instead of standard output",
        HelpName = "FILE",
    };

    public static Command Create()
    {
        var command = new Command("schema", "Write the JSON schema of headrace.yaml, for editors") { Output };
        command.SetAction(
            async (parsed, cancel) =>
            {
                var screen = Screen.Of(parsed);
                var schema = Configuration.ConfigurationSchema.Write();
                if (parsed.GetValue(Output) is { } path)
                {
                    await File.WriteAllTextAsync(path, schema, cancel);
                    screen.Say($"Wrote {path}.");
                }
                else
                {
                    screen.Data(schema);
                }

                return ExitCode.Ok;
            }
        );
        return command;
    }
}
