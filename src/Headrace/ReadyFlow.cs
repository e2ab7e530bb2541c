namespace Headrace;

/// <summary>A flow with its ends connected, ready to run.</summary>
public sealed record ReadyFlow(string Name, ISource Source, IWarehouse Warehouse)
{
    /// <summary>Where the operations of its loads are published; null when nowhere.</summary>
    public Publishing.Delivery? Delivery { get; init; }

    /// <summary>Where what it reads is kept; null when nowhere.</summary>
    public Archiving.Archive? Archive { get; init; }

    /// <summary>How often a batch is tried again after a transient error.</summary>
    public int Retries { get; init; } = 1;

    /// <summary>The pause before the first retry; each further one is twice as long, with jitter.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long one dataset's run may take.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Flows whose rows it reads: it runs after those of them that run too.</summary>
    public IReadOnlyList<string> After { get; init; } = [];

    /// <summary>
    /// What its files of transactions are; flows of one warehouse with the same text load them together. Null for none.
    /// </summary>
    public string? Together { get; init; }

    /// <summary>Flows whose tables it empties once all models that read them have.</summary>
    public IReadOnlyList<string> Empties { get; init; } = [];
}
