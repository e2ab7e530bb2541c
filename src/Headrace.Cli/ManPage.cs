using System.CommandLine;
using System.Text;

namespace Headrace.Cli;

/// <summary>The manual page, made of the commands, in the form that <c>man</c> reads (macros of man(7)).</summary>
internal static class ManPage
{
    private static readonly (string Code, string Means)[] Codes =
    [
        ("0", "All went well; warnings and nothing to do are well."),
        ("1", "A run failed, or a file was refused."),
        ("2", "The command or the configuration is not right; nothing was run."),
        ("3", "A check or a limit stopped a load."),
        ("4", "Some datasets were brought up to date and some were not."),
        ("130", "Interrupted; what was under way was rolled back."),
    ];

    public static string Write(Command root)
    {
        var text = new StringBuilder(".TH HEADRACE 1 \"\" \"Headrace\" \"User commands\"\n");
        text.Append(".SH NAME\nheadrace \\- move rows from where they land to a warehouse, exactly once\n")
            .Append(".SH SYNOPSIS\n.B headrace\n[\\fIoptions\\fR] \\fIcommand\\fR [\\fIarguments\\fR]\n")
            .Append(".SH DESCRIPTION\n")
            .Append(Plain(root.Description))
            .Append("\n.SH OPTIONS\nThey may stand before or after the command.\n");
        Options(text, root);
        text.Append(".SH COMMANDS\n");
        foreach (var (path, command) in Completion.All(root, root.Name).Skip(1))
        {
            text.Append(".SS ").Append(Plain(path));
            foreach (var argument in command.Arguments)
                text.Append(
                    Plain(argument.Arity.MinimumNumberOfValues == 0 ? $" [{argument.Name}]" : $" {argument.Name}")
                );
            text.Append('\n').Append(Plain(command.Description)).Append(".\n");
            foreach (var argument in command.Arguments)
                Item(text, argument.Name, argument.Description);
            Options(text, command);
        }

        text.Append(".SH EXIT STATUS\n");
        foreach (var (code, means) in Codes)
            Item(text, code, means);
        text.Append(".SH FILES\n");
        Item(text, "headrace.yaml", "What the project does; headrace schema describes every key.");
        Item(text, ".headrace/", "State of the project: its ledger, locks and what waits to be published.");
        return text.ToString();
    }

    private static void Options(StringBuilder text, Command command)
    {
        foreach (var option in command.Options.Where(option => !option.Hidden && option.Name != "--help"))
            Item(
                text,
                string.Join(", ", option.Aliases.Prepend(option.Name).Distinct())
                    + (option.HelpName is { } value ? $" {value}" : ""),
                option.Description
            );
    }

    private static void Item(StringBuilder text, string name, string? description) =>
        text.Append(".TP\n.B ").Append(Plain(name)).Append('\n').Append(Plain(description)).Append('\n');

    // A line that begins with a point or an apostrophe would be a request to the formatter.
    private static string Plain(string? text)
    {
        var plain = (text ?? "")
            .Replace("\\", "\\e", StringComparison.Ordinal)
            .Replace("-", "\\-", StringComparison.Ordinal);
        return plain.StartsWith('.') || plain.StartsWith('\'') ? $"\\&{plain}" : plain;
    }
}
