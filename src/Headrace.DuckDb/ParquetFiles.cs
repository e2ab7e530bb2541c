namespace Headrace.DuckDb;

/// <summary>What DuckDB says of staged Parquet files.</summary>
internal sealed class ParquetFiles(DuckDbConnection db, CancellationToken cancel)
{
    /// <summary>Files that cannot be read to their end, each refused; asked after a load met one of them.</summary>
    public List<FileNote> Broken(ChangeSet changes)
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

    /// <summary>The columns of a Parquet file; nested ones are taken as JSON.</summary>
    public List<StagedColumn> Columns(StagedFile file)
    {
        var columns = new List<StagedColumn>();
        using var reader = db.Query(
            $"SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet({Sql.Literal(file.Segments[0])}))", cancel);
        while (reader.Read())
        {
            if (reader.GetString(0).Equals("file_row_number", StringComparison.OrdinalIgnoreCase))
                throw Error.ColumnNameTaken(file.File.Key, reader.GetString(0));
            var type = reader.GetString(1);
            var isNested = type.EndsWith(']') || type.StartsWith("STRUCT", StringComparison.Ordinal) || type.StartsWith("MAP", StringComparison.Ordinal);
            columns.Add(new StagedColumn(reader.GetString(0), IsJson: isNested, ParquetType: type));
        }

        return columns;
    }
}
