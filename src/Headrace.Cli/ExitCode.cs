namespace Headrace.Cli;

/// <summary>The exit codes of the contract.</summary>
internal static class ExitCode
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int Stopped = 3;
    public const int Mixed = 4;
    public const int Interrupted = 130;

    /// <summary>Of a command that ran several datasets.</summary>
    public static int Of(IReadOnlyCollection<Run> runs)
    {
        var bad = runs.Count(run => run.Outcome is Outcome.Failed or Outcome.Stopped);
        if (bad == 0)
            return Ok;
        if (bad < runs.Count(run => !run.HadNothing))
            return Mixed;
        return runs.Any(run => run.Outcome == Outcome.Failed) ? Failed : Stopped;
    }

    /// <summary>Of a command that an error ended.</summary>
    public static int Of(HeadraceException error) =>
        error.Stage switch
        {
            ErrorStage.Checks => Stopped,
            ErrorStage.Configuration or ErrorStage.Server => Usage,
            _ => Failed,
        };
}
