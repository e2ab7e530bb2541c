using System.Text;
using Headrace.Configuration;

namespace Headrace.Aws;

/// <summary>
/// A topic of SNS, asked in its query protocol (API version 2010-03-31): AWS's SDK has no package for it here.
/// </summary>
/// <param name="secrets">Learns the credentials.</param>
public sealed class SnsTopic(SnsSettings settings, Secrets secrets, TimeProvider clock)
{
    // Limit of Publish (API reference): less than 100 ASCII letters, no line ends.
    private const int LongestSubject = 99;

    private readonly AwsCaller caller = new(
        settings.Region ?? settings.Topic.Split(':')[3],
        settings.Endpoint,
        secrets,
        clock
    );

    /// <summary>Publishes a message; what kept it from being taken, or null when it was.</summary>
    public async Task<string?> FaultAsync(string subject, string message, CancellationToken cancel)
    {
        var plain = new string([.. subject.Select(letter => letter is >= ' ' and <= '~' ? letter : '?')]);
        (string Name, string Value)[] members =
        [
            ("Action", "Publish"),
            ("Version", "2010-03-31"),
            ("TopicArn", settings.Topic),
            ("Subject", plain.Length > LongestSubject ? plain[..LongestSubject] : plain),
            ("Message", message),
        ];
        var body = string.Join('&', members.Select(one => $"{one.Name}={Uri.EscapeDataString(one.Value)}"));
        try
        {
            await caller.AskAsync(
                new AwsRequest("sns", "application/x-www-form-urlencoded", null, Encoding.UTF8.GetBytes(body)),
                cancel
            );
            return null;
        }
        catch (AwsRefusal refusal)
        {
            return refusal.Message;
        }
    }
}
