using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Headrace.Hosting;

/// <summary>The form of messages on standard error.</summary>
public enum LogForm
{
    /// <summary>Lines for people.</summary>
    Text,

    /// <summary>A JSON object a line.</summary>
    Json,

    /// <summary>
    /// The same; a run's end is a line in CloudWatch's embedded metric format (specification of AWS, version 0) too.
    /// </summary>
    Emf,
}

/// <summary>
/// What happens as lines of JSON, for programs that collect them: each line of a run has its identifier. No line has a
/// secret, a value of a row or a line end in it.
/// </summary>
public sealed class RunLog(LogForm form, Action<string> write, Func<string, string> redact, TimeProvider clock)
{
    private const string Namespace = "Headrace";

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly (string Name, string Unit)[] Metrics =
    [
        ("inserted", "Count"),
        ("updated", "Count"),
        ("deleted", "Count"),
        ("quarantined", "Count"),
        ("failed", "Count"),
        ("duration_ms", "Milliseconds"),
    ];

    /// <summary>A message.</summary>
    public void Say(string message) => Write("info", "message", json => json.WriteString("message", Clean(message)));

    /// <summary>A run begins.</summary>
    public void Began(Run run) => Write("info", "run.began", json => Of(json, run));

    /// <summary>A run has ended.</summary>
    public void Ended(Run run) =>
        Write(
            run.Error is not null ? "error"
                : run.Warnings.Count > 0 || run.Quarantined > 0 ? "warning"
                : "info",
            "run.ended",
            json =>
            {
                Of(json, run);
                json.WriteString("outcome", JsonNamingPolicy.SnakeCaseLower.ConvertName(run.Outcome.ToString()));
                json.WriteNumber("batches", run.Batches);
                json.WriteNumber("inserted", run.Inserted);
                json.WriteNumber("updated", run.Updated);
                json.WriteNumber("deleted", run.Deleted);
                json.WriteNumber("quarantined", run.Quarantined);
                json.WriteNumber("failed", run.Outcome is Outcome.Failed or Outcome.Stopped ? 1 : 0);
                json.WriteNumber("duration_ms", (long)run.Duration.TotalMilliseconds);
                if (run.Warnings.Count > 0)
                {
                    json.WriteStartArray("warnings");
                    foreach (var warning in run.Warnings)
                        json.WriteStringValue(Clean(warning));
                    json.WriteEndArray();
                }

                if (run.Error is { } error)
                {
                    json.WriteString("code", error.Code);
                    json.WriteString("message", Clean(error.What));
                }

                if (form == LogForm.Emf)
                    Emf(json);
            }
        );

    private static void Of(Utf8JsonWriter json, Run run)
    {
        json.WriteString("flow", run.Flow);
        json.WriteString("dataset", run.Dataset);
        json.WriteString("run", run.Id);
    }

    private void Emf(Utf8JsonWriter json)
    {
        json.WriteStartObject("_aws");
        json.WriteNumber("Timestamp", clock.GetUtcNow().ToUnixTimeMilliseconds());
        json.WriteStartArray("CloudWatchMetrics");
        json.WriteStartObject();
        json.WriteString("Namespace", Namespace);
        json.WriteStartArray("Dimensions");
        json.WriteStartArray();
        json.WriteStringValue("flow");
        json.WriteEndArray();
        json.WriteEndArray();
        json.WriteStartArray("Metrics");
        foreach (var (name, unit) in Metrics)
        {
            json.WriteStartObject();
            json.WriteString("Name", name);
            json.WriteString("Unit", unit);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private string Clean(string text) => Plain.Line(redact(text));

    private void Write(string level, string what, Action<Utf8JsonWriter> more)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, Options))
        {
            json.WriteStartObject();
            json.WriteString("at", UtcTime.Text(clock.GetUtcNow()));
            json.WriteString("level", level);
            json.WriteString("event", what);
            more(json);
            json.WriteEndObject();
        }

        write(Encoding.UTF8.GetString(bytes.WrittenSpan));
    }
}
