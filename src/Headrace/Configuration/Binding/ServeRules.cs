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
                "it needs one of webhook, slack and command",
                "write for example `slack: \"${secret:slack_url}\"`"
            );
        foreach (var url in (string?[])[notification.Webhook, notification.Slack])
            if (
                url is not null
                && !(Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
            )
                problems.Disagree(node, where, "its URL is none of http or https", "write the whole URL");
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
}
