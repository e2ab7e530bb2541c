namespace Headrace.Torture;

/// <summary>Where the operations of a sequence are published.</summary>
internal interface IPublished
{
    /// <summary>The connection as headrace.yaml has it.</summary>
    string Yaml { get; }

    /// <summary>
    /// True for texts that more is put behind, one for each part of the keys; false for files that come whole.
    /// </summary>
    bool Grows { get; }

    /// <summary>What can be seen now: lines, each an operation, by the name of the file or shard.</summary>
    Task<IReadOnlyList<(string Name, string Text)>> ReadAsync();
}
