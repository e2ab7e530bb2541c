namespace Headrace.Staging;

/// <summary>Cuts a text format into the records of segments.</summary>
internal interface IRecordCutter
{
    /// <summary>The columns met so far, in file order.</summary>
    IReadOnlyList<StagedColumn> Columns { get; }

    /// <summary>True when some field may be an empty text that stands for no value.</summary>
    bool HasEmptyTexts { get; }

    /// <summary>True when nothing was met where a header, or a document, is due.</summary>
    bool IsBlank { get; }

    /// <summary>
    /// Writes the whole records at the start of <paramref name="data"/> and returns how many bytes they took; all of
    /// them
    /// when the file ends with <paramref name="data"/>.
    /// </summary>
    int Cut(ReadOnlySpan<byte> data, bool isFinal);

    /// <summary>Called after the segments are closed, when all columns are known.</summary>
    void Complete();
}
