using System.Buffers;
using System.Text;
using System.Text.Json;
using Headrace.Configuration;

namespace Headrace.Hosting;

/// <summary>
/// Runs as events of OpenLineage (specification 2-0-2, https://openlineage.io/spec/2-0-2/OpenLineage.json), datasets
/// named as its naming page says (https://openlineage.io/docs/spec/naming).
/// </summary>
internal sealed class LineageEvent(Project project, string jobs)
{
    private const string Schema = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";
    private const string Facets = "https://openlineage.io/spec/facets/";

    private static readonly string Producer = $"urn:headrace:{State.StateVersion.Program}";

    /// <summary>The event of a run that begins.</summary>
    public string Start(Run run) => Event("START", run.StartedAt, run);

    /// <summary>The event of a run that has ended.</summary>
    public string End(Run run) => Event(run.Error is null ? "COMPLETE" : "FAIL", run.StartedAt + run.Duration, run);

    private string Event(string type, DateTimeOffset at, Run run)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("eventType", type);
            json.WriteString("eventTime", UtcTime.Text(at));
            json.WriteString("producer", Producer);
            json.WriteString("schemaURL", Schema);
            json.WriteStartObject("run");
            json.WriteString("runId", Id.ToGuid(run.Id));
            json.WriteStartObject("facets");
            if (type == "FAIL")
            {
                Facet(json, "errorMessage", "1-0-1/ErrorMessageRunFacet");
                json.WriteString("message", $"{run.Error!.Code}  {run.Error.What}");
                json.WriteString("programmingLanguage", "SQL");
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteStartObject("job");
            json.WriteString("namespace", jobs);
            json.WriteString("name", run.Dataset);
            json.WriteEndObject();
            json.WriteStartArray("inputs");
            if (project.Flows.TryGetValue(run.Flow, out var flow))
                Dataset(json, Input(flow), null);
            json.WriteEndArray();
            json.WriteStartArray("outputs");
            if (run.Target is { } table && TargetOf(run.Flow) is { Length: > 0 } target)
                Dataset(
                    json,
                    Table(target, table),
                    type == "COMPLETE" ? run.Inserted + run.Updated + run.Deleted : null
                );
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private static void Facet(Utf8JsonWriter json, string name, string schema)
    {
        json.WriteStartObject(name);
        json.WriteString("_producer", Producer);
        json.WriteString("_schemaURL", $"{Facets}{schema}.json#/$defs/{schema.Split('/')[1]}");
    }

    private static void Dataset(Utf8JsonWriter json, (string Namespace, string Name) named, long? rows)
    {
        json.WriteStartObject();
        json.WriteString("namespace", named.Namespace);
        json.WriteString("name", named.Name);
        if (rows is { } count)
        {
            json.WriteStartObject("outputFacets");
            Facet(json, "outputStatistics", "1-0-2/OutputStatisticsOutputDatasetFacet");
            json.WriteNumber("rowCount", count);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private string TargetOf(string flow) =>
        project.Flows.TryGetValue(flow, out var known) ? known.Target.Connection
        : project.Models.TryGetValue(flow, out var model) ? model.Target.Connection
        : "";

    private (string Namespace, string Name) Input(Flow flow) =>
        flow.Source.Table is { } table
            ? Table(flow.Source.Connection, table)
            : project.Connections[flow.Source.Connection] switch
            {
                S3Connection s3 => ($"s3://{s3.Bucket}", $"{s3.Prefix}{flow.Source.Path}".TrimStart('/')),
                FolderConnection folder => ("file", Path.Combine(project.FullPath(folder.Path), flow.Source.Path)),
                KinesisConnection stream => ($"kinesis://{stream.Region}", stream.Stream),
                _ => Table(flow.Source.Connection, "query"),
            };

    private (string Namespace, string Name) Table(string connection, string table) =>
        project.Connections[connection] switch
        {
            PostgresConnection postgres => (
                $"postgres://{postgres.Host}:{postgres.Port}",
                $"{postgres.Database}.{table}"
            ),
            RedshiftConnection redshift => (
                $"redshift://{redshift.Host}:{redshift.Port}",
                $"{redshift.Database}.{table}"
            ),
            Configuration.DuckDbConnection duckdb => ("file", $"{project.FullPath(duckdb.Path)}/{table}"),
            var other => (other.Kind, table),
        };
}
