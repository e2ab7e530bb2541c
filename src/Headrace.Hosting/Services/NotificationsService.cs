using Headrace.Configuration;

namespace Headrace.Hosting;

/// <summary>Says by which ways people are told, and which of them do not work.</summary>
public sealed class NotificationsService(ProjectHost host)
{
    /// <summary>All ways of headrace.yaml.</summary>
    internal async Task<IReadOnlyList<NotificationView>> ListAsync(CancellationToken cancel)
    {
        var broken = (await new Notifier(host).BrokenAsync(cancel)).ToDictionary(one => one.Notification);
        return
        [
            .. host.Project.Notifications.Values.Select(one =>
            {
                var fault = broken.GetValueOrDefault(one.Name);
                return new NotificationView(one.Name, Way(one), one.When, fault?.Since, fault?.Fault);
            }),
        ];
    }

    private static string Way(Notification one) =>
        one.Webhook is not null ? "webhook"
        : one.Slack is not null ? "slack"
        : one.Smtp is not null ? "smtp"
        : one.Sns is not null ? "sns"
        : "command";
}
