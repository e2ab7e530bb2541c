namespace Headrace.StandIn;

/// <summary>The types of result columns by Redshift's numbers, which no client of PostgreSQL knows.</summary>
public static class ResultTypes
{
    // pg_type numbers to those that AWS's own driver (redshift_connector) lists.
    private static readonly Dictionary<int, int> Numbers = new() { [3802] = 4000, [17] = 6551 };

    /// <summary>A RowDescription in which jsonb is SUPER and bytea is VARBYTE.</summary>
    public static Message Translate(Message description)
    {
        var reader = description.Read();
        var count = reader.Int16();
        var body = new BodyWriter().Int16(count);
        for (var i = 0; i < count; i++)
        {
            body.Text(reader.Text()).Raw(reader.Take(6));
            var type = reader.Int32();
            body.Int32(Numbers.GetValueOrDefault(type, type)).Raw(reader.Take(8));
        }

        return new Message('T', body.ToArray());
    }
}
