namespace Headrace.Warehouses;

/// <summary>Makes the table that a schema document describes, or fits the one that is there to it; no rows.</summary>
internal sealed class SchemaStrategy(OpenLoad load) : WriteStrategy(load)
{
    public override async Task<LoadResult> ApplyAsync(TargetTable? table)
    {
        var (document, file, sha256) = Changes.Schema!.Value;
        try
        {
            // What the rows hold must not change between the look at them and the statement.
            if (!IsPlan && table is not null)
                table = await ChangeTableAsync(table, []);
            var ddl = await Ddl(table).EvolveAsync(document, file.Key);
            if (!IsPlan)
                await ChangeTableAsync(table, ddl);
            Failpoint.Hit("table_ready");
            if (!IsPlan)
                await Store.AddAsync(Changes, document, file, sha256);
            Writer.Batch.Files.Add(
                FileRow.Of(file, sha256, "schema", FileOutcome.Loaded) with
                {
                    SchemaVersion = document.Version,
                }
            );
            var position = Changes.From.After(Changes, [], document.Columns) with
            {
                PlannedRows = IsPlan && Changes.From.Table is null ? 0 : null,
            };
            return new LoadResult { Ddl = [.. ddl.Select(Dialect.Shown)], Position = position };
        }
        catch (HeadraceException error) when (!error.IsTransient)
        {
            return new LoadResult
            {
                IsCommitted = false,
                Refused = [new FileNote(file, sha256, "schema", FileOutcome.Refused, error.What, error)],
                Position = Changes.From,
            };
        }
    }
}
