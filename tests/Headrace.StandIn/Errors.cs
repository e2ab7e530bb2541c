namespace Headrace.StandIn;

/// <summary>PostgreSQL's errors in Redshift's words.</summary>
public static class Errors
{
    public static Message Translate(Message error)
    {
        var fields = error.Fields();
        if (fields.GetValueOrDefault('S') != "ERROR")
            return error;
        var message = fields.GetValueOrDefault('M', "");
        if (fields.GetValueOrDefault('n', "").StartsWith("standin_bytes_", StringComparison.Ordinal))
            return Message.Error(
                new Refusal(
                    "22001",
                    "Value too long for character type",
                    $"code: 8001, context: Value too long, at most {fields['n'].Split('_')[2]} bytes"
                )
            );
        return fields.GetValueOrDefault('C') switch
        {
            "22001" => Message.Error(
                new Refusal("22001", "Value too long for character type", $"code: 8001, context: {message}")
            ),
            "40001" => Message.Error(Conflict("0")),
            "21000" when message.StartsWith("MERGE", StringComparison.Ordinal) => Message.Error(
                new Refusal("XX000", "Found multiple matches to update the same tuple.")
            ),
            _ => error,
        };
    }

    /// <summary>What both isolation levels say when a transaction cannot be had beside another.</summary>
    public static Refusal Conflict(string table) =>
        new(
            "XX000",
            "1023",
            $"Serializable isolation violation on table - {table}, transactions forming the cycle are: 1, 2 (pid:1)"
        );
}
