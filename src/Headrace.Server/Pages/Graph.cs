namespace Headrace.Server.Pages;

/// <summary>Something of a graph: a box that leads to its page.</summary>
/// <param name="Reads">The names of what it is made from.</param>
internal sealed record GraphNode(string Name, string? State, IReadOnlyList<string> Reads);

/// <summary>
/// What is made from what, as SVG that the server makes: each box stands one column to the right of the last that it
/// reads. Names that are not among the boxes are left out.
/// </summary>
internal sealed class Graph
{
    private const int Wide = 200,
        High = 46,
        Across = 56,
        Down = 14,
        LongestName = 24;

    private readonly Dictionary<string, GraphNode> nodes;
    private readonly Dictionary<string, int> layers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (int X, int Y)> places = new(StringComparer.Ordinal);

    private Graph(IReadOnlyList<GraphNode> all)
    {
        nodes = all.ToDictionary(one => one.Name, StringComparer.Ordinal);
        foreach (var column in all.GroupBy(one => Layer(one.Name)).OrderBy(column => column.Key))
        {
            // Beside what it reads, so that lines cross seldom.
            var sorted = column
                .OrderBy(one =>
                    Known(one).Select(name => (double)places.GetValueOrDefault(name).Y).DefaultIfEmpty(0).Average()
                )
                .ThenBy(one => one.Name, StringComparer.Ordinal);
            foreach (var (row, one) in sorted.Index())
                places[one.Name] = (column.Key * (Wide + Across) + 2, row * (High + Down) + 2);
        }
    }

    /// <summary>Draws them.</summary>
    /// <param name="title">What they are, for who does not see them.</param>
    public static Html Draw(string title, IReadOnlyList<GraphNode> all) =>
        all.Count == 0 ? Words.Nothing : new Graph(all).Draw(title);

    private Html Draw(string title)
    {
        var (width, height) = (places.Values.Max(at => at.X) + Wide + 2, places.Values.Max(at => at.Y) + High + 2);
        return Html.Of(
            $"""
            <div class="wide" tabindex="0"><svg class="graph" role="group" aria-label="{title}"
            viewBox="0 0 {width} {height}" width="{width}" height="{height}">
            {nodes.Values.SelectMany(one => Known(one).Select(from => Line(places[from], places[one.Name])))}
            {nodes.Values.OrderBy(one => places[one.Name]).Select(Box)}</svg></div>
            """
        );
    }

    private Html Box(GraphNode one)
    {
        var (x, y) = places[one.Name];
        var reads = Known(one).ToList();
        return Html.Of(
            $"""
            <a href="/flows/{Uri.EscapeDataString(one.Name)}">
            <title>{one.Name}{(reads.Count == 0 ? "" : $" reads {string.Join(", ", reads)}")}</title>
            <rect x="{x}" y="{y}" width="{Wide}" height="{High}" rx="6"></rect>
            <text x="{x + 12}" y="{y + 19}">{Short(one.Name)}</text>
            <text class="{Words.Class(one.State)}" x="{x + 12}" y="{y + 37}">● {Words.Plainly(one.State)}</text></a>

            """
        );
    }

    private static Html Line((int X, int Y) from, (int X, int Y) to)
    {
        var (x1, y1, x2, y2) = (from.X + Wide, from.Y + (High / 2), to.X, to.Y + (High / 2));
        return Html.Of($"<path d=\"M{x1} {y1} C{x1 + 32} {y1} {x2 - 32} {y2} {x2} {y2}\"></path>");
    }

    private IEnumerable<string> Known(GraphNode one) => one.Reads.Where(nodes.ContainsKey).Distinct();

    // What reads itself by a detour stands where it was met.
    private int Layer(string name)
    {
        if (layers.TryGetValue(name, out var known))
            return known;
        layers[name] = 0;
        return layers[name] = Known(nodes[name]).Select(from => Layer(from) + 1).DefaultIfEmpty(0).Max();
    }

    private static string Short(string name) =>
        name.Length <= LongestName ? name : $"{name[..(LongestName - 1)].TrimEnd()}…";
}
