namespace Headrace.Hosting;

/// <summary>Something that Headrace tells people once, and once more when it is over.</summary>
/// <param name="Condition">A word of <c>when</c>.</param>
/// <param name="Subject">The dataset, or the flow.</param>
/// <param name="IsOpen">False when it is over.</param>
/// <param name="Text">One sentence for people.</param>
internal sealed record Incident(string Condition, string Flow, string Subject, bool IsOpen, string Text)
{
    /// <summary>The run that showed it; null for none.</summary>
    public Run? Run { get; init; }
}

/// <summary>An incident as a webhook and a command get it.</summary>
internal sealed record IncidentView(
    [property: System.Text.Json.Serialization.JsonConverter(typeof(ContractWord))] string Condition,
    [property: System.Text.Json.Serialization.JsonConverter(typeof(ContractWord))] string State,
    string? Project,
    string Flow,
    string Dataset,
    string Text,
    DateTimeOffset At,
    RunView? Run
);

/// <summary>An incident as Slack takes it.</summary>
internal sealed record SlackView(string Text);

/// <summary>A notification that could not be sent.</summary>
/// <param name="Since">When that began.</param>
/// <param name="Fault">What was in the way then.</param>
public sealed record BrokenChannel(string Notification, DateTimeOffset Since, string Fault);

internal sealed record NotificationsView(IReadOnlyList<NotificationView> Notifications);

/// <summary>A way to tell people, what it tells, and whether the last one was sent.</summary>
internal sealed record NotificationView(
    string Name,
    [property: System.Text.Json.Serialization.JsonConverter(typeof(ContractWord))] string Way,
    IReadOnlyList<string> When,
    DateTimeOffset? BrokenSince,
    string? Fault
);
