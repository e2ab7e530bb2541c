namespace Headrace;

/// <summary>
/// How a JSON object holds a change: the operation beside the row's values, which are the members of an object of their
/// own.
/// </summary>
/// <param name="Operation">The member with the operation.</param>
/// <param name="Objects">The members that hold values, the first one that is there counts.</param>
/// <param name="Order">
/// Members, each with those above it, by which changes are ordered where the flow does not say it; numbers but where
/// they end in <see cref="AsText"/>.
/// </param>
/// <param name="Wrapper">A member that holds all of this where it is there.</param>
/// <param name="NoValue">A text that stands for a value that the change does not bring; null for none.</param>
public sealed record Envelope(
    string Operation,
    IReadOnlyList<string> Objects,
    IReadOnlyList<IReadOnlyList<string>> Order,
    string? Wrapper = null,
    string? NoValue = null
)
{
    /// <summary>What the names of columns begin with that are no columns of the row.</summary>
    public const string Aside = "headrace:";

    /// <summary>
    /// An event of Debezium.
    /// </summary>
    /// <remarks>
    /// https://debezium.io/documentation/reference/stable/connectors/postgresql.html#postgresql-events
    /// </remarks>
    public static readonly Envelope Debezium = new(
        "op",
        ["after", "before"],
        [
            ["source", "lsn"],
            ["source", "file", AsText],
            ["source", "pos"],
            ["source", "row"],
            ["source", "ts_ms"],
        ],
        "payload",
        "__debezium_unavailable_value"
    );

    /// <summary>An operation that Headrace published.</summary>
    public static readonly Envelope Headrace = new("op", ["after", "key"], []);

    /// <summary>An item of an export of DynamoDB, which <see cref="Staging.DynamoForm"/> unfolds.</summary>
    public static readonly Envelope DynamoDb = new(
        "",
        [],
        [
            ["Metadata", "WriteTimestampMicros"],
        ]
    );

    /// <summary>At the end of the way to a part of the order: it sorts as a text.</summary>
    public const string AsText = "*";

    /// <summary>The name of the column with the operation.</summary>
    public const string OperationColumn = Aside + "op";

    /// <summary>The name of the column with a part of the order.</summary>
    public static string OrderColumn(int part) => $"{Aside}order{part}";
}
