namespace Headrace.DuckDb;

/// <summary>Finds the Parquet files of a change set that cannot be read to their end, after a load met one of them.</summary>
internal sealed class BrokenParquet(DuckDbConnection db, CancellationToken cancel)
{
    /// <summary>The broken files, each refused with what DuckDB says of it; the others are not to be held up by them.</summary>
    public List<FileNote> Of(ChangeSet changes)
    {
        var broken = new List<FileNote>();
        foreach (var file in changes.Files.Where(file => file.IsParquet))
        {
            try
            {
                db.Scalar<long>($"SELECT count(hash(file)) FROM read_parquet({Sql.Literal(file.Segments[0])}) AS file", cancel);
            }
            catch (DuckDbException error) when (error.Kind is not DuckDbErrorKind.OutOfMemory)
            {
                var refusal = Error.Corrupt(file.File.Key, "The Parquet data cannot be read", found: error.Message.Split('\n')[0], inner: error);
                broken.Add(new FileNote(file.File, file.Sha256, changes.Action, FileFate.Refused, refusal.What, refusal));
            }
        }

        return broken;
    }
}
