namespace Headrace.StandIn;

/// <summary>The parameters of a statement, within Redshift's limits.</summary>
public static class Parameters
{
    private const int Most = 32767;

    // pg_type numbers: bool, char, name, int8, int2, int4, text, oid, float4, float8, unknown, bpchar, varchar, date,
    // time, timestamp, timestamptz, timetz, numeric; 0 is for the server to find.
    private static readonly HashSet<int> Known =
    [
        0,
        16,
        18,
        19,
        20,
        21,
        23,
        25,
        26,
        700,
        701,
        705,
        1042,
        1043,
        1082,
        1083,
        1114,
        1184,
        1266,
        1700,
    ];

    public static (string Name, string Sql, int[] Types) Parse(Message message)
    {
        var reader = message.Read();
        var (name, sql) = (reader.Text(), reader.Text());
        var types = new int[reader.Int16()];
        for (var i = 0; i < types.Length; i++)
            types[i] = reader.Int32();
        return (name, sql, types);
    }

    public static Message Parse(string name, string sql, int[] types) =>
        Message.Build(
            'P',
            body =>
            {
                body.Text(name).Text(sql).Int16(types.Length);
                foreach (var type in types)
                    body.Int32(type);
            }
        );

    public static void Check(int[] types)
    {
        Check(types.Length);
        foreach (var type in types)
            if (!Known.Contains(type))
                throw new Refusal("0A000", $"a parameter of type {type} (pg_type) is not supported by Amazon Redshift");
    }

    /// <summary>Names the portal and the statement of a Bind.</summary>
    public static (string Portal, string Statement) CheckBind(Message message)
    {
        var reader = message.Read();
        var (portal, name) = (reader.Text(), reader.Text());
        reader.Take(2 * reader.Int16());
        Check(reader.Int16());
        return (portal, name);
    }

    private static void Check(int count)
    {
        if (count > Most)
            throw new Refusal("54000", $"a statement takes at most {Most} parameters, not {count}");
    }
}
