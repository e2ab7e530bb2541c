namespace Headrace;

/// <summary>
/// The one place that makes errors, a factory for each code; the parts are by stage: 1 source, 2 checks, 3 warehouse,
/// 4 ledger, 5 configuration, 6 server, 9 bug. Each code has a heading in docs/errors.md.
/// </summary>
public static partial class Error
{
    /// <summary>An invariant does not hold; the fault is Headrace's.</summary>
    public static HeadraceException Bug(string what, Exception? inner = null) =>
        new(
            "HDR-901",
            $"BUG: {what} Nothing of this batch was loaded.",
            "please report this with the output of the same command and -v",
            inner
        );

    private static Fact[] Facts(params ReadOnlySpan<(string Name, object? Value)> facts)
    {
        var kept = new List<Fact>();
        foreach (var (name, value) in facts)
            if (value is not null)
                kept.Add(new Fact(name, Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!));
        return [.. kept];
    }
}
