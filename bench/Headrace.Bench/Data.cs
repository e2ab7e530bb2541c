using System.Globalization;
using System.IO.Compression;
using Headrace.DuckDb;

namespace Headrace.Bench;

/// <summary>A table of ten columns, about 130 bytes a row, made by DuckDB.</summary>
internal static class Data
{
    public const string Columns =
        "{'pk':'BIGINT','name':'VARCHAR','amount':'DECIMAL(12,2)','d':'DATE','token':'VARCHAR','qty':'INT',"
        + "'addr':'VARCHAR','note':'VARCHAR','ts':'TIMESTAMP','flag':'BOOLEAN'}";

    public const string Flow = """
        version: 1
        {memory}
        connections:
          lake: { type: folder, path: ./lake }
          warehouse: { type: duckdb, path: ./warehouse.duckdb }
        defaults: { target: { connection: warehouse, schema: raw } }
        flows:
          t:
            source: { connection: lake, path: "t/*.csv.gz", format: csv }
            columns: { pk: bigint, name: text, amount: 'decimal(12,2)', d: date, token: text, qty: integer, addr: text, note: text, ts: timestamp, flag: boolean }
            read: incremental
            primary_key: pk
            write: {write}

        """;

    public static void Write(string path, long rows)
    {
        using var memory = DuckDbDatabase.Open(DuckDbDatabase.Memory);
        using var db = memory.Connect();
        db.Execute(
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                COPY (SELECT i AS pk, 'customer ' || i AS name, (hash(i) % 100000) / 100.0 AS amount,
                    DATE '2020-01-01' + (hash(i) % 1500)::INT AS d,
                    md5(i::VARCHAR) AS token, hash(i * 7) % 1000 AS qty, 'Street ' || (hash(i * 3) % 10000)
                        || ', City' AS addr,
                    CASE WHEN i % 10 = 0 THEN NULL ELSE 'x' || i END AS note,
                        TIMESTAMP '2024-01-01' + INTERVAL (hash(i) % 86400) SECOND AS ts, i % 5 = 0 AS flag
                FROM range({rows}) t(i)) TO {Sql.Literal(path)} (HEADER, COMPRESSION gzip)
                """
            ),
            default
        );
        File.SetLastWriteTimeUtc(path, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
    }

    /// <summary>
    /// A full export of <see cref="Write"/>'s table. The second one has, of the rows of the first, 1 % with another
    /// amount and 0.5 % not at all, and 0.5 % more.
    /// </summary>
    public static void WriteExport(string path, long rows, bool isSecond)
    {
        using var memory = DuckDbDatabase.Open(DuckDbDatabase.Memory);
        using var db = memory.Connect();
        var changed = isSecond ? "WHERE i % 200 <> 7 OR i >= " + rows.ToString(CultureInfo.InvariantCulture) : "";
        var more = isSecond ? rows / 200 : 0;
        db.Execute(
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                COPY (SELECT i AS pk, 'customer ' || i AS name, CAST((hash(i) % 100000) / 100.0 + CASE WHEN {isSecond}
                    AND i % 100 = 3 THEN 1 ELSE 0 END AS DECIMAL(12,2)) AS amount,
                    DATE '2020-01-01' + (hash(i) % 1500)::INT AS d, md5(i::VARCHAR) AS token, hash(i * 7) % 1000 AS qty,
                    'Street ' || (hash(i * 3) % 10000) || ', City' AS addr, CASE WHEN i % 10 = 0 THEN NULL ELSE 'x'
                        || i END AS note,
                    TIMESTAMP '2024-01-01' + INTERVAL (hash(i) % 86400) SECOND AS ts, i % 5 = 0 AS flag
                FROM range({rows + more}) t(i) {changed}) TO {Sql.Literal(path)} (HEADER, COMPRESSION gzip)
                """
            ),
            default
        );
        File.SetLastWriteTimeUtc(path, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
    }

    public static void WriteSmall(string path, int number)
    {
        using (var gzip = new GZipStream(File.Create(path), CompressionLevel.Fastest))
            gzip.Write(
                System.Text.Encoding.UTF8.GetBytes(
                    $"pk,name,amount,d,token,qty,addr,note,ts,flag\n{number},n,1.50,2020-01-01,t,1,a,,"
                        + "2020-01-01 00:00:00,true\n"
                )
            );
        File.SetLastWriteTimeUtc(path, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(number));
    }

    public static string Project(
        string folder,
        string name,
        string write,
        string? memory = null,
        bool isSnapshot = false
    )
    {
        var project = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.Combine(project, "lake", "t"));
        var flow = isSnapshot
            ? Flow.Replace("t/*.csv.gz", "t/{version}/*.csv.gz", StringComparison.Ordinal)
                .Replace("read: incremental", "read: snapshot", StringComparison.Ordinal)
            : Flow;
        File.WriteAllText(
            Path.Combine(project, "headrace.yaml"),
            flow.Replace("{write}", write, StringComparison.Ordinal)
                .Replace("{memory}", memory is null ? "" : $"memory: {memory}", StringComparison.Ordinal)
        );
        return project;
    }
}
