using System.Text.Json;
using Headrace.Configuration;

namespace Headrace.Aws;

/// <summary>
/// DynamoDB, asked in its JSON protocol (API version 2012-08-10). What is busy or silent is asked again, five times in
/// all.
/// </summary>
/// <param name="secrets">Learns the credentials.</param>
public sealed class DynamoDb(DynamoDbConnection settings, Secrets secrets, TimeProvider clock)
{
    private const int Tries = 5;

    private readonly AwsJson service = new(
        new AwsCaller(settings.Region, settings.Endpoint, secrets, clock, settings.Profile),
        "dynamodb",
        "DynamoDB_20120810",
        "1.0"
    );

    /// <summary>Where this is, the way a person would write it.</summary>
    public string Address => $"dynamodb {settings.Name}";

    /// <summary>The name of a table in policies.</summary>
    internal static string Arn(DynamoDbConnection dynamo, string table) =>
        AwsRight.Arn("dynamodb", dynamo.Region, null, $"table/{AwsRight.Literal(table)}");

    /// <summary>Asks for an operation.</summary>
    /// <param name="isRetried">False where a second time would do something else than the first.</param>
    /// <exception cref="AwsRefusal">It was not done, or it is not known.</exception>
    internal async Task<JsonDocument> AskAsync(
        string operation,
        Action<Utf8JsonWriter> write,
        CancellationToken cancel,
        bool isRetried = true
    ) => (await AskWhenAsync(operation, write, cancel, isRetried)).Answer;

    /// <summary>The same, with what time the service has, to the second.</summary>
    /// <inheritdoc cref="AskAsync"/>
    internal async Task<(JsonDocument Answer, DateTimeOffset At)> AskWhenAsync(
        string operation,
        Action<Utf8JsonWriter> write,
        CancellationToken cancel,
        bool isRetried = true
    )
    {
        var pause = TimeSpan.FromMilliseconds(200);
        for (var tries = 1; ; tries++, pause *= 2)
            try
            {
                return await service.AskWhenAsync(operation, write, cancel);
            }
            catch (AwsRefusal refusal) when (refusal.IsTransient && isRetried && tries < Tries)
            {
                await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), clock, cancel);
            }
    }

    internal HeadraceException Named(AwsRefusal refusal) =>
        Error.DynamoDbRefused(Address, refusal.Message, refusal, refusal.IsTransient);
}
