using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Headrace;

/// <summary>
/// One text for each JSON value, however the value is written: properties by name, no blanks, each character as itself,
/// numbers by their digits and exponent, so that <c>1</c>, <c>1.0</c> and <c>10e-1</c> are one number and no digit is
/// lost.
/// </summary>
public static class JsonMeaning
{
    private static readonly JsonReaderOptions Deep = new() { MaxDepth = 1000 };

    /// <summary>True when two texts mean the same; texts that are no JSON are the same when they are equal.</summary>
    public static bool IsSame(string one, string other) => one == other || Of(one).AsSpan().SequenceEqual(Of(other));

    /// <summary>Writes the text of a value; what is no JSON as it is.</summary>
    public static void Write(ReadOnlySpan<byte> json, ArrayBufferWriter<byte> into)
    {
        into.ResetWrittenCount();
        try
        {
            var reader = new Utf8JsonReader(json, Deep);
            reader.Read();
            WriteValue(ref reader, into);
            while (reader.Read())
            {
                // Nothing may follow; the reader says so.
            }
        }
        catch (JsonException)
        {
            into.ResetWrittenCount();
            into.Write(json);
        }
    }

    private static byte[] Of(string json)
    {
        var text = new ArrayBufferWriter<byte>();
        Write(Encoding.UTF8.GetBytes(json), text);
        return text.WrittenSpan.ToArray();
    }

    private static void WriteValue(ref Utf8JsonReader reader, ArrayBufferWriter<byte> into)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                WriteObject(ref reader, into);
                break;
            case JsonTokenType.StartArray:
                into.Write("["u8);
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    WriteValue(ref reader, into);
                    into.Write(","u8);
                }

                into.Write("]"u8);
                break;
            case JsonTokenType.String:
                WriteText(ref reader, into);
                break;
            case JsonTokenType.Number:
                WriteNumber(reader.ValueSpan, into);
                break;
            default:
                into.Write(reader.ValueSpan); // true, false, null
                break;
        }
    }

    private static void WriteObject(ref Utf8JsonReader reader, ArrayBufferWriter<byte> into)
    {
        into.Write("{"u8);
        var start = into.WrittenCount;
        var members = new List<(int Start, int NameEnd, int End)>();
        var isSorted = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var from = into.WrittenCount;
            WriteText(ref reader, into);
            var name = into.WrittenCount;
            into.Write(":"u8);
            reader.Read();
            WriteValue(ref reader, into);
            into.Write(","u8);
            members.Add((from, name, into.WrittenCount));
            isSorted &=
                members.Count < 2
                || into.WrittenSpan[members[^2].Start..members[^2].NameEnd]
                    .SequenceCompareTo(into.WrittenSpan[from..name]) <= 0;
        }

        if (!isSorted)
        {
            // A name that is there twice keeps its order: the last one counts for most readers.
            var written = into.WrittenSpan[start..].ToArray();
            members.Sort(
                (a, b) =>
                    written
                        .AsSpan()[(a.Start - start)..(a.NameEnd - start)]
                        .SequenceCompareTo(written.AsSpan()[(b.Start - start)..(b.NameEnd - start)])
                        is not 0
                            and var first
                        ? first
                        : a.Start.CompareTo(b.Start)
            );
            var sorted = new byte[written.Length];
            var at = 0;
            foreach (var member in members)
            {
                written.AsSpan()[(member.Start - start)..(member.End - start)].CopyTo(sorted.AsSpan(at));
                at += member.End - member.Start;
            }

            sorted.CopyTo(MemoryMarshal.AsMemory(into.WrittenMemory)[start..]);
        }

        into.Write("}"u8);
    }

    private static void WriteText(ref Utf8JsonReader reader, ArrayBufferWriter<byte> into)
    {
        into.Write("\""u8);
        if (!reader.ValueIsEscaped)
        {
            into.Write(reader.ValueSpan);
        }
        else
        {
            var plain = ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
            try
            {
                foreach (var letter in plain.AsSpan(0, reader.CopyString(plain)))
                {
                    if (letter is (byte)'"' or (byte)'\\')
                        into.Write("\\"u8);
                    into.Write([letter]);
                }
            }
            catch (InvalidOperationException)
            {
                into.Write(reader.ValueSpan); // half of a surrogate pair is no character: only its escape says it
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(plain);
            }
        }

        into.Write("\""u8);
    }

    // The digits from the first to the last that is not 0, and the power of ten of the last one.
    private static void WriteNumber(ReadOnlySpan<byte> number, ArrayBufferWriter<byte> into)
    {
        var isNegative = number[0] == '-';
        var rest = isNegative ? number[1..] : number;
        var e = rest.IndexOfAny((byte)'e', (byte)'E');
        var exponent = 0L;
        if (
            e >= 0
            && (
                rest.Length - e > 16
                || !long.TryParse(
                    rest[(e + 1)..],
                    NumberStyles.AllowLeadingSign,
                    CultureInfo.InvariantCulture,
                    out exponent
                )
            )
        )
        {
            into.Write(number); // nobody calculates with such an exponent
            return;
        }

        var mantissa = e < 0 ? rest : rest[..e];
        var point = mantissa.IndexOf((byte)'.');
        var digits = point < 0 ? mantissa.ToArray() : [.. mantissa[..point], .. mantissa[(point + 1)..]];
        var power = exponent - (point < 0 ? 0 : mantissa.Length - point - 1);
        var first = digits.AsSpan().IndexOfAnyExcept((byte)'0');
        if (first < 0)
        {
            into.Write("0"u8);
            return;
        }

        var last = digits.AsSpan().LastIndexOfAnyExcept((byte)'0');
        if (isNegative)
            into.Write("-"u8);
        into.Write(digits.AsSpan(first, last - first + 1));
        into.Write("e"u8);
        power += digits.Length - 1 - last;
        into.Advance(Encoding.ASCII.GetBytes(power.ToString(CultureInfo.InvariantCulture), into.GetSpan(24)));
    }
}
