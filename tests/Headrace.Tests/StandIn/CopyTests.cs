using System.IO.Compression;
using System.Text;
using Npgsql;
using Xunit;

namespace Headrace.Tests.StandIn;

/// <summary>COPY and UNLOAD of the Redshift stand-in, over files.</summary>
public class CopyTests(PostgresServer server)
{
    private const string Role = $"IAM_ROLE '{RedshiftTestDatabase.Role}'";
    private const string Options = $"{Role} CSV NULL AS '#N#' TIMEFORMAT 'auto' DATEFORMAT 'auto'";

    [Fact]
    public async Task Copy_loads_in_the_clients_transaction_and_says_how_many_rows()
    {
        await using var redshift = await RedshiftTestDatabase.StartAsync(server);
        await using var db = await redshift.OpenAsync();
        await db.ExecuteAsync("CREATE TABLE t (id int, note varchar(10), amount decimal(6,2))");
        var url = redshift.File("a/part-1", "1,one,1.999\n2,,#N#\n3,\"a\"\"b\nc\",-0.005\n");

        await db.ExecuteAsync("BEGIN");
        Assert.Equal(-1, await db.CountAsync($"COPY t FROM '{url}' {Options}"));
        Assert.Equal("3", await db.QueryAsync("SELECT pg_last_copy_count()"));
        await db.ExecuteAsync("ROLLBACK");

        Assert.Equal("0", await db.QueryAsync("SELECT count(*) FROM t"));
        redshift.File("a/part-10", "4,four,4\n");
        await db.ExecuteAsync($"COPY t FROM '{url}' {Options}");
        Assert.Equal(
            "1|one|1.99\n2||NULL\n3|a\"b\nc|0.00\n4|four|4.00",
            await db.QueryAsync("SELECT * FROM t ORDER BY id")
        );
    }

    [Fact]
    public async Task A_manifest_names_each_file_once_and_those_that_must_be_there()
    {
        await using var redshift = await RedshiftTestDatabase.StartAsync(server);
        await using var db = await redshift.OpenAsync();
        await db.ExecuteAsync("CREATE TABLE t (id int, at timestamp, doc super, bin varbyte(3), ok boolean)");
        var one = redshift.File("one.csv", "1,2026-01-02T03:04:05.123456,\"{\"\"a\"\": \"\"b\\nc\"\"}\",61ff,t\n");
        string Entry(string url, bool mandatory) =>
            $$"""{"url":"{{url}}","mandatory":{{(mandatory ? "true" : "false")}}}""";
        var twice = redshift.File(
            "twice.manifest",
            $$"""{"entries":[{{Entry(one, true)}},{{Entry(one, true)}},{{Entry(one + ".gone", false)}}]}"""
        );
        var missing = redshift.File(
            "missing.manifest",
            $$"""{"entries":[{{Entry(one, true)}},{{Entry(one + ".gone", true)}}]}"""
        );

        await db.ExecuteAsync($"COPY t (id, at, doc, bin, ok) FROM '{twice}' {Options} MANIFEST");
        Assert.Equal(
            "2|1",
            await db.QueryAsync("SELECT count(*), count(DISTINCT at) FROM t WHERE bin = from_hex('61ff') AND ok")
        );
        await Refused(redshift, $"COPY t FROM '{missing}' {Options} MANIFEST", "mandatory S3 URL");
        await Refused(redshift, $"COPY t FROM '{missing}' {Role} FORMAT PARQUET MANIFEST", "does not have 'meta' key");
        await Refused(
            redshift,
            $"COPY t FROM '{missing}' {Role} FORMAT PARQUET MANIFEST REGION 'eu-west-1'",
            "REGION argument is not supported"
        );
        await Refused(
            redshift,
            $"COPY t FROM '{twice}' IAM_ROLE 'arn:aws:iam::1:role/other' CSV MANIFEST",
            "not authorized to assume"
        );
        await Refused(redshift, $"COPY t FROM '{one}x' {Options}", "does not exist");
        Assert.Equal("2", await db.QueryAsync("SELECT count(*) FROM t"));
    }

    [Theory]
    [InlineData("1,éééééé\n", 1, "note", "1204", "String length exceeds DDL length")]
    [InlineData("1,a\nx2,b\n", 2, "id", "1207", "Invalid digit, Value 'x', Pos 0, Type: integer")]
    [InlineData("1,a\n\n2,b\n", 2, "", "1203", "Delimiter not found")]
    [InlineData("#N#,a\n", 1, "id", "1213", "Missing data for not-null field")]
    [InlineData("1,a,\n2,b,\n3,c,2024-13-01\n", 3, "at", "1206", "out of range")]
    [InlineData("1,a,infinity\n", 1, "at", "1206", "Invalid timestamp")]
    [InlineData("1,\u00ff\u0001\n", 1, "note", "1220", "Bad UTF8")]
    public async Task What_cannot_be_loaded_fails_the_copy_and_is_told_by_the_error_tables(
        string text,
        int line,
        string column,
        string code,
        string message
    )
    {
        await using var redshift = await RedshiftTestDatabase.StartAsync(server);
        await using var db = await redshift.OpenAsync();
        await db.ExecuteAsync(
            $"CREATE TABLE t (id int NOT NULL, note varchar(10){(column == "at" ? ", at timestamp" : "")})"
        );
        var url = redshift.File("bad.csv", text);
        if (text.Contains('\u00ff', StringComparison.Ordinal))
            await File.WriteAllBytesAsync(
                url["file://".Length..],
                Encoding.Latin1.GetBytes(text),
                TestContext.Current.CancellationToken
            );

        await Refused(redshift, $"COPY t FROM '{url}' {Options}", "Load into table 't' failed");

        var found = await db.QueryAsync(
            """
            SELECT trim(file_name), line_number, trim(column_name), error_code, trim(error_message)
            FROM sys_load_error_detail
            """
        );
        Assert.StartsWith($"{url}|{line}|{column}|{code}|", found, StringComparison.Ordinal);
        Assert.Contains(message, found, StringComparison.Ordinal);
        Assert.Equal("0|-1", await db.QueryAsync("SELECT count(*), pg_last_copy_id() FROM t"));
        if (column != "at")
            await db.ExecuteAsync($"COPY t FROM '{url}' {Options} MAXERROR 1");
    }

    [Fact]
    public async Task A_cut_gzip_file_fails_the_copy()
    {
        await using var redshift = await RedshiftTestDatabase.StartAsync(server);
        await using var db = await redshift.OpenAsync();
        await db.ExecuteAsync("CREATE TABLE t (id int)");
        using var packed = new MemoryStream();
        await using (var zip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            zip.Write(Encoding.ASCII.GetBytes(string.Join('\n', Enumerable.Range(1, 5000))));
        var path = Path.Combine(redshift.Folder, "a.gz");
        await File.WriteAllBytesAsync(path, packed.ToArray(), TestContext.Current.CancellationToken);
        await db.ExecuteAsync($"COPY t FROM 'file://{path}' {Options} GZIP");
        Assert.Equal("5000", await db.QueryAsync("SELECT count(*) FROM t"));

        await File.WriteAllBytesAsync(path, packed.ToArray()[..^20], TestContext.Current.CancellationToken);
        await Refused(redshift, $"COPY t FROM 'file://{path}' {Options} GZIP", "cannot be read");
    }

    [Fact]
    public async Task Unload_writes_parts_and_a_manifest_that_copy_can_read()
    {
        await using var redshift = await RedshiftTestDatabase.StartAsync(server);
        await using var db = await redshift.OpenAsync();
        await db.ExecuteAsync("CREATE TABLE t (id int, note varchar(20), bin varbyte)");
        await db.ExecuteAsync("INSERT INTO t SELECT 1, 'a,\"b\\n\\\\c', from_hex('00ff')");
        await db.ExecuteAsync("INSERT INTO t VALUES (2, NULL, NULL)");
        await db.ExecuteAsync("INSERT INTO t VALUES (3, '', NULL)");
        var unload = $"""
            UNLOAD ('SELECT * FROM t WHERE note <> ''x'' OR note IS NULL') TO
            'file://{redshift.Folder}/out/t_' {Role} CSV GZIP MANIFEST VERBOSE NULL AS '#N#'
            """;

        Assert.Equal(-1, await db.CountAsync(unload));

        Assert.Equal(
            ["t_0000_part_00.gz", "t_0001_part_00.gz", "t_manifest"],
            Directory.GetFiles($"{redshift.Folder}/out").Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
        Assert.Contains(
            "\"record_count\":3",
            await File.ReadAllTextAsync($"{redshift.Folder}/out/t_manifest", TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        await db.ExecuteAsync("CREATE TABLE u (LIKE t)");
        await db.ExecuteAsync($"COPY u FROM 'file://{redshift.Folder}/out/t_manifest' {Options} GZIP MANIFEST");
        Assert.Equal(
            "0|3",
            await db.QueryAsync(
                "SELECT (SELECT count(*) FROM (SELECT * FROM t EXCEPT SELECT * FROM u) AS d), (SELECT count(*) FROM u)"
            )
        );
        await Refused(redshift, unload, "not empty");
        await Refused(
            redshift,
            $"UNLOAD ('SELECT * FROM t LIMIT 1') TO 'file://{redshift.Folder}/x' {Role} CSV",
            "Limit clause"
        );
    }

    private static async Task Refused(RedshiftTestDatabase redshift, string sql, string named)
    {
        // Npgsql closes a connection that had an internal error.
        await using var db = await redshift.OpenAsync();
        var refused = await Assert.ThrowsAsync<PostgresException>(() => db.ExecuteAsync(sql));
        Assert.Contains(named, refused.MessageText, StringComparison.Ordinal);
    }
}
