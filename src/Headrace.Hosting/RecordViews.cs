using System.Text.Json.Serialization;
using Headrace.Configuration;

namespace Headrace.Hosting;

/// <summary>A page of files, as the contract has it.</summary>
internal sealed record FilesView(IReadOnlyList<FileView> Files, string? Next);

internal sealed record FileView(
    string TableName,
    string Database,
    string Key,
    [property: JsonConverter(typeof(ContractWord))] string Action,
    DateTimeOffset LandedTimestamp,
    DateTimeOffset? LoadedTimestamp,
    long Size,
    long Rows,
    long Quarantined,
    string? SchemaVersion,
    [property: JsonConverter(typeof(ContractWord))] string Outcome,
    ErrorJson? Error,
    string Dataset,
    [property: JsonConverter(typeof(ContractWord))] string? LoadId
)
{
    public static FileView Of(LandedFile file) =>
        new(
            file.Table.Table,
            file.Table.Schema,
            file.Key,
            file.Action,
            file.Place.LandedAt,
            file.LoadedAt,
            file.Size,
            file.Rows,
            file.Quarantined,
            file.SchemaVersion,
            file.Outcome,
            ErrorOf(file),
            file.Place.Dataset,
            file.LoadId
        );

    // The record of a file has the sentence of its error; the rest of it stands in the run's.
    private static ErrorJson? ErrorOf(LandedFile file) =>
        file.ErrorCode is not { } code
            ? null
            : new ErrorJson(
                code,
                file.Note is { } note && note.StartsWith($"{code}  ", StringComparison.Ordinal)
                    ? note[(code.Length + 2)..]
                    : file.Note ?? "",
                new Dictionary<string, string> { ["file"] = file.Key },
                $"headrace runs {Shell.Word(file.Place.Dataset)}"
            );
}

internal sealed record ChecksView(IReadOnlyList<CheckRecordView> Checks);

internal sealed record CheckRecordView(
    string Flow,
    string Dataset,
    string Name,
    [property: JsonConverter(typeof(ContractWord))] string Kind,
    [property: JsonConverter(typeof(ContractWord))] string Scope,
    [property: JsonConverter(typeof(ContractWord))] string OnFail,
    [property: JsonConverter(typeof(ContractWord))] string Outcome,
    long Checked,
    long Failed,
    string? Sample,
    DateTimeOffset CheckedAt,
    [property: JsonConverter(typeof(ContractWord))] string LoadId,
    [property: JsonConverter(typeof(ContractWord))] string Run
)
{
    public static CheckRecordView Of(CheckRecord one) =>
        new(
            one.Flow,
            one.Dataset,
            one.Name,
            one.Kind,
            one.Scope,
            one.OnFail,
            one.Outcome,
            one.Checked,
            one.Failed,
            one.Sample,
            one.CheckedAt,
            one.LoadId,
            one.RunId
        );
}

internal sealed record RunsPageView(IReadOnlyList<RunView> Runs, string? Next);

internal sealed record FlowsView(IReadOnlyList<FlowView> Flows);

/// <summary>A flow or a model, as headrace.yaml has it.</summary>
internal sealed record FlowView(
    string Name,
    [property: JsonConverter(typeof(ContractWord))] string Kind,
    bool Enabled,
    string? Description,
    string? Source,
    string? Read,
    string? Write,
    string? Target,
    IReadOnlyList<string> After
)
{
    /// <summary>When a server runs it.</summary>
    public string? Schedule { get; init; }

    /// <summary>Whether a server runs it when files arrive.</summary>
    public bool OnFiles { get; init; }

    public static FlowView Of(Flow flow) =>
        new(
            flow.Name,
            "flow",
            flow.Enabled,
            flow.Description,
            $"{flow.Source.Connection}/{flow.Source.Path ?? flow.Source.Table ?? "…"}",
            flow.Read is { } read
                ? System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(read.ToString())
                : null,
            flow.Write is { } write
                ? System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(write.ToString())
                : null,
            flow.IsPublishOnly ? null : $"{flow.Target.Connection}/{flow.Target.Schema}.{flow.Target.Table}",
            flow.After
        )
        {
            Schedule = flow.Schedule?.ToString(),
            OnFiles = flow.Trigger is { OnFiles: true },
        };

    public static FlowView Of(Model model) =>
        new(
            model.Name,
            "model",
            true,
            model.Description,
            model.Sql,
            null,
            model.Write.ToString().ToLowerInvariant(),
            $"{model.Target.Connection}/{model.Target.Schema}.{model.Target.Table}",
            model.After ?? []
        );
}

/// <summary>What a server was asked to run, and how far it is.</summary>
internal sealed record RequestView(
    [property: JsonConverter(typeof(ContractWord))] string Request,
    [property: JsonConverter(typeof(ContractWord))] string State,
    IReadOnlyList<string> Flows,
    [property: JsonConverter(typeof(ContractWord))] string Cause,
    DateTimeOffset QueuedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt,
    IReadOnlyList<ProgressView> Progress,
    IReadOnlyList<RunView> Runs,
    ErrorJson? Error
);

/// <summary>A dataset on its way.</summary>
internal sealed record ProgressView(string Dataset, string Phase, long Rows, double? Share);

internal sealed record RequestsView(IReadOnlyList<RequestView> Requests);

/// <summary>What was taken on.</summary>
internal sealed record AcceptedView(
    [property: JsonConverter(typeof(ContractWord))] string? Request,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Flows = null
);

/// <summary>What a person asks to be run, planned, released or discarded; what is not said is left out.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record AskedView
{
    public IReadOnlyList<string>? Flows { get; init; }

    public IReadOnlyList<string>? Accept { get; init; }

    public IReadOnlyList<string>? Confirm { get; init; }

    public IReadOnlyList<string>? TakeOver { get; init; }

    /// <summary>A flow or a dataset.</summary>
    public string? Of { get; init; }

    public IReadOnlyList<long>? Ids { get; init; }

    public IReadOnlyDictionary<string, string?>? Set { get; init; }

    public string? Reason { get; init; }

    public bool Repair { get; init; }

    public bool Full { get; init; }
}

/// <summary>How many rows wait, by dataset, and those that were asked for.</summary>
internal sealed record QuarantinePageView(
    IReadOnlyList<QuarantineCountView> Datasets,
    IReadOnlyList<QuarantinedRow> Rows
);

/// <summary>How everything stands, and what runs now.</summary>
internal sealed record OverviewView(
    IReadOnlyList<OverviewRow> Datasets,
    IReadOnlyList<RequestView> Requests,
    IReadOnlyList<NotificationView> Notifications
);

/// <summary>A dataset with the changed rows of its last loads, the oldest first, and when it runs next.</summary>
internal sealed record OverviewRow(DatasetView Dataset, IReadOnlyList<long> Sizes, DateTimeOffset? Next);

/// <summary>A flow with its datasets, its last runs, its configuration and how its tables came to be.</summary>
/// <param name="SchemaHistory">The newest change first.</param>
internal sealed record FlowPageView(
    FlowView Flow,
    IReadOnlyList<DatasetView> Datasets,
    IReadOnlyList<RunView> Runs,
    string Configuration,
    IReadOnlyList<SchemaChangeView> SchemaHistory
);

/// <summary>A statement that made a table or changed its columns, and the run that did it.</summary>
internal sealed record SchemaChangeView(
    DateTimeOffset ChangedAt,
    string Dataset,
    string? Target,
    string Change,
    [property: JsonConverter(typeof(ContractWord))] string Run
);

/// <summary>A run with what its checks found and what it changed of the table's columns.</summary>
internal sealed record RunPageView(RunView Run, IReadOnlyList<CheckRecordView> Checks, IReadOnlyList<string> Ddl)
{
    /// <summary>The request of this server that it is under way for; null for none.</summary>
    public string? Request { get; init; }
}

internal sealed record SchedulesView(IReadOnlyList<ScheduleView> Schedules);

/// <summary>When a flow runs.</summary>
/// <param name="Missed">Times at which nothing ran, when the server last looked back.</param>
internal sealed record ScheduleView(
    string Flow,
    string Schedule,
    DateTimeOffset? Last,
    DateTimeOffset? Next,
    int Missed
);

/// <param name="Flows">Those that models read.</param>
internal sealed record ModelsView(IReadOnlyList<ModelView> Models, IReadOnlyList<ReadFlowView> Flows);

/// <summary>A flow that models read, and how it stands: as the dataset of it that needs people most.</summary>
internal sealed record ReadFlowView(string Name, [property: JsonConverter(typeof(ContractWord))] string State);

/// <summary>A model, what it reads, and how it stands.</summary>
internal sealed record ModelView(
    string Name,
    IReadOnlyList<string> Reads,
    [property: JsonConverter(typeof(ContractWord))] string State,
    DateTimeOffset? LastRun,
    string Target
);

/// <summary>A health check's answer.</summary>
internal sealed record HealthView([property: JsonConverter(typeof(ContractWord))] string Status);

/// <summary>An error as problem details (RFC 9457), with the members of Headrace's errors.</summary>
internal sealed record ProblemView(
    [property: JsonConverter(typeof(ContractWord))] string Type,
    string Title,
    int Status,
    [property: JsonConverter(typeof(ContractWord))] string Code,
    string What,
    IReadOnlyDictionary<string, string> Facts,
    string Next
)
{
    public static ProblemView Of(RunError error, int status)
    {
        var json = ErrorJson.Of(error);
        return new ProblemView(
            $"urn:headrace:{error.Code}",
            error.What,
            status,
            error.Code,
            error.What,
            json.Facts,
            json.Next
        );
    }
}
