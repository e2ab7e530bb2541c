namespace Headrace.Configuration.Binding;

/// <summary>Lays nodes over nodes: an environment over the file, a flow over the defaults.</summary>
internal static class Overlay
{
    // Of these keys a flow changes only what it names; any other key it says is said anew.
    static readonly string[] KeyByKey = ["target", "limits", "masks"];

    /// <summary>The file with the connections and defaults of one environment.</summary>
    public static MapNode Environment(MapNode file, MapNode environment)
    {
        if (environment.Find("connections") is { Value: MapNode connections } entry)
            file = file.With(new Entry(entry.Key, Connections(file.Map("connections") ?? MapNode.Empty, connections)));
        if (environment.Find("defaults") is { Value: MapNode defaults } changed)
            file = file.With(new Entry(changed.Key, Settings(file.Map("defaults") ?? MapNode.Empty, defaults)));
        return file;
    }

    /// <summary>
    /// Connections: one of the same type, or without a type, is changed key by key; another one is replaced.
    /// </summary>
    public static MapNode Connections(MapNode below, MapNode above)
    {
        foreach (var entry in above.Entries)
            below = below.With(
                below.Find(entry.Key.Text)?.Value is MapNode old && entry.Value is MapNode now && SameType(old, now)
                    ? new Entry(entry.Key, Lay(old, now))
                    : entry
            );
        return below;
    }

    /// <summary>A flow, or the defaults of an environment, over the defaults.</summary>
    public static MapNode Settings(MapNode below, MapNode above)
    {
        // With read: drop each path says what is written and how; a default for the other flows means nothing to it.
        if ((above.Find("read") ?? below.Find("read"))?.Value is ScalarNode { Text: "drop" })
            below = below.Without("write").Without("primary_key").Without("changed_files");
        if ((above.Find("source")?.Value as MapNode)?.Find("path") is not null)
            below = below.Without("archive"); // files are in a lake already
        if (
            above.Find("source")?.Value is MapNode source
            && (source.Find("table") ?? source.Find("query") ?? source.Find("tables")) is not null
        )
            below = below.Without("add_columns").Without("after_load"); // a table has no path and no files
        var entries = new List<Entry>();
        foreach (var entry in below.Entries)
            entries.Add(
                above.Find(entry.Key.Text) is not { } over ? entry
                : KeyByKey.Contains(entry.Key.Text) && entry.Value is MapNode old && over.Value is MapNode now
                    ? new Entry(over.Key, Lay(old, now))
                : over
            );
        entries.AddRange(above.Entries.Where(entry => below.Find(entry.Key.Text) is null));
        return new MapNode(above.Span, entries);
    }

    static MapNode Lay(MapNode below, MapNode above)
    {
        var all = below;
        foreach (var entry in above.Entries)
            all = all.With(entry);
        return new MapNode(above.Span, all.Entries, above.Braces);
    }

    static bool SameType(MapNode below, MapNode above) =>
        above.Find("type")?.Value is not ScalarNode type
        || (below.Find("type")?.Value as ScalarNode)?.Text == type.Text;
}
