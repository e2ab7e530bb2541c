using Headrace.Configuration;
using Headrace.Lake;

namespace Headrace.Hosting;

/// <summary>
/// What a document says of objects that arrived in a bucket. It is a hint: it says which flows to start, and what is
/// new is found by listing, as always.
/// </summary>
/// <param name="Flows">The enabled flows whose files it names, in the order of the file.</param>
/// <param name="Notes">What it has that starts no flow, and why.</param>
internal sealed record Arrival(IReadOnlyList<string> Flows, IReadOnlyList<string> Notes)
{
    /// <summary>Bytes of the largest document: what Lambda hands over at once.</summary>
    public const int MostBytes = 6 << 20;

    // More notes of one document say nothing more.
    private const int MostNotes = 20;

    /// <summary>Reads a document.</summary>
    /// <param name="refuse">Names the error of a document that is none of the known ones.</param>
    /// <exception cref="HeadraceException">What <paramref name="refuse"/> makes.</exception>
    public static Arrival Of(Project project, string document, Func<string, HeadraceException> refuse)
    {
        var found = new EventDocument();
        if (found.Fault(document) is { } fault)
            throw refuse(fault);
        var (flows, notes) = (new HashSet<string>(StringComparer.Ordinal), found.Notes.ToList());
        foreach (var one in found.Objects.Distinct())
        {
            var lakes = project.Connections.Values.Where(lake => Holds(lake, one.Bucket)).ToList();
            var its = project
                .Flows.Values.Where(flow => flow.Enabled && lakes.Exists(lake => Reads(flow, lake, one.Key)))
                .Select(flow => flow.Name)
                .ToList();
            flows.UnionWith(its);
            if (its.Count == 0)
                notes.Add(
                    lakes.Count == 0
                        ? $"an event for the bucket '{PlainKey.Of(one.Bucket)}', which is no connection of this project"
                        : $"an event for '{PlainKey.Of(one.Key)}' of '{PlainKey.Of(one.Bucket)}', which no enabled "
                            + "flow reads"
                );
        }

        foreach (var name in found.Flows)
            if (project.Flows.ContainsKey(name) || project.Models.ContainsKey(name))
                flows.Add(name);
            else
                throw Error.UnknownFlow(name, [.. project.Flows.Keys, .. project.Models.Keys]);
        if (flows.Count + notes.Count == 0)
            notes.Add("an event that names no object");
        return new Arrival(
            [.. project.Flows.Keys.Concat(project.Models.Keys).Where(flows.Contains)],
            [.. notes.Distinct().Take(MostNotes)]
        );
    }

    // A folder that stands for a bucket is known by the name of its connection.
    private static bool Holds(Connection lake, string bucket) =>
        lake switch
        {
            S3Connection s3 => s3.Bucket == bucket,
            FolderConnection folder => folder.Name == bucket,
            _ => false,
        };

    private static bool Reads(Flow flow, Connection lake, string key) =>
        flow.Source.Connection == lake.Name
        && key.StartsWith(
            ((lake as S3Connection)?.Folder ?? "") + PathPattern.Parse(flow.Source.Path).Prefix,
            StringComparison.Ordinal
        );
}
