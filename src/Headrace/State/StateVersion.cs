using System.Reflection;

namespace Headrace.State;

/// <summary>The version of a state, and the release of Headrace that wrote it.</summary>
public sealed record StateVersion(int Number, string WrittenBy)
{
    /// <summary>This Headrace's own release.</summary>
    public static string Program { get; } =
        typeof(StateVersion)
            .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!
            .InformationalVersion.Split('+')[0];
}
