using Headrace.Models;

namespace Headrace.Configuration.Binding;

/// <summary>What must hold for what only a server does: schedules, flows that follow others, notifications.</summary>
internal sealed class ServeRules(Problems problems, Project project)
{
    /// <summary>Checks when a flow runs.</summary>
    public void Check(Flow flow, Node node, ScalarNode name)
    {
        var (where, map) = ($"flow '{flow.Name}'", node as MapNode ?? MapNode.Empty);
        Node Of(string key) => map.Find(key)?.Value ?? name;
        if (flow.Schedule?.Fault is { } fault)
            problems.Disagree(
                Of("schedule"),
                where,
                $"its schedule cannot be used: {fault}",
                "write for example `schedule: every 15m`, or `schedule: { cron: \"30 5 * * 1-5\", "
                    + "timezone: Europe/Berlin }`"
            );
        foreach (var other in flow.After)
            if (!project.Flows.ContainsKey(other))
                problems.Add(
                    problems.At(Of("after")),
                    Error.UnknownAfter(problems.At(Of("after")), other, where, [.. project.Flows.Keys]),
                    other
                );
    }

    /// <summary>Checks where the events of a bucket come from.</summary>
    public void Check(S3Connection bucket, MapNode node)
    {
        if (
            bucket.Events is { } events
            && !(
                Uri.TryCreate(events.Queue, UriKind.Absolute, out var queue)
                && queue.Scheme is "http" or "https"
                && queue.AbsolutePath.Trim('/').Length > 0
            )
        )
            problems.Disagree(
                (node.Map("events"))?.Find("queue")?.Value ?? node,
                $"connection '{bucket.Name}'",
                "'queue' of its events is no URL of a queue",
                "write the queue's URL, as https://sqs.eu-west-1.amazonaws.com/123456789012/NAME"
            );
    }

    /// <summary>Names flows that wait for each other.</summary>
    public void Cycles(MapNode nodes)
    {
        if (ModelOrder.Cycle(project.Flows.Values.Select(flow => (flow.Name, flow.After))) is { } cycle)
            problems.Add(
                problems.At(nodes.Find(cycle[0])!.Key),
                Error.ModelCycle(problems.At(nodes.Find(cycle[0])!.Key), cycle)
            );
    }

    /// <summary>Checks a way to tell people.</summary>
    public void Check(Notification notification, ScalarNode name, Node node)
    {
        var where = $"notification '{notification.Name}'";
        if (notification.Ways != 1)
            problems.Disagree(
                node,
                where,
                "it needs one of webhook, slack, smtp, sns and command",
                "write for example `slack: \"${secret:slack_url}\"`"
            );
        foreach (var url in (string?[])[notification.Webhook, notification.Slack])
            if (url is not null && !IsUrl(url))
                problems.Disagree(node, where, "its URL is none of http or https", "write the whole URL");
        if (notification.Smtp is { } smtp)
            Check(smtp, node, where);
        if (notification.Sns is { } sns && sns.Topic.Split(':') is not ["arn", _, "sns", _, _, { Length: > 0 }])
            problems.Disagree(
                node,
                where,
                "its topic is no ARN of a topic",
                "write for example arn:aws:sns:eu-west-1:123456789012:alerts"
            );
        foreach (var word in notification.When.Except(Notification.Conditions))
            problems.Disagree(
                node,
                where,
                $"there is no condition '{word}'",
                Suggestion.Ask(word, Notification.Conditions, "remove it from `when`")
            );
        var known = project.Flows.Keys.Concat(project.Models.Keys).ToList();
        foreach (var flow in notification.Flows.Except(known))
            problems.Disagree(
                node,
                where,
                $"there is no flow '{flow}'",
                Suggestion.Ask(flow, known, "remove it from `flows`")
            );
        FlowRules.Name(problems, name, "notification");
    }

    /// <summary>Checks where events of OpenLineage go.</summary>
    public void Check(LineageSettings lineage, Node node)
    {
        if (lineage.Url is null == lineage.File is null)
            problems.Disagree(
                node,
                "lineage",
                "it needs one of url and file",
                "write for example `file: lineage.jsonl`"
            );
        if (lineage.Url is { } url && !IsUrl(url))
            problems.Disagree(node, "lineage", "its URL is none of http or https", "write the whole URL");
    }

    private static bool IsUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https";

    private void Check(SmtpSettings smtp, Node node, string where)
    {
        if (smtp.Port is < 1 or > 65535)
            problems.Disagree(node, where, $"{smtp.Port} is no port", "write for example 587");
        if (smtp.To.Count == 0)
            problems.Disagree(node, where, "its mail goes to nobody", "list addresses under `to:`");
        foreach (var address in smtp.To.Prepend(smtp.From))
            if (address.Split('@') is not [{ Length: > 0 }, { Length: > 0 }] || address.Any(char.IsWhiteSpace))
                problems.Disagree(node, where, $"'{address}' is no address", "write for example ops@example.com");
        if (smtp.User is null != smtp.Password is null)
            problems.Disagree(node, where, "a login needs user and password", "write both, or none");
        if (smtp is { Tls: SmtpTls.None, Password: not null, IsLocal: false })
            problems.Disagree(
                node,
                where,
                "the password would go to another machine in the open",
                "write `tls: starttls` or `tls: on-connect`"
            );
    }
}
