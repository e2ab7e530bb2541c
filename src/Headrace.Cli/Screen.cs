using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Headrace.Hosting;

namespace Headrace.Cli;

/// <summary>
/// The only place that speaks to the terminal: data on standard output, messages on standard error. No secret leaves
/// it, and no character that a terminal would obey: what a caller forgot to make plain is made plain here.
/// </summary>
[SuppressMessage("ApiDesign", "RS0030", Justification = "This is the one place that speaks to the terminal.")]
internal sealed class Screen
{
    private static readonly ConditionalWeakTable<ParseResult, Screen> Screens = [];

    // Colours travel through the line as noncharacters of Unicode, so that escape sequences of others can be told from
    // our own.
    private const char Green = '\ufdd0',
        Yellow = '\ufdd1',
        Red = '\ufdd2',
        Faint = '\ufdd3',
        Strong = '\ufdd4',
        End = '\ufdd5';

    private static readonly Dictionary<char, string> Sequences = new()
    {
        [Green] = "\e[32m",
        [Yellow] = "\e[33m",
        [Red] = "\e[31m",
        [Faint] = "\e[2m",
        [Strong] = "\e[1m",
        [End] = "\e[0m",
    };

    private readonly TextWriter output;
    private readonly TextWriter messages;
    private readonly bool color;

    private Screen(ParseResult parsed, InvocationConfiguration streams)
    {
        (output, messages) = (streams.Output, streams.Error);
        IsJson = parsed.GetValue(CommandLine.Json);
        IsQuiet = parsed.GetValue(CommandLine.Quiet);
        IsVerbose = parsed.GetValue(CommandLine.Verbose);
        IsTerminal =
            output == Console.Out
            && !Console.IsErrorRedirected
            && !Console.IsOutputRedirected
            && System.Environment.GetEnvironmentVariable("TERM") is not (null or "dumb");
        color =
            IsTerminal
            && !parsed.GetValue(CommandLine.NoColor)
            && string.IsNullOrEmpty(System.Environment.GetEnvironmentVariable("NO_COLOR"));
    }

    public bool IsJson { get; }

    public bool IsQuiet { get; }

    public bool IsVerbose { get; }

    /// <summary>True when a person looks at both streams.</summary>
    public bool IsTerminal { get; }

    /// <summary>Replaces secret values in everything that is written.</summary>
    public Func<string, string> Redact { get; set; } = text => text;

    /// <summary>The screen of a command: one for all who ask, since it knows what it may not show.</summary>
    public static Screen Of(ParseResult parsed) =>
        Screens.GetValue(parsed, parsed => new Screen(parsed, parsed.InvocationConfiguration));

    /// <summary>For what was not invoked, since it could not be parsed.</summary>
    public static Screen Of(ParseResult parsed, InvocationConfiguration streams) => new(parsed, streams);

    /// <summary>A line of data.</summary>
    public void Data(string line) => output.WriteLine(Shown(line));

    /// <summary>
    /// Data for another program, as they are: only on a terminal are their control characters made plain.
    /// </summary>
    public void Raw(string text) => output.WriteLine(IsTerminal ? Shown(text) : Redact(text));

    /// <summary>A JSON document. Secrets go from its texts before it is made, so that it stays a document.</summary>
    public void Json<T>(T value, JsonTypeInfo<T> type) => output.WriteLine(JsonOf(value, type));

    /// <inheritdoc cref="Json{T}"/>
    public string JsonOf<T>(T value, JsonTypeInfo<T> type) =>
        JsonSerializer.Serialize(value, (JsonTypeInfo<T>)Views.Without(Redact).GetTypeInfo(type.Type)!);

    /// <summary>Standard input as a text; null when it is longer than so many bytes.</summary>
    public static async Task<string?> InputAsync(int most, CancellationToken cancel)
    {
        await using var input = Console.OpenStandardInput();
        return await Text.WholeAsync(input, most, cancel);
    }

    /// <summary>A line for people; nothing with -q or --json.</summary>
    public void Say(string line = "")
    {
        if (!IsQuiet && !IsJson)
            output.WriteLine(Shown(line));
    }

    /// <summary>A message on standard error; nothing with -q.</summary>
    public void Message(string line)
    {
        if (!IsQuiet)
            messages.WriteLine(Shown(line));
    }

    /// <summary>An error's line; always written.</summary>
    public void Error(string line) => messages.WriteLine(Shown(line));

    /// <summary>Overwrites the current line of the terminal.</summary>
    public void Status(string line)
    {
        if (IsTerminal && !IsQuiet)
            messages.Write($"\r\e[2K{Shown(line)}");
    }

    public string Good(string text) => Paint(text, Green);

    public string Warn(string text) => Paint(text, Yellow);

    public string Bad(string text) => Paint(text, Red);

    public string Dim(string text) => Paint(text, Faint);

    public string Bold(string text) => Paint(text, Strong);

    /// <summary>Writes an error in the house form and gives the exit code.</summary>
    public int Fail(HeadraceException error)
    {
        Fail([error]);
        return ExitCode.Of(error);
    }

    /// <summary>Writes several errors; with --json they are one object.</summary>
    public void Fail(IReadOnlyList<HeadraceException> errors)
    {
        if (IsJson)
        {
            var views = errors.Select(error => ErrorJson.Of(RunError.Of(error))).ToList();
            Json(new ErrorView(views[0], views.Count > 1 ? views : null), Views.Default.ErrorView);
        }

        foreach (var error in errors)
            Error(RunError.Of(error));

        if (errors.Count > 1)
            Error($"{errors.Count} problems, nothing was run.");
    }

    /// <summary>Writes an error in the house form: what, where, found, next.</summary>
    public void Error(RunError error)
    {
        Error($"{Bad(error.Code)}  {Plain.Line(error.What)}");
        var width = Math.Max(8, error.Facts.Select(fact => fact.Name.Length).DefaultIfEmpty().Max());
        foreach (var fact in error.Facts)
        foreach (var (line, i) in fact.Value.Split('\n').Select((line, i) => (line, i)))
            Error($"  {(i == 0 ? fact.Name : "").PadRight(width)} {Plain.Line(line)}");
        Error($"  {"next".PadRight(width)} {Plain.Line(error.Next)}");
        if (IsVerbose && error.Trace is { } trace)
            Error(trace);
    }

    /// <summary>Writes what went wrong in runs.</summary>
    public void Errors(IEnumerable<Run> runs)
    {
        foreach (var run in runs.Where(run => run.Error is not null))
        {
            Error("");
            Error(run.Error!);
        }
    }

    /// <summary>Rows under headings, in columns as wide as they need.</summary>
    public void Table(IReadOnlyList<string> headings, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var widths = headings
            .Select((heading, i) => Math.Min(60, rows.Select(row => row[i].Length).Append(heading.Length).Max()))
            .ToList();
        Data(Dim(Line(headings, widths)));
        foreach (var row in rows)
            Data(Line(row, widths));
    }

    private static string Line(IReadOnlyList<string> cells, List<int> widths) =>
        string.Join("  ", cells.Select((cell, i) => i == cells.Count - 1 ? cell : cell.PadRight(widths[i]))).TrimEnd();

    private string Paint(string text, char paint) => color ? $"{paint}{text}{End}" : text;

    private string Shown(string line)
    {
        var plain = Redact(line);
        if (!plain.Any(Plain.IsHidden))
            return plain;
        if (!color)
            return Plain.Lines(plain);
        return string.Concat(
            plain.Select(letter =>
                Sequences.TryGetValue(letter, out var sequence) ? sequence : Plain.Lines(letter.ToString())
            )
        );
    }
}
