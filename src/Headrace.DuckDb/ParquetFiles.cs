namespace Headrace.DuckDb;

/// <summary>What DuckDB says of staged Parquet files.</summary>
internal sealed class ParquetFiles(DuckDbConnection db, CancellationToken cancel)
{
    /// <summary>Files that cannot be read to their end, each refused; asked after a load met one of them.</summary>
    /// <param name="isMended">True when a file can be read now that could not be read before, though with rows that are
    /// bad.</param>
    public List<FileNote> Broken(ChangeSet changes, out bool isMended)
    {
        isMended = false;
        var broken = new List<FileNote>();
        foreach (var file in changes.Files.Where(file => file.IsParquet))
        {
            var hadBytes = file.Parquet is { HasBytes: true };
            if (Fault(file) is { } refusal)
                broken.Add(
                    new FileNote(file.File, file.Sha256, changes.Action, FileOutcome.Refused, refusal.What, refusal)
                );
            isMended |= !hadBytes && file.Parquet is { HasBytes: true };
        }

        return broken;
    }

    /// <summary>
    /// Why a file cannot be read to its end; null when it can. Texts that are not UTF-8 are bad rows, and no reason.
    /// </summary>
    public HeadraceException? Fault(StagedFile file)
    {
        try
        {
            db.Scalar<long>(
                $"SELECT count(hash(file)) FROM read_parquet({Sql.Literal(file.Segments[0])}) AS file",
                cancel
            );
            return null;
        }
        catch (DuckDbException error)
            when (error.Message.Contains("Invalid string encoding", StringComparison.Ordinal)
                && file.Parquet is { } schema
                && schema.ReadBytes()
            )
        {
            return Fault(file);
        }
        catch (DuckDbException error) when (error.Kind is not DuckDbErrorKind.OutOfMemory)
        {
            return Unreadable(file, error);
        }
    }

    /// <summary>
    /// The columns of a Parquet file, of which nested ones are taken as JSON.
    /// </summary>
    /// <exception cref="HeadraceException">HDR-108, HDR-121.</exception>
    public List<StagedColumn> Columns(StagedFile file)
    {
        try
        {
            return [.. Described(file), .. file.Added];
        }
        catch (DuckDbException error) when (error.Kind is not DuckDbErrorKind.OutOfMemory)
        {
            throw Unreadable(file, error);
        }
    }

    private List<StagedColumn> Described(StagedFile file)
    {
        var found = new List<(string Name, string Type)>();
        using (
            var reader = db.Query(
                $"""
                SELECT column_name, column_type
                FROM (DESCRIBE SELECT * FROM read_parquet({Sql.Literal(file.Segments[0])}))
                """,
                cancel
            )
        )
            while (reader.Read())
                found.Add((reader.GetString(0), reader.GetString(1)));
        var reading = new ParquetReading(db, file.Segments[0], cancel);
        return
        [
            .. found.Select(column =>
            {
                var (name, type) = column;
                if (name.Equals("file_row_number", StringComparison.OrdinalIgnoreCase))
                    throw Error.ColumnNameTaken(file.File.Key, name);
                if (file.Parquet?.Columns.GetValueOrDefault(name) is { } raw)
                    return reading.Of(name, type, raw);
                var isNested =
                    type.EndsWith(']')
                    || type.StartsWith("STRUCT", StringComparison.Ordinal)
                    || type.StartsWith("MAP", StringComparison.Ordinal);
                return new StagedColumn(name, IsJson: isNested, ParquetType: type);
            }),
        ];
    }

    // The engine names the copy in the spool, which says nothing to anybody.
    private static HeadraceException Unreadable(StagedFile file, DuckDbException error) =>
        // It may tell the value that it met.
        file.Masks.Count > 0
            ? Error.Corrupt(file.File.Key, "The Parquet data cannot be read")
            : Error.Corrupt(
                file.File.Key,
                "The Parquet data cannot be read",
                inner: error,
                found: error.Message.Split('\n')[0].Replace(file.Segments[0], file.File.Key, StringComparison.Ordinal)
            );
}
