using System.ComponentModel;

namespace Headrace.Configuration;

/// <summary>How it is told that files arrived in a bucket.</summary>
[Description("How `headrace serve` is told that files arrived in the bucket. See docs/s3.md.")]
public sealed record StoreEvents
{
    [Description(
        "The URL of a queue of Amazon SQS that gets the bucket's notifications, straight, by SNS or by EventBridge. "
            + "Flows with `trigger: { on_files: true }` start from it."
    )]
    public required string Queue { get; init; }

    [Description(
        "A folder for messages that cannot be read, after three tries each; a relative path starts at the project's "
            + "folder. When it is not said, they stay in the queue, whose own redrive takes them away."
    )]
    public string? DeadLetters { get; init; }
}
