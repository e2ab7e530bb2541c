using System.CommandLine;
using Headrace.DuckDb;
using Headrace.Hosting;

namespace Headrace.Cli.Commands;

/// <summary><c>headrace verify [FLOW…] [--repair]</c>: whether the target has what the source has.</summary>
internal static class VerifyCommand
{
    private static readonly Argument<string[]> Flows = new("FLOW")
    {
        Description = "Flows and datasets to verify; all when none is named",
        Arity = ArgumentArity.ZeroOrMore,
        Validators = { RunCommand.NoOption },
    };
    private static readonly Option<bool> Repair = new("--repair")
    {
        Description = "Put right what differs, and nothing else",
    };

    public static Command Create() =>
        new Command("verify", "Compare all rows of flows' sources and targets") { Flows, Repair }.OnProject(
            VerifyAsync
        );

    private static async Task<int> VerifyAsync(ProjectHost host, ParseResult parsed, CancellationToken cancel)
    {
        var screen = Screen.Of(parsed);
        var (names, isRepair) = (parsed.GetValue(Flows)!, parsed.GetValue(Repair));
        var found = await new VerifyService(host).VerifyAsync(names, isRepair, observe: null, cancel);
        if (screen.IsJson)
            screen.Json(new VerifyView([.. found.Select(VerifiedView.Of)]), Views.Default.VerifyView);
        else
            Show(screen, found);
        return found.All(one => one.IsEqual || one is { IsRepaired: true, IsWhole: true })
            ? ExitCode.Ok
            : ExitCode.Stopped;
    }

    private static void Show(Screen screen, IReadOnlyList<Verified> found)
    {
        foreach (var one in found)
        {
            screen.Say(
                one.IsEqual ? $"{screen.Good("equal")}  {one.Dataset}: {Text.Rows(one.RowsSource)} on both sides."
                : one.Missing + one.Extra + one.Different == 0
                    ? $"{screen.Bad("not verified")}  {one.Dataset}: no difference was found, but not all "
                        + "could be compared."
                : $"{(one.IsRepaired ? screen.Good("repaired") : screen.Bad("differs"))}  {one.Dataset}: "
                    + $"{Text.Count(one.Missing)} missing, {Text.Count(one.Extra)} extra, "
                    + $"{Text.Count(one.Different)} different, of {Text.Rows(one.RowsSource)} in the source."
            );
            foreach (var line in new ChangeLines(screen).Of(one.Sample))
                screen.Say($"  {line}");
            if (one.Pending > 0)
                screen.Say($"  {Text.Rows(one.Pending)} changed since the last run; the next one brings them.");
            foreach (var warning in one.Warnings)
                screen.Say($"  {screen.Warn("note")}  {warning}");
        }

        if (found.Count == 0)
            screen.Say("No flow has a table that can be compared with its source.");
        if (
            found.Any(one =>
                one is { CanRepair: true, IsRepaired: false } && one.Missing + one.Extra + one.Different > 0
            )
        )
            screen.Say("Next:  headrace verify --repair puts right exactly these rows");
    }
}
