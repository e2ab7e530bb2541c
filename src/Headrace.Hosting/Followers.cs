using Headrace.Configuration;

namespace Headrace.Hosting;

/// <summary>
/// What runs after a flow: flows that name it after <c>after:</c>, models that read it, and what follows those.
/// </summary>
internal sealed class Followers
{
    private readonly List<(string Name, IReadOnlyList<string> After)> all;

    /// <exception cref="HeadraceException">HDR-572, HDR-575, HDR-576.</exception>
    public Followers(Project project, CancellationToken cancel) =>
        all = [
            .. project.Flows.Values.Where(flow => flow.Enabled).Select(flow => (flow.Name, flow.After)),
            .. ModelReads
                .Of(project, [.. project.Models.Values], cancel)
                .Select(reads => (reads.Model.Name, reads.Names)),
        ];

    /// <summary>What each of them waits for.</summary>
    public IReadOnlyList<string> Before(string name) => all.Find(one => one.Name == name).After ?? [];

    /// <summary>These names and all that follow them.</summary>
    public IReadOnlyList<string> Of(IEnumerable<string> names)
    {
        var found = names.ToList();
        for (var i = 0; i < found.Count; i++)
            found.AddRange(
                all.Where(one => one.After.Contains(found[i]) && !found.Contains(one.Name)).Select(one => one.Name)
            );
        return found;
    }
}
