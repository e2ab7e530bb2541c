using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Headrace.Aws;

/// <summary>
/// A record in which the Kinesis Producer Library packed several: four bytes by which it is known, a message of
/// Protocol Buffers whose field 3 has the records, their data in field 3 of each, and the MD5 of the message.
/// </summary>
/// <remarks>https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md</remarks>
[SuppressMessage("Security", "CA5351", Justification = "The format says MD5; it is no protection here.")]
internal static class AggregatedRecord
{
    private const int DigestBytes = 16;
    private const int Records = 3;
    private const int Data = 3;

    private static ReadOnlySpan<byte> Magic => [0xF3, 0x89, 0x9A, 0xC2];

    /// <summary>The records in it, or itself.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Of(byte[] record)
    {
        if (record.Length < Magic.Length + DigestBytes || !record.AsSpan().StartsWith(Magic))
            return [record];
        var message = record.AsMemory(Magic.Length..^DigestBytes);
        if (!MD5.HashData(message.Span).AsSpan().SequenceEqual(record.AsSpan(^DigestBytes..)))
            return [record];
        try
        {
            return [.. Fields(message, Records).SelectMany(one => Fields(one, Data))];
        }
        catch (InvalidDataException)
        {
            return [record];
        }
    }

    // The fields of one number that have a length.
    private static List<ReadOnlyMemory<byte>> Fields(ReadOnlyMemory<byte> message, int number)
    {
        var found = new List<ReadOnlyMemory<byte>>();
        for (var at = 0; at < message.Length; )
        {
            var tag = Number(message.Span, ref at);
            var length = Number(message.Span, ref at); // the value itself in a field of wire type 0
            if ((tag & 7) == 0)
                continue;
            if ((tag & 7) != 2 || length > (ulong)(message.Length - at))
                throw new InvalidDataException();
            if (tag >> 3 == (ulong)number)
                found.Add(message.Slice(at, (int)length));
            at += (int)length;
        }

        return found;
    }

    private static ulong Number(ReadOnlySpan<byte> bytes, ref int at)
    {
        var number = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (at == bytes.Length)
                throw new InvalidDataException();
            var part = bytes[at++];
            number |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return number;
        }

        throw new InvalidDataException();
    }
}
