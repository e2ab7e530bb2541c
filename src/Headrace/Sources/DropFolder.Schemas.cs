namespace Headrace.Sources;

/// <summary>The schema documents among the dropped files: what they change, and which rows wait for them.</summary>
public sealed partial class DropFolder
{
    private List<LakeFile> LeaveHeld(
        Dataset dataset,
        List<LakeFile> data,
        DroppedSchemas schemas,
        Position from,
        List<string> warnings
    )
    {
        // Of a document that is still being written nobody knows what it says.
        var isComing =
            from.Schema is null
            && schemas.Readable.Count == 0
            && Unsettled(dataset).Any(file => Action(file) == "schema");
        var held = data.Where(file => isComing || schemas.Holds(file, from.Schema is not null)).ToList();
        if (held.Count > 0)
            warnings.Add(
                $"{(held.Count == 1 ? "1 file waits" : $"{held.Count} files wait")} for the schema file "
                    + (
                        schemas.Unread is { } unread
                            ? $"{unread.Key}, which cannot be read"
                            : "that is still being written"
                    )
                    + ": "
                    + string.Join(", ", held.Take(5).Select(file => file.Key))
                    + (held.Count > 5 ? ", …" : "")
            );
        return [.. data.Except(held)];
    }

    // What Parquet has is known only to the engine: it fits until a load says otherwise.
    private bool HasColumns(StagedFile staged, SchemaDocument document)
    {
        if (staged.IsParquet || staged.Columns.Count == 0)
            return !staged.IsParquet;
        var declared = Flow.DeclaredColumns();
        var names = document
            .Columns.Where(column => !Flow.Makes(column.Name))
            .Select(column =>
                declared.FirstOrDefault(one => one.Name.Equals(column.Name, StringComparison.OrdinalIgnoreCase))?.From
                ?? column.Name
            );
        return staged
            .Columns.Select(column => column.Name)
            .Where(name => !Flow.Adds(name) && !Flow.Drops(name))
            .ToHashSet(StringComparer.OrdinalIgnoreCase)
            .SetEquals(names.Where(name => !Flow.Adds(name) && !Flow.Drops(name)));
    }

    private ChangeSet Changes(
        Dataset dataset,
        Position from,
        DroppedSchema newest,
        IReadOnlyList<DroppedSchema> others,
        List<FileNote> notes
    )
    {
        foreach (var other in others.Where(other => other != newest))
            notes.Add(Past(other, newest.Document, newest.File.Key));
        return new ChangeSet
        {
            Id = NewLoadId(),
            Dataset = dataset,
            Target = Target(dataset),
            Operation = Operation.Schema,
            From = from,
            Schema = (Flow.Complete(newest.Document, from.Table), newest.File, newest.Sha256),
            Format = new FileFormat(FormatKind.Jsonl),
            Rules = Rules,
            Action = "schema",
        };
    }

    // A document that is not above another one.
    private static FileNote Past(DroppedSchema schema, SchemaDocument ruling, string key) =>
        schema.Document.CompareVersion(ruling) == 0 && schema.Document.IsSame(ruling)
            ? new FileNote(schema.File, schema.Sha256, "schema", FileOutcome.Alias, key, null)
            : new FileNote(
                schema.File,
                schema.Sha256,
                "schema",
                FileOutcome.Superseded,
                $"schema_version {ruling.Version} of {key} rules",
                null
            );

    /// <summary>Reads the documents that wait; those that are past, or cannot be applied, are noted.</summary>
    private async Task<DroppedSchemas> ReadSchemasAsync(
        List<LakeFile> files,
        Position from,
        List<FileNote> notes,
        List<string> warnings,
        CancellationToken cancel
    )
    {
        var readable = new List<DroppedSchema>();
        LakeFile? unread = null;
        foreach (var file in files)
        {
            try
            {
                var (bytes, sha) = await ReadAsync(file, cancel);
                if (from.Files.GetValueOrDefault(file.Key) is { } known && known.Sha256 == sha)
                {
                    // It rules, or is past, as before.
                    notes.Add(new FileNote(file, sha, "schema", known.Outcome, null, null));
                    continue;
                }

                var schema = new DroppedSchema(file, SchemaDocument.Parse(bytes, Where(file)), sha);
                if (from.Schema is { } ruling && schema.IsPast(ruling.Document, ruling.LandedAt))
                {
                    notes.Add(Past(schema, ruling.Document, ruling.Key));
                    if (notes[^1].Outcome == FileOutcome.Superseded)
                        warnings.Add(
                            $"{file.Key} has schema_version {schema.Document.Version}, and "
                                + $"{ruling.Document.Version} rules already; it is not applied"
                        );
                }
                else if (from.Schema is { } current && !current.Document.Allows("schema"))
                {
                    throw Error.ActionNotAllowed(Where(file), "schema", current.Document);
                }
                else
                {
                    readable.Add(schema);
                }
            }
            catch (HeadraceException error) when (error is { Kind: not ErrorKind.StoreFailed, IsTransient: true })
            {
                warnings.Add($"{file.Key} changed while it was read; the next run looks again");
                unread ??= file;
            }
            catch (HeadraceException error) when (error.Kind != ErrorKind.StoreFailed)
            {
                notes.Add(Refuse(file, "", "schema", error));
                if (error.Kind != ErrorKind.ActionNotAllowed)
                    unread ??= from.Schema is { } ruling && file.LandedAt < ruling.LandedAt ? null : file;
            }
        }

        // A document that landed after one that cannot be read says how the table is, whatever that one would have
        // said.
        return new DroppedSchemas(readable, unread);
    }
}
