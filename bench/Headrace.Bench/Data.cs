using System.Globalization;
using System.IO.Compression;
using Headrace.DuckDb;

namespace Headrace.Bench;

/// <summary>A table of ten columns, about 130 bytes a row, made by DuckDB.</summary>
internal static class Data
{
    public const string Columns =
        "{'pk':'BIGINT','name':'VARCHAR','amount':'DECIMAL(12,2)','d':'DATE','token':'VARCHAR','qty':'INT','addr':'VARCHAR','note':'VARCHAR','ts':'TIMESTAMP','flag':'BOOLEAN'}";

    public const string Flow =
        """
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
        db.Execute(string.Create(CultureInfo.InvariantCulture,
            $"""
            COPY (SELECT i AS pk, 'customer ' || i AS name, (hash(i) % 100000) / 100.0 AS amount, DATE '2020-01-01' + (hash(i) % 1500)::INT AS d,
                md5(i::VARCHAR) AS token, hash(i * 7) % 1000 AS qty, 'Street ' || (hash(i * 3) % 10000) || ', City' AS addr,
                CASE WHEN i % 10 = 0 THEN NULL ELSE 'x' || i END AS note, TIMESTAMP '2024-01-01' + INTERVAL (hash(i) % 86400) SECOND AS ts, i % 5 = 0 AS flag
            FROM range({rows}) t(i)) TO {Sql.Literal(path)} (HEADER, COMPRESSION gzip)
            """), default);
        File.SetLastWriteTimeUtc(path, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
    }

    public static void WriteSmall(string path, int number)
    {
        using (var gzip = new GZipStream(File.Create(path), CompressionLevel.Fastest))
            gzip.Write(System.Text.Encoding.UTF8.GetBytes(
                $"pk,name,amount,d,token,qty,addr,note,ts,flag\n{number},n,1.50,2020-01-01,t,1,a,,2020-01-01 00:00:00,true\n"));
        File.SetLastWriteTimeUtc(path, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(number));
    }

    public static string Project(string folder, string name, string write, string? memory = null)
    {
        var project = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.Combine(project, "lake", "t"));
        File.WriteAllText(Path.Combine(project, "headrace.yaml"),
            Flow.Replace("{write}", write, StringComparison.Ordinal).Replace("{memory}", memory is null ? "" : $"memory: {memory}", StringComparison.Ordinal));
        return project;
    }
}
