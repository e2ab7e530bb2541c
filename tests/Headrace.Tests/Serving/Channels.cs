using System.Text.Json;
using Headrace.Configuration;
using Xunit;

namespace Headrace.Tests.Serving;

/// <summary>The ways on which people are told.</summary>
public sealed class Channels
{
    [Fact]
    public async Task Slack_and_a_command_are_told_too()
    {
        using var hook = new Webhook();
        using var world = Project($"slack: \"{hook.Url}\"");
        world.Put("orders/1.csv", "other\n1\n");

        await world.Run("run");

        Assert.Contains("orders failed: HDR-", hook.Told[0].GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Contains(
            "orders failed",
            File.ReadAllText(Path.Combine(world.Folder, "told")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task What_could_not_be_told_is_shown_and_told_later()
    {
        using var hook = new Webhook { Status = 500 };
        var world = Project($"webhook: \"{hook.Url}\"").Put("orders/1.csv", "other\n1\n");

        var first = await world.Run("run", "--json");
        var status = await world.Run("status");
        var json = (await world.Run("status", "--json")).Json.GetProperty("notifications")[0];
        await using (var served = await ServedProject.Start(world))
        {
            var asked = (await served.Get("/api/v1/notifications")).GetProperty("notifications")[0];
            var (_, page) = await served.Ask(HttpMethod.Get, "/", null, ("Accept", "text/html"));
            Assert.Equal("the answer was 500", asked.GetProperty("fault").GetString());
            Assert.Contains("The notification team (webhook) cannot be sent", page, StringComparison.Ordinal);
            hook.Status = 200;
            await served.Run("orders");
            Assert.Equal(JsonValueKind.Null, (await Fault(served)).ValueKind);
            await served.Run("orders");
        }

        Assert.Contains(
            "notification 'team' was not sent: the answer was 500",
            first.Only.Warnings,
            StringComparison.Ordinal
        );
        Assert.Contains("notification 'team' cannot be sent (since", status.Output, StringComparison.Ordinal);
        Assert.Equal("the answer was 500", json.GetProperty("fault").GetString());
        Assert.Equal(2, hook.Told.Count);
    }

    [Fact]
    public async Task Mail_goes_out_by_a_server_of_the_users()
    {
        await using var sink = new SmtpSink();
        using var world = Project(
            $"smtp: {{ host: 127.0.0.1, port: {sink.Port}, from: headrace@example.com, to: [ops@example.com, "
                + "lead@example.com], user: me, password: \"${file:secret}\", tls: none }"
        );
        File.WriteAllText(Path.Combine(world.Folder, "secret"), "hunter2-hunter2");
        world.Put("orders/1.csv", "other\n1\n");

        var failed = await world.Run("run", "--json");
        world.Put("orders/1.csv", "id\n1\n");
        await world.Run("run");

        Assert.DoesNotContain("notification", failed.Only.Warnings, StringComparison.Ordinal);
        Assert.Equal(2, sink.Mails.Count);
        var (to, text) = sink.Mails[0];
        Assert.Equal(["ops@example.com", "lead@example.com"], to);
        Assert.Contains("Subject: Shop: orders failed: HDR-", text, StringComparison.Ordinal);
        Assert.Contains("condition  failed", text, StringComparison.Ordinal);
        Assert.Contains("runs again", sink.Mails[1].Text, StringComparison.Ordinal);
        Assert.Equal("hunter2-hunter2", sink.Password);
        Assert.All(sink.Mails, mail => Assert.DoesNotContain("hunter2", mail.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_mail_server_that_does_not_encrypt_gets_no_mail_and_what_it_says_no_secret()
    {
        await using var sink = new SmtpSink();
        using var world = Project(
            $"smtp: {{ host: 127.0.0.1, port: {sink.Port}, from: headrace@example.com, to: [ops@example.com] }}"
        );
        world.Put("orders/1.csv", "other\n1\n");

        var failed = await world.Run("run", "--json");

        Assert.Contains("notification 'team' was not sent: ", failed.Only.Warnings, StringComparison.Ordinal);
        Assert.Contains("STARTTLS", failed.Only.Warnings, StringComparison.Ordinal);
        Assert.Empty(sink.Mails);
    }

    [Fact]
    public async Task A_topic_of_SNS_is_told()
    {
        await using var moto = await MotoServer.StartAsync();
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", "test");
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", "test");
        async Task<string> Ask(string service, string body)
        {
            using var client = new HttpClient();
            using var question = new HttpRequestMessage(HttpMethod.Post, moto.Endpoint)
            {
                Content = new StringContent(body, null, "application/x-www-form-urlencoded"),
            };
            question.Headers.TryAddWithoutValidation(
                "authorization",
                $"AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/{service}/aws4_request, SignedHeaders=host, "
                    + "Signature=0"
            );
            using var answer = await client.SendAsync(question, TestContext.Current.CancellationToken);
            return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        }

        await Ask("sns", "Action=CreateTopic&Version=2010-03-31&Name=alerts");
        await Ask("sqs", "Action=CreateQueue&Version=2012-11-05&QueueName=told");
        await Ask(
            "sns",
            "Action=Subscribe&Version=2010-03-31&Protocol=sqs&TopicArn=arn:aws:sns:eu-west-1:123456789012:alerts"
                + "&Endpoint=arn:aws:sqs:eu-west-1:123456789012:told"
        );
        using var world = Project(
            $"sns: {{ topic: \"arn:aws:sns:eu-west-1:123456789012:alerts\", endpoint: \"{moto.Endpoint}\" }}"
        );
        world.Put("orders/1.csv", "other\n1\n");

        var failed = await world.Run("run", "--json");
        var told = await Ask(
            "sqs",
            $"Action=ReceiveMessage&Version=2012-11-05&QueueUrl={moto.Endpoint}/123456789012/told"
        );

        Assert.DoesNotContain("notification", failed.Only.Warnings, StringComparison.Ordinal);
        Assert.Contains("orders failed: HDR-", told, StringComparison.Ordinal);
        Assert.Contains("condition", told, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("when: [failed]", "it needs one of")]
    [InlineData("smtp: { host: h, from: a@b.c, to: [] }", "goes to nobody")]
    [InlineData("smtp: { host: h, from: nobody, to: [a@b.c] }", "'nobody' is no address")]
    [InlineData("smtp: { host: h, from: a@b.c, to: [a@b.c], user: u }", "needs user and password")]
    [InlineData("smtp: { host: h, from: a@b.c, to: [a@b.c], user: u, password: p, tls: none }", "in the open")]
    [InlineData("sns: \"https://example.com\"", "no ARN")]
    public void A_way_that_cannot_be_gone_is_refused_with_the_file(string way, string why)
    {
        using var world = Project(way);

        Assert.Contains(
            why,
            Assert.Single(ProjectFile.Load(world.Folder, null, _ => null).Problems).Message,
            StringComparison.Ordinal
        );
    }

    private static async Task<JsonElement> Fault(ServedProject served) =>
        (await served.Get("/api/v1/notifications")).GetProperty("notifications")[0].GetProperty("fault");

    private static World Project(string way) =>
        new World().Configuration(
            $$"""
            version: 1
            project: Shop
            connections:
              lake: { type: folder, path: ./lake }
              warehouse: { type: duckdb, path: ./warehouse.duckdb, blocks: small }
            defaults:
              target: { connection: warehouse, schema: raw }
            notifications:
              team: { {{way}} }
              log: { command: "cat > told", when: [failed] }
            flows:
              orders:
                source: { connection: lake, path: "orders/*.csv" }
                read: incremental
                write: append
                columns: { id: integer }
            """
        );
}
