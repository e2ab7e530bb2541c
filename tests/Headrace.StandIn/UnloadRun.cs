using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Headrace.StandIn;

/// <summary>Runs one UNLOAD: takes the rows from PostgreSQL, writes files as two slices would.</summary>
public sealed class UnloadRun(Session session, UnloadCommand unload)
{
    private const int Bytea = 17;
    private readonly List<Part> finished = [];

    public async Task<string> RunAsync()
    {
        var store = session.StandIn.Store;
        session.StandIn.CheckRole(unload.IamRole!);
        var found = await store.ListAsync(unload.To);
        if (unload.CleanPath)
            foreach (var url in found)
                await store.DeleteAsync(url);
        else if (found.Count > 0 && !unload.AllowOverwrite)
            throw new Refusal(
                "XX000",
                "Specified unload destination on S3 is not empty. Consider using a different bucket / "
                    + "prefix, manually removing the target files in S3, or using the ALLOWOVERWRITE option.",
                unload.To
            );
        var columns = await session.Server.DescribeAsync(unload.Query);
        var slices = unload.Parallel ? new Part?[2] : new Part?[1];
        var (rows, failure) = (0L, (Exception?)null);
        await session.Server.CopyOutAsync(
            $"COPY ({unload.Query}) TO STDOUT",
            line =>
            {
                var slice = rows++ % slices.Length;
                var part = slices[slice] ??= new Part(
                    slice,
                    finished.Count(done => done.Slice == slice),
                    Head(columns)
                );
                part.Write(Record(line, columns));
                if (session.Cancelled)
                    failure ??= new Refusal("57014", "Query cancelled on user's request");
                if (part.Length < unload.MaxFileSize)
                    return;
                finished.Add(part);
                slices[slice] = null;
            }
        );
        if (failure is not null)
            throw failure;
        finished.AddRange(slices.OfType<Part>());
        if (finished.Count == 0)
            finished.Add(new Part(0, 0, Head(columns)));
        foreach (var part in finished)
            await store.PutAsync(unload.To + Name(part), part.Seal(unload.Gzip));
        if (unload.Manifest)
            await store.PutAsync($"{unload.To}manifest", ManifestJson(columns));
        await session.Server.RunAsync($"SELECT set_config('standin.unload_count', '{rows}', false)");
        await session.TellAsync(Message.Info($"UNLOAD completed, {rows} record(s) unloaded successfully."));
        return "UNLOAD";
    }

    private string Name(Part part) =>
        (unload.Parallel ? $"{part.Slice:D4}_part_{part.Number:D2}" : $"{part.Number:D3}") + (unload.Gzip ? ".gz" : "");

    private string Head(List<(string Name, int Type)> columns) =>
        unload.Header ? string.Join(unload.Delimiter, columns.Select(column => Quoted(column.Name))) + "\n" : "";

    // A NULL and an empty text look alike, unless NULL AS says otherwise.
    private string Record(byte[] line, List<(string Name, int Type)> columns)
    {
        var fields = Encoding.UTF8.GetString(line).TrimEnd('\n').Split('\t');
        for (var i = 0; i < columns.Count; i++)
            fields[i] =
                fields[i] == @"\N"
                    ? unload.Null
                    : Quoted(columns[i].Type == Bytea ? Decoded(fields[i])[2..] : Decoded(fields[i]));
        return string.Join(unload.Delimiter, fields) + "\n";
    }

    private string Quoted(string text) =>
        text.AsSpan().ContainsAny([unload.Delimiter, '"', '\n', '\r'])
            ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
            : text;

    private static string Decoded(string field)
    {
        if (!field.Contains('\\', StringComparison.Ordinal))
            return field;
        var text = new StringBuilder();
        for (var i = 0; i < field.Length; i++)
            text.Append(
                field[i] != '\\'
                    ? field[i]
                    : field[++i] switch
                    {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        'b' => '\b',
                        'f' => '\f',
                        'v' => '\v',
                        var other => other,
                    }
            );
        return text.ToString();
    }

    private byte[] ManifestJson(List<(string Name, int Type)> columns)
    {
        var entries = finished.Select(part =>
            unload.Verbose
                ? (object)
                    new
                    {
                        url = unload.To + Name(part),
                        meta = new { content_length = part.Sealed, record_count = part.Records },
                    }
                : new { url = unload.To + Name(part) }
        );
        return JsonSerializer.SerializeToUtf8Bytes(
            unload.Verbose
                ? new
                {
                    entries,
                    schema = new
                    {
                        elements = columns.Select(column => new
                        {
                            name = column.Name,
                            type = new { @base = TypeNames.GetValueOrDefault(column.Type, "character varying") },
                        }),
                    },
                    meta = new
                    {
                        content_length = finished.Sum(part => part.Sealed),
                        record_count = finished.Sum(part => part.Records),
                    },
                    author = new { name = "Amazon Redshift", version = "1.0.0" },
                }
                : (object)new { entries }
        );
    }

    private static readonly Dictionary<int, string> TypeNames = new()
    {
        [16] = "boolean",
        [17] = "binary varying",
        [20] = "bigint",
        [21] = "smallint",
        [23] = "integer",
        [700] = "real",
        [701] = "double precision",
        [1042] = "character",
        [1082] = "date",
        [1083] = "time without time zone",
        [1114] = "timestamp without time zone",
        [1184] = "timestamp with time zone",
        [1266] = "time with time zone",
        [1700] = "numeric",
        [3802] = "super",
    };

    /// <summary>One file of one slice.</summary>
    private sealed class Part
    {
        // .NET writes nothing at all for no bytes.
        private static readonly byte[] EmptyGzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        private readonly MemoryStream content = new();

        public Part(int slice, int number, string head)
        {
            (Slice, Number) = (slice, number);
            if (head.Length > 0)
                Write(head);
        }

        public Part(long slice, int number, string head)
            : this((int)slice, number, head) { }

        public int Slice { get; }

        public int Number { get; }

        public long Length => content.Length;

        /// <summary>Header lines count.</summary>
        public long Records { get; private set; }

        /// <summary>Bytes as written.</summary>
        public long Sealed { get; private set; }

        public void Write(string record)
        {
            content.Write(Encoding.UTF8.GetBytes(record));
            Records++;
        }

        public byte[] Seal(bool gzip)
        {
            using var packed = new MemoryStream();
            if (gzip)
                using (var zip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
                    zip.Write(content.ToArray());
            if (gzip && packed.Length == 0)
                packed.Write(EmptyGzip);
            var bytes = gzip ? packed.ToArray() : content.ToArray();
            Sealed = bytes.Length;
            return bytes;
        }
    }
}
