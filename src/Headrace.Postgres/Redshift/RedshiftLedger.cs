using Headrace.DuckDb;
using Npgsql;

namespace Headrace.Postgres.Redshift;

/// <summary>Writes <c>headrace.files</c>, <c>loads</c>, <c>schemas</c> and <c>published</c>, in the transaction that is open and has the position locked.</summary>
internal sealed class RedshiftLedger(NpgsqlConnection db, TimeProvider clock, CancellationToken cancel)
{
    // Of about a kilobyte each; a statement may have 16 MB.
    private const int RowsOfStatement = 500;

    private bool hasNotes;

    /// <summary>Files from which no rows were loaded. A note that says nothing is of known content, which only gets its new stamp.</summary>
    public async Task WriteAsync(Dataset dataset, TableName target, IReadOnlyList<FileNote> notes)
    {
        var touched = notes.Where(IsTouched).Select(note => FileLedger.Row(note.File, note.Sha256, note.Action, note.Fate)).ToList();
        if (touched.Count > 0)
        {
            await NoteAsync(touched);
            await db.ExecuteAsync(RedshiftSql.TouchFiles(dataset), cancel);
        }

        await InsertAsync(dataset, target, [.. notes.Where(note => !IsTouched(note))
            .Select(note => FileLedger.Row(note.File, note.Sha256, note.Action, note.Fate) with
            {
                Note = note.Note,
                ErrorCode = note.Error?.Code,
                Version = note.Version,
                Parts = note.Version is null ? null : notes.Count(other => other.Version == note.Version),
            })], null);
    }

    /// <summary>Files whose rows (or schema) this transaction loads.</summary>
    public Task LoadedAsync(Dataset dataset, TableName target, IReadOnlyList<FileRow> rows, string loadId) => InsertAsync(dataset, target, rows, loadId);

    public Task<long> AddAsync(Publication publication) => db.ExecuteAsync(RedshiftSql.InsertPublication(publication, clock.GetUtcNow()), cancel);

    public Task<long> AddAsync(ChangeSet changes, LoadAttempt attempt, LoadResult result, long files) =>
        db.ExecuteAsync(RedshiftSql.InsertLoad(changes, attempt, result, files, clock.GetUtcNow()), cancel);

    public Task<long> AddAsync(ChangeSet changes, SchemaDocument document, LakeFile file, string sha256) =>
        db.ExecuteAsync(RedshiftSql.InsertSchema(changes, document, file, sha256, clock.GetUtcNow()), cancel);

    private static bool IsTouched(FileNote note) => note.Error is null && note.Note is null;

    private async Task InsertAsync(Dataset dataset, TableName target, IReadOnlyList<FileRow> rows, string? loadId)
    {
        if (rows.Count == 0)
            return;
        await NoteAsync(rows);

        // A refused version is no history of rows: what counts is what became of it. The same refusal keeps its first row.
        await db.ExecuteAsync(RedshiftSql.DropRefused(dataset), cancel);
        await db.ExecuteAsync(RedshiftSql.InsertFiles(dataset, target, loadId, clock.GetUtcNow(), await db.ScalarAsync<long>(RedshiftSql.LastSequence(dataset), cancel)), cancel);
    }

    private async Task NoteAsync(IReadOnlyList<FileRow> rows)
    {
        await db.ExecuteAsync(hasNotes ? RedshiftSql.ClearNotes : RedshiftSql.CreateNotes, cancel);
        hasNotes = true;
        for (var i = 0; i < rows.Count; i += RowsOfStatement)
            await db.ExecuteAsync(RedshiftSql.InsertNotes(rows.Skip(i).Take(RowsOfStatement), i + 1), cancel);
    }
}
