using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Headrace.Hosting;

namespace Headrace.Server;

/// <summary>
/// What the meter <c>Headrace</c> has counted since the server began, in the text form of Prometheus (version 0.0.4).
/// </summary>
internal sealed class Metrics : IDisposable
{
    private static readonly double[] Buckets = Telemetry.Buckets;

    private readonly MeterListener listener = new();
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, Family> families = new(StringComparer.Ordinal);

    public Metrics()
    {
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (instrument.Meter.Name == Telemetry.Name)
                listening.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.Start();
    }

    /// <summary>All of it, and the gauges that are true now.</summary>
    /// <param name="gauges">Names, descriptions, values by flow; an empty flow for one of the server.</param>
    public string Text(IEnumerable<(string Name, string Help, IEnumerable<(string Flow, double Value)> Values)> gauges)
    {
        var text = new StringBuilder();
        foreach (var (name, help, values) in gauges)
        {
            Head(text, name, help, "gauge");
            foreach (var (flow, value) in values)
                Line(text, name, flow.Length == 0 ? "" : Label("headrace_flow", flow), value);
        }

        lock (gate)
            foreach (var (name, family) in families)
                family.Write(text, name);
        return text.ToString();
    }

    public void Dispose() => listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var isHistogram = instrument is Histogram<double>;
        var name = instrument.Name.Replace('.', '_') + (isHistogram ? "_seconds" : "_total");
        var labels = new StringBuilder();
        foreach (var (tag, of) in tags)
            labels
                .Append(labels.Length == 0 ? "" : ",")
                .Append(Label(tag.Replace('.', '_'), Convert.ToString(of, CultureInfo.InvariantCulture) ?? ""));
        lock (gate)
        {
            if (!families.TryGetValue(name, out var family))
                families[name] = family = new Family(instrument.Description ?? "", isHistogram);
            family.Add(labels.ToString(), value);
        }
    }

    private static string Label(string name, string value) => $"{name}=\"{Escaped(value)}\"";

    private static string Escaped(string value) =>
        value
            .Replace("\\", @"\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", @"\n", StringComparison.Ordinal);

    private static void Head(StringBuilder text, string name, string help, string kind) =>
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {kind}\n");

    private static void Line(StringBuilder text, string name, string labels, double value) =>
        text.Append(CultureInfo.InvariantCulture, $"{name}{(labels.Length == 0 ? "" : $"{{{labels}}}")} {value}\n");

    private sealed class Family(string help, bool isHistogram)
    {
        private readonly SortedDictionary<string, double[]> series = new(StringComparer.Ordinal);

        // Of a histogram the counts of the buckets, the count of all and their sum; of a counter the sum.
        public void Add(string labels, double value)
        {
            if (!series.TryGetValue(labels, out var numbers))
                series[labels] = numbers = new double[isHistogram ? Buckets.Length + 2 : 1];
            for (var i = 0; isHistogram && i < Buckets.Length; i++)
                if (value <= Buckets[i])
                    numbers[i]++;
            if (isHistogram)
                numbers[^2]++;
            numbers[^1] += value;
        }

        public void Write(StringBuilder text, string name)
        {
            Head(text, name, help, isHistogram ? "histogram" : "counter");
            foreach (var (labels, numbers) in series)
            {
                var more = labels.Length == 0 ? "" : $"{labels},";
                for (var i = 0; isHistogram && i < Buckets.Length; i++)
                    Line(
                        text,
                        $"{name}_bucket",
                        string.Create(CultureInfo.InvariantCulture, $"{more}le=\"{Buckets[i]}\""),
                        numbers[i]
                    );
                if (isHistogram)
                {
                    Line(text, $"{name}_bucket", $"{more}le=\"+Inf\"", numbers[^2]);
                    Line(text, $"{name}_count", labels, numbers[^2]);
                }

                Line(text, isHistogram ? $"{name}_sum" : name, labels, numbers[^1]);
            }
        }
    }
}
