using Headrace.DuckDb;
using Xunit;

namespace Headrace.Tests.DuckDb;

public sealed class HardeningTests : IDisposable
{
    private readonly DuckDbSettings settings = new() { Memory = 200L << 20, Threads = 2 };
    private readonly Memory memory;
    private readonly string outside = Directory.CreateTempSubdirectory("headrace-").FullName;

    public HardeningTests()
    {
        memory = new Memory(settings.Early);
        foreach (var folder in new[] { memory.Folder, outside })
        {
            memory.Execute(
                $"COPY (SELECT 1 AS a) TO {In(folder, "a.csv")}; COPY (SELECT 1 AS a) TO {In(folder, "a.parquet")}"
            );
            using var database = DuckDbDatabase.Open(Path.Combine(folder, "a.duckdb"));
            using var connection = database.Connect();
            connection.Execute("CREATE TABLE t AS SELECT 1 AS a", Memory.Cancel);
        }

        (settings with { TempDirectory = memory.Path("temp"), AllowedDirectories = [memory.Folder] }).Harden(
            memory.Connection,
            Memory.Cancel
        );
    }

    public void Dispose()
    {
        memory.Dispose();
        Directory.Delete(outside, recursive: true);
    }

    [Fact]
    public void Files_in_an_allowed_folder_are_read_and_written()
    {
        Assert.Equal(1, memory.Scalar<long>($"SELECT a FROM read_csv({In(memory.Folder, "a.csv")})"));
        Assert.Equal(1, memory.Scalar<int>($"SELECT a FROM read_parquet({In(memory.Folder, "a.parquet")})"));
        Assert.Equal(1, memory.Scalar<int>($"SELECT a FROM read_parquet({In(memory.Folder, "*.parquet")})"));
        Assert.Equal(1, memory.Execute($"COPY (SELECT 1) TO {In(memory.Folder, "b.csv")}"));
    }

    [Theory]
    [InlineData("FROM read_csv('/etc/passwd')")]
    [InlineData("FROM read_text('/etc/passwd')")]
    [InlineData("FROM '{outside}/a.csv'")]
    [InlineData("FROM read_parquet('{outside}/a.parquet')")]
    [InlineData("FROM read_csv('{inside}/../../etc/passwd')")]
    [InlineData("FROM read_csv('{inside}-more/a.csv')")]
    [InlineData("FROM glob('{outside}/*')")]
    [InlineData("COPY (SELECT 1) TO '{outside}/b.csv'")]
    [InlineData("COPY (SELECT 1) TO '{inside}/../b.csv'")]
    [InlineData("ATTACH '{outside}/a.duckdb' AS o")]
    [InlineData("ATTACH '{outside}/new.duckdb' AS o")]
    [InlineData("EXPORT DATABASE '{outside}/e'")]
    [InlineData("INSTALL httpfs")]
    [InlineData("LOAD httpfs")]
    [InlineData("LOAD '{outside}/x.duckdb_extension'")]
    [InlineData("FROM read_csv('https://127.0.0.1:1/a.csv')")]
    [InlineData("SET memory_limit = '1GB'")]
    [InlineData("SET threads = 8")]
    [InlineData("SET enable_external_access = true")]
    [InlineData("SET allowed_directories = ['/']")]
    [InlineData("SET temp_directory = '/tmp'")]
    [InlineData("SET lock_configuration = false")]
    [InlineData("RESET lock_configuration")]
    [InlineData("PRAGMA enable_external_access")]
    public void Everything_else_is_refused(string sql) =>
        Assert.ThrowsAny<DuckDbException>(() =>
        {
            memory.Execute(
                sql.Replace("{outside}", outside, StringComparison.Ordinal)
                    .Replace("{inside}", memory.Folder, StringComparison.Ordinal)
            );
        });

    [Fact]
    public void Another_connection_is_as_hardened()
    {
        using var another = memory.Another();
        Assert.Throws<DuckDbException>(() => another.Execute("FROM read_text('/etc/passwd')", Memory.Cancel));
        Assert.Throws<DuckDbException>(() => another.Execute("SET memory_limit = '1GB'", Memory.Cancel));
    }

    [Fact]
    public void The_database_file_itself_may_lie_outside_and_goes_on_to_be_written()
    {
        var path = Path.Combine(outside, "w.duckdb");
        using (var database = DuckDbDatabase.Open(path))
        using (var connection = database.Connect())
        {
            new DuckDbSettings { AllowedDirectories = [memory.Folder] }.Harden(connection, Memory.Cancel);
            connection.Execute("CREATE TABLE t AS SELECT 1 AS a; INSERT INTO t VALUES (2)", Memory.Cancel);
            Assert.True(File.Exists(path + ".wal"));
            connection.Execute("CHECKPOINT", Memory.Cancel);
            Assert.Throws<DuckDbException>(() =>
                connection.Execute($"FROM read_csv({In(outside, "a.csv")})", Memory.Cancel)
            );
        }

        using var again = DuckDbDatabase.Open(path);
        using var reading = again.Connect();
        Assert.Equal(2, reading.Scalar<long>("SELECT count(*) FROM t", Memory.Cancel));
    }

    [Fact]
    public void A_symbolic_link_out_of_an_allowed_folder_is_refused()
    {
        File.CreateSymbolicLink(memory.Path("link.csv"), Path.Combine(outside, "a.csv"));
        Directory.CreateSymbolicLink(memory.Path("link"), outside);
        Assert.Throws<DuckDbException>(() =>
            memory.Scalar<long>($"SELECT a FROM read_csv({In(memory.Folder, "link.csv")})")
        );
        Assert.Throws<DuckDbException>(() =>
            memory.Scalar<long>($"SELECT a FROM read_csv({In(memory.Folder, "link/a.csv")})")
        );
        Assert.Throws<DuckDbException>(() => memory.Execute($"COPY (SELECT 1) TO {In(memory.Folder, "link/b.csv")}"));
        Assert.Throws<DuckDbException>(() => memory.Execute($"ATTACH {In(memory.Folder, "link/a.duckdb")} AS o"));
    }

    [Fact]
    public void An_allowed_folder_may_be_reached_by_a_symbolic_link()
    {
        var link = memory.Path("spool");
        Directory.CreateSymbolicLink(link, outside);
        using var database = DuckDbDatabase.Open(DuckDbDatabase.Memory);
        using var connection = database.Connect();
        new DuckDbSettings { AllowedDirectories = [link] }.Harden(connection, Memory.Cancel);
        Assert.Equal(1, connection.Scalar<long>($"SELECT a FROM read_csv({In(link, "a.csv")})", Memory.Cancel));
        connection.Execute(
            $"COPY (SELECT 1) TO {In(link, "b.csv")}; ATTACH {In(link, "a.duckdb")} AS a; INSERT INTO a.t VALUES (2)",
            Memory.Cancel
        );
    }

    [Fact]
    public void The_settings_hold()
    {
        Assert.Equal("200.0 MiB", memory.Scalar<string>("SELECT current_setting('memory_limit')"));
        Assert.Equal(2, memory.Scalar<long>("SELECT current_setting('threads')"));
    }

    [Fact]
    public void What_exceeds_the_memory_goes_to_the_temp_directory() =>
        Assert.Equal(
            8_000_000,
            memory.Scalar<long>(
                "SELECT count(DISTINCT a) FROM (SELECT range::VARCHAR || 'some more text' AS a FROM range(8000000))"
            )
        );

    [Fact]
    public void A_database_in_an_allowed_folder_can_be_attached_and_written_with_its_log()
    {
        memory.Execute($"ATTACH {In(memory.Folder, "a.duckdb")} AS a; INSERT INTO a.t VALUES (2)");
        Assert.True(File.Exists(memory.Path("a.duckdb.wal")));
        Assert.Equal(2, memory.Scalar<long>("SELECT count(*) FROM a.t"));
        memory.Execute($"CHECKPOINT a; DETACH a; ATTACH {In(memory.Folder, "a.duckdb")} AS a (READ_ONLY)");
        Assert.Equal(2, memory.Scalar<long>("SELECT count(*) FROM a.t"));
        Assert.Throws<DuckDbException>(() => memory.Execute("INSERT INTO a.t VALUES (3)"));
        memory.Execute(
            $"DETACH a; ATTACH {In(memory.Folder, "new.duckdb")} AS n; CREATE TABLE n.t AS SELECT 1 AS a; DETACH n"
        );
        Assert.True(File.Exists(memory.Path("new.duckdb")));
    }

    private static string In(string folder, string name) => Sql.Literal(Path.Combine(folder, name));
}
