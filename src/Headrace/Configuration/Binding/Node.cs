namespace Headrace.Configuration.Binding;

/// <summary>Where a part of the file stands; lines and columns from 1, the end is exclusive.</summary>
internal readonly record struct Span(int Line, int Column, int EndLine, int EndColumn);

/// <summary>A part of the file. Two aliases of one anchor share one node.</summary>
internal abstract class Node(Span span)
{
    public Span Span { get; } = span;

    /// <summary>How many nodes it stands for once aliases are followed.</summary>
    public long Size { get; protected init; } = 1;

    /// <summary>An empty value, or the word null: as if the key had not been written.</summary>
    public virtual bool IsNull => false;
}

/// <summary>One text as it was written, variables and all.</summary>
internal sealed class ScalarNode(Span span, string text, ScalarStyle style) : Node(span)
{
    public string Text { get; } = text;

    public ScalarStyle Style { get; } = style;

    public override bool IsNull => Style == ScalarStyle.Plain && Text is "" or "~" or "null" or "Null" or "NULL";
}

internal enum ScalarStyle
{
    Plain,
    Quoted,
    Block,
}

internal sealed class ListNode : Node
{
    public ListNode(Span span, IReadOnlyList<Node> items)
        : base(span)
    {
        Items = items;
        foreach (var item in items)
            Size += item.Size;
    }

    public IReadOnlyList<Node> Items { get; }
}

/// <summary>Keys and values in file order, each key once.</summary>
internal sealed class MapNode : Node
{
    public static readonly MapNode Empty = new(default, []);

    public MapNode(Span span, IReadOnlyList<Entry> entries, bool braces = false)
        : base(span)
    {
        Entries = entries;
        Braces = braces;
        foreach (var entry in entries)
            Size += 1 + entry.Value.Size;
    }

    public IReadOnlyList<Entry> Entries { get; }

    /// <summary>Written as <c>{ a: b }</c>.</summary>
    public bool Braces { get; }

    public Entry? Find(string key)
    {
        foreach (var entry in Entries)
            if (entry.Key.Text == key)
                return entry;
        return null;
    }

    public MapNode? Map(string key) => Find(key)?.Value as MapNode;

    public MapNode Without(string key) => new(Span, [.. Entries.Where(entry => entry.Key.Text != key)], Braces);

    /// <summary>The same with another value for one key.</summary>
    public MapNode With(Entry changed) =>
        new(
            Span,
            Find(changed.Key.Text) is null
                ? [.. Entries, changed]
                : [.. Entries.Select(entry => entry.Key.Text == changed.Key.Text ? changed : entry)],
            Braces
        );
}

internal sealed record Entry(ScalarNode Key, Node Value);
