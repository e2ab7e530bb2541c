using System.Buffers.Binary;
using System.Text;

namespace Headrace.StandIn;

/// <summary>A message of PostgreSQL's protocol 3.0: its type and what follows its length.</summary>
public readonly record struct Message(char Type, byte[] Body)
{
    public static readonly Message Sync = new('S', []);
    public static readonly Message Flush = new('H', []);
    public static readonly Message CopyDone = new('c', []);

    public static Message Parse(string name, string sql) => Build('P', body => body.Text(name).Text(sql).Int16(0));

    public static Message Bind(string portal, string statement) =>
        Build('B', body => body.Text(portal).Text(statement).Int16(0).Int16(0).Int16(0));

    public static Message Describe(char kind, string name) => Build('D', body => body.Byte(kind).Text(name));

    public static Message Execute(string portal) => Build('E', body => body.Text(portal).Int32(0));

    public static Message Close(char kind, string name) => Build('C', body => body.Byte(kind).Text(name));

    public static Message Complete(string tag) => Build('C', body => body.Text(tag));

    public static Message CopyFail(string why) => Build('f', body => body.Text(why));

    public static Message Status(string name, string value) => Build('S', body => body.Text(name).Text(value));

    public static Message Error(Refusal error) =>
        Build(
            'E',
            body =>
            {
                body.Byte('S').Text("ERROR").Byte('C').Text(error.SqlState).Byte('M').Text(error.Message);
                if (error.Detail is { } detail)
                    body.Byte('D').Text(detail);
                body.Byte('\0');
            }
        );

    public static Message Info(string text) =>
        Build('N', body => body.Byte('S').Text("INFO").Byte('C').Text("00000").Byte('M').Text(text).Byte('\0'));

    public static Message Build(char type, Action<BodyWriter> write)
    {
        var body = new BodyWriter();
        write(body);
        return new Message(type, body.ToArray());
    }

    /// <summary>The fields of an ErrorResponse or NoticeResponse.</summary>
    public Dictionary<char, string> Fields()
    {
        var fields = new Dictionary<char, string>();
        var reader = Read();
        for (var field = reader.Byte(); field != 0; field = reader.Byte())
            fields[(char)field] = reader.Text();
        return fields;
    }

    public BodyReader Read() => new(Body);
}

/// <summary>Writes the body of a message.</summary>
public sealed class BodyWriter
{
    private readonly MemoryStream bytes = new();

    public BodyWriter Byte(char value)
    {
        bytes.WriteByte((byte)value);
        return this;
    }

    public BodyWriter Int16(int value)
    {
        Span<byte> four = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(four, (ushort)value);
        bytes.Write(four);
        return this;
    }

    public BodyWriter Int32(int value)
    {
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(four, value);
        bytes.Write(four);
        return this;
    }

    /// <summary>UTF-8 and a zero.</summary>
    public BodyWriter Text(string value)
    {
        bytes.Write(Encoding.UTF8.GetBytes(value));
        bytes.WriteByte(0);
        return this;
    }

    public BodyWriter Raw(ReadOnlySpan<byte> value)
    {
        bytes.Write(value);
        return this;
    }

    public byte[] ToArray() => bytes.ToArray();
}

/// <summary>Reads the body of a message.</summary>
public ref struct BodyReader(ReadOnlySpan<byte> body)
{
    private ReadOnlySpan<byte> rest = body;

    public readonly ReadOnlySpan<byte> Rest => rest;

    public byte Byte()
    {
        var value = rest[0];
        rest = rest[1..];
        return value;
    }

    public int Int16()
    {
        var value = BinaryPrimitives.ReadUInt16BigEndian(rest);
        rest = rest[2..];
        return value;
    }

    public int Int32()
    {
        var value = BinaryPrimitives.ReadInt32BigEndian(rest);
        rest = rest[4..];
        return value;
    }

    public string Text()
    {
        var end = rest.IndexOf((byte)0);
        var value = Encoding.UTF8.GetString(rest[..end]);
        rest = rest[(end + 1)..];
        return value;
    }

    public ReadOnlySpan<byte> Take(int count)
    {
        var value = rest[..count];
        rest = rest[count..];
        return value;
    }
}
