namespace Headrace.Sources;

/// <summary>Files that are read again since the user accepted them.</summary>
public abstract partial class LakeSource
{
    /// <summary>
    /// Which of the accepted files of a dataset are read again; says of each other one why it is not.
    /// </summary>
    private List<HeadraceException> Accept(Dataset dataset, Position from, StageAttempt attempt, List<string> said)
    {
        attempt.Again = new Dictionary<string, string>(StringComparer.Ordinal);
        var refusals = new List<HeadraceException>();
        foreach (
            var file in Settled(dataset).Concat(Unsettled(dataset)).Where(file => attempt.Accepted.Contains(file.Key))
        )
        {
            attempt.Found[file.Key] = true;
            switch (from.Files.GetValueOrDefault(file.Key))
            {
                case { Outcome: FileOutcome.Alias } alias:
                    said.Add(
                        $"{file.Key} is not read again: its rows came with {alias.Note}, which has the same "
                            + "content; accept that one"
                    );
                    break;
                case { Outcome: FileOutcome.Superseded } past:
                    said.Add($"{file.Key} is not read again: {past.Note}");
                    break;
                case { Outcome: FileOutcome.Loaded, LoadId: not null } known:
                    try
                    {
                        foreach (var key in ReadAgain(dataset, file, known, from, said))
                            attempt.Again[key] = from.Files[key].LoadId!;
                    }
                    catch (HeadraceException refused)
                    {
                        refusals.Add(refused);
                    }

                    break;
            }
        }

        return refusals;
    }

    /// <summary>
    /// The files that have to be read again when this one is, itself among them: none, with a sentence why, when its
    /// rows are in no table any more. Throws when what it brought before cannot be replaced.
    /// </summary>
    protected virtual IReadOnlyList<string> ReadAgain(
        Dataset dataset,
        LakeFile file,
        KnownFile known,
        Position from,
        List<string> said
    ) => [file.Key];

    /// <summary>
    /// An appended file: read again unless rows of it are in the table already. Rows of a new version are added to
    /// those of the old one.
    /// </summary>
    protected IReadOnlyList<string> AppendAgain(Dataset dataset, LakeFile file, KnownFile known) =>
        known.Rows == 0 ? [file.Key]
        : known.Stamp == file.Stamp ? throw Error.RowsNotKnown(Where(file), Target(dataset), known.Rows, Flow.Name)
        : [];

    /// <summary>Why an accepted file that was touched is not read again.</summary>
    protected static string SameAsBefore(LakeFile file) =>
        $"{file.Key} is not read again: its content is what it was, and rows of it are in the table";

    /// <summary>Loaded files that landed after this one, and itself.</summary>
    protected IReadOnlyList<string> WithLater(Dataset dataset, LakeFile file, Position from) =>
        [
            .. Settled(dataset)
                .SkipWhile(one => one.Key != file.Key)
                .Where(one =>
                    from.Files.GetValueOrDefault(one.Key) is { Outcome: FileOutcome.Loaded, LoadId: not null }
                )
                .Select(one => one.Key),
        ];
}
