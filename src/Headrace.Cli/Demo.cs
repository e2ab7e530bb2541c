namespace Headrace.Cli;

/// <summary>A project with two days of files, which <c>headrace demo</c> writes, runs and shows.</summary>
internal abstract class Demo(string folder, TimeProvider clock)
{
    /// <summary>The project's folder, from the machine's root.</summary>
    protected string Folder { get; } = folder;

    /// <summary>What headrace.yaml holds.</summary>
    public abstract string Configuration { get; }

    /// <summary>Files beside headrace.yaml: their paths from the project's folder, and their texts.</summary>
    public virtual IReadOnlyList<(string Path, string Text)> Files => [];

    /// <summary>What happens on each of the days.</summary>
    public abstract IReadOnlyList<DemoDay> Days { get; }

    /// <summary>Titles and queries over the warehouse's tables.</summary>
    public abstract IReadOnlyList<(string Title, string Sql)> Questions { get; }

    /// <summary>Lines that show what no table has; <c>null</c> where there are none.</summary>
    public virtual (string Title, string Command, string[] Lines)? Extra() => null;

    /// <summary>Commands to try next, each with what it shows.</summary>
    public abstract IReadOnlyList<(string Command, string Shows)> Next { get; }

    /// <summary>
    /// Puts a file into the lake. It gets the time at which such a file lands, so that a run need not wait for it to
    /// settle.
    /// </summary>
    /// <param name="hoursAgo">How long ago it landed.</param>
    protected void Put(string key, double hoursAgo, string text)
    {
        var path = Path.Combine(Folder, "lake", key);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        File.SetLastWriteTimeUtc(path, clock.GetUtcNow().AddHours(-hoursAgo).UtcDateTime);
    }
}

/// <summary>A day of a demo.</summary>
/// <param name="Title">What happens on it.</param>
/// <param name="Arrive">Puts its files into the lake.</param>
internal sealed record DemoDay(string Title, Action Arrive);
