namespace Headrace.Torture;

/// <summary>Where the files of a sequence's lake lie.</summary>
internal interface ILake
{
    /// <summary>The connection as headrace.yaml has it.</summary>
    string Yaml { get; }

    /// <summary>Writes a file so that it lands whole.</summary>
    void Land(LakeItem item);

    /// <summary>Gives a file a newer time, and leaves it as it is.</summary>
    /// <param name="landed">Seconds on the lake's own clock.</param>
    void Touch(LakeItem item, int landed);

    void Remove(LakeItem item);
}
