using System.Text.Json;
using System.Text.Json.Serialization;
using Headrace.Checks;

namespace Headrace.Hosting;

/// <summary>The JSON of the contract, made from the words of the core.</summary>
internal sealed record RunsView(
    IReadOnlyList<RunView> Runs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Warnings = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Remains = null
)
{
    /// <summary>Runs, and what is to be said of none of them.</summary>
    /// <param name="remains">Flows that have more to load than the time allowed.</param>
    public static RunsView Of(
        IReadOnlyList<RunView> runs,
        IReadOnlyList<string> warnings,
        IReadOnlyList<string>? remains = null
    ) => new(runs, warnings.Count == 0 ? null : warnings, remains is { Count: > 0 } ? remains : null);
}

internal sealed record RunView(
    string Flow,
    string Dataset,
    [property: JsonConverter(typeof(ContractWord))] string Run,
    [property: JsonConverter(typeof(ContractWord))] string Outcome,
    int Batches,
    long Inserted,
    long Updated,
    long Deleted,
    long Unchanged,
    long Quarantined,
    long Published,
    string? From,
    string? To,
    long DurationMs,
    IReadOnlyList<string> Warnings,
    ErrorJson? Error,
    IReadOnlyList<CheckedView> Checks,
    long Filtered,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Ddl,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<BadRow>? Sample,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<RowChange>? Changes,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Target,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DateTimeOffset? StartedAt
)
{
    /// <summary>
    /// A run as the contract has it; with what it would do (plan), or with its target and time (history).
    /// </summary>
    public static RunView Of(Run run, bool isPlan = false, bool isHistory = false) =>
        new(
            run.Flow,
            run.Dataset,
            run.Id,
            JsonNamingPolicy.SnakeCaseLower.ConvertName(run.Outcome.ToString()),
            run.Batches,
            run.Inserted,
            run.Updated,
            run.Deleted,
            run.Unchanged,
            run.Quarantined,
            run.Published,
            run.From,
            run.To,
            (long)run.Duration.TotalMilliseconds,
            run.Warnings,
            run.Error is null ? null : ErrorJson.Of(run.Error),
            [.. run.Checks.Select(CheckedView.Of)],
            run.Filtered,
            isPlan ? run.Ddl : null,
            isPlan ? run.Sample : null,
            isPlan ? run.Changes : null,
            isHistory ? run.Target : null,
            isHistory ? run.StartedAt : null
        );
}

internal sealed record CheckedView(
    string Name,
    [property: JsonConverter(typeof(ContractWord))] string Kind,
    [property: JsonConverter(typeof(ContractWord))] string Scope,
    [property: JsonConverter(typeof(ContractWord))] string Outcome,
    long Checked,
    long Failed
)
{
    public static CheckedView Of(CheckResult result) =>
        new(result.Name, result.Kind, result.Scope, result.Outcome, result.Checked, result.Failed);
}

internal sealed record ErrorView(
    ErrorJson Error,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ErrorJson>? Problems
);

internal sealed record ErrorJson(
    [property: JsonConverter(typeof(ContractWord))] string Code,
    string What,
    IReadOnlyDictionary<string, string> Facts,
    string Next
)
{
    public static ErrorJson Of(RunError error)
    {
        var facts = new Dictionary<string, string>();
        foreach (var fact in error.Facts)
            facts[fact.Name] = facts.TryGetValue(fact.Name, out var before) ? $"{before}\n{fact.Value}" : fact.Value;
        return new ErrorJson(error.Code, error.What, facts, error.Next);
    }
}

internal sealed record QuarantineCountView(string Dataset, long Rows, DateTimeOffset Oldest)
{
    public static QuarantineCountView Of(WaitingRows waiting) => new(waiting.Dataset, waiting.Rows, waiting.Oldest);
}

internal sealed record QuarantineView(IReadOnlyList<QuarantinedRow> Rows);

internal sealed record QuarantineListView(IReadOnlyList<QuarantineCountView> Datasets);

internal sealed record ReleaseView(long Released, long Kept, long Discarded);

internal sealed record DiffView(
    long Inserted,
    long Updated,
    long Deleted,
    long Unchanged,
    long NotCompared,
    IReadOnlyList<string> ColumnsOnlyInOld,
    IReadOnlyList<string> ColumnsOnlyInNew
);

internal sealed record TablesView(IReadOnlyList<TableView> Tables);

internal sealed record TableView(
    string Connection,
    string Table,
    string? Target,
    IReadOnlyList<string> PrimaryKey,
    string? CreateKey,
    string? UpdateKey,
    bool Enabled,
    DateTimeOffset? LastSyncTime,
    string? LastStatus,
    long LastInserted,
    long LastUpdated,
    long LastDeleted,
    string? LastError
)
{
    public static TableView Of(TableEntry entry) =>
        new(
            entry.Connection,
            entry.Table,
            entry.Target?.ToString(),
            entry.PrimaryKey,
            entry.CreateKey,
            entry.UpdateKey,
            entry.IsEnabled,
            entry.LastSyncTime,
            entry.LastStatus,
            entry.LastInserted,
            entry.LastUpdated,
            entry.LastDeleted,
            entry.LastError
        );
}

internal sealed record VerifyView(IReadOnlyList<VerifiedView> Datasets);

internal sealed record VerifiedView(
    string Dataset,
    bool Equal,
    long Missing,
    long Extra,
    long Different,
    long RowsSource,
    long RowsTarget,
    long Pending,
    bool Whole,
    bool Repaired,
    IReadOnlyList<RowChange> Sample,
    IReadOnlyList<string> Warnings
)
{
    public static VerifiedView Of(DuckDb.Verified one) =>
        new(
            one.Dataset,
            one.IsEqual || one is { IsRepaired: true, IsWhole: true },
            one.Missing,
            one.Extra,
            one.Different,
            one.RowsSource,
            one.RowsTarget,
            one.Pending,
            one.IsWhole,
            one.IsRepaired,
            one.Sample,
            one.Warnings
        );
}

/// <param name="Warnings">What is not known, and why.</param>
internal sealed record StatusView(
    IReadOnlyList<DatasetView> Datasets,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        IReadOnlyList<NotificationView>? Notifications = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Warnings = null
);

internal sealed record DatasetView(
    string Flow,
    string Dataset,
    [property: JsonConverter(typeof(ContractWord))] string State,
    string? Target,
    DateTimeOffset? LastRun,
    [property: JsonConverter(typeof(ContractWord))] string? Outcome,
    long Inserted,
    long? Quarantine,
    ErrorJson? Error,
    IReadOnlyList<string> Warnings,
    DateTimeOffset? LastSuccess,
    DateTimeOffset? LastLoad,
    long LoadedRows
)
{
    public static DatasetView Of(DatasetStatus status) =>
        new(
            status.Flow,
            status.Dataset,
            Word(status.State),
            status.Last?.Target,
            status.Last?.StartedAt + status.Last?.Duration,
            Word(status.Last?.Outcome),
            status.Last?.Inserted ?? 0,
            status.Quarantined,
            status.Last?.Error is { } error ? ErrorJson.Of(error) : null,
            status.Warnings,
            status.LastGood?.StartedAt + status.LastGood?.Duration,
            status.LastLoad?.StartedAt + status.LastLoad?.Duration,
            status.LastLoad is { } load ? load.Inserted + load.Updated + load.Deleted : 0
        );

    private static string Word(DatasetState state) =>
        state == DatasetState.NeverRun ? "never run" : state.ToString().ToLowerInvariant();

    private static string? Word(Outcome? outcome) =>
        outcome is null ? null : JsonNamingPolicy.SnakeCaseLower.ConvertName(outcome.Value.ToString());
}

internal sealed record DoctorView(IReadOnlyList<CheckView> Checks);

internal sealed record CheckView(
    string Name,
    [property: JsonConverter(typeof(ContractWord))] string State,
    string Found,
    string? Next
)
{
    public static CheckView Of(ProjectCheck check) =>
        new(check.Name, check.IsOk ? "ok" : "failed", check.Found, check.Next);
}

internal sealed record ExportsView(IReadOnlyList<ExportView> Exports);

internal sealed record ExportView(
    string Flow,
    string Table,
    [property: JsonConverter(typeof(ContractWord))] string Kind,
    DateTimeOffset? From,
    DateTimeOffset To,
    [property: JsonConverter(typeof(ContractWord))] string State,
    string Export
)
{
    public static ExportView Of(FlowExport one) =>
        new(
            one.Flow,
            one.Table,
            one.Export.IsFull ? "full" : "window",
            one.Export.From,
            one.Export.To,
            JsonNamingPolicy.SnakeCaseLower.ConvertName(one.Export.State.ToString()),
            one.Export.Id
        );
}

internal sealed record VersionView(string Headrace, string Dotnet, string Duckdb, string Platform);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = false)]
[JsonSerializable(typeof(RunsView))]
[JsonSerializable(typeof(RunView))]
[JsonSerializable(typeof(ErrorView))]
[JsonSerializable(typeof(QuarantineView))]
[JsonSerializable(typeof(QuarantineListView))]
[JsonSerializable(typeof(ReleaseView))]
[JsonSerializable(typeof(DiffView))]
[JsonSerializable(typeof(VerifyView))]
[JsonSerializable(typeof(TablesView))]
[JsonSerializable(typeof(StatusView))]
[JsonSerializable(typeof(DoctorView))]
[JsonSerializable(typeof(ExportsView))]
[JsonSerializable(typeof(VersionView))]
[JsonSerializable(typeof(FilesView))]
[JsonSerializable(typeof(ChecksView))]
[JsonSerializable(typeof(RunsPageView))]
[JsonSerializable(typeof(FlowsView))]
[JsonSerializable(typeof(RequestView))]
[JsonSerializable(typeof(RequestsView))]
[JsonSerializable(typeof(AcceptedView))]
[JsonSerializable(typeof(AskedView))]
[JsonSerializable(typeof(QuarantinePageView))]
[JsonSerializable(typeof(IncidentView))]
[JsonSerializable(typeof(SlackView))]
[JsonSerializable(typeof(NotificationsView))]
[JsonSerializable(typeof(OverviewView))]
[JsonSerializable(typeof(FlowPageView))]
[JsonSerializable(typeof(RunPageView))]
[JsonSerializable(typeof(SchedulesView))]
[JsonSerializable(typeof(ModelsView))]
[JsonSerializable(typeof(HealthView))]
[JsonSerializable(typeof(ProblemView))]
internal sealed partial class Views : JsonSerializerContext
{
    /// <summary>
    /// The same documents, with times in UTC and without secrets: these go from texts before a document is made, so
    /// that it stays one.
    /// </summary>
    public static Views Without(Func<string, string> secrets) =>
        new(new JsonSerializerOptions(Default.Options) { Converters = { new RedactedText(secrets), new UtcTime() } });
}
