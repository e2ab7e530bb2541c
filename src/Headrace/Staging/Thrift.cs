using System.Buffers.Binary;
using System.Text;

namespace Headrace.Staging;

/// <summary>
/// A structure in Thrift's compact protocol, in which the footers of Parquet files are written: its members by number,
/// as they are, so that what is not understood is written back unchanged.
/// </summary>
internal sealed class Thrift
{
    public const byte True = 1,
        False = 2,
        Byte = 3,
        Short = 4,
        Int = 5,
        Long = 6,
        Double = 7,
        Binary = 8,
        List = 9,
        Set = 10,
        Struct = 12;

    private const int MostLevels = 32;

    private readonly List<(short Number, byte Type, object? Value)> members = [];

    /// <summary>
    /// A field's value: a long, bytes, a <see cref="ThriftList"/>, a structure; null when it is not there.
    /// </summary>
    public object? this[short number] => members.Find(one => one.Number == number).Value;

    public long? Number(short number) => this[number] as long?;

    public string? Text(short number) => this[number] is byte[] bytes ? Encoding.UTF8.GetString(bytes) : null;

    public Thrift? Part(short number) => this[number] as Thrift;

    public IReadOnlyList<Thrift> Parts(short number) =>
        this[number] is ThriftList list ? [.. list.Items.OfType<Thrift>()] : [];

    public bool IsTrue(short number) => members.Exists(one => one.Number == number && one.Type == True);

    /// <summary>The numbers of the members that are there.</summary>
    public IEnumerable<short> Numbers => members.Select(one => one.Number);

    public void Remove(params short[] numbers) => members.RemoveAll(field => numbers.Contains(field.Number));

    public void Put(short number, byte type, object? value)
    {
        Remove(number);
        members.Insert(members.TakeWhile(one => one.Number < number).Count(), (number, type, value));
    }

    /// <summary>Reads a structure, up to a field whose number is greater than <paramref name="last"/>.</summary>
    /// <exception cref="InvalidDataException">The bytes are none.</exception>
    public static Thrift Read(ReadOnlySpan<byte> bytes, short last = short.MaxValue)
    {
        var reader = new Reader(bytes);
        return reader.ReadStruct(0, last);
    }

    public void Write(Stream to)
    {
        short last = 0;
        foreach (var (number, type, value) in members)
        {
            if (number - last is > 0 and < 16 and var step)
                to.WriteByte((byte)(step << 4 | type));
            else
            {
                to.WriteByte(type);
                WriteNumber(to, number);
            }

            last = number;
            if (type is not (True or False))
                WriteValue(to, type, value);
        }

        to.WriteByte(0);
    }

    private static void WriteValue(Stream to, byte type, object? value)
    {
        switch (value)
        {
            case long number when type == Byte:
                to.WriteByte((byte)number);
                break;
            case long number:
                WriteNumber(to, number);
                break;
            case double number:
                Span<byte> eight = stackalloc byte[8];
                BinaryPrimitives.WriteDoubleLittleEndian(eight, number);
                to.Write(eight);
                break;
            case byte[] bytes:
                WriteLength(to, (ulong)bytes.Length);
                to.Write(bytes);
                break;
            case ThriftList list:
                var isShort = list.Items.Count < 15;
                to.WriteByte((byte)((isShort ? list.Items.Count : 15) << 4 | list.Type));
                if (!isShort)
                    WriteLength(to, (ulong)list.Items.Count);
                foreach (var item in list.Items)
                    WriteValue(to, list.Type, item);
                break;
            case Thrift part:
                part.Write(to);
                break;
            case bool yes:
                to.WriteByte(yes ? True : False);
                break;
        }
    }

    private static void WriteNumber(Stream to, long number) => WriteLength(to, (ulong)(number << 1 ^ number >> 63));

    private static void WriteLength(Stream to, ulong number)
    {
        for (; number > 127; number >>= 7)
            to.WriteByte((byte)(number | 128));
        to.WriteByte((byte)number);
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> rest = bytes;

        public Thrift ReadStruct(int level, short last = short.MaxValue)
        {
            if (level > MostLevels)
                throw new InvalidDataException("structures within structures");
            var read = new Thrift();
            short number = 0;
            while (Take(1)[0] is not 0 and var head)
            {
                number = (head >> 4) is > 0 and var step
                    ? checked((short)(number + step))
                    : checked((short)ReadNumber());
                if (number > last)
                    break;
                var type = (byte)(head & 15);
                read.members.Add((number, type, type is True or False ? null : ReadValue(type, level)));
            }

            return read;
        }

        private object ReadValue(byte type, int level)
        {
            switch (type)
            {
                case True or False: // in a list
                    return Take(1)[0] == True;
                case Byte:
                    return (long)(sbyte)Take(1)[0];
                case Short or Int or Long:
                    return ReadNumber();
                case Double:
                    return BinaryPrimitives.ReadDoubleLittleEndian(Take(8));
                case Binary:
                    return Take(ReadLength()).ToArray();
                case List or Set:
                    var head = Take(1)[0];
                    var count = head >> 4 == 15 ? ReadLength() : head >> 4;
                    if (count > rest.Length)
                        throw new InvalidDataException("a list that is longer than what is there");
                    var list = new ThriftList((byte)(head & 15), new List<object>(count));
                    for (var i = 0; i < count; i++)
                        list.Items.Add(ReadValue(list.Type, level + 1));
                    return list;
                case Struct:
                    return ReadStruct(level + 1);
                default:
                    throw new InvalidDataException($"a value of the kind {type}");
            }
        }

        private long ReadNumber()
        {
            var number = ReadUnsigned();
            return (long)(number >> 1) ^ -(long)(number & 1);
        }

        private int ReadLength() =>
            ReadUnsigned() is var length && length <= (ulong)rest.Length
                ? (int)length
                : throw new InvalidDataException("a length beyond the end");

        private ulong ReadUnsigned()
        {
            var number = 0UL;
            for (var shift = 0; shift < 64; shift += 7)
            {
                var next = Take(1)[0];
                number |= (ulong)(next & 127) << shift;
                if (next < 128)
                    return number;
            }

            throw new InvalidDataException("a number of more than 64 bits");
        }

        private ReadOnlySpan<byte> Take(int count)
        {
            if (count > rest.Length)
                throw new InvalidDataException("it ends early");
            var taken = rest[..count];
            rest = rest[count..];
            return taken;
        }
    }
}

/// <summary>A list in a <see cref="Thrift"/> structure.</summary>
internal sealed record ThriftList(byte Type, List<object> Items);
