namespace Headrace.Models;

/// <summary>The order of what waits for each other.</summary>
public static class ModelOrder
{
    /// <summary>Names of which each waits for the next, and the last for the first; null when there are none.</summary>
    /// <param name="waiting">A name with those that it waits for. A name that waits for nobody may be left out.</param>
    public static IReadOnlyList<string>? Cycle(IEnumerable<(string Name, IReadOnlyList<string> After)> waiting)
    {
        var after = waiting.ToDictionary(one => one.Name, one => one.After, StringComparer.Ordinal);
        var done = new HashSet<string>(StringComparer.Ordinal);
        var path = new List<string>();

        IReadOnlyList<string>? Visit(string name)
        {
            if (path.IndexOf(name) is >= 0 and var start)
                return path[start..];
            if (!done.Add(name) || !after.TryGetValue(name, out var others))
                return null;
            path.Add(name);
            foreach (var other in others)
                if (Visit(other) is { } cycle)
                    return cycle;
            path.RemoveAt(path.Count - 1);
            return null;
        }

        return after.Keys.Select(Visit).FirstOrDefault(cycle => cycle is not null);
    }
}
