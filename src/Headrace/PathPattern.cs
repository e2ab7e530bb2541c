using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Headrace;

/// <summary>
/// A path of lake files: <c>*</c> stands for any text within a segment, <c>?</c> for one character, <c>**</c> for any
/// number of segments, <c>{name}</c> for text (at least one character, no <c>/</c>) that becomes a capture, and
/// <c>{name:yyyyMMdd}</c> for digits of that form. Everything else is literal and case counts. A path that ends in
/// <c>/</c> means everything below. Where several splits fit, the first capture of a segment takes the most.
/// </summary>
public sealed class PathPattern
{
    private static readonly string[] TemporarySuffixes =
    [
        ".tmp",
        ".temp",
        ".part",
        ".partial",
        ".crdownload",
        ".download",
        ".filepart",
        ".swp",
        ".swx",
        ".tmp-write",
        ".inprogress",
        ".uploading",
        "~",
    ];

    private readonly PathSegment?[] segments; // null is **
    private readonly bool hasRepeats;

    private PathPattern(string text, PathSegment?[] segments, IReadOnlyList<string> captures, bool hasRepeats)
    {
        Text = text;
        Captures = captures;
        this.segments = segments;
        this.hasRepeats = hasRepeats;
        var prefix = new StringBuilder();
        foreach (var segment in segments[..^1])
        {
            if (segment?.Literal is null)
                break;
            prefix.Append(segment.Literal).Append('/');
        }

        Prefix = prefix.ToString();
    }

    /// <summary>The pattern as it was written.</summary>
    public string Text { get; }

    /// <summary>The names of the captures in path order, each once.</summary>
    public IReadOnlyList<string> Captures { get; }

    /// <summary>
    /// The folders that every match lies in, ending in <c>/</c>; empty when the first segment is not literal.
    /// </summary>
    public string Prefix { get; }

    /// <summary>Reads a pattern; throws <see cref="Error.BadPattern"/>.</summary>
    public static PathPattern Parse(string text)
    {
        if (text.Length == 0)
            throw Error.BadPattern(text, "it is empty");
        var names = new List<string>();
        var wholeSegment = new HashSet<string>(StringComparer.Ordinal);
        var segments = new List<PathSegment?>();
        var repeats = false;
        var parts = (text.EndsWith('/') ? text + "**" : text).Split('/');
        foreach (var part in parts)
        {
            if (part == "**")
            {
                if (segments is not [.., null]) // ** after ** says nothing new
                    segments.Add(null);
                continue;
            }

            var segment = PathSegment.Parse(text, part);
            foreach (var name in segment.Names)
            {
                if (!names.Contains(name))
                {
                    names.Add(name);
                    if (segment.IsOneCapture)
                        wholeSegment.Add(name);
                    continue;
                }

                // What the first one holds must be certain before the second is compared with it.
                if (!wholeSegment.Contains(name))
                    throw Error.BadPattern(text, $"{{{name}}} stands twice, and the first is not a whole folder");
                repeats = true;
            }

            segments.Add(segment);
        }

        if (repeats && segments.Count(segment => segment is null) > 1)
            throw Error.BadPattern(text, "a name that stands twice goes with one ** at most");
        return new PathPattern(text, [.. segments], names, repeats);
    }

    /// <summary>True when <paramref name="key"/> fits; the captures are in path order.</summary>
    public bool TryMatch(string key, [NotNullWhen(true)] out IReadOnlyDictionary<string, string>? captures)
    {
        captures = null;
        if (!key.StartsWith(Prefix, StringComparison.Ordinal))
            return false;
        var found = new OrderedDictionary<string, string>(Captures.Count);
        var failed = hasRepeats ? null : new HashSet<(int, int)>();
        if (!Match(key.Split('/'), 0, 0, found, failed))
            return false;
        captures = found;
        return true;
    }

    /// <summary>
    /// False for what is hidden or not finished: some segment starts with <c>.</c> or <c>_</c>, or ends in a suffix
    /// that programs give to files they still write.
    /// </summary>
    public static bool IsData(ReadOnlySpan<char> key)
    {
        foreach (var range in key.Split('/'))
        {
            var name = key[range];
            if (name.Length == 0 || name[0] is '.' or '_')
                return false;
            foreach (var suffix in TemporarySuffixes)
                if (name.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
                    return false;
        }

        return true;
    }

    /// <summary>
    /// True when a file somewhere below <paramref name="folder"/> (without a final <c>/</c>) may match.
    /// </summary>
    internal bool MayHold(string folder)
    {
        var names = folder.Split('/');
        for (var i = 0; i < names.Length; i++)
        {
            if (i >= segments.Length - 1)
                return segments[^1] is null;
            if (segments[i] is not { } segment)
                return true;
            if (!segment.TryMatch(names[i], bound: null, found: null))
                return false;
        }

        return true;
    }

    public override string ToString() => Text;

    private bool Match(
        string[] names,
        int segment,
        int name,
        OrderedDictionary<string, string> found,
        HashSet<(int, int)>? failed
    )
    {
        if (segment == segments.Length)
            return name == names.Length;
        if (name == names.Length || failed?.Contains((segment, name)) == true)
            return false;
        var before = found.Count;
        if (segments[segment] is { } one)
        {
            if (one.TryMatch(names[name], found, found) && Match(names, segment + 1, name + 1, found, failed))
                return true;
        }
        else if (segment == segments.Length - 1)
        {
            return true; // a last ** takes all that is left, and something is
        }
        else
        {
            for (var next = name; next < names.Length; next++)
                if (Match(names, segment + 1, next, found, failed))
                    return true;
        }

        while (found.Count > before)
            found.RemoveAt(found.Count - 1);
        failed?.Add((segment, name));
        return false;
    }
}
