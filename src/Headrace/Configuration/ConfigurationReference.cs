using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using System.Text;
using Headrace.Configuration.Binding;

namespace Headrace.Configuration;

/// <summary>The list of all keys in docs/configuration.md, made from the records that the file is bound to.</summary>
public static class ConfigurationReference
{
    /// <summary>The line after which the generated part begins.</summary>
    public const string Marker = "<!-- The rest of this page is made from the code: tests compare it. -->";

    /// <summary>The generated part as Markdown.</summary>
    public static string Write()
    {
        var text = new StringBuilder("## Every key\n\n");
        Section(text, "The file", typeof(Project));
        Section(text, "connections.NAME", typeof(Connection));
        foreach (var (word, type) in Connection.Kinds)
            Section(text, $"connections.NAME with type: {word}", type);
        Section(text, "connections.NAME.events", typeof(StoreEvents));
        Section(text, "flows.NAME", typeof(Flow));
        Section(text, "flows.NAME.source", typeof(Source));
        Section(text, "flows.NAME.source.csv", typeof(CsvOptions));
        Section(text, "flows.NAME.source.export", typeof(ExportSettings));
        Section(text, "flows.NAME.target", typeof(Target));
        Section(text, "flows.NAME.columns.NAME", typeof(FlowColumn));
        Section(text, "flows.NAME.masks.NAME", typeof(FlowMask));
        Section(text, "flows.NAME.add_columns.NAME", typeof(AddedColumn));
        Section(text, "flows.NAME.checks.ITEM", typeof(FlowCheck));
        Section(text, "flows.NAME.checks.ITEM.accepted_values", typeof(AcceptedValues));
        Section(text, "flows.NAME.checks.ITEM.range", typeof(ValueRange));
        Section(text, "flows.NAME.checks.ITEM.valid_date", typeof(DayRange));
        Section(text, "flows.NAME.checks.ITEM.matches", typeof(TextPattern));
        Section(text, "flows.NAME.checks.ITEM.relationships", typeof(Relationship));
        Section(text, "flows.NAME.checks.ITEM.row_count", typeof(RowRange));
        Section(text, "flows.NAME.checks.ITEM.freshness", typeof(AgeRange));
        Section(text, "flows.NAME.checks.ITEM.file_expected", typeof(FileExpected));
        Section(text, "flows.NAME.complete_when", typeof(CompleteWhen));
        Section(text, "flows.NAME.cdc", typeof(Cdc));
        Section(text, "flows.NAME.cdc.values", typeof(CdcValues));
        Section(text, "flows.NAME.scd2", typeof(Scd2));
        Section(text, "flows.NAME.scd2.columns", typeof(Scd2Columns));
        Section(text, "flows.NAME.publish", typeof(Publish));
        Section(text, "flows.NAME.archive", typeof(ArchiveSettings));
        Section(text, "flows.NAME.after_load", typeof(AfterLoad));
        Section(text, "flows.NAME.limits", typeof(LimitOptions));
        Section(text, "flows.NAME.schedule", typeof(Schedule));
        Section(text, "flows.NAME.trigger", typeof(Trigger));
        Section(text, "flows.NAME.after_run", typeof(AfterRun));
        Section(text, "models.NAME", typeof(Model));
        Section(text, "notifications.NAME", typeof(Notification));
        Section(text, "notifications.NAME.smtp", typeof(SmtpSettings));
        Section(text, "notifications.NAME.sns", typeof(SnsSettings));
        Section(text, "lineage", typeof(LineageSettings));
        Section(text, "ledger", typeof(LedgerSettings));
        Section(text, "ledger.state", typeof(StatePlace));
        Section(text, "environments.NAME", typeof(ProjectEnvironment));
        text.Append("### Column types\n\n`")
            .Append(ColumnType.Names.Replace(", ", "`, `", StringComparison.Ordinal))
            .Append("`\n");
        return text.ToString();
    }

    static void Section(StringBuilder text, string title, Type type)
    {
        var description = type.GetCustomAttribute<DescriptionAttribute>()!.Description;
        text.Append(CultureInfo.InvariantCulture, $"### {title}\n\n{description}\n\n")
            .Append("| Key | Type | Default | What it says |\n|---|---|---|---|\n");
        var kinds = string.Join(", ", Connection.Kinds.Select(kind => $"`{kind.Word}`"));
        if (type == typeof(Connection))
            text.Append(CultureInfo.InvariantCulture, $"| `type` | {kinds} | required | What kind of place it is. |\n");
        else
            foreach (var key in RecordPlan.Of(type).Keys)
                Row(text, type, key);
        text.Append('\n');
    }

    static void Row(StringBuilder text, Type type, KeyPlan key)
    {
        var usual = key.Required ? "required" : Usual(key.Property.GetValue(RecordPlan.Of(type).New()));
        var description = key.Property.GetCustomAttribute<DescriptionAttribute>()!.Description;
        text.Append(CultureInfo.InvariantCulture, $"| `{key.Word}` | {Words(key.Type)} | {usual} | {description} |\n");
    }

    static string Words(Type type) =>
        RecordPlan.MapOf(type) is not null ? "keys by name"
        : RecordPlan.ListOf(type) is not null ? "list of keys"
        : type.IsEnum ? string.Join(", ", Choices.Of(type).Select(choice => $"`{choice.Word}`"))
        : type == typeof(bool) ? "`true`, `false`"
        : TypeWords.Of(type);

    static string Usual(object? value) =>
        value switch
        {
            IReadOnlyList<string> { Count: > 0 } many => string.Join(
                ", ",
                many.Select(one => one.Length == 0 ? "empty" : $"`{one}`")
            ),
            _ => TypeWords.Text(value) is { Length: > 0 } one ? $"`{one}`" : "",
        };
}
