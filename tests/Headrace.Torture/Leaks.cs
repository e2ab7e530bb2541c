using System.Text;

namespace Headrace.Torture;

/// <summary>
/// Looks for values that a mask hides, in every file of a project but those that landed: spool, outbox, ledger,
/// warehouse. After a kill too: nothing of them may ever have been there.
/// </summary>
internal sealed class Leaks(Folder folder, List<string> problems)
{
    /// <summary>What every value begins with that is masked.</summary>
    public const string Canary = "CANARY-";

    private static readonly byte[] Bytes = Encoding.ASCII.GetBytes(Canary);

    public void Look()
    {
        foreach (var file in folder.Own)
            if (Has(file))
                problems.Add($"a value that is masked is in {Path.GetRelativePath(folder.Path, file)}");
    }

    private static bool Has(string file)
    {
        try
        {
            return File.ReadAllBytes(file).AsSpan().IndexOf(Bytes) >= 0;
        }
        catch (IOException)
        {
            return false; // another process has just taken it away
        }
    }
}
