using Headrace.Staging;

namespace Headrace;

/// <summary>A warehouse that can say what lake files its tables were made of, and what checks found in them.</summary>
public interface ILoadHistory
{
    /// <summary>Files on record, the newest first.</summary>
    Task<IReadOnlyList<LandedFile>> FilesAsync(FileQuery query, CancellationToken cancel);

    /// <summary>What checks found, the newest first.</summary>
    Task<IReadOnlyList<CheckRecord>> ChecksAsync(CheckQuery query, CancellationToken cancel);

    /// <summary>The tables that a flow has loaded files into, in no order.</summary>
    Task<IReadOnlyList<TableHistory>> HistoryAsync(string flow, CancellationToken cancel);
}

/// <summary>A source of files that can stage a version once more that was loaded.</summary>
public interface IFileSource
{
    /// <summary>
    /// Stages a file again; null when it is no longer there with this content. Call <see cref="ISource.DatasetsAsync"/>
    /// before.
    /// </summary>
    Task<StagedFile?> StageAgainAsync(
        Dataset dataset,
        LoadedFile file,
        DigestOptions? digesting,
        CancellationToken cancel
    );

    /// <summary>How a file is written.</summary>
    FileFormat FormatOf(LakeFile file);
}

/// <summary>What a flow loaded into one table.</summary>
/// <param name="Files">In the order in which they were loaded.</param>
/// <param name="Released">Rows that were taken out of quarantine and put into it.</param>
/// <param name="Owners">All datasets that load into the table, as the warehouse has them on record.</param>
public sealed record TableHistory(
    TableName Target,
    IReadOnlyList<LoadedFile> Files,
    IReadOnlyList<ReleasedRow> Released,
    IReadOnlyList<Owner> Owners
)
{
    /// <summary>Those of them that loaded none of the files.</summary>
    public IReadOnlyList<string> Others =>
        [.. Owners.Select(owner => owner.Dataset).Except(Files.Select(file => file.Dataset))];
}

/// <summary>A file version that was loaded.</summary>
/// <param name="Operation">What its load did, as <c>headrace.loads</c> has it: <c>append</c>, <c>replace</c>,
/// <c>merge</c>, <c>changes</c>, <c>truncate</c> or <c>schema</c>.</param>
/// <param name="Rows">Rows that went into the table.</param>
/// <param name="Version">For a file of a snapshot the export it is a part of.</param>
/// <param name="Document">For a schema document its text.</param>
public sealed record LoadedFile(
    string Dataset,
    string Key,
    string Sha256,
    string Action,
    string LoadId,
    string Operation,
    long Rows,
    long Quarantined,
    string? Version,
    string? Document
);

/// <summary>A row that was released from quarantine.</summary>
/// <param name="LoadId">The load that had set it aside.</param>
/// <param name="Row">As it came: a JSON object of the file's column names; null when it was no row at all.</param>
public sealed record ReleasedRow(string LoadId, string? Row);
