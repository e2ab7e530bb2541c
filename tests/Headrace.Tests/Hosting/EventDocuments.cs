using Headrace.Hosting;
using Xunit;

namespace Headrace.Tests.Hosting;

/// <summary>What documents say of objects that arrived, in each form in which AWS sends them.</summary>
public sealed class EventDocuments
{
    private const string Notification = """
        {"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3":
        {"bucket": {"name": "lake-x"}, "object": {"key": "in/dt%3D2026-01-02/a+b%2Bc.csv", "size": 3} } }]}
        """;

    private const string Bridge = """
        {"version": "0", "detail-type": "Object Created", "source": "aws.s3", "detail": {"bucket": {"name": "lake-x"},
        "object": {"key": "in/dt=2026-01-02/a+b c.csv", "etag": "x"}, "reason": "PutObject"} }
        """;

    private static string Text(string json) => System.Text.Json.JsonSerializer.Serialize(json);

    private static string Read(string document)
    {
        var read = new EventDocument();
        return read.Fault(document) is { } fault
            ? $"fault: {fault}"
            : string.Join(
                ' ',
                read.Objects.Select(one => $"{one.Bucket}:{one.Key}")
                    .Concat(read.Flows.Select(flow => $"run {flow}"))
                    .Concat(read.Notes.Select(note => $"note {note}"))
            );
    }

    [Fact]
    public void A_notification_of_s3_has_its_keys_as_in_a_url() =>
        Assert.Equal("lake-x:in/dt=2026-01-02/a b+c.csv", Read(Notification));

    [Fact]
    public void An_event_of_eventbridge_has_its_keys_as_they_are() =>
        Assert.Equal("lake-x:in/dt=2026-01-02/a+b c.csv", Read(Bridge));

    [Fact]
    public void Messages_of_sns_and_sqs_have_documents_in_them_and_batches_several()
    {
        var sns = $$"""{"Type": "Notification", "TopicArn": "t", "Message": {{Text(Notification)}} }""";
        var lambda = $$"""
            {"Records": [
              {"eventSource": "aws:sqs", "messageId": "1", "body": {{Text(sns)}} },
              {"eventSource": "aws:sqs", "messageId": "2", "body": {{Text(Bridge)}} },
              {"EventSource": "aws:sns", "Sns": {"Message": {{Text(Bridge)}} } } ]}
            """;

        Assert.Equal("lake-x:in/dt=2026-01-02/a b+c.csv", Read(sns));
        Assert.Equal(
            "lake-x:in/dt=2026-01-02/a b+c.csv lake-x:in/dt=2026-01-02/a+b c.csv lake-x:in/dt=2026-01-02/a+b c.csv",
            Read(lambda)
        );
    }

    [Theory]
    [InlineData("""{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}""", "note a test event of S3")]
    [InlineData(
        """{"Records": [{"eventName": "ObjectRemoved:Delete", "s3": {"bucket": {"name": "b"}, "object": {"key": "k"} } }]}""",
        "note an event 'ObjectRemoved:Delete' of the bucket 'b', which brings no file"
    )]
    [InlineData(
        """{"detail-type": "Object Tags Added", "source": "aws.s3", "detail": {"bucket": {"name": "b"}, "object": {"key": "k"} } }""",
        "note an event 'Object Tags Added' of the bucket 'b', which brings no file"
    )]
    [InlineData("""{"headrace": {"run": ["orders", "prices"]} }""", "run orders run prices")]
    [InlineData("""{"Records": []}""", "")]
    public void What_brings_no_file_is_named(string document, string expected) =>
        Assert.Equal(expected, Read(document));

    [Theory]
    [InlineData("hello", "it is no JSON document")]
    [InlineData("7", "it is no notification of S3 and no event of EventBridge")]
    [InlineData("{}", "it is no notification of S3 and no event of EventBridge")]
    [InlineData("""{"Message": "You have chosen to subscribe"}""", "it is no JSON document")]
    [InlineData("""{"Records": [{"s3": {"bucket": {"name": 1} } }]}""", "it names no object of a bucket")]
    [InlineData(
        """{"Records": [{"eventVersion": "3.0", "s3": {"bucket": {"name": "b"}, "object": {"key": "k"} } }]}""",
        "its eventVersion is 3.0, and 2 is known"
    )]
    [InlineData(
        """{"detail-type": "Scheduled Event", "source": "aws.events", "detail": {} }""",
        "it is an event of aws.events, and not of S3"
    )]
    [InlineData("""{"headrace": {"run": []} }""", """its member headrace is not {"run": ["FLOW"]}""")]
    [InlineData("[[[[[[[[[[[{}]]]]]]]]]]]", "it is nested too deep")]
    public void What_is_none_of_the_forms_is_refused(string document, string expected) =>
        Assert.Equal($"fault: {expected}", Read(document));
}
