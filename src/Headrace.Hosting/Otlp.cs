using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Headrace.Hosting;

/// <summary>
/// Sends traces and metrics to a collector by OTLP, as the variables of OpenTelemetry say
/// (https://opentelemetry.io/docs/specs/otel/protocol/exporter/). A collector that does not answer is in nobody's way.
/// </summary>
public sealed class Otlp : IDisposable
{
    private const int LongestEnd = 3000;

    private static readonly string[] Endpoints =
    [
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    ];

    private readonly MeterProvider metrics;
    private readonly TracerProvider traces;

    private Otlp(MeterProvider metrics, TracerProvider traces) => (this.metrics, this.traces) = (metrics, traces);

    /// <summary>Begins to send; null where no variable names a collector.</summary>
    /// <param name="collector">A collector that speaks HTTP, whatever the variables name.</param>
    public static Otlp? Start(Func<string, string?> environment, Uri? collector = null)
    {
        var isNamed = Array.Exists(Endpoints, name => environment(name) is { Length: > 0 });
        if ((!isNamed && collector is null) || environment("OTEL_SDK_DISABLED") == "true")
            return null;
        var resource = ResourceBuilder.CreateDefault();
        if (environment("OTEL_SERVICE_NAME") is not { Length: > 0 })
            resource.AddService("headrace", serviceVersion: State.StateVersion.Program);
        return new Otlp(
            Sdk.CreateMeterProviderBuilder()
                .SetResourceBuilder(resource)
                .AddMeter(Telemetry.Name)
                .AddView(
                    "headrace.*.duration",
                    new ExplicitBucketHistogramConfiguration { Boundaries = Telemetry.Buckets }
                )
                .AddOtlpExporter(options => Set(options, collector, "v1/metrics"))
                .Build(),
            Sdk.CreateTracerProviderBuilder()
                .SetResourceBuilder(resource)
                .AddSource(Telemetry.Name)
                .AddOtlpExporter(options => Set(options, collector, "v1/traces"))
                .Build()
        );
    }

    /// <summary>Sends what is left, as long as that takes not too long.</summary>
    public void Dispose()
    {
        traces.Shutdown(LongestEnd);
        metrics.Shutdown(LongestEnd);
        traces.Dispose();
        metrics.Dispose();
    }

    private static void Set(OtlpExporterOptions options, Uri? collector, string path)
    {
        if (collector is null)
            return;
        (options.Protocol, options.Endpoint) = (OtlpExportProtocol.HttpProtobuf, new Uri(collector, path));
    }
}
