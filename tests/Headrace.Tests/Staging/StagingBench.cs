using System.IO.Compression;
using System.Text;
using Headrace.Lake;
using Headrace.Staging;
using Xunit;

namespace Headrace.Tests.Staging;

/// <summary>
/// A lake and a spool in a folder of their own, and a reader of segments that knows nothing of how they are written.
/// </summary>
public sealed class StagingBench : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("headrace-").FullName;

    public StagingBench()
    {
        Directory.CreateDirectory(LakeFolder);
        Directory.CreateDirectory(Spool);
        Lake = new FolderStore(LakeFolder);
    }

    public string LakeFolder => Path.Combine(folder, "lake");

    public string Spool => Path.Combine(folder, "spool");

    public FolderStore Lake { get; }

    public FileLimits Limits { get; set; } = new();

    public long SegmentBytes { get; set; } = 32 << 20;

    public static readonly FileFormat Csv = new(FormatKind.Csv);
    public static readonly FileFormat Json = new(FormatKind.Jsonl);
    public static readonly FileFormat Parquet = new(FormatKind.Parquet);

    public static FileFormat Dialect(Func<CsvDialect, CsvDialect> change) =>
        new(FormatKind.Csv, change(new CsvDialect()));

    public async Task<LakeFile> Write(string key, byte[] bytes)
    {
        await File.WriteAllBytesAsync(Path.Combine(LakeFolder, key), bytes);
        return (await Lake.ListAsync(PathPattern.Parse(key), (_, _) => { }, default)).Single();
    }

    public async Task<Staged> Stage(byte[] bytes, FileFormat? format = null, params string[] declared)
    {
        var file = await Write("file", bytes);
        var staged = await new Stager(Spool, Limits) { SegmentBytes = SegmentBytes }.StageAsync(
            Lake,
            file,
            format ?? Csv,
            declared.Length > 0 ? declared : null,
            TestContext.Current.CancellationToken
        );
        return new Staged(
            staged,
            [.. staged.Segments.SelectMany(ReadSegment)],
            staged.Rejects is null ? [] : ReadSegment(staged.Rejects)
        );
    }

    public Task<Staged> Stage(string text, FileFormat? format = null, params string[] declared) =>
        Stage(Encoding.UTF8.GetBytes(text), format, declared);

    /// <summary>The error of a refused file, after asserting that nothing of it is left in the spool.</summary>
    public async Task<HeadraceException> Refuses(byte[] bytes, FileFormat? format = null, params string[] declared)
    {
        var before = Directory.GetFileSystemEntries(Spool, "*", SearchOption.AllDirectories).Length;
        var error = await Assert.ThrowsAsync<HeadraceException>(() => Stage(bytes, format, declared));
        Assert.Equal(before, Directory.GetFileSystemEntries(Spool, "*", SearchOption.AllDirectories).Length);
        Assert.Contains(error.Facts, fact => fact.Name == "source" && fact.Value == $"{LakeFolder}/file");
        return error;
    }

    public Task<HeadraceException> Refuses(string text, FileFormat? format = null, params string[] declared) =>
        Refuses(Encoding.UTF8.GetBytes(text), format, declared);

    public void EmptySpool()
    {
        foreach (var staged in Directory.EnumerateDirectories(Spool))
            Directory.Delete(staged, recursive: true);
    }

    public static byte[] Gzip(byte[] bytes)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal))
            gzip.Write(bytes);
        return compressed.ToArray();
    }

    public static byte[] Gzip(string text) => Gzip(Encoding.UTF8.GetBytes(text));

    /// <summary>Character by character, the form that StagedFile documents; null is NULL.</summary>
    private static List<string?[]> ReadSegment(string path)
    {
        var text = new UTF8Encoding(false, true).GetString(File.ReadAllBytes(path));
        var records = new List<string?[]>();
        var record = new List<string?>();
        for (var i = 0; i < text.Length; )
        {
            string? value;
            if (text[i] == '"')
            {
                var quoted = new StringBuilder();
                for (i++; ; i++)
                {
                    if (text[i] == '"' && text[i + 1] == '"')
                        i++;
                    else if (text[i] == '"')
                        break;
                    quoted.Append(text[i]);
                }

                i++;
                value = quoted.ToString();
            }
            else
            {
                var start = i;
                while (text[i] is not (',' or '\n'))
                    Assert.NotEqual('"', text[i++]);
                value = i == start ? null : text[start..i];
            }

            record.Add(value);
            Assert.True(text[i] is ',' or '\n', "a field ends at a comma or a line end");
            if (text[i++] == '\n')
            {
                records.Add([.. record]);
                record.Clear();
            }
        }

        Assert.Empty(record);
        return records;
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}

/// <summary>A staged file and what its segments hold; each record starts with its line.</summary>
public sealed record Staged(StagedFile File, List<string?[]> Rows, List<string?[]> Rejects)
{
    public string Columns => string.Join(' ', File.Columns.Select(column => column.Name));

    /// <summary>All records in one line, NULL as ∅.</summary>
    public string Text => string.Join(" | ", Rows.Select(row => string.Join(',', row.Select(value => value ?? "∅"))));

    public string RejectText => string.Join(" | ", Rejects.Select(reject => $"{reject[0]}: {reject[1]}"));
}
