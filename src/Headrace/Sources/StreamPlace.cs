namespace Headrace.Sources;

/// <summary>
/// Where records of a stream stand among others: by the sequence number of the first of them. Numbers of a shard rise,
/// and those of a shard that was split or merged are lower than those of its children.
/// </summary>
public static class StreamPlace
{
    // As many digits as a sequence number of Kinesis may have.
    private const int Digits = 129;

    /// <summary>A sequence number as a text that sorts.</summary>
    public static string Padded(string number) => number.PadLeft(Digits, '0');

    /// <summary>The place of the records that <c>shard/first-last…</c> names.</summary>
    internal static string Of(string key)
    {
        var first = key[(key.LastIndexOf('/') + 1)..].Split('-')[0];
        return $"{Padded(first)} {key}";
    }
}
