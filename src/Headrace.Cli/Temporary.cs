using System.Diagnostics;
using System.Globalization;

namespace Headrace.Cli;

/// <summary>Where an engine puts what does not fit in its memory: a folder of its own in the spool.</summary>
internal static class Temporary
{
    /// <summary>
    /// The folder for one of this process's engines; two that shared one would overwrite each other's files. The engine
    /// makes it when it needs it, and takes it away at its end; those of processes that were killed go here.
    /// </summary>
    public static string Folder(string spool, int engine)
    {
        var all = Path.Combine(spool, "temp");
        try
        {
            Directory.CreateDirectory(all);
            Sweep(Directory.EnumerateDirectories(all));
            Sweep(Directory.EnumerateDirectories(spool, "plan-*"));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Whoever may only read the project can ask it as long as the memory is enough.
        }

        return Path.Combine(all, string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}-{engine}"));
    }

    /// <summary>The name of the folder that this process's plans stage in.</summary>
    public static string Plan { get; } = string.Create(CultureInfo.InvariantCulture, $"plan-{Environment.ProcessId}");

    /// <summary>Leaves no empty folder behind.</summary>
    public static void Leave(string spool)
    {
        foreach (var folder in (ReadOnlySpan<string>)[Path.Combine(spool, Plan), Path.Combine(spool, "temp"), Path.Combine(spool, "run"), spool])
        {
            try
            {
                Directory.Delete(folder);
            }
            catch (IOException)
            {
                // It is not there, or something of another process is in it.
            }
        }
    }

    private static void Sweep(IEnumerable<string> folders)
    {
        foreach (var folder in folders.ToList())
        {
            var words = Path.GetFileName(folder).Split('-');
            if (!int.TryParse(Array.Find(words, word => word.All(char.IsAsciiDigit)), CultureInfo.InvariantCulture, out var process) || IsAlive(process))
                continue;
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // Another process sweeps too, or it belongs to another user: no reason not to run.
            }
        }
    }

    private static bool IsAlive(int process)
    {
        try
        {
            using var found = Process.GetProcessById(process);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
