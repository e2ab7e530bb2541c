using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>A ledger that several machines share.</summary>
[Description("A ledger that several machines share.")]
public sealed record LedgerSettings
{
    [Description("The connection, of type postgres; tables in its schema headrace are made when they are missing.")]
    public required string Connection { get; init; }

    [Description("How long a dataset stays with a machine that does not answer any more, by the server's clock.")]
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(60);
}
