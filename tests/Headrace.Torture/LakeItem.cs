namespace Headrace.Torture;

/// <summary>What the model says became of a file version.</summary>
internal enum Outcome
{
    Waiting,
    Loaded,
    Alias,
    Refused,
    Superseded,

    /// <summary>
    /// Refused, or superseded already: a newer export was applied since, and who saw which first is left open.
    /// </summary>
    PassedOver,
}

/// <summary>
/// A row that cannot be loaded: its line, and the row that a release with <c>--set amount=1.00</c> makes of it.
/// </summary>
/// <param name="Column">For a change the column that mends it; empty when nothing does.</param>
/// <param name="Change">For a change what it says beside that column.</param>
internal sealed record BadLine(long Line, string? Mended, string? Column = null, Change? Change = null);

/// <summary>A version of a file in the lake, with what it holds and what must become of it.</summary>
internal sealed class LakeItem
{
    public required string Dataset { get; init; }

    public required string Key { get; init; }

    /// <summary>As the file ledger names it: <c>load</c>, or the drop folder's action.</summary>
    public string Action { get; init; } = "load";

    public required byte[] Bytes { get; set; }

    /// <summary>Good rows in order, each as one text of its exact values.</summary>
    public IReadOnlyList<string> Rows { get; init; } = [];

    /// <summary>Beside <see cref="Rows"/>: the key of each, where rows have one.</summary>
    public IReadOnlyList<long> Keys { get; init; } = [];

    /// <summary>What <see cref="Rows"/> say happened, in a file of changes.</summary>
    public IReadOnlyList<Change> Changes { get; init; } = [];

    public IReadOnlyList<BadLine> Bad { get; init; } = [];

    /// <summary>Keys of bad lines that can be read: their rows stay as they are.</summary>
    public IReadOnlyList<long> HeldKeys { get; init; } = [];

    /// <summary>The export that it is a part of; null when it is none of an export.</summary>
    public string? Version { get; init; }

    /// <summary>For a schema document: the actions it allows.</summary>
    public IReadOnlyList<string> Allowed { get; init; } = [];

    /// <summary>The whole bytes of a file that was cut off; null when it is whole.</summary>
    public byte[]? Whole { get; set; }

    /// <summary>
    /// Seconds on the lake's own clock; rises with each file, so that the order of landing is defined.
    /// </summary>
    public int Landed { get; set; }

    /// <summary>False when it was removed, or overwritten by a newer version.</summary>
    public bool IsPresent { get; set; } = true;

    public Outcome Outcome { get; set; }

    /// <summary>True once another version took its place, and what it brought went.</summary>
    public bool IsReplaced { get; set; }

    public string? ErrorCode { get; set; }

    public string Sha256 => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Bytes));

    /// <summary>The same content under another name.</summary>
    public LakeItem CopyTo(string key, int landed) =>
        new()
        {
            Dataset = Dataset,
            Key = key,
            Action = Action,
            Bytes = Bytes,
            Rows = Rows,
            Keys = Keys,
            Changes = Changes,
            Bad = Bad,
            Allowed = Allowed,
            Whole = Whole,
            Landed = landed,
        };
}
