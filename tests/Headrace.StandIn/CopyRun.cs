using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;

namespace Headrace.StandIn;

/// <summary>Runs one COPY: reads the files, feeds PostgreSQL within the client's transaction.</summary>
public sealed partial class CopyRun(Session session, CopyCommand copy)
{
    private const int ChunkSize = 64 * 1024;
    private readonly List<LoadErrorRow> errors = [];
    private readonly List<(string File, long Line)> origins = [];
    private readonly StringBuilder chunk = new();
    private long rows;

    [GeneratedRegex(@"^COPY .*?, line (\d+)(?:, column ([^:]+))?", RegexOptions.Multiline)]
    private static partial Regex Where();

    public async Task<string> RunAsync()
    {
        var store = session.StandIn.Store;
        session.StandIn.CheckRole(copy.IamRole!);
        var columnar = copy.Format is "parquet" or "orc";
        var files = copy.Manifest
            ? await Manifest.ReadAsync(store, copy.From, columnar)
            : await store.ListAsync(copy.From);
        if (files.Count == 0)
            throw new Refusal("XX000", $"The specified S3 prefix '{copy.From}' does not exist");
        if (copy.Format != "csv")
            throw Refusal.NotPlayed($"COPY of {copy.Format.ToUpperInvariant()}");
        var columns = await ColumnsAsync(session.Server, copy.Table, copy.Columns);
        await session.Server.BeginCopyAsync(
            $"COPY {copy.Table.Sql} ("
                + $"{string.Join(", ", columns.Select(column => Relation.Quote(column.Name)))}) FROM STDIN"
        );
        try
        {
            foreach (var file in files)
                await FileAsync(file, columns);
            await SendAsync();
        }
        catch (Exception failed) when (failed is Refusal or LoadError or InvalidDataException or IOException)
        {
            await session.Server.EndCopyAsync(Message.CopyFail("the stand-in found an error"));
            await KeepErrorsAsync();
            throw failed as Refusal
                ?? (
                    failed is LoadError
                        ? Refusal.Load(copy.Table.Name)
                        : Refusal.Internal(9, $"S3 file cannot be read: {failed.Message}")
                );
        }

        var answer = await session.Server.EndCopyAsync(Message.CopyDone);
        if (answer.Type == 'E')
        {
            await ServerErrorAsync(answer);
            throw new Refused(answer);
        }

        await KeepErrorsAsync();
        await session.Server.RunAsync(
            $"""
            SELECT set_config('standin.copy_id', '{session.StandIn.NextQuery()}', false),
            set_config('standin.copy_count', '{rows}', false)
            """
        );
        await session.TellAsync(
            Message.Info($"Load into table '{copy.Table.Name}' completed, {rows} record(s) loaded successfully.")
        );
        return "COPY";
    }

    /// <summary>The columns of a table that are named, or all of them.</summary>
    public static async Task<List<CopyColumn>> ColumnsAsync(Server server, Relation table, IReadOnlyList<string> names)
    {
        var found = await server.RunAsync(
            $"""
            SELECT a.attname, CASE WHEN t.typname IN ('super', 'varbyte') THEN t.typname::text
                ELSE format_type(a.atttypid, NULL) END,
                   coalesce(substring(c.conname::text from 'standin_bytes_([0-9]+)_'), CASE WHEN a.atttypmod > 4
                       AND t.typname IN ('varchar', 'bpchar') THEN (a.atttypmod - 4)::text END, '65535'),
                   CASE WHEN t.typname = 'numeric' AND a.atttypmod > 0 THEN (((a.atttypmod - 4) >> 16) & 65535)::text
                       ELSE '38' END,
                   CASE WHEN t.typname = 'numeric' AND a.atttypmod > 0 THEN ((a.atttypmod - 4) & 65535)::text
                       ELSE '0' END,
                   (a.attnotnull)::text, c.conname
            FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
            LEFT JOIN pg_catalog.pg_constraint AS c ON c.conrelid = a.attrelid AND c.conkey = ARRAY[a.attnum]
                AND c.conname LIKE 'standin!_bytes!_%' ESCAPE '!'
            WHERE a.attrelid = {Relation.Literal(table.Sql)}::regclass AND a.attnum > 0 AND NOT a.attisdropped
                ORDER BY a.attnum
            """
        );
        var all = found
            .Select(row => new CopyColumn(
                row[0]!,
                row[1]!,
                Number(row[2]),
                (int)Number(row[3]),
                (int)Number(row[4]),
                row[5] == "true"
            )
            {
                Check = row[6],
            })
            .ToList();
        return names.Count == 0
            ? all
            :
            [
                .. names.Select(name =>
                    all.Find(column => column.Name == name)
                    ?? throw new Refusal("42703", $"column \"{name}\" of relation \"{table.Name}\" does not exist")
                ),
            ];

        static long Number(string? text) => long.Parse(text!, CultureInfo.InvariantCulture);
    }

    private async Task FileAsync(string file, List<CopyColumn> columns)
    {
        var opened =
            await session.StandIn.Store.OpenAsync(file)
            ?? throw new Refusal("XX000", $"The specified key does not exist: {file}");
        await using var raw = opened.Content;
        await using var content = copy.Gzip ? new GZipStream(raw, CompressionMode.Decompress) : raw;
        var records = new CsvRecords(content, (byte)copy.Delimiter, (byte)copy.Quote);
        var values = new string?[columns.Count];
        var header = copy.IgnoreHeader;
        while (true)
        {
            try
            {
                if (!await records.NextAsync())
                    return;
                if (header-- > 0 || (records.Blank && copy.IgnoreBlankLines))
                    continue;
                if (session.Cancelled)
                    throw new Refusal("57014", "Query cancelled on user's request");
                if (records.Fields != columns.Count)
                    throw records.Fields > columns.Count
                        ? new LoadError(1202, "Extra column(s) found")
                        : new LoadError(1203, "Delimiter not found");
                for (var i = 0; i < columns.Count; i++)
                    values[i] = columns[i].Value(records[i], copy);
            }
            catch (LoadError bad)
            {
                var column = columns.Find(column => column.Name == bad.Column);
                errors.Add(
                    new LoadErrorRow(
                        file,
                        records.Line,
                        bad.Column ?? "",
                        column?.Type ?? "",
                        column?.Bytes ?? 0,
                        bad.Code,
                        bad.Message,
                        Encoding.UTF8.GetString(records.Whole)
                    )
                );
                if (errors.Count > copy.MaxError || bad.Code == 1212)
                    throw;
                continue;
            }

            rows++;
            if (copy.NoLoad)
                continue;
            origins.Add((file, records.Line));
            for (var i = 0; i < values.Length; i++)
                (i > 0 ? chunk.Append('\t') : chunk).Append(values[i] is { } value ? Escape(value) : @"\N");
            chunk.Append('\n');
            if (chunk.Length > ChunkSize)
                await SendAsync();
        }
    }

    private async Task SendAsync()
    {
        if (chunk.Length > 0)
            await session.Server.CopyAsync(Encoding.UTF8.GetBytes(chunk.ToString()));
        chunk.Clear();
    }

    private static string Escape(string value) =>
        value.AsSpan().ContainsAny("\\\t\n\r")
            ? value
                .Replace(@"\", @"\\", StringComparison.Ordinal)
                .Replace("\t", @"\t", StringComparison.Ordinal)
                .Replace("\n", @"\n", StringComparison.Ordinal)
                .Replace("\r", @"\r", StringComparison.Ordinal)
            : value;

    // A value that PostgreSQL itself refused: find the file and line it came from.
    private async Task ServerErrorAsync(Message error)
    {
        var fields = error.Fields();
        if (
            !Where().Match(fields.GetValueOrDefault('W', "")).Success
            || fields.GetValueOrDefault('C') is not { Length: 5 } code
            || code[..2] is not ("22" or "23")
        )
            return;
        var where = Where().Match(fields['W']);
        var origin = origins[
            (int)Math.Min(long.Parse(where.Groups[1].Value, CultureInfo.InvariantCulture), origins.Count) - 1
        ];
        errors.Add(new LoadErrorRow(origin.File, origin.Line, where.Groups[2].Value, "", 0, 1206, fields['M'], ""));
        await KeepErrorsAsync();
        throw Refusal.Load(copy.Table.Name);
    }

    private async Task KeepErrorsAsync()
    {
        if (errors.Count > 0)
            await session.StandIn.KeepAsync(session.Database, copy.Table.Name, errors);
        errors.Clear();
    }
}

/// <summary>A row of the error tables.</summary>
public sealed record LoadErrorRow(
    string File,
    long Line,
    string Column,
    string Type,
    long Length,
    int Code,
    string Reason,
    string Raw
);
