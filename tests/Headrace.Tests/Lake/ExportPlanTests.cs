using System.Globalization;
using Headrace.Sources;
using Xunit;

namespace Headrace.Tests.Lake;

/// <summary>Which exports of a DynamoDB table are due.</summary>
public class ExportPlanTests
{
    private static readonly DateTimeOffset Day = new(2026, 1, 10, 0, 0, 0, TimeSpan.Zero);

    private static DateTimeOffset At(string time) => Day + TimeSpan.Parse(time, CultureInfo.InvariantCulture);

    private static Position Reached(string? mark) =>
        mark is null
            ? new Position()
            : new Position { Files = new Dictionary<string, KnownFile> { [$"exports/AWSDynamoDB/x/{mark}"] = null! } };

    private static TableExport Full(string at, TableExportState state = TableExportState.Done) =>
        new("x", null, At(at), state);

    private static TableExport Window(string from, string to, TableExportState state = TableExportState.Done) =>
        new("x", At(from), At(to), state);

    private static string Plan(string? reached, string now, string window, params TableExport[] exports)
    {
        var plan = ExportPlan.Of(
            Reached(reached),
            exports,
            (Day.AddDays(-20), At(now)),
            TimeSpan.Parse(window, CultureInfo.InvariantCulture)
        );
        return plan.IsLost
            ? "lost"
            : string.Join(
                ' ',
                plan.Start.Select(one => one.From is null ? "full" : $"{Text(one.From)}-{Text(one.To)}")
            );

        static string Text(DateTimeOffset? time) => time!.Value.ToString("d.HH:mm", CultureInfo.InvariantCulture);
    }

    [Fact]
    public void The_first_export_is_a_full_one() => Assert.Equal("full", Plan(null, "1:00", "1:00"));

    [Fact]
    public void A_window_begins_where_the_last_export_ended()
    {
        Assert.Equal("10.00:00-10.01:00", Plan("full 2026-01-10T00:00:00.000Z", "1:00", "1:00"));
        Assert.Equal(
            "10.00:00-10.01:30",
            Plan("window 2026-01-09T23:00:00.000Z..2026-01-10T00:00:00.000Z", "1:30", "1:00")
        );
        // What is there and not loaded yet counts as well, also when it is under way.
        Assert.Equal("10.00:00-10.02:00", Plan(null, "2:00", "1:00", Full("0:00", TableExportState.Running)));
        Assert.Equal(
            "10.01:00-10.02:00",
            Plan(null, "2:00", "1:00", Full("0:00"), Window("0:00", "1:00", TableExportState.Running))
        );
    }

    [Fact]
    public void Nothing_is_due_before_the_window_has_passed()
    {
        Assert.Equal("", Plan("full 2026-01-10T00:00:00.000Z", "0:59", "1:00"));
        Assert.Equal("", Plan(null, "0:59", "1:00", Full("0:00")));
        Assert.Equal("10.00:00-10.00:15", Plan(null, "0:15", "0:15", Full("0:00")));
    }

    [Fact]
    public void More_than_a_day_is_split_into_windows_that_join() =>
        Assert.Equal("10.00:00-10.12:10 10.12:10-11.00:20", Plan("full 2026-01-10T00:00:00.000Z", "1.00:20", "1:00"));

    [Fact]
    public void A_window_that_failed_is_made_again_and_no_other()
    {
        var failed = Window("1:00", "2:00", TableExportState.Failed);
        Assert.Equal("10.01:00-10.02:00", Plan(null, "2:00", "1:00", Full("0:00"), Window("0:00", "1:00"), failed));
        // A hole ends where the next window begins, and what follows goes on behind that.
        Assert.Equal(
            "10.01:00-10.02:00 10.03:00-10.04:00",
            Plan(null, "4:00", "1:00", Full("0:00"), Window("0:00", "1:00"), failed, Window("2:00", "3:00"))
        );
        Assert.Equal("full", Plan(null, "2:00", "1:00", Full("0:00", TableExportState.Failed)));
    }

    [Fact]
    public void A_newer_full_export_goes_before_windows_that_are_missing() =>
        Assert.Equal("", Plan("full 2026-01-10T00:00:00.000Z", "5:30", "1:00", Full("5:00")));

    [Fact]
    public void What_DynamoDB_has_forgotten_is_said() =>
        Assert.Equal("lost", Plan("full 2025-12-01T00:00:00.000Z", "1:00", "1:00"));
}
