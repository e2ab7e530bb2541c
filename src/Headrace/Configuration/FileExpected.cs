using System.ComponentModel;
using System.Globalization;

namespace Headrace.Configuration;

/// <summary>When files must have come.</summary>
[Description(
    "When a file of each dataset must have come. It stops no load: notifications with the condition missing_file tell "
        + "that none came."
)]
public sealed record FileExpected
{
    [Description(
        "How often one is expected: whole days with `by`, else from 1m, counted from midnight UTC of 1970-01-01."
    )]
    public TimeSpan Every { get; init; } = TimeSpan.FromDays(1);

    [Description("The time of the day by which it must have landed, in quotes: \"07:00\".")]
    public string? By { get; init; }

    [Description("The time zone of `by`, for example Europe/Berlin.")]
    public string Timezone { get; init; } = "UTC";

    /// <summary>What is wrong with it; null when nothing is.</summary>
    internal string? Fault =>
        !TimeZoneInfo.TryFindSystemTimeZoneById(Timezone, out _) ? $"there is no time zone '{Timezone}'"
        : By is null ? (Every < TimeSpan.FromMinutes(1) ? "every is less than 1m" : null)
        : Time is null ? $"'{By}' is no time of the day"
        : Every.Ticks == 0 || Every.Ticks % TimeSpan.TicksPerDay != 0 ? "with `by` every is no whole number of days"
        : null;

    private TimeOnly? Time =>
        TimeOnly.TryParseExact(By, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            ? time
            : null;

    /// <summary>
    /// The last time by which a file was due, and the one before: a file that landed after that one will do.
    /// </summary>
    public (DateTimeOffset After, DateTimeOffset Due) Window(DateTimeOffset now)
    {
        if (Time is not { } time)
        {
            var periods = (now.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / Every.Ticks;
            var due = DateTimeOffset.UnixEpoch.AddTicks(periods * Every.Ticks);
            return (due - Every, due);
        }

        var (zone, days) = (TimeZoneInfo.FindSystemTimeZoneById(Timezone), (int)Every.TotalDays);
        DateTimeOffset Of(DateOnly day)
        {
            var local = day.ToDateTime(time);
            while (zone.IsInvalidTime(local))
                local = local.AddMinutes(15); // clocks went forward over it
            return new DateTimeOffset(local, zone.GetUtcOffset(local)).ToUniversalTime();
        }

        var last = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, zone).DateTime);
        last = last.AddDays(-(last.DayNumber % days));
        if (Of(last) > now)
            last = last.AddDays(-days);
        return (Of(last.AddDays(-days)), Of(last));
    }
}
