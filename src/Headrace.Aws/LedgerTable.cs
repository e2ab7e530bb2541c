using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Headrace.State;

namespace Headrace.Aws;

/// <summary>The table of a ledger in DynamoDB: items by kind (<c>pk</c>) and name (<c>sk</c>).</summary>
internal sealed class LedgerTable(DynamoDb db, string table, TimeProvider clock)
{
    private const int Version = 1;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    private static readonly Dictionary<string, string> Nothing = [];

    private bool isThere;

    private string Address => $"{db.Address}, table {table}";

    /// <summary>Sees to it that the table is there and of this version; it is made when it is missing.</summary>
    /// <exception cref="HeadraceException">HDR-401; HDR-404 when a newer Headrace wrote it.</exception>
    public async Task EnsureAsync(CancellationToken cancel)
    {
        if (isThere)
            return;
        try
        {
            await MakeAsync(cancel);
        }
        catch (AwsRefusal refusal)
        {
            throw Named(refusal);
        }

        var (meta, _) = await GetAsync("meta", "version", cancel);
        if (meta.Count == 0)
            await ChangeAsync(
                "PutItem",
                json =>
                {
                    json.WriteStartObject("Item");
                    Text(json, "pk", "meta");
                    Text(json, "sk", "version");
                    Number(json, "version", Version);
                    Text(json, "written_by", StateVersion.Program);
                    json.WriteEndObject();
                    json.WriteString("ConditionExpression", "attribute_not_exists(pk)");
                },
                cancel
            );
        else if (
            int.TryParse(meta.GetValueOrDefault("version"), CultureInfo.InvariantCulture, out var found)
            && found > Version
        )
            throw Error.LedgerNewer(
                Address,
                new StateVersion(found, meta.GetValueOrDefault("written_by", "")),
                Version
            );
        isThere = true;
    }

    /// <summary>An attribute of all items that a question finds, by their names, page by page.</summary>
    /// <param name="write">Writes the question.</param>
    /// <param name="attribute">Items without it are left out.</param>
    /// <exception cref="HeadraceException">HDR-401.</exception>
    public async IAsyncEnumerable<(string Name, string Value)> ListAsync(
        Action<Utf8JsonWriter> write,
        string attribute,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        for (string? from = null; ; )
        {
            List<(string, string)> page = [];
            try
            {
                using var answer = await AskAsync(
                    "Query",
                    json =>
                    {
                        write(json);
                        json.WriteBoolean("ConsistentRead", true);
                        if (from is null)
                            return;
                        json.WritePropertyName("ExclusiveStartKey");
                        json.WriteRawValue(from);
                    },
                    cancel
                );
                foreach (var item in answer.RootElement.GetProperty("Items").EnumerateArray())
                    if (item.TryGetProperty(attribute, out var value))
                        page.Add(
                            (item.GetProperty("sk").GetProperty("S").GetString()!, value.GetProperty("S").GetString()!)
                        );
                from = answer.RootElement.TryGetProperty("LastEvaluatedKey", out var key) ? key.GetRawText() : null;
            }
            catch (AwsRefusal refusal)
            {
                throw Named(refusal);
            }

            foreach (var one in page)
                yield return one;
            if (from is null)
                yield break;
        }
    }

    /// <summary>Changes an item; false when its condition does not hold.</summary>
    /// <param name="write">Writes what is beside the table's name.</param>
    /// <exception cref="HeadraceException">HDR-401.</exception>
    public async Task<bool> ChangeAsync(
        string operation,
        Action<Utf8JsonWriter> write,
        CancellationToken cancel,
        bool isRetried = true
    )
    {
        try
        {
            using var answer = await AskAsync(operation, write, cancel, isRetried);
            return true;
        }
        catch (AwsRefusal refusal) when (refusal.Code == "ConditionalCheckFailedException")
        {
            return false;
        }
        catch (AwsRefusal refusal)
        {
            throw Named(refusal);
        }
    }

    /// <summary>An item as it is now, if it is there, and what time the service has.</summary>
    /// <exception cref="HeadraceException">HDR-401.</exception>
    public async Task<(IReadOnlyDictionary<string, string> Item, DateTimeOffset At)> GetAsync(
        string kind,
        string name,
        CancellationToken cancel
    )
    {
        try
        {
            var (answer, at) = await db.AskWhenAsync(
                "GetItem",
                json =>
                {
                    json.WriteString("TableName", table);
                    Key(json, kind, name);
                    json.WriteBoolean("ConsistentRead", true);
                },
                cancel
            );
            using (answer)
                return (answer.RootElement.TryGetProperty("Item", out var item) ? Plain(item) : Nothing, at);
        }
        catch (AwsRefusal refusal)
        {
            throw Named(refusal);
        }
    }

    /// <summary>Writes the key of an item.</summary>
    public static void Key(Utf8JsonWriter json, string kind, string name)
    {
        json.WriteStartObject("Key");
        Text(json, "pk", kind);
        Text(json, "sk", name);
        json.WriteEndObject();
    }

    /// <summary>Writes an attribute that is a text.</summary>
    public static void Text(Utf8JsonWriter json, string name, string value)
    {
        json.WriteStartObject(name);
        json.WriteString("S", value);
        json.WriteEndObject();
    }

    /// <summary>Writes an attribute that is a number.</summary>
    public static void Number(Utf8JsonWriter json, string name, long value)
    {
        json.WriteStartObject(name);
        json.WriteString("N", value.ToString(CultureInfo.InvariantCulture));
        json.WriteEndObject();
    }

    // Of the attributes texts and numbers.
    private static Dictionary<string, string> Plain(JsonElement item) =>
        item.EnumerateObject()
            .Where(one => one.Value.TryGetProperty("S", out _) || one.Value.TryGetProperty("N", out _))
            .ToDictionary(
                one => one.Name,
                one => one.Value.EnumerateObject().First().Value.GetString() ?? "",
                StringComparer.Ordinal
            );

    private Task<JsonDocument> AskAsync(
        string operation,
        Action<Utf8JsonWriter> write,
        CancellationToken cancel,
        bool isRetried = true
    ) =>
        db.AskAsync(
            operation,
            json =>
            {
                json.WriteString("TableName", table);
                write(json);
            },
            cancel,
            isRetried
        );

    private HeadraceException Named(AwsRefusal refusal) =>
        Error.Ledger(Address, refusal.Message, Error.Doctor, refusal);

    private async Task MakeAsync(CancellationToken cancel)
    {
        for (var isAsked = false; ; await Task.Delay(Look, clock, cancel))
            try
            {
                using var answer = await AskAsync("DescribeTable", _ => { }, cancel);
                if (answer.RootElement.GetProperty("Table").GetProperty("TableStatus").GetString() != "CREATING")
                    return;
            }
            catch (AwsRefusal missing) when (missing.Code == "ResourceNotFoundException" && !isAsked)
            {
                isAsked = true;
                try
                {
                    using var answer = await AskAsync("CreateTable", Definition, cancel);
                }
                catch (AwsRefusal other) when (other.Code == "ResourceInUseException")
                {
                    // Another machine was first.
                }
            }
    }

    private static void Definition(Utf8JsonWriter json)
    {
        json.WriteString("BillingMode", "PAY_PER_REQUEST");
        json.WriteStartArray("AttributeDefinitions");
        foreach (var name in (string[])["pk", "sk"])
        {
            json.WriteStartObject();
            json.WriteString("AttributeName", name);
            json.WriteString("AttributeType", "S");
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("KeySchema");
        foreach (var (name, type) in ((string, string)[])[("pk", "HASH"), ("sk", "RANGE")])
        {
            json.WriteStartObject();
            json.WriteString("AttributeName", name);
            json.WriteString("KeyType", type);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
