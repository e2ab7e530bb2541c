using System.ComponentModel;
using Cronos;
using Headrace.Configuration.Binding;

namespace Headrace.Configuration;

/// <summary>When a server runs a flow: <c>every 15m</c>, or a cron expression.</summary>
[ShortFor("every")]
[Description("When `headrace serve` runs the flow: `every 15m`, or one of these keys.")]
public sealed record Schedule
{
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    [Description(
        "How often, 1s or more: `every 15m`. Counted from midnight UTC of 1970-01-01, so that all servers agree."
    )]
    public string? Every { get; init; }

    [Description(
        "A cron expression in quotes: minute, hour, day of the month, month, day of the week; with six fields the "
            + "first one is the second."
    )]
    public string? Cron { get; init; }

    [Description("The time zone of the cron expression, for example Europe/Berlin.")]
    public string Timezone { get; init; } = "UTC";

    [Description(
        "What happens to times at which no server ran: once runs the flow once for all of them, skip does not."
    )]
    public MissedSchedule Missed { get; init; } = MissedSchedule.Once;

    /// <summary>What is wrong with it; null when nothing is.</summary>
    internal string? Fault =>
        (Every, Cron) switch
        {
            (null, null) or (not null, not null) => "it needs `every` or `cron`, and not both",
            ({ } every, _) => Span(every) is { } span
                ? span < Least
                    ? "it is less than 1s"
                    : null
                : $"'{every}' is no time",
            (_, { } cron) => CronFault(cron),
        };

    /// <summary>The first time after another one; null when there is none.</summary>
    public DateTimeOffset? Next(DateTimeOffset after)
    {
        if (Every is { } every && Span(every) is { } span)
            return new DateTimeOffset(
                DateTimeOffset.UnixEpoch.Ticks
                    + (((after.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / span.Ticks) + 1) * span.Ticks,
                TimeSpan.Zero
            );
        return Parse(Cron!).GetNextOccurrence(after, TimeZoneInfo.FindSystemTimeZoneById(Timezone))?.ToUniversalTime();
    }

    /// <summary>
    /// The last time after one and not after another, and how many there are, of which no more than 1,000 are counted;
    /// null when there is none.
    /// </summary>
    public (DateTimeOffset Last, int Count)? Due(DateTimeOffset after, DateTimeOffset until)
    {
        if (Every is { } every && Span(every) is { } span)
        {
            var first = Next(after)!.Value;
            if (first > until)
                return null;
            var more = (until - first).Ticks / span.Ticks;
            return (first + (more * span), (int)Math.Min(more + 1, 1000));
        }

        (DateTimeOffset, int)? due = null;
        for (var next = Next(after); next <= until; next = Next(next.Value))
            due = (next.Value, Math.Min((due?.Item2 ?? 0) + 1, 1000));
        return due;
    }

    /// <summary>As a person writes it.</summary>
    public override string ToString() =>
        Every is { } every ? $"every {every.Replace("every", "", StringComparison.Ordinal).Trim()}"
        : Timezone == "UTC" ? $"{Cron}"
        : $"{Cron} ({Timezone})";

    private string? CronFault(string cron)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(Timezone, out var zone))
            return $"there is no time zone '{Timezone}'";
        try
        {
            return Parse(cron).GetNextOccurrence(DateTimeOffset.UnixEpoch, zone) is null
                ? $"'{cron}' never comes"
                : null;
        }
        catch (Exception error) when (error is CronFormatException or ArgumentException or MissingSeedException)
        {
            return $"'{cron}' is no cron expression: {error.Message}";
        }
    }

    private static CronExpression Parse(string cron) =>
        CronExpression.Parse(
            cron,
            cron.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length == 6
                ? CronFormat.IncludeSeconds
                : CronFormat.Standard
        );

    private static TimeSpan? Span(string every) =>
        Quantity.TryDuration(
            every.StartsWith("every ", StringComparison.Ordinal) ? every[6..].Trim() : every,
            out var span
        )
        && span > TimeSpan.Zero
            ? span
            : null;
}

/// <summary>What happens to times at which nothing could run.</summary>
public enum MissedSchedule
{
    /// <summary>One run for all of them.</summary>
    Once,

    /// <summary>None.</summary>
    Skip,
}
