using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using Headrace.Cli;
using Headrace.DuckDb;
using Xunit;

namespace Headrace.Tests;

/// <summary>
/// A project in a folder of its own: a lake, a DuckDB warehouse, the command line. Gone when it is disposed.
/// </summary>
public sealed class World : IDisposable
{
    private const string Connections = """
        version: 1
        threads: 1
        connections:
          lake: LAKE
          warehouse: { type: duckdb, path: ./warehouse.duckdb, blocks: small }
        defaults:
          target: { connection: warehouse, schema: raw }
        flows:

        """;

    // ./test sets it to the native code that users run.
    private static readonly string Program =
        Environment.GetEnvironmentVariable("HEADRACE_TESTED") ?? Path.Combine(AppContext.BaseDirectory, "Headrace.Cli");

    private static readonly System.Collections.Concurrent.ConcurrentBag<DuckDbDatabase> Databases = [];

    public World(string? folder = null)
    {
        Folder = folder ?? Directory.CreateTempSubdirectory("headrace-").FullName;
        Directory.CreateDirectory(Lake);
    }

    public string Folder { get; }

    public string Lake => Path.Combine(Folder, "lake");

    /// <summary>The connection <c>lake</c> as headrace.yaml has it.</summary>
    public string LakeYaml { get; private set; } = "{ type: folder, path: ./lake }";

    /// <summary>Where the files of the lake's folder are before each run; null for the folder itself.</summary>
    public StandIn.TestBucket? Bucket { get; private set; }

    /// <summary>Has the lake in a bucket: what is put into its folder is there before each run.</summary>
    public async Task InBucket(StandIn.S3Server s3)
    {
        Bucket = await s3.BucketAsync();
        LakeYaml = Bucket.Yaml;
    }

    public string Warehouse => Path.Combine(Folder, "warehouse.duckdb");

    /// <summary>Writes headrace.yaml: a lake, a warehouse, the schema raw as default, and these flows.</summary>
    public World Flows(string flows)
    {
        var indented = string.Join('\n', flows.Split('\n').Select(line => line.Length == 0 ? line : "  " + line));
        return Configuration(Connections.Replace("LAKE", LakeYaml, StringComparison.Ordinal) + indented + "\n");
    }

    /// <summary>Writes headrace.yaml whole.</summary>
    public World Configuration(string yaml)
    {
        File.WriteAllText(Path.Combine(Folder, "headrace.yaml"), yaml);
        return this;
    }

    /// <summary>
    /// Drops a file as a careful sender does: a hidden name first, then renamed. It landed long enough ago to be
    /// settled.
    /// </summary>
    public World Put(string key, string text, bool gzip = false, double landedSecondsAgo = 3600) =>
        Put(key, Encoding.UTF8.GetBytes(text), gzip, landedSecondsAgo);

    /// <inheritdoc cref="Put(string, string, bool, double)"/>
    public World Put(string key, byte[] bytes, bool gzip = false, double landedSecondsAgo = 3600)
    {
        var path = PathOf(key);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var hidden = Path.Combine(Lake, $".{Guid.NewGuid():N}");
        File.WriteAllBytes(hidden, gzip ? Gzip(bytes) : bytes);
        File.SetLastWriteTimeUtc(hidden, DateTime.UtcNow.AddSeconds(-landedSecondsAgo));
        File.Move(hidden, path, overwrite: true);
        return this;
    }

    /// <summary>Drops a Parquet file with the rows of a query.</summary>
    public World PutParquet(string key, string sql, double landedSecondsAgo = 3600)
    {
        var path = Path.Combine(Folder, $"{Guid.NewGuid():N}.parquet");
        Beside(db => db.Execute($"COPY ({sql}) TO {Sql.Literal(path)} (FORMAT parquet)", CancellationToken.None));
        Put(key, File.ReadAllBytes(path), landedSecondsAgo: landedSecondsAgo);
        File.Delete(path);
        return this;
    }

    public void Remove(string key) => File.Delete(PathOf(key));

    public string PathOf(string key) => $"{Lake}/{key}";

    /// <summary>Runs the command line in this process.</summary>
    public async Task<Answer> Run(params string[] args)
    {
        if (Bucket is not null)
            await Bucket.MirrorAsync(Lake);
        using var output = new StringWriter();
        using var messages = new StringWriter();
        var exit = await CommandLine.RunAsync(["-C", Folder, .. args], output, messages);
        return new Answer(exit, output.ToString(), messages.ToString());
    }

    /// <summary>
    /// Runs and expects that nothing went wrong but that rows were set aside, all of a file's too; says what did.
    /// </summary>
    public async Task<Answer> Load(params string[] flows)
    {
        var answer = await Run(["run", "--json", "-v", .. flows]);
        Assert.True(
            answer.Exit == 0 || (answer.Exit is 3 or 4 && answer.Runs.All(run => run.Error is null or "HDR-117")),
            $"exit {answer.Exit}\n{answer.Output}\n{answer.Messages}"
        );
        return answer;
    }

    /// <summary>Runs the command line in a process of its own, to its end.</summary>
    public async Task<Answer> RunProcess(IReadOnlyDictionary<string, string> environment, params string[] args)
    {
        using var child = Start(environment, args);
        return await child.Ended();
    }

    /// <summary>Starts the command line in a process of its own.</summary>
    public Child Start(IReadOnlyDictionary<string, string> environment, params string[] args)
    {
        Bucket?.MirrorAsync(Lake).GetAwaiter().GetResult();
        return Start(Program, ["-C", Folder, .. args], environment);
    }

    /// <summary>Starts any program; <c>{program}</c> among the arguments is not replaced.</summary>
    public static Child Start(string program, IEnumerable<string> args, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, args) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment.Remove("LD_PRELOAD"); // ./test speaks of its own process
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return new Child(Process.Start(start)!);
    }

    /// <summary>The words with which a shell would run the command line on this project.</summary>
    public string[] Words(params string[] args) => [Program, "-C", Folder, .. args];

    /// <summary>The environment that arms a failpoint.</summary>
    public static Dictionary<string, string> At(string failpoint, string action, int hit = 1) =>
        new() { ["HEADRACE_ALLOW_FAILPOINTS"] = "1", ["HEADRACE_FAILPOINT"] = $"{failpoint}:{hit}:{action}" };

    /// <summary>The rows of a query over the warehouse, each with <c>|</c> between its values.</summary>
    /// <param name="file">The warehouse's file; that of the connection <c>warehouse</c> when it is not said.</param>
    public string[] Query(string sql, string? file = null)
    {
        var rows = new List<string>();
        Attached(
            " (READ_ONLY)",
            file is null ? Warehouse : Path.Combine(Folder, file),
            db =>
            {
                using var reader = db.Query(sql, CancellationToken.None);
                while (reader.Read())
                    rows.Add(
                        string.Join(
                            '|',
                            Enumerable.Range(0, reader.ColumnCount).Select(i => reader.GetText(i) ?? "NULL")
                        )
                    );
            }
        );
        return [.. rows];
    }

    /// <summary>The only value of a query.</summary>
    public string Value(string sql) => Assert.Single(Query(sql));

    /// <summary>Changes the warehouse behind the product's back.</summary>
    public void Alter(string sql) => Attached("", Warehouse, db => db.Execute(sql, CancellationToken.None));

    /// <summary>The columns of a table with their types, for example <c>id BIGINT</c>.</summary>
    public string[] Columns(string table)
    {
        var name = table.Split('.');
        return Query(
            $"""
            SELECT column_name || ' ' || data_type FROM duckdb_columns()
            WHERE schema_name = '{name[0]}' AND table_name = '{name[1]}' ORDER BY column_index
            """
        );
    }

    private static void Attached(string mode, string file, Action<DuckDbConnection> use) =>
        Beside(db =>
        {
            db.Execute(
                $"ATTACH {Sql.Literal(file)} AS warehouse{mode}; USE warehouse; SET TimeZone = 'UTC'",
                CancellationToken.None
            );
            try
            {
                use(db);
            }
            finally
            {
                db.Execute("USE memory; DETACH warehouse", CancellationToken.None);
            }
        });

    // Another database than the product's, which the next test has after this one: to make one takes longer than most
    // queries.
    private static void Beside(Action<DuckDbConnection> use)
    {
        var database = Databases.TryTake(out var idle) ? idle : DuckDbDatabase.Open(DuckDbDatabase.Memory);
        using (var db = database.Connect())
            use(db);
        Databases.Add(database);
    }

    public static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    public void Dispose()
    {
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    }
}
