namespace Headrace.Torture;

/// <summary>What was found right and wrong, one by one; the last line of the output counts them.</summary>
internal sealed class Verdicts
{
    private readonly Lock gate = new();
    private int passed,
        failed;

    public void Add(bool isRight, string what)
    {
        lock (gate)
        {
            if (isRight)
                passed++;
            else
                failed++;
            if (!isRight)
                Console.WriteLine($"FAILED  {what}");
        }
    }

    /// <summary>Prints the count; the exit code. A harness that judged nothing has shown nothing.</summary>
    public int End()
    {
        if (passed + failed == 0)
            Add(false, "nothing was tried");
        Console.WriteLine($"torture: {passed} passed, {failed} failed");
        return failed == 0 ? 0 : 1;
    }
}
