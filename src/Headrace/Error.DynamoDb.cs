using System.Globalization;
using Headrace.Sources;

namespace Headrace;

public static partial class Error
{
    /// <summary>DynamoDB keeps no history of a table, so it exports nothing of it.</summary>
    public static HeadraceException RecoveryOff(string table) =>
        new(
            "HDR-270",
            $"Point-in-time recovery of the table {table} is off, so DynamoDB exports nothing of it; no export was "
                + "started.",
            $"aws dynamodb update-continuous-backups --table-name {Shell.Word(table)} "
                + "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
        )
        {
            Facts = Facts(("table", table)),
        };

    /// <summary>A table of DynamoDB is not there.</summary>
    public static HeadraceException DynamoTableMissing(string table, string where) =>
        new(
            "HDR-271",
            $"There is no table {table} in DynamoDB; no export was started.",
            "correct source.table, or region and profile of the connection"
        )
        {
            Facts = Facts(("table", table), ("where", where)),
        };

    /// <summary>DynamoDB gave an export up.</summary>
    public static HeadraceException ExportFailed(string flow, string table, TableExport export) =>
        new(
            "HDR-272",
            "DynamoDB did not end an export; nothing of it is loaded, and what came before it is there.",
            $"mend what was found, then headrace export {Shell.Word(flow)} starts it again"
        )
        {
            Facts = Facts(
                ("flow", flow),
                ("table", table),
                ("window", export.IsFull ? "full" : $"{Utc(export.From)} to {Utc(export.To)}"),
                ("export", export.Id),
                ("found", export.Fault)
            ),
        };

    /// <summary>More time has passed than DynamoDB keeps changes for.</summary>
    public static HeadraceException ExportTooLate(
        string flow,
        string table,
        DateTimeOffset reached,
        DateTimeOffset kept
    ) =>
        new(
            "HDR-273",
            "The changes since the last export are older than what DynamoDB keeps; no export was started.",
            $"export the whole table again: headrace export {Shell.Word(flow)} --full"
        )
        {
            Facts = Facts(("flow", flow), ("table", table), ("exported to", Utc(reached)), ("kept from", Utc(kept))),
        };

    /// <summary>An export takes longer than somebody wants to wait.</summary>
    public static HeadraceException ExportSlow(string flow, string table, TimeSpan waited, int running) =>
        new(
            "HDR-274",
            $"{running} {(running == 1 ? "export is" : "exports are")} still under way; DynamoDB goes on with "
                + $"{(running == 1 ? "it" : "them")}.",
            $"headrace export {Shell.Word(flow)} waits on, and starts nothing twice"
        )
        {
            Facts = Facts(("flow", flow), ("table", table), ("waited", $"{waited.TotalMinutes:0} minutes")),
        };

    /// <summary>DynamoDB does not do what it is asked.</summary>
    public static HeadraceException DynamoDbRefused(string where, string found, Exception inner, bool transient) =>
        new(
            "HDR-275",
            "DynamoDB does not answer, or refuses; nothing was loaded.",
            "read what was found; docs/dynamodb.md has the rights that are needed, and where credentials are looked "
                + "for",
            inner
        )
        {
            Facts = Facts(("where", where), ("found", found)),
            IsTransient = transient,
        };

    private static string Utc(DateTimeOffset? time) =>
        time?.UtcDateTime.ToString("u", CultureInfo.InvariantCulture) ?? "";
}
